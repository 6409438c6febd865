package ci

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Trial is the run of a kept plan or of a scenario.
type Trial struct {
	Name     string // of the plan's file, or SCENARIO@SEED
	Scenario string // what entries of known failures call it
	Seed     uint64
	File     string // of a plan
	Line     string // that makes it again
	Record   *results.Record
	Outcome  results.Outcome
	Why      string            // it is not as it should be
	Kinds    []search.Kind     // of failures, those that are known apart
	Known    map[string]string // by checker, why its failure does not count
	Find     *Find

	plan []byte
}

// Excused tells whether all that is wrong with it is known.
func (r *Trial) Excused() bool {
	return r.Outcome != results.Pass && len(r.Kinds) == 0 && len(r.Known) > 0
}

// cut is how a run says that it was not let to its end.
const (
	cutInterrupted = "interrupted"
	cutBudget      = "the budget's time for searching was over"
	cutShare       = "it took more than its share of the budget"
	cutStood       = "it stood still: no event was done"
)

// standstill is how long a run may do nothing at all: a step that never ends cannot be stopped, only left.
const standstill = time.Minute

// plans replays what once failed.
func (r *runner) plans() error {
	r.begin("plans")
	files := make([]*scenarios.PlanFile, len(r.Plans))
	runs := make([]Trial, len(r.Plans))
	for i, p := range r.Plans {
		var err error
		if files[i], err = scenarios.ReadPlan(p.File, p.Text); err != nil {
			return err
		}
		runs[i] = Trial{Name: filepath.Base(p.File), Scenario: planName(p.File), Seed: files[i].Settings.Seed, File: p.File, Line: "lgos-sim replay " + p.File, plan: p.Text}
	}
	err := r.all(runs, 0, func(i int, set scenarios.Settings) (*scenarios.Outcome, error) { return files[i].Run(set) })
	r.report.Plans = runs
	r.left(runs)
	if err != nil {
		return err
	}
	return r.deal(runs, "a kept plan")
}

// scenarios runs each at a small size, with a seed of its own that the commit decides.
func (r *runner) scenarios() error {
	r.begin("scenarios")
	runs, err := r.round(0)
	r.report.Scenarios = runs
	r.left(runs)
	if err != nil {
		return err
	}
	return r.deal(runs, "a scenario")
}

// roundsPhase is what finds of rounds say they were found in.
const roundsPhase = "a round of scenarios"

// rounds runs the scenarios over with other seeds, for half of what is left to search: what somebody thought of shows what
// chance may not come upon. As in the sweep, only what fails counts.
func (r *runner) rounds() error {
	if r.Own || len(r.Scenarios) == 0 || r.time.over() || r.Runs > 0 && r.Runs < len(r.Scenarios) {
		return nil // the sweep is of nothing else, or there is no room for a round
	}
	r.begin("rounds")
	half := r.time.searchLeft() / 2
	for n := 1; r.ctx.Err() == nil && (r.Budget == 0 || r.time.searchLeft() > half) && (r.Runs == 0 || n <= r.Runs/len(r.Scenarios)); n++ {
		runs, err := r.round(n)
		if err != nil {
			return err
		}
		failed := slices.DeleteFunc(slices.Clone(runs), func(t Trial) bool { return t.Outcome != results.Fail })
		if err := r.deal(failed, roundsPhase); err != nil {
			return err
		}
		for i := range runs {
			runs[i].Record, runs[i].plan = nil, nil // hundreds of which would fill the memory
		}
		r.report.Rounds = append(r.report.Rounds, runs...)
	}
	return nil
}

// round runs every scenario once; the commit decides the seeds of each round.
func (r *runner) round(n int) ([]Trial, error) {
	runs := make([]Trial, len(r.Scenarios))
	sets := make([]scenarios.Settings, len(r.Scenarios))
	for i := range r.Scenarios {
		s := &r.Scenarios[i].Scenario
		stream := "ci/" + s.Name
		if n > 0 {
			stream += fmt.Sprintf("/%d", n)
		}
		sets[i] = scenarios.Settings{Seed: sim.Seed(r.report.Seed).Stream(stream).Uint64()>>12 + 1, Set: short(s)}
		sets[i].Nodes = size(s, sets[i], r.report.Nodes)
		runs[i] = Trial{Name: fmt.Sprintf("%s@%d", s.Name, sets[i].Seed), Scenario: s.Name, Seed: sets[i].Seed}
	}
	// What a budget is too short for is another part of them with each commit.
	first := 0
	if n := len(runs); n > 0 {
		first = int(r.report.Seed % uint64(n))
	}
	return runs, r.all(runs, first, func(i int, set scenarios.Settings) (*scenarios.Outcome, error) {
		set.Seed, set.Nodes, set.Set = sets[i].Seed, sets[i].Nodes, sets[i].Set
		o, err := scenarios.Run(r.Scenarios[i].Scenario, set)
		if err == nil {
			runs[i].plan = o.Plan
			runs[i].Line = strings.Replace(o.Record.Command(), "lgos-sim run "+runs[i].Scenario+" ", "lgos-sim run "+r.Scenarios[i].Arg+" ", 1)
		}
		return o, err
	})
}

// size is how many nodes a scenario has: at most so many, unless its groups need more.
func size(s *scenarios.Scenario, set scenarios.Settings, most int) int {
	set.Nodes = min(s.Nodes, most)
	if _, err := scenarios.NewPlan(*s, set); err != nil {
		return min(s.Nodes, max(most, SmallNodes))
	}
	return set.Nodes
}

// short are the settings that make a recorded text a short one, and the same on every machine: what others recorded is not
// everywhere at hand. Other scenarios are small by their nodes.
func short(s *scenarios.Scenario) map[string]string {
	if slices.ContainsFunc(scenarios.Keys(*s), func(k scenarios.KeyDoc) bool { return k.Name == "trace" }) {
		return map[string]string{"trace": "generated", "limit": "400", "duration": "2m"}
	}
	return nil
}

func (r *runner) begin(phase string) {
	if r.Phase != nil {
		r.Phase(&r.report, phase)
	}
}

// all does runs, so many at a time, beginning with the first and going round. An error is a mistake in a file.
func (r *runner) all(runs []Trial, first int, do func(i int, set scenarios.Settings) (*scenarios.Outcome, error)) error {
	errs := make([]error, len(runs))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(r.Jobs, len(runs)) {
		wait.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(runs) {
					return
				}
				i := (n + first) % len(runs)
				errs[i] = r.one(&runs[i], func(set scenarios.Settings) (*scenarios.Outcome, error) { return do(i, set) })
			}
		})
	}
	wait.Wait()
	r.began += len(runs)
	for i := range runs {
		if errs[i] != nil {
			return fmt.Errorf("%s: %w", runs[i].Name, errs[i])
		}
	}
	return nil
}

// left says of runs that were not let to their end that they are still to be done.
func (r *runner) left(runs []Trial) {
	for i := range runs {
		if runs[i].wasCut() {
			r.report.Left = append(r.report.Left, runs[i].Name+": "+runs[i].Why)
		}
	}
}

// one does a run and grades it. Its goroutine is left behind where it stands still.
func (r *runner) one(run *Trial, do func(scenarios.Settings) (*scenarios.Outcome, error)) error {
	run.Outcome = results.Unknown
	switch {
	case r.ctx.Err() != nil:
		run.Why = cutInterrupted
		return nil
	case r.time.over():
		run.Why = cutBudget
		return nil
	}
	share := r.time.run()
	ctx, cancel := within(r.ctx, share)
	defer cancel()
	cut := func() string {
		switch {
		case r.ctx.Err() != nil:
			return cutInterrupted
		case r.time.over():
			return cutBudget
		case ctx.Err() != nil:
			return cutShare
		}
		return ""
	}
	var beat atomic.Int64 // of its own clock: it says that it is alive
	set := scenarios.Settings{Device: "cpu", Limits: scenarios.Limits{MaxEvents: search.SweepEvents}, Stop: func() string {
		beat.Add(1)
		return cut()
	}}
	type end struct {
		record *results.Record
		err    error
	}
	done := make(chan end, 1)
	go func() {
		rec, err := attempt(do, set)
		done <- end{rec, err}
	}()
	tick := time.NewTicker(standstill)
	defer tick.Stop()
	for last := int64(-1); ; {
		select {
		case e := <-done:
			if e.err != nil {
				if why := cut(); why != "" {
					run.Why = why
					return nil
				}
				return e.err
			}
			run.Record = e.record
			r.grade(run, cut())
			return nil
		case <-tick.C:
			if now := beat.Load(); now == last {
				run.Why, run.Outcome = fmt.Sprintf("%s in %v", cutStood, standstill), results.Fail
				run.Kinds = []search.Kind{{Checker: "run", Reason: cutStood}}
				return nil
			} else {
				last = now
			}
		}
	}
}

// attempt is a run that takes a panic of the simulator for a failure like one of a node.
func attempt(do func(scenarios.Settings) (*scenarios.Outcome, error), set scenarios.Settings) (r *results.Record, err error) {
	defer func() {
		if x := recover(); x != nil {
			why := fmt.Sprintf("the simulator panicked at once: %v\n%s", x, debug.Stack())
			r, err = &results.Record{Outcome: results.Fail, Why: why, Broke: why}, nil
		}
	}()
	o, err := do(set)
	if err != nil {
		return nil, err
	}
	rec := o.Record // a copy: a pointer into the outcome would keep all of it
	return &rec, nil
}

// grade says what a run came to, and which of its failures are known.
func (r *runner) grade(run *Trial, cut string) {
	g := run.Record.Grade()
	run.Outcome, run.Why = g.Outcome, g.Why
	if g.Outcome == results.Unknown && cut != "" {
		run.Why = cut
		return
	}
	if g.Outcome != results.Pass && g.Name != "run" {
		run.Why = g.Name + ": " + g.Why
	}
	run.Kinds, run.Known = r.weigh(run.Record, run.Scenario, run.Seed)
}

// kindsOf says why a run is not as it should be: its failures, else what its grade says.
func kindsOf(r *results.Record) []search.Kind {
	g := r.Grade()
	if g.Outcome == results.Pass {
		return nil
	}
	kinds := slices.DeleteFunc(search.Failures(r), func(k search.Kind) bool { return slices.Contains(r.Expect, "fail "+k.Checker) })
	if len(kinds) == 0 {
		kinds = append(kinds, search.KindOf(g.Name, g.Why))
	}
	return kinds
}

// weigh takes out of a run's failures those that are known, and notes what became of the entries that speak of it.
func (r *runner) weigh(rec *results.Record, scenario string, seed uint64) (kinds []search.Kind, known map[string]string) {
	all := kindsOf(rec)
	for _, k := range all {
		if why := r.excuse(k.Checker, scenario, seed); why != "" {
			if known == nil {
				known = map[string]string{}
			}
			known[k.Checker] = why
			continue
		}
		kinds = append(kinds, k)
	}
	r.tried(all, rec, scenario, seed)
	return kinds, known
}
