package search

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// SweepRun is one run of a sweep, as its history keeps it.
type SweepRun struct {
	Number   int
	Recipe   Recipe
	Scenario string
	Seed     uint64
	Luck     uint64
	Nodes    int
	Outcome  results.Outcome
	Checker  string // that decided an outcome which is no pass
	Why      string
	Digest   string
	Events   uint64
	Virtual  time.Duration
	Took     time.Duration // CPU of its thread; wall where the system does not tell
	Features []uint32
	Fresh    int           // features that no run before it showed
	Repeated bool          // in a second process, with the same digest unless Outcome says otherwise
	Bare     time.Duration // it took without the observer; 0 where it was not tried
	Dir      string        // of its plan and record, where it is a find
	Sort     string        // of finds: what failed and why, figures apart

	Names  []string        // of the features; they, the record and the plan are let go once the history has the run
	Record *results.Record // of a find
	Plan   []byte

	// Of a run that a crew did.
	Worker string
	Data   []results.File // that it read
	Around time.Duration  // of its thread, beside the run itself and what was run again
	Spent  time.Duration  // of the worker's process, since the last run that it told of
}

// Inert tells that a drawn run tested less than it meant to: a fault or a liar of it had no effect.
func (r *SweepRun) Inert() bool { return r.Outcome == results.Invalid || r.Outcome == results.Vacuous }

// good tells whether there is nothing to report.
func (r *SweepRun) good(plain bool) bool { return r.Outcome == results.Pass || !plain && r.Inert() }

// RunOne does a run as a sweep of these options does: inside is the time that the run itself took, away that of trying it
// again. Nil is an interrupted run. Out and what bounds the sweep are not looked at.
func (w *SweepOptions) RunOne(ctx context.Context, n int, r Recipe) (run *SweepRun, inside, away time.Duration, err error) {
	entered := threadTime()
	s, set, plain, err := w.Make(r)
	if err != nil {
		return nil, 0, 0, err
	}
	defer func() {
		if run != nil {
			run.Around = threadTime() - entered - inside - away
		}
	}()
	set.Limits, set.Seat = w.Limits, w.Seat
	set.Stop = func() string {
		if ctx.Err() != nil {
			return "interrupted"
		}
		return ""
	}
	run = &SweepRun{Number: n, Recipe: r, Scenario: s.Name, Seed: set.Seed, Luck: set.Luck, Nodes: set.Nodes}
	chance := sim.Seed(w.Seed).Stream(fmt.Sprintf("sweep/repeat/%d", n))
	repeat, bare, first := chance.Float64() < w.Repeat, chance.Float64() < bareShare, chance.IntN(2) == 0
	alone := func() string { // without the observer
		began := threadTime()
		o, err := Do(s, set)
		run.Bare = threadTime() - began
		away += run.Bare
		if err != nil {
			return ""
		}
		return o.Record.Digest
	}
	digest := ""
	if bare && first {
		digest = alone()
	}
	seen := newBehaviour(fault.Kinds())
	set.Observe = seen
	began := threadTime()
	o, err := Do(s, set)
	run.Took = threadTime() - began
	set.Observe = nil
	switch {
	case ctx.Err() != nil:
		return nil, run.Took, away, nil
	case errors.As(err, new(simulatorPanic)):
		run.Outcome, run.Checker, run.Why = results.Fail, Panic, err.Error()
		run.Sort = sortOf(run)
		return run, run.Took, away, nil
	case err != nil && plain:
		return nil, run.Took, away, err
	case err != nil: // a mutant of a scenario that cannot be built
		run.Outcome, run.Checker, run.Why = results.Invalid, "run", err.Error()
		return run, run.Took, away, nil
	}
	rec := &o.Record
	g := rec.Grade()
	run.Outcome, run.Digest, run.Events, run.Virtual = g.Outcome, rec.Digest, rec.Events, time.Duration(rec.Virtual)
	run.Names = seen.features(o)
	run.Features = signs(run.Names)
	run.Data = rec.Data
	if g.Outcome != results.Pass {
		run.Checker, run.Why = g.Name, g.Why
	}
	run.Record, run.Plan = rec, o.Plan
	if bare && !first {
		digest = alone()
	}
	differ := func(where, other string) {
		if ctx.Err() == nil && other != rec.Digest {
			run.Outcome, run.Checker, run.Why = results.Fail, "determinism", fmt.Sprintf("digest %.12s here, %.12s %s", rec.Digest, other, where)
		}
	}
	if bare {
		differ("without an observer", digest)
	}
	if repeat && w.Again != nil {
		began := threadTime()
		other, err := w.Again(ctx, r)
		away += threadTime() - began
		if err != nil && ctx.Err() == nil {
			return nil, run.Took, away, fmt.Errorf("run %s in a second process: %w", r, err)
		}
		run.Repeated = err == nil
		differ("in a second process", other)
	}
	if ctx.Err() != nil {
		return nil, run.Took, away, nil
	}
	if run.good(plain) {
		run.Record, run.Plan = nil, nil
	} else {
		run.Sort = sortOf(run)
	}
	return run, run.Took, away, nil
}

// simulatorPanic is what a run ends with that no process of it owns.
type simulatorPanic string

func (p simulatorPanic) Error() string { return string(p) }

// Do is scenarios.Run that takes a panic of the simulator itself for a failure.
func Do(s scenarios.Scenario, set scenarios.Settings) (o *scenarios.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			o, err = nil, simulatorPanic(fmt.Sprintf("%s@%d: the simulator itself panicked: %v\n%s", s.Name, set.Seed, r, debug.Stack()))
		}
	}()
	return scenarios.Run(s, set)
}

// sortOf names what failed and why, figures apart, so that one bug found often is one sort.
func sortOf(r *SweepRun) string {
	return fmt.Sprintf("%s %s: %.160s", r.Outcome, r.Checker, abstract(r.Why))
}
