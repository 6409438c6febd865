package search

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// deaf is a planted bug: who came back from a crash takes in no packet any more.
type deaf struct{ sim.Process }

func (d deaf) Step(now step.Now, in step.Input, out *step.Effects) {
	if _, packet := in.(*step.Packet); !packet {
		d.Process.Step(now, in, out)
	}
}

func deafened(_ sim.HostID, s sim.Seat) sim.Seat {
	honest := s.New
	s.New = func(life uint32) sim.Process {
		if life > 1 && s.Liar == "" {
			return deaf{honest(life)}
		}
		return honest(life)
	}
	return s
}

func small(out string, runs int) SweepOptions {
	return SweepOptions{Swarm: Swarm{Seed: 5, Nodes: 8}, Fresh: 0.5, Runs: runs, Jobs: 2, Out: out}
}

// TestSweepFinds: a bug that shows only after a crash is found among drawn situations, and each find replays alone, by its
// plan and by its recipe. Without the bug the same sweep finds nothing.
func TestSweepFinds(t *testing.T) {
	o := small(t.TempDir(), 12)
	var finds []SweepRun
	o.Found = func(r SweepRun) { finds = append(finds, r) }
	clean, err := Sweep(t.Context(), o)
	if err != nil || len(finds) > 0 || clean.Outcome() != results.Pass || clean.Runs != 12 {
		t.Fatalf("without a bug: %v, %+v, finds %+v", err, clean, finds)
	}
	o.Out, o.Seat = t.TempDir(), deafened
	s, err := Sweep(t.Context(), o)
	if err != nil || len(finds) == 0 || s.Outcome() != results.Fail || s.Finds() != len(finds) {
		t.Fatalf("with a bug: %v, %+v, finds %+v", err, s, finds)
	}
	f := finds[0]
	t.Logf("of %d runs %d fail, the first is %s: %s: %s", s.Runs, len(finds), f.Recipe, f.Checker, f.Why)
	b, err := os.ReadFile(filepath.Join(f.Dir, results.PlanName))
	if err != nil {
		t.Fatal(err)
	}
	p, err := scenarios.ReadPlan(f.Dir, b)
	if err != nil {
		t.Fatal(err)
	}
	byPlan, err := p.Run(scenarios.Settings{Seat: deafened})
	if err != nil {
		t.Fatal(err)
	}
	alone, set, _, err := o.Make(f.Recipe)
	if err != nil {
		t.Fatal(err)
	}
	set.Seat = deafened
	byRecipe, err := Do(alone, set)
	if err != nil {
		t.Fatal(err)
	}
	for how, again := range map[string]*scenarios.Outcome{"plan": byPlan, "recipe": byRecipe} {
		if g := again.Record.Grade(); g.Outcome != results.Fail || again.Record.Digest != f.Digest {
			t.Errorf("by its %s it is %s with digest %.12s, want %.12s", how, g.Outcome, again.Record.Digest, f.Digest)
		}
	}
}

// TestSweepIsOne: what is run does not depend on how many run side by side, nor on a sweep having been cut in two.
func TestSweepIsOne(t *testing.T) {
	const runs = lag + 8 // so that some are mutants
	whole, cut := small(t.TempDir(), runs), small(t.TempDir(), 11)
	whole.Jobs = 3
	a, err := Sweep(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cut.Runs, cut.Jobs = runs, 1
	cut.Tick = func(s SweepSummary) {
		if s.Runs == 11 {
			stop()
		}
	}
	b, err := Sweep(ctx, cut)
	if err != nil || !b.Interrupted || b.Runs >= runs {
		t.Fatalf("interrupted: %v %+v", err, b)
	}
	cut.Tick, cut.Jobs, cut.Resume = nil, 2, true
	b, err = Sweep(t.Context(), cut)
	if err != nil || b.Resumed < 11 || b.Resumed > 12 {
		t.Fatalf("resumed: %v %+v", err, b)
	}
	if a.Mutants == 0 || a.Features != b.Features || a.Corpus != b.Corpus {
		t.Errorf("%d mutants; features %d and %d, corpus %d and %d", a.Mutants, a.Features, b.Features, a.Corpus, b.Corpus)
	}
	x, y := runsOf(t, whole, a.Key), runsOf(t, cut, b.Key)
	for i := range runs {
		if x[i].Recipe.String() != y[i].Recipe.String() || x[i].Digest != y[i].Digest || !slices.Equal(x[i].Features, y[i].Features) {
			t.Errorf("run %d is %s %.12s and %s %.12s", i, x[i].Recipe, x[i].Digest, y[i].Recipe, y[i].Digest)
		}
	}
	past, err := ReadHistory(cut.Out)
	if err != nil || len(past) != 1 || past[0].Runs != runs || past[0].Features != b.Features || past[0].CPU == 0 {
		t.Errorf("the history says %+v (%v)", past, err)
	}
	cut.Out = t.TempDir()
	if _, err := Sweep(t.Context(), cut); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("resumed from nothing: %v", err)
	}
}

func runsOf(t *testing.T, o SweepOptions, k SweepKey) []SweepRun {
	t.Helper()
	h, err := openHistory(filepath.Join(o.Out, HistoryName), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	all, err := h.begin(k)
	if err != nil || len(all) != o.Runs {
		t.Fatalf("%d runs (%v)", len(all), err)
	}
	return all
}

// TestSweepRepeats: a second process that comes to another digest is a find.
func TestSweepRepeats(t *testing.T) {
	o := small(t.TempDir(), 2)
	o.Repeat = 1
	o.Again = func(context.Context, Recipe) (string, error) { return strings.Repeat("0", 64), nil }
	s, err := Sweep(t.Context(), o)
	if err != nil || s.Repeated != 2 || s.Finds() != 2 || s.Outcome() != results.Fail || !strings.Contains(slices.Collect(keys(s.Sorts))[0], "determinism") {
		t.Errorf("%v %+v", err, s)
	}
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestMoments: what must be seen sometimes is held against a sweep over all situations that did enough, and against no other.
func TestMoments(t *testing.T) {
	s := SweepSummary{Key: SweepKey{Names: []string{"drawn"}}, Runs: EnoughRuns, Tally: map[results.Outcome]int{results.Pass: EnoughRuns}, Moments: []Moment{{"seen", 3}, {"unseen", 0}}}
	if missing, judged := s.Missing(); !judged || !slices.Equal(missing, []string{"unseen"}) || s.Outcome() != results.Vacuous {
		t.Errorf("%v %v %s", missing, judged, s.Outcome())
	}
	s.Runs--
	if s.Outcome() != results.Pass {
		t.Error("held against a sweep that did too little")
	}
	s.Runs, s.Key.Names = EnoughRuns, []string{"calm-day/0"}
	if s.Outcome() != results.Pass {
		t.Error("held against a sweep over one scenario")
	}
	names := map[string]bool{}
	for _, m := range sometimes() {
		if names[m.name] {
			t.Errorf("%s is declared twice", m.name)
		}
		names[m.name] = true
	}
}

// TestCorpus: what showed something rare is mutated most, and less each time.
func TestCorpus(t *testing.T) {
	c := newCorpus()
	for n := range 50 {
		if fresh := c.feed(Recipe{n}, []uint32{1, 2}); (fresh > 0) != (n == 0) {
			t.Fatalf("run %d showed %d new features", n, fresh)
		}
	}
	if c.feed(Recipe{50}, []uint32{1, 3}) != 1 || len(c.entries) != 2 {
		t.Fatalf("%d entries", len(c.entries))
	}
	r := sim.Seed(1).Stream("x")
	rare := 0
	for range 100 {
		if c.pick(r)[0] == 50 {
			rare++
		}
	}
	if rare < 55 || rare == 100 {
		t.Errorf("what is rare was chosen %d times of 100", rare)
	}
}

// TestRecipes: a mutant is a function of its recipe, and every recipe of drawn situations can be built.
func TestRecipes(t *testing.T) {
	w := Swarm{Seed: 3}
	for n := range 150 {
		r := Recipe{n, n + 1000, n + 2000, n + 3000}
		a, set, plain, err := w.Make(r)
		if err != nil || plain {
			t.Fatal(err)
		}
		b, again, _, _ := w.Make(r)
		x, _ := a.YAML()
		y, _ := b.YAML()
		if string(x) != string(y) || set.Seed != again.Seed || set.Luck != again.Luck || set.Nodes != again.Nodes {
			t.Errorf("%s is made in two ways", r)
		}
		for _, f := range a.Faults {
			if !fits(f.Spec, a.Duration, set.Nodes) {
				t.Errorf("%s: %s does not fit\n%s", r, f.Kind(), x)
			}
		}
		if back, err := ParseRecipe(r.String()); err != nil || !slices.Equal(back, r) {
			t.Errorf("%s reads back as %s (%v)", r, back, err)
		}
	}
	for _, bad := range []string{"", "x", "1+", "-1", strings.Repeat("1+", 40) + "1"} {
		if _, err := ParseRecipe(bad); err == nil {
			t.Errorf("%q is a recipe", bad)
		}
	}
}
