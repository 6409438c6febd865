package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
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
	Say      func(string)    // told, in one line, what is done
}

// Limits of one run: a mutant may make a network that never rests.
const (
	maxWall   = "2m"
	maxEvents = "20000000"
)

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
	r := Report{Dir: dir}
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
		})
	}
	r.Interrupted = opts.Context.Err() != nil
	r.Took = results.Seconds(time.Since(started).Round(time.Millisecond))
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

// workshop builds and runs binaries in a folder of its own.
type workshop struct {
	ctx        context.Context
	root, temp string
}

func newWorkshop(ctx context.Context) (*workshop, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("mutants are built with the go command: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return nil, fmt.Errorf("mutants are built from the source: run this within the module")
	}
	temp, err := os.MkdirTemp("", "lgos-mutants-")
	return &workshop{ctx, filepath.Dir(mod), temp}, err
}

// build makes the command with one file replaced, or as it is where there is no mutant. A text says why it does not compile.
func (w *workshop) build(binary string, m *Mutant, source []byte) (why string, err error) {
	args := []string{"build", "-o", binary, "-buildvcs=false"}
	if m != nil {
		file, overlay := binary+".go", binary+".json"
		b, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(w.root, filepath.FromSlash(m.File)): file}})
		if err != nil {
			return "", err
		}
		if err := errors.Join(os.WriteFile(file, source, 0o644), os.WriteFile(overlay, b, 0o644)); err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	name := ""
	if m != nil {
		name = m.Name
	}
	args = append(args, "-ldflags", "-s -w -X github.com/lifegraph-os/lgos-sim/scenarios.Mutant="+name, "./cmd/lgos-sim")
	cmd := exec.CommandContext(w.ctx, "go", args...)
	cmd.Dir, cmd.Env = w.root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if errors.As(err, &failed) && w.ctx.Err() == nil {
		return strings.TrimSpace(string(out)), nil
	}
	return "", err
}

// run carries out one run and reads its record; nil where it left none, and then what it said.
func (w *workshop) run(binary string, args []string) (*results.Record, string) {
	out, err := os.MkdirTemp(w.temp, "run-")
	if err != nil {
		return nil, err.Error()
	}
	defer os.RemoveAll(out)
	cmd := exec.CommandContext(w.ctx, binary, append(args, "--device", "cpu", "--max-wall", maxWall, "--max-events", maxEvents, "--out", out)...)
	cmd.Dir = w.root
	var said bytes.Buffer
	cmd.Stderr = &said
	failed := cmd.Run()
	r, err := results.Load(out)
	if err != nil {
		text := strings.TrimSpace(said.String())
		if text == "" {
			text = errors.Join(failed, err).Error()
		}
		return nil, text
	}
	return r, ""
}

// judge builds a mutant and runs its seeds until it is caught.
func (w *workshop) judge(m *Mutant) (f Fate) {
	f = Fate{Name: m.Name, About: m.About, File: m.File, Scenario: m.Scenario, CaughtBy: m.CaughtBy}
	started := time.Now()
	defer func() { f.Took = results.Seconds(time.Since(started).Round(time.Millisecond)) }()
	source, why := m.apply(w.root)
	if why != "" {
		f.Status, f.Why = Stale, why
		return f
	}
	binary := filepath.Join(w.temp, m.Name)
	defer os.Remove(binary)
	why, err := w.build(binary, m, source)
	switch {
	case err != nil:
		f.Status, f.Why = Undone, err.Error()
		return f
	case why != "":
		f.Status, f.Why = Stale, "it does not compile: "+why
		return f
	}
	for seed := 1; seed <= m.seeds() && (f.Status == "" || f.Status == Survived); seed++ {
		r, said := w.run(binary, m.line(seed))
		if w.ctx.Err() != nil {
			f.Status, f.Why = Undone, "interrupted"
			return f
		}
		f.Seed, f.Replay = seed, "lgos-sim "+strings.Join(m.line(seed), " ")
		f.Status, f.By, f.Why = verdict(m, r, said)
	}
	return f
}

// baseline sees that every run that mutants are given passes without them. It gives the number of runs, and those that fail.
func (w *workshop) baseline(list []Mutant, jobs int) (runs int, red []string, err error) {
	binary := filepath.Join(w.temp, "unmutated")
	why, err := w.build(binary, nil, nil)
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
		r, said := w.run(binary, lines[all[i]])
		if r == nil {
			why2[i] = said
		} else if g := r.Grade(); g.Outcome != results.Pass {
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
