package search

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// ShrunkFate is what a mutant's first failing run was cut down to.
type ShrunkFate struct {
	Name     string  `json:"name"`
	CaughtBy string  `json:"caught_by"`
	Seed     int     `json:"seed"`
	Why      string  `json:"why,omitempty"`       // why there is nothing below
	Clean    bool    `json:"clean"`               // the plan passes without the mutant
	CleanWhy string  `json:"clean_why,omitempty"` // or what it comes to
	Shrunk   *Shrunk `json:"shrunk,omitempty"`
}

// ShrinkReport is what a folder of mutants shrinks to.
type ShrinkReport struct {
	Mutants     []ShrunkFate    `json:"mutants"`
	Interrupted bool            `json:"interrupted"`
	Took        results.Seconds `json:"took_s"`
}

// ShrinkMutants builds each planted bug, finds the first seed that shows it, and shrinks that run; the least plan must then
// pass without the bug.
func ShrinkMutants(dir string, opts Options) (ShrinkReport, error) {
	started := time.Now()
	list, err := Folder(dir)
	if err != nil {
		return ShrinkReport{}, err
	}
	if list, err = choose(list, opts); err != nil {
		return ShrinkReport{}, err
	}
	w, err := newWorkshop(opts.Context)
	if err != nil {
		return ShrinkReport{}, err
	}
	defer os.RemoveAll(w.temp)
	clean := filepath.Join(w.temp, "unmutated")
	if why, err := w.build(clean, "", nil); err != nil || why != "" {
		return ShrinkReport{}, errors.Join(err, fmt.Errorf("the unmutated command does not compile: %s", why))
	}
	r := ShrinkReport{Mutants: make([]ShrunkFate, len(list))}
	parallel(len(list), opts.Jobs, func(i int) {
		if opts.Say != nil {
			opts.Say(list[i].Name)
		}
		r.Mutants[i] = w.shrink(&list[i], clean)
	})
	r.Interrupted = opts.Context.Err() != nil
	r.Took = results.Seconds(time.Since(started).Round(time.Millisecond))
	return r, nil
}

// shrink shrinks the first run that shows a mutant, in a process of its own that has the bug.
func (w *workshop) shrink(m *Mutant, clean string) (f ShrunkFate) {
	f = ShrunkFate{Name: m.Name, CaughtBy: m.CaughtBy}
	source, why := m.apply(w.root)
	binary := filepath.Join(w.temp, m.Name)
	defer os.Remove(binary)
	if why == "" {
		var err error
		if why, err = w.build(binary, m.Name, map[string][]byte{m.File: source}); err != nil {
			why = err.Error()
		}
	}
	caught := false
	for f.Seed = 1; why == "" && !caught; f.Seed++ {
		if f.Seed > m.seeds() {
			why = "it is not caught"
			break
		}
		r := w.run(binary, m.line(f.Seed))
		s, _, _ := verdict(m, r.record, r.said)
		if caught = s == Killed; caught {
			break
		}
	}
	if why != "" || w.ctx.Err() != nil {
		f.Why = cmp.Or(why, "interrupted")
		return f
	}
	plan, report := binary+".plan.yaml", binary+".shrunk.json"
	line := m.line(f.Seed)
	args := []string{"shrink", fmt.Sprintf("%s@%d", m.Scenario, f.Seed), "--checker", m.CaughtBy, "--jobs", "1", "--out", plan, "--json", report}
	args = append(args, line[4:]...) // nodes and settings
	if said, err := w.say(binary, args...); err != nil {
		f.Why = strings.TrimSpace(said)
		return f
	}
	b, err := os.ReadFile(report)
	if err == nil {
		f.Shrunk = &Shrunk{}
		err = json.Unmarshal(b, f.Shrunk)
	}
	if err != nil {
		f.Why, f.Shrunk = err.Error(), nil
		return f
	}
	said, err := w.say(clean, "replay", plan)
	if f.Clean = err == nil; !f.Clean {
		f.CleanWhy = cmp.Or(graded.FindString(said), said)
	}
	return f
}

// graded is the line of a run's summary that says what it came to.
var graded = regexp.MustCompile(`(?m)^(fail|vacuous|unknown|invalid) .*(\n {8}.*)*`)

// say runs a command of a binary and gives what it printed.
func (w *workshop) say(binary string, args ...string) (string, error) {
	cmd := exec.CommandContext(w.ctx, binary, args...)
	cmd.Dir = w.root
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}

// Text is a table of at most 100 columns, and the medians.
func (r *ShrinkReport) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %-12s %9s %8s %10s %6s %5s  %s\n", "mutant", "caught by", "entries", "hosts", "requests", "runs", "luck", "without it")
	var entries, runs []int
	for i := range r.Mutants {
		f := &r.Mutants[i]
		s := f.Shrunk
		if s == nil {
			wrap(&b, "  ", f.Name+": "+f.Why)
			continue
		}
		entries, runs = append(entries, s.After.Entries), append(runs, s.Tries)
		without := "passes"
		if !f.Clean {
			without = "FAILS"
		}
		cut := func(before, after int) string { return fmt.Sprintf("%d→%d", before, after) }
		fmt.Fprintf(&b, "%-34s %-12s %9s %8s %10s %6d %5s  %s\n", f.Name, f.CaughtBy, cut(s.Before.Entries, s.After.Entries), cut(s.Before.Hosts, s.After.Hosts),
			cut(s.Before.Requests, s.After.Requests), s.Tries, fmt.Sprintf("%d/%d", s.Failing, s.Lucks), without)
		if !f.Clean {
			wrap(&b, "  ", "without it: "+f.CleanWhy)
		}
	}
	if len(entries) > 0 {
		slices.Sort(entries)
		slices.Sort(runs)
		mid := (len(entries) - 1) / 2
		fmt.Fprintf(&b, "%d of %d shrunk: median %d entries left (most %d), median %d runs (most %d), in %.0f s\n", len(entries), len(r.Mutants),
			entries[mid], entries[len(entries)-1], runs[mid], runs[len(runs)-1], float64(r.Took)/1e9)
	}
	if r.Interrupted {
		b.WriteString("interrupted\n")
	}
	return b.String()
}

// JSON is the report as a file holds it.
func (r *ShrinkReport) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// ExitCode is 0 where every mutant was shrunk to a plan that passes without it, 2 where it was interrupted, else 1.
func (r *ShrinkReport) ExitCode() int {
	switch {
	case r.Interrupted || len(r.Mutants) == 0:
		return 2
	case slices.ContainsFunc(r.Mutants, func(f ShrunkFate) bool { return f.Shrunk == nil || !f.Clean }):
		return 1
	}
	return 0
}
