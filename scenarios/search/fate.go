package search

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Status is what became of a mutant.
type Status string

const (
	Killed   Status = "killed"   // the predicted checker failed, and none that must be silent
	Survived Status = "survived" // nothing failed
	Wrong    Status = "wrong"    // another failed than was predicted, or one that must be silent
	Stale    Status = "stale"    // it no longer applies to the source
	Undone   Status = "undone"   // it could not be run to its end
)

// Fate is one mutant's end.
type Fate struct {
	Name     string          `json:"name"`
	About    string          `json:"about"`
	File     string          `json:"file"`
	Scenario string          `json:"scenario"`
	CaughtBy string          `json:"caught_by"` // as predicted
	Status   Status          `json:"status"`
	By       []string        `json:"by"`     // who failed
	Silent   []string        `json:"silent"` // who must not
	Seed     int             `json:"seed"`   // the last that was run
	Why      string          `json:"why"`    // what the one that failed says, or why there is nothing to say
	Replay   string          `json:"replay"` // the command line, for a binary with the bug
	CPU      results.Seconds `json:"cpu_s"`  // of its runs, those that did not show it too
	Took     results.Seconds `json:"took_s"` // with the build
	Cells    []string        `json:"cells"`  // its row of the matrix: killed, failed, silent, loud, or nothing
}

// Report is the fate of a folder of mutants.
type Report struct {
	Dir         string          `json:"dir"`
	Checkers    []string        `json:"checkers"`      // the columns of the matrix
	Detection   Detection       `json:"detection"`     // of those that were killed
	Against     []string        `json:"against"`       // how they differ from the detections that were kept
	Missing     []string        `json:"missing"`       // of which none was kept
	Runs        int             `json:"baseline_runs"` // of the unmutated binary
	Red         []string        `json:"baseline_red"`  // those of them that did not pass; then no mutant was run
	Mutants     []Fate          `json:"mutants"`
	Interrupted bool            `json:"interrupted"`
	Took        results.Seconds `json:"took_s"`
}

// failures are who failed a run that must not fail, and why.
func failures(r *results.Record, said string) (by []string, reasons map[string]string) {
	reasons = map[string]string{}
	fail := func(who, why string) {
		by = append(by, who)
		reasons[who] = why
	}
	if r == nil {
		if strings.Contains(said, "panic") {
			fail(Panic, said)
		}
		return by, reasons
	}
	for _, v := range r.Verdicts {
		if v.Outcome == results.Fail && !slices.Contains(r.Expect, "fail "+v.Checker) {
			fail(v.Checker, v.Why)
		}
	}
	if who := beyond(r); who != "" {
		fail(who, r.Why)
	}
	return by, reasons
}

// verdict judges one run of a mutant: who failed, and whether that was predicted.
func verdict(m *Mutant, r *results.Record, said string) (s Status, by []string, why string) {
	by, reasons := failures(r, said)
	if r == nil && len(by) == 0 {
		return Undone, nil, said
	}
	loud := slices.IndexFunc(by, func(c string) bool { return slices.Contains(m.Silent, c) })
	switch {
	case loud >= 0:
		return Wrong, by, by[loud] + " must be silent: " + reasons[by[loud]]
	case slices.Contains(by, m.CaughtBy):
		return Killed, by, reasons[m.CaughtBy]
	case len(by) > 0:
		return Wrong, by, by[0] + ": " + reasons[by[0]]
	case r != nil && r.Outcome == results.Unknown:
		return Survived, nil, "the run was cut: " + r.Why
	}
	return Survived, nil, "every checker passed"
}

// Count is how many mutants ended so.
func (r *Report) Count(s Status) (n int) {
	for i := range r.Mutants {
		if r.Mutants[i].Status == s {
			n++
		}
	}
	return n
}

// ExitCode is 0 where the baseline passed and every mutant was killed, 1 where not, 2 where it was interrupted or there
// was no mutant to run.
func (r *Report) ExitCode() int {
	switch {
	case len(r.Red) > 0 || len(r.Missing) > 0:
		return 1
	case r.Interrupted || len(r.Mutants) == 0:
		return 2
	case r.Count(Killed) < len(r.Mutants):
		return 1
	}
	return 0
}

// JSON is the report as a file holds it.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// Text is a table of at most 100 columns: a line a mutant, and the reason of each that was not killed.
func (r *Report) Text() string {
	var b strings.Builder
	if r.Runs > 0 {
		fmt.Fprintf(&b, "baseline  %d of %d runs of the unmutated binary pass\n", r.Runs-len(r.Red), r.Runs)
	}
	for _, red := range r.Red {
		wrap(&b, "          ", red)
	}
	if len(r.Mutants) > 0 {
		fmt.Fprintf(&b, "%-9s %-31s %-15s %4s %6s  %s\n", "fate", "mutant", "scenario", "seed", "cpu", heads(r.Checkers))
	}
	for i := range r.Mutants {
		f := &r.Mutants[i]
		scenario := strings.TrimSuffix(path.Base(f.Scenario), ".yaml")
		line := fmt.Sprintf("%-9s %-31s %-15s %4d %5.1fs  %s", f.Status, clip(f.Name, 31), clip(scenario, 15), f.Seed, float64(f.CPU)/1e9, marks(f.Cells))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if f.Status != Killed {
			wrap(&b, "          ", "predicted "+f.CaughtBy+"; "+f.Why)
		}
	}
	if len(r.Mutants) > 0 {
		fmt.Fprintf(&b, "%-70s  %s\n", "killed of them", totals(r))
		b.WriteString("K killed it, as predicted   x failed too   · silent, as it must be   ! must be silent and is not\n")
	}
	var parts []string
	for _, s := range []Status{Killed, Survived, Wrong, Stale, Undone} {
		if n := r.Count(s); n > 0 || s == Killed {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	fmt.Fprintf(&b, "%d mutants: %s, in %.0f s\n", len(r.Mutants), strings.Join(parts, ", "), float64(r.Took)/1e9)
	if d := r.Detection; d.Killed > 0 {
		fmt.Fprintf(&b, "detection: %.1f %% killed; median %d seeds (most %d), %.1f CPU-seconds (most %.1f)\n", d.Rate, d.Seeds, d.MostSeeds,
			float64(d.CPU)/1e9, float64(d.MostCPU)/1e9)
	}
	for _, line := range r.Against {
		wrap(&b, "", line)
	}
	if len(r.Missing) > 0 {
		wrap(&b, "", "no detection is kept of "+strings.Join(r.Missing, ", ")+": run them with --keep")
	}
	if r.Interrupted {
		b.WriteString("interrupted\n")
	}
	return b.String()
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// wrap writes a text behind a margin. What compilers say is cut after a few lines.
func wrap(b *strings.Builder, margin, text string) {
	for i, line := range results.Wrap(margin, margin, text, results.Columns) {
		if i < 6 {
			b.WriteString(clip(line, results.Columns) + "\n")
		}
	}
}
