package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// SweepOptions say what a sweep does. Its draws depend on Swarm, Fresh and Luck alone.
type SweepOptions struct {
	Swarm
	Fresh  float64       // share of the runs that are drawn anew; the rest mutate what showed something new
	Runs   int           // 0 is no bound
	For    time.Duration // begin no run after so much wall clock; 0 is no bound
	Jobs   int           // side by side in this process; 0 is one for each core
	Crew   Crew          // does the runs in other processes; nil is this one
	Ahead  int           // runs that may be at work before the choice waits for the first of them; 0 is 32. It is a part of what is drawn
	Out    string        // folder of the history and the finds
	Resume bool          // there must be something to go on with
	Limits scenarios.Limits
	Seat   func(sim.HostID, sim.Seat) sim.Seat // see scenarios.Settings

	// Repeat is the share of the runs that Again does once more, in a process of its own; it gives that run's digest.
	Repeat float64
	Again  func(ctx context.Context, r Recipe) (digest string, err error)

	Found func(SweepRun)       // told of each run that is not as it should be, in the order of their numbers
	Tick  func(s SweepSummary) // told after every run
	Say   func(what string)    // told what is done without
	Open  func(SweepKey) error // told before the first run what the sweep is
}

// lag is by how many numbers the choice of a run may run ahead of what others showed, unless Ahead says otherwise: so many
// and no more may be at work while the choice is still the same however many there are.
const lag = 32

// bareShare is the share of the runs that are done once more without the sweep's observer, to see what it costs.
const bareShare = 0.02

// GCPercent is how far the heap of a sweep may outgrow what is in use before its garbage is collected. Runs of sweeps are
// small, so that memory is cheaper than the time: at the runtime's own 100 collecting took a third of them.
const GCPercent = 400

// SweepEvents ends a run that never rests. It is a count, so that the end is the same on any machine.
const SweepEvents = 20_000_000

// keptFinds is how many finds of one sort keep their folder; the rest replay by their recipe.
const keptFinds = 20

// sweep is one at work.
type sweep struct {
	SweepOptions
	ctx     context.Context
	kept    history
	began   time.Time
	cpu     time.Duration
	mu      sync.Mutex
	turn    *sync.Cond
	recipes []Recipe          // by number: those that are chosen
	done    map[int]*SweepRun // not yet merged
	next    int               // to be begun
	merged  int               // numbers below it are merged
	corpus  *corpus
	sum     SweepSummary
	sorts   map[string]int
	err     error
	inside  time.Duration // of workers, in runs
	outside time.Duration // of workers, in all else but repeats

	spent   time.Duration  // of a crew's processes
	digests map[int]string // of the runs that are counted already
	workers map[string]bool
	data    map[int]*SweepRun // by scenario, the first of a crew's
}

// Sweep runs until its bounds, and says what came of it. What an earlier sweep of the same key left in Out counts as done.
// An error is a mistake in the options or the set-up.
func Sweep(ctx context.Context, o SweepOptions) (SweepSummary, error) {
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Ahead <= 0 {
		o.Ahead = lag
	}
	o.Jobs = min(o.Jobs, o.Ahead)
	if o.Limits.MaxEvents == 0 {
		o.Limits.MaxEvents = SweepEvents
	}
	w := &sweep{SweepOptions: o, ctx: ctx, began: time.Now(), cpu: scenarios.CPUTime(), done: map[int]*SweepRun{}, corpus: newCorpus(), sorts: map[string]int{},
		digests: map[int]string{}, workers: map[string]bool{}, data: map[int]*SweepRun{}}
	w.turn = sync.NewCond(&w.mu)
	w.sum = SweepSummary{Key: w.key(), Tally: map[results.Outcome]int{}, Sorts: map[string]int{}, First: map[string]SweepRun{}, Jobs: o.Jobs}
	for range o.Ahead {
		w.recipes = append(w.recipes, Recipe{len(w.recipes)})
	}
	h, err := openHistory(filepath.Join(o.Out, HistoryName), o.Say)
	if err != nil {
		return w.sum, err
	}
	w.kept = h
	defer h.close()
	old, err := h.begin(w.sum.Key)
	if err != nil {
		return w.sum, err
	}
	if o.Resume && len(old) == 0 {
		return w.sum, fmt.Errorf("--resume: %s holds no run of this sweep: seed, scenarios, settings and the build decide which it is", o.Out)
	}
	if o.Open != nil {
		if err := o.Open(w.sum.Key); err != nil {
			return w.sum, err
		}
	}
	if err := w.resume(old); err != nil {
		return w.sum, err
	}
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.turn.Broadcast()
	})
	defer stop()
	if o.Crew != nil {
		w.err = w.lead()
	} else {
		var wait sync.WaitGroup
		for range o.Jobs {
			wait.Go(w.work)
		}
		wait.Wait()
	}
	w.finish()
	return w.sum, w.err
}

// resume takes in what the history holds.
func (w *sweep) resume(old []SweepRun) error {
	for i := range old {
		w.done[old[i].Number] = &old[i]
		w.digests[old[i].Number] = old[i].Digest
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum.Resumed = len(old)
	return w.merge(false)
}

// work does runs until there are none left to begin. It keeps to one thread, whose time tells what is what.
func (w *sweep) work() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		w.mu.Lock()
		for w.next >= len(w.recipes) && w.on() {
			w.turn.Wait() // for runs that are far behind
		}
		for w.done[w.next] != nil {
			w.next++
		}
		if !w.on() || w.next >= len(w.recipes) {
			more := w.on()
			w.mu.Unlock()
			if more {
				continue
			}
			return
		}
		n := w.next
		r := w.recipes[n]
		w.next++
		w.mu.Unlock()

		began := threadTime()
		run, inside, away, err := w.RunOne(w.ctx, n, r)
		if err == nil && run != nil {
			err = w.keep(run)
		}
		w.mu.Lock()
		w.inside += inside
		w.outside += threadTime() - began - inside - away
		switch {
		case err != nil:
			if w.err == nil && w.ctx.Err() == nil {
				w.err = err
			}
		case run != nil:
			w.done[n] = run
			if err := w.merge(true); err != nil && w.err == nil {
				w.err = err
			}
		}
		w.turn.Broadcast()
		w.mu.Unlock()
		if run == nil {
			return // interrupted: it is to be done again
		}
	}
}

// on tells whether another run may begin.
func (w *sweep) on() bool {
	return w.err == nil && w.ctx.Err() == nil && (w.Runs == 0 || w.next < w.Runs) && (w.For == 0 || time.Since(w.began) < w.For)
}

// keep writes a run to the history, a find to a folder first.
func (w *sweep) keep(r *SweepRun) error {
	w.mu.Lock()
	keep := r.Sort != "" && r.Plan != nil && w.sorts[r.Sort] < keptFinds
	if r.Sort != "" {
		w.sorts[r.Sort]++
	}
	w.mu.Unlock()
	if keep {
		r.Dir = filepath.Join(w.Out, fmt.Sprintf("%s-%d-%d", r.Scenario, w.Seed, r.Number))
		if err := r.Record.Save(r.Dir, r.Plan); err != nil {
			return err
		}
	}
	r.Record, r.Plan = nil, nil
	return w.kept.add(r)
}

// merge takes in runs in the order of their numbers, and chooses the runs that may begin then. The lock is held.
func (w *sweep) merge(news bool) error {
	for w.done[w.merged] != nil {
		r := w.done[w.merged]
		if r.Recipe.String() != w.recipes[w.merged].String() {
			return fmt.Errorf("run %d of the history is %s and this build draws %s: give another --out", r.Number, r.Recipe, w.recipes[w.merged])
		}
		delete(w.done, w.merged)
		w.merged++
		w.next = max(w.next, w.merged)
		r.Fresh = w.corpus.feed(r.Recipe, r.Features)
		w.recipes = append(w.recipes, w.choose(len(w.recipes)))
		w.sum.add(r)
		if r.Sort != "" && w.Found != nil && news {
			w.Found(*r)
		}
		if w.Tick != nil && news {
			w.measure()
			w.Tick(w.sum)
		}
	}
	return nil
}

// choose says what a number is: a new draw, or a mutation of something that was new.
func (w *sweep) choose(n int) Recipe {
	r := sim.Seed(w.Seed).Stream(fmt.Sprintf("sweep/choice/%d", n))
	if r.Float64() < w.Fresh || len(w.corpus.entries) == 0 {
		return Recipe{n}
	}
	return w.mutant(r, n)
}

func (w *sweep) mutant(r *rand.Rand, n int) Recipe { return append(slices.Clone(w.corpus.pick(r)), n) }

// key says what the sweep draws from: another key is another sweep.
func (w *sweep) key() SweepKey {
	k := SweepKey{Seed: w.Seed, Build: BuildHash(), Commit: Commit(), Nodes: w.Nodes, Fresh: w.Fresh}
	for _, base := range w.Bases {
		if s, err := base(); err == nil {
			text, _ := s.YAML()
			k.Names = append(k.Names, fmt.Sprintf("%s/%08x", s.Name, sign(string(text))))
		}
	}
	if w.Ahead != lag {
		k.Names = append(k.Names, fmt.Sprintf("ahead=%d", w.Ahead))
	}
	for _, name := range sorted(w.Set) {
		k.Names = append(k.Names, name+"="+w.Set[name])
	}
	if len(w.Bases) == 0 {
		k.Names = append([]string{"drawn"}, k.Names...)
	}
	return k
}

// finish judges the sweep as a whole.
func (w *sweep) finish() {
	w.measure()
	w.sum.Interrupted = w.ctx.Err() != nil
	for _, m := range sometimes() {
		w.sum.Moments = append(w.sum.Moments, Moment{m.name, w.corpus.known[sign(momentPrefix+m.name)]})
	}
	if err := w.kept.end(w.sum); err != nil && w.err == nil {
		w.err = err
	}
}

// measure takes the time of this session.
func (w *sweep) measure() {
	w.sum.Wall, w.sum.CPU = time.Since(w.began), scenarios.CPUTime()-w.cpu
	w.sum.Inside, w.sum.Outside = w.inside, w.outside
	if w.Crew != nil { // then all that this process does is beside the runs
		w.sum.Outside += w.sum.CPU
		w.sum.CPU += w.spent
		w.sum.Jobs = len(w.workers)
	}
	w.sum.Features, w.sum.Corpus = len(w.corpus.known), len(w.corpus.entries)
}

// drawn tells whether the sweep is over all situations, so that it must show all moments.
func (k SweepKey) drawn() bool {
	return slices.Contains(k.Names, "drawn") && !slices.ContainsFunc(k.Names, func(n string) bool { return strings.Contains(n, "/") })
}

// Commit names the source of this build.
func Commit() string {
	b := scenarios.Build()
	if b.Dirty {
		return b.Commit + "-dirty"
	}
	return b.Commit
}
