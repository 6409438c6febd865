package search

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Detection is what it took to kill mutants.
type Detection struct {
	Killed    int             `json:"killed"`
	Rate      float64         `json:"rate_percent"` // of all that were run
	Seeds     int             `json:"median_seeds"`
	MostSeeds int             `json:"most_seeds"`
	CPU       results.Seconds `json:"median_cpu_s"` // of all runs until the one that showed it, without the build
	MostCPU   results.Seconds `json:"most_cpu_s"`
}

func detection(fates []Fate) (d Detection) {
	var seeds []int
	var cpu []results.Seconds
	for i := range fates {
		if fates[i].Status == Killed {
			seeds, cpu = append(seeds, fates[i].Seed), append(cpu, fates[i].CPU)
		}
	}
	if d.Killed = len(seeds); d.Killed == 0 {
		return d
	}
	slices.Sort(seeds)
	slices.Sort(cpu)
	mid, last := (len(seeds)-1)/2, len(seeds)-1
	d.Rate = math.Round(1000*float64(d.Killed)/float64(len(fates))) / 10
	d.Seeds, d.MostSeeds, d.CPU, d.MostCPU = seeds[mid], seeds[last], cpu[mid], cpu[last]
	return d
}

// What a cell of the matrix of mutants and checkers says.
const (
	cellKilled = "killed" // it failed, as predicted
	cellFailed = "failed" // it failed too
	cellSilent = "silent" // it must not fail, and did not
	cellLoud   = "loud"   // it must not fail, and did
)

// cells are a mutant's row of the matrix.
func cells(f *Fate, checkers []string) []string {
	row := make([]string, len(checkers))
	for i, c := range checkers {
		failed, silent := slices.Contains(f.By, c), slices.Contains(f.Silent, c)
		switch {
		case failed && silent:
			row[i] = cellLoud
		case failed && c == f.CaughtBy:
			row[i] = cellKilled
		case failed:
			row[i] = cellFailed
		case silent && f.Status != Stale && f.Status != Undone:
			row[i] = cellSilent
		}
	}
	return row
}

// heads are the first letters of the checkers, a column of three each.
func heads(checkers []string) string {
	var b strings.Builder
	for _, c := range checkers {
		b.WriteString(c[:min(3, len(c))] + " ")
	}
	return strings.TrimRight(b.String(), " ")
}

func marks(row []string) string {
	var b strings.Builder
	for _, c := range row {
		b.WriteString(" " + map[string]string{cellKilled: "K", cellFailed: "x", cellSilent: "·", cellLoud: "!", "": " "}[c] + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}

// totals count what each checker killed as predicted.
func totals(r *Report) string {
	var b strings.Builder
	for i := range r.Checkers {
		n := 0
		for k := range r.Mutants {
			if len(r.Mutants[k].Cells) > i && r.Mutants[k].Cells[i] == cellKilled {
				n++
			}
		}
		fmt.Fprintf(&b, "%-3s ", fmt.Sprintf("%2d", n))
	}
	return strings.TrimRight(b.String(), " ")
}

// Detections is the file that says how each mutant was detected once, by name.
type Detections struct {
	Mutants []Detected `json:"mutants"`
}

// Detected is by which seed a mutant was detected, and by whom.
type Detected struct {
	Name string   `json:"name"`
	Seed int      `json:"seed"`
	By   []string `json:"by"`
}

// ReadDetections reads a file of detections strictly.
func ReadDetections(path string) (d Detections, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("%s: no file of detections (write one with mutants DIR --keep FILE): %w", path, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return d, fmt.Errorf("%s: something follows the detections", path)
	}
	for i, m := range d.Mutants {
		switch {
		case m.Name == "" || i > 0 && d.Mutants[i-1].Name >= m.Name:
			return d, fmt.Errorf("%s: mutants[%d].name: %q is not behind the one before it: sort them by name, each once", path, i, m.Name)
		case m.Seed < 1 || m.Seed > maxSeeds:
			return d, fmt.Errorf("%s: mutants[%d].seed: %d is not in 1..%d", path, i, m.Seed, maxSeeds)
		case len(m.By) == 0:
			return d, fmt.Errorf("%s: mutants[%d].by: name who failed", path, i)
		}
	}
	return d, nil
}

// compare says what is not as it was: more seeds than once, or another checker. Mutants of which nothing was kept are missing.
func (d Detections) compare(fates []Fate) (differ, missing []string) {
	for i := range fates {
		f := &fates[i]
		k, found := slices.BinarySearchFunc(d.Mutants, f.Name, func(m Detected, name string) int { return strings.Compare(m.Name, name) })
		if !found {
			missing = append(missing, f.Name)
			continue
		}
		was := d.Mutants[k]
		if f.Status == Killed && f.Seed > was.Seed {
			differ = append(differ, fmt.Sprintf("%s needs %d seeds, once %d", f.Name, f.Seed, was.Seed))
		}
		if f.Status == Killed && !slices.Equal(f.By, was.By) {
			differ = append(differ, fmt.Sprintf("%s is caught by %s, once by %s", f.Name, strings.Join(f.By, ", "), strings.Join(was.By, ", ")))
		}
	}
	return differ, missing
}

// keepDetections writes what became of mutants into a file of detections: of the whole folder, or in the place of what the
// file said of these.
func keepDetections(path string, fates []Fate, whole bool) error {
	var d Detections
	if !whole {
		var err error
		if d, err = ReadDetections(path); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	for i := range fates {
		f := &fates[i]
		d.Mutants = slices.DeleteFunc(d.Mutants, func(m Detected) bool { return m.Name == f.Name })
		d.Mutants = append(d.Mutants, Detected{f.Name, f.Seed, f.By})
	}
	slices.SortFunc(d.Mutants, func(a, b Detected) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString("{\"mutants\": [\n")
	for i, m := range d.Mutants { // a line each, so that a difference reads well
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		b.Write(line)
		if i < len(d.Mutants)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	return results.WriteFile(path, []byte(b.String()))
}
