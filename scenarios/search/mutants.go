package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Options of Mutants. The zero value runs all of a folder, without the unmutated binary.
type Options struct {
	Context  context.Context // ends it early; nil never does
	Only     []string        // names; empty is all
	Share    string          // i/n: every n-th by name, beginning with the i-th, i counting round
	Jobs     int             // side by side; 0 is one for each core
	Baseline bool            // first see that the unmutated binary passes all the runs
	Against  string          // a file of detections to compare with
	Keep     string          // a file to write the detections to, if all were killed
	Say      func(string)    // told, in one line, what is done
}

// Mutants builds the command with each planted bug of a folder, without touching the tree, runs its scenario, and says
// whether the predicted checker caught it. An error is a mistake in a file, the options or the set-up.
func Mutants(dir string, opts Options) (Report, error) {
	started := time.Now()
	list, err := Folder(dir)
	if err != nil {
		return Report{}, err
	}
	if list, err = choose(list, opts); err != nil {
		return Report{}, err
	}
	if opts.Context == nil {
		opts.Context = context.Background()
	}
	w, err := newWorkshop(opts.Context)
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(w.temp)
	say := opts.Say
	if say == nil {
		say = func(string) {}
	}
	r := Report{Dir: dir, Checkers: append(Judges(), Ledger, Panic)}
	if opts.Baseline {
		say("the unmutated binary")
		if r.Runs, r.Red, err = w.baseline(list, opts.Jobs); err != nil {
			return r, err
		}
	}
	if len(r.Red) == 0 {
		r.Mutants = make([]Fate, len(list))
		parallel(len(list), opts.Jobs, func(i int) {
			say(list[i].Name)
			r.Mutants[i] = w.judge(&list[i])
			r.Mutants[i].Cells = cells(&r.Mutants[i], r.Checkers)
		})
		r.Detection = detection(r.Mutants)
	}
	r.Interrupted = opts.Context.Err() != nil
	r.Took = results.Seconds(time.Since(started).Round(time.Millisecond))
	if opts.Against != "" && !r.Interrupted {
		kept, err := ReadDetections(opts.Against)
		if err != nil {
			return r, err
		}
		r.Against, r.Missing = kept.compare(r.Mutants)
	}
	if opts.Keep != "" && r.ExitCode() == 0 {
		return r, keepDetections(opts.Keep, r.Mutants, len(opts.Only) == 0 && opts.Share == "")
	}
	return r, nil
}

// Folder reads all mutants of a folder, by name.
func Folder(dir string) ([]Mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no *.yaml", dir)
	}
	var list []Mutant
	var wrong []error
	for _, f := range files {
		m, err := ReadMutant(f)
		list, wrong = append(list, m), append(wrong, err)
	}
	return list, errors.Join(wrong...)
}

// choose takes those that the options ask for.
func choose(list []Mutant, opts Options) ([]Mutant, error) {
	if len(opts.Only) > 0 {
		for _, name := range opts.Only {
			if !slices.ContainsFunc(list, func(m Mutant) bool { return m.Name == name }) {
				return nil, fmt.Errorf("there is no mutant %q", name)
			}
		}
		list = slices.DeleteFunc(list, func(m Mutant) bool { return !slices.Contains(opts.Only, m.Name) })
	}
	if opts.Share == "" {
		return list, nil
	}
	a, b, ok := strings.Cut(opts.Share, "/")
	i, errA := strconv.ParseUint(a, 10, 32)
	n, errB := strconv.ParseUint(b, 10, 32)
	if !ok || errA != nil || errB != nil || n == 0 {
		return nil, fmt.Errorf("share %q: write I/N, as in 3/8", opts.Share)
	}
	var some []Mutant
	for k := range list {
		if uint64(k)%n == i%n {
			some = append(some, list[k])
		}
	}
	return some, nil
}

// judge builds a mutant and runs its seeds until it is caught.
func (w *workshop) judge(m *Mutant) (f Fate) {
	f = Fate{Name: m.Name, About: m.About, File: m.File, Scenario: m.Scenario, CaughtBy: m.CaughtBy, Silent: m.Silent}
	started := time.Now()
	defer func() { f.Took = results.Seconds(time.Since(started).Round(time.Millisecond)) }()
	source, why := m.apply(w.root)
	if why != "" {
		f.Status, f.Why = Stale, why
		return f
	}
	binary := filepath.Join(w.temp, m.Name)
	defer os.Remove(binary)
	why, err := w.build(binary, m.Name, map[string][]byte{m.File: source})
	switch {
	case err != nil:
		f.Status, f.Why = Undone, err.Error()
		return f
	case why != "":
		f.Status, f.Why = Stale, "it does not compile: "+why
		return f
	}
	for seed := 1; seed <= m.seeds() && (f.Status == "" || f.Status == Survived); seed++ {
		r := w.run(binary, m.line(seed))
		if w.ctx.Err() != nil {
			f.Status, f.Why = Undone, "interrupted"
			return f
		}
		f.Seed, f.Replay = seed, "lgos-sim "+strings.Join(m.line(seed), " ")
		f.CPU += results.Seconds(r.cpu)
		f.Status, f.By, f.Why = verdict(m, r.record, r.said)
	}
	return f
}

// baseline sees that every run that mutants are given passes without them. It gives the number of runs, and those that fail.
func (w *workshop) baseline(list []Mutant, jobs int) (runs int, red []string, err error) {
	binary := filepath.Join(w.temp, "unmutated")
	why, err := w.build(binary, "", nil)
	if err != nil || why != "" {
		return 0, nil, errors.Join(err, fmt.Errorf("the unmutated command does not compile: %s", why))
	}
	lines := map[string][]string{}
	for i := range list {
		for seed := 1; seed <= list[i].seeds(); seed++ {
			args := list[i].line(seed)
			lines[strings.Join(args, " ")] = args
		}
	}
	all := slices.Sorted(maps.Keys(lines))
	why2 := make([]string, len(all))
	parallel(len(all), jobs, func(i int) {
		if w.ctx.Err() != nil {
			return
		}
		r := w.run(binary, lines[all[i]])
		if r.record == nil {
			why2[i] = r.said
		} else if g := r.record.Grade(); g.Outcome != results.Pass {
			why2[i] = g.Name + ": " + g.Why
		}
	})
	for i, why := range why2 {
		if why != "" {
			red = append(red, "lgos-sim "+all[i]+": "+why)
		}
	}
	return len(all), red, w.ctx.Err()
}

// parallel calls f for 0..n-1, so many at a time.
func parallel(n, jobs int, f func(i int)) {
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(jobs, n) {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
