package ci

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// grace is how long runs may take to end once they are told to.
const grace = 30 * time.Second

// sweepPhase is what finds of the sweep say they were found in.
const sweepPhase = "the sweep"

// drawnName is what drawn situations are called.
const drawnName = "drawn"

// freshShare is the share of the sweep's runs that are drawn anew, as lgos-sim sweep has it.
const freshShare = 0.5

// sweep searches with what is left of the budget. It stands still while a find is dealt with.
func (r *runner) sweep() error {
	if r.ctx.Err() != nil {
		r.report.Left = append(r.report.Left, "the sweep: "+cutInterrupted)
		return nil
	}
	if r.time.over() {
		r.report.Left = append(r.report.Left, "the sweep: "+cutBudget)
		return nil
	}
	r.begin("sweep")
	dir, err := os.MkdirTemp("", "lgos-ci-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	var wrong error
	o := search.SweepOptions{
		Swarm: search.Swarm{Seed: r.report.Seed, Nodes: r.Nodes}, Fresh: freshShare, Runs: r.Runs, Jobs: r.Jobs, Out: dir, Repeat: r.Repeat,
		Limits: scenarios.Limits{MaxEvents: search.SweepEvents, MaxWall: r.time.run()}, Say: r.Say,
		Found: func(s search.SweepRun) {
			if err := r.sweepFound(s); err != nil && wrong == nil {
				wrong = err
				cancel()
			}
		},
	}
	if r.Again != nil {
		o.Again = func(ctx context.Context, n search.Recipe) (string, error) { return r.Again(ctx, r.report.Seed, n) }
	}
	if r.Own {
		o.Nodes = r.report.Nodes
		for _, s := range r.Scenarios {
			text, err := s.Scenario.YAML()
			if err != nil {
				return err
			}
			o.Bases = append(o.Bases, func() (scenarios.Scenario, error) { return scenarios.Parse(s.Arg, text) })
		}
	}
	type end struct {
		sum search.SweepSummary
		err error
	}
	done := make(chan end, 1)
	go func() {
		s, err := search.Sweep(ctx, o)
		done <- end{s, err}
	}()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case e := <-done:
			r.report.Sweep, r.report.Swept = e.sum, true
			r.count(&e.sum)
			if wrong != nil {
				return wrong
			}
			return e.err
		case <-tick.C:
			if r.time.over() {
				cancel()
				if r.time.searchLeft() < -grace && !r.time.atFind() {
					r.report.Left = append(r.report.Left, fmt.Sprintf("the sweep: a run of seed %d did not come back %v after it was told to end", r.report.Seed, grace))
					return nil // a step that never ends cannot be stopped, only left
				}
			}
		}
	}
}

// sweepFound looks at a run of the sweep that is not as it should be.
func (r *runner) sweepFound(s search.SweepRun) error {
	f := &Find{Outcome: s.Outcome, Phase: sweepPhase, Run: fmt.Sprintf("%s@%d", s.Scenario, s.Seed), Why: s.Why, Runs: r.began + s.Number + 1}
	if r.Line != nil {
		f.Line = r.Line(r.report.Seed, s.Recipe)
	}
	first, _, _ := strings.Cut(s.Why, "\n") // of a panic of the simulator its stack follows
	kinds := []search.Kind{search.KindOf(s.Checker, first)}
	if s.Dir == "" || s.Checker == "determinism" { // one of many of its sort, or a run that is as it should be but for its twin
		if r.excuse(s.Checker, s.Scenario, s.Seed) != "" {
			r.report.Excused++
			return nil
		}
		_, err := r.consider(kinds, f, s.Scenario, s.Seed, nil, nil)
		return err
	}
	rec, err := results.Load(s.Dir)
	if err != nil {
		return err
	}
	plan, err := os.ReadFile(filepath.Join(s.Dir, results.PlanName))
	if err != nil {
		return err
	}
	if kinds, _ = r.weigh(rec, s.Scenario, s.Seed); len(kinds) == 0 {
		r.report.Excused++
		return nil
	}
	_, err = r.consider(kinds, f, s.Scenario, s.Seed, plan, rec)
	return err
}

// count tells entries for every drawn situation how many passed, of which the sweep says nothing one by one.
func (r *runner) count(s *search.SweepSummary) {
	for i := range r.fates {
		if k := r.fates[i].Known; k.Scenario == drawnName && k.Seeds == allSeeds() && !r.Own {
			r.fates[i].Passed += s.Tally[results.Pass]
		}
	}
}
