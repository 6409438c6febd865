package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Crew carries out the runs of a sweep in other processes. One goroutine calls it. It may do a run more often than it was
// given, also for another session of the sweep: the sweep counts it once.
type Crew interface {
	// Begin makes ready for a sweep, and tells how many runs of an earlier session wait to be taken.
	Begin(ctx context.Context, k SweepKey, o *SweepOptions) (waiting int, err error)
	// Give asks for a run.
	Give(ctx context.Context, n int, r Recipe) error
	// Take waits for a run to end; nil is one that is lost and was given again. Until kept is called the crew must be able to
	// give the run again, after its own death too.
	Take(ctx context.Context) (r *SweepRun, kept func() error, err error)
	// Recall takes back what nobody has begun, and names it.
	Recall(ctx context.Context) (numbers []int, err error)
	// End lets the crew go. The sweep is over where nothing of it is left to do; else another session may go on with it.
	End(over bool) error
}

// lead has a crew do the runs. Runs are chosen as they are in one process, by what the runs before them showed, and merged in
// the order of their numbers: who did them, and who was first, does not show.
func (w *sweep) lead() (err error) {
	waiting, err := w.Crew.Begin(w.ctx, w.sum.Key, &w.SweepOptions)
	over := false
	defer func() { err = errors.Join(err, w.Crew.End(over && err == nil)) }()
	if err != nil {
		return w.unless(err)
	}
	ctx, cancel := w.ctx, func() {}
	if w.For > 0 {
		ctx, cancel = context.WithDeadline(ctx, w.began.Add(w.For))
	}
	defer cancel()
	given := map[int]bool{} // and not yet taken
	for ; waiting > 0 && w.ctx.Err() == nil; waiting-- {
		if err := w.take(w.ctx, given); err != nil {
			return err
		}
	}
	for {
		for ; w.on() && w.next < len(w.recipes); w.next++ {
			if _, counted := w.digests[w.next]; counted {
				continue
			}
			if err := w.Crew.Give(w.ctx, w.next, w.recipes[w.next]); err != nil {
				return w.unless(err)
			}
			given[w.next] = true
		}
		if w.ctx.Err() != nil {
			return nil
		}
		if ctx.Err() != nil { // out of time
			ctx = w.ctx
			back, err := w.Crew.Recall(ctx)
			if err != nil {
				return w.unless(err)
			}
			for _, n := range back {
				delete(given, n)
			}
		}
		if len(given) == 0 && !w.on() {
			over = true
			return nil
		}
		if err := w.take(ctx, given); err != nil {
			return err
		}
	}
}

// unless is an error, but where the sweep was interrupted, which explains it.
func (w *sweep) unless(err error) error {
	if w.ctx.Err() != nil {
		return nil
	}
	return err
}

// take waits for one run and counts it, unless it was counted before or is none of this sweep's.
func (w *sweep) take(ctx context.Context, given map[int]bool) error {
	r, kept, err := w.Crew.Take(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil
	case err != nil || r == nil:
		return err
	}
	n := r.Number
	if n >= len(w.recipes) || r.Recipe.String() != w.recipes[n].String() {
		w.say(fmt.Sprintf("run %d of %s is %s, which this sweep does not draw: passed over", n, r.Worker, r.Recipe))
		return kept()
	}
	delete(given, n)
	if known, counted := w.digests[n]; counted {
		if err := w.differ(known, r); err != nil {
			return err
		}
		return kept()
	}
	if err := w.sameData(r); err != nil {
		return err
	}
	w.inside += r.Took
	w.outside += r.Around
	w.spent += r.Spent
	w.workers[r.Worker] = true
	w.digests[n] = r.Digest
	if r.Features == nil {
		r.Features = signs(r.Names)
	}
	if err := w.keep(r); err != nil {
		return err
	}
	if err := kept(); err != nil {
		return w.unless(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[n] = r
	return w.merge(true)
}

// differ looks at a run that was done once more, as work is that was given again when its worker seemed to be lost. That it
// came to another digest is a find.
func (w *sweep) differ(known string, r *SweepRun) error {
	if r.Digest == known || r.Digest == "" || known == "" {
		return nil
	}
	r.Outcome, r.Checker, r.Why = results.Fail, "determinism", fmt.Sprintf("digest %.12s at one worker, %.12s at %s", known, r.Digest, r.Worker)
	r.Sort = sortOf(r)
	w.sum.count(r)
	if w.Found != nil {
		w.Found(*r)
	}
	return w.kept.spoil(r)
}

// sameData holds workers to the same data files: a scenario that reads other data is another scenario.
func (w *sweep) sameData(r *SweepRun) error {
	if len(w.Bases) == 0 || r.Digest == "" {
		return nil
	}
	base := r.Recipe[0] % len(w.Bases)
	known, ok := w.data[base]
	if !ok {
		w.data[base] = r
		return nil
	}
	if fmt.Sprint(known.Data) != fmt.Sprint(r.Data) {
		return fmt.Errorf("%s reads other data than %s in %s: %v and %v: give all workers the same files", r.Worker, known.Worker, r.Scenario, r.Data, known.Data)
	}
	return nil
}

func (w *sweep) say(what string) {
	if w.Say != nil {
		w.Say(what)
	}
}

// Lost is a run whose end nobody saw: the processes that began it died.
func Lost(n int, r Recipe, w *Swarm, why string) (*SweepRun, error) {
	s, set, _, err := w.Make(r)
	if err != nil {
		return nil, err
	}
	run := &SweepRun{Number: n, Recipe: r, Scenario: s.Name, Seed: set.Seed, Luck: set.Luck, Nodes: set.Nodes, Outcome: results.Unknown, Checker: "process", Why: why}
	run.Sort = sortOf(run)
	return run, nil
}
