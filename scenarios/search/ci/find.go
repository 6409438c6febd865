package ci

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/explain"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// What a find leaves in its folder, which lies in findsName.
const (
	findsName   = "finds"
	wholeName   = "unshrunk.yaml"
	explainName = "explain.html"
	storyName   = "explain.txt"
)

// maxFinds is how many distinct failures are dealt with. Who has broken so much needs no more.
const maxFinds = 8

// Find is one distinct failure: who fails and for what kind of reason.
type Find struct {
	Name    string // of its folder
	Kind    search.Kind
	Also    []search.Kind // failures of the same run, which are taken to be of the same making
	Outcome results.Outcome
	Phase   string // what was being done
	Run     string // SCENARIO@SEED, or the plan's file
	File    string // of a kept plan
	Why     string // as the checker says it of the first run
	Line    string // that makes the first run again
	Runs    int    // it took to find it
	CPU     time.Duration
	Times   int    // runs that failed so
	Expired string // what excused it until then

	Shrunk   *search.Shrunk
	Unshrunk string // why there is none
	Story    string
	Untold   string // why there is none
	Dir      string
	Replay   string // makes what is kept of it again
}

// deal looks at runs that are done, in their order.
func (r *runner) deal(runs []Trial, phase string) error {
	for i := range runs {
		run := &runs[i]
		if run.Outcome == results.Pass || len(run.Kinds) == 0 {
			continue
		}
		f, err := r.consider(run.Kinds, &Find{Outcome: run.Outcome, Phase: phase, Run: run.Name, File: run.File, Why: run.Why, Line: run.Line, Runs: r.began}, run.Scenario, run.Seed, run.plan, run.Record)
		if err != nil {
			return err
		}
		run.Find = f
	}
	return nil
}

// telling puts failures of one run into the order in which they tell most of their cause: the earliest first, and of those of
// one instant that which is about one operation, and not about shares.
func telling(kinds []search.Kind, rec *results.Record) []search.Kind {
	if rec == nil {
		return kinds
	}
	at := func(k search.Kind) results.Seconds {
		if v, ok := rec.Verdict(k.Checker); ok {
			return v.At
		}
		return 0 // a panic, or what no checker owns
	}
	near := func(k search.Kind) int {
		return slices.Index([]string{"policy", "compute", "delivery", "convergence", "durability"}, k.Checker)
	}
	return slices.SortedStableFunc(slices.Values(kinds), func(a, b search.Kind) int { return cmp.Or(cmp.Compare(at(a), at(b)), near(a)-near(b)) })
}

// consider takes a failing run for a find, unless all its failures were seen before; then it is counted with the first.
func (r *runner) consider(kinds []search.Kind, f *Find, scenario string, seed uint64, plan []byte, rec *results.Record) (*Find, error) {
	kinds = telling(kinds, rec)
	i := slices.IndexFunc(kinds, func(k search.Kind) bool { return r.seen[k] == nil })
	if i < 0 {
		r.seen[kinds[0]].Times++
		return r.seen[kinds[0]], nil
	}
	f.Kind, f.Times, f.CPU = kinds[i], 1, scenarios.CPUTime()-r.cpu
	for _, k := range kinds {
		if k != f.Kind {
			f.Also = append(f.Also, k)
		}
		if r.seen[k] == nil {
			r.seen[k] = f
		}
	}
	if len(r.report.Finds) == maxFinds {
		r.report.Untold++
		return f, nil
	}
	if rec != nil {
		if v, ok := rec.Verdict(f.Kind.Checker); ok {
			f.Why = v.Why
		}
	}
	f.Expired = r.excusedOnce(f.Kind.Checker, scenario, seed)
	f.Name = r.name(fmt.Sprintf("%s-%s-%d", f.Kind.Checker, scenario, seed))
	r.report.Finds = append(r.report.Finds, f)
	err := r.study(f, plan, rec)
	if r.Tell != nil && err == nil {
		r.Tell(f)
	}
	return f, err
}

// name makes a name of a folder, unlike all before it.
func (r *runner) name(text string) string {
	text = regexp.MustCompile(`[^A-Za-z0-9._-]+`).ReplaceAllString(text, "-")
	name := text
	for n := 2; slices.ContainsFunc(r.report.Finds, func(f *Find) bool { return f.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", text, n)
	}
	return name
}

// study cuts a failing run down and explains what is left, in the find's share of the budget, and keeps both.
func (r *runner) study(f *Find, text []byte, rec *results.Record) error {
	share, done := r.time.find()
	defer done()
	f.Replay = f.Line
	if text == nil || rec == nil {
		f.Unshrunk, f.Untold = "the run left no plan", "the run left no plan"
		return nil
	}
	whole, err := scenarios.ReadPlan(f.Run, text)
	if err != nil {
		return err
	}
	plan := whole
	switch {
	case share < 0:
		f.Unshrunk = "the share of the budget that is kept for finds was spent"
	case !slices.Contains(search.Failures(rec), f.Kind):
		f.Unshrunk = "only failures of a run by itself can be shrunk"
	default:
		ctx, cancel := within(r.ctx, share*2/3)
		s, err := search.Shrink(whole, search.Shrinking{Context: ctx, Checker: f.Kind.Checker, Was: rec, Jobs: r.Jobs})
		cancel()
		switch {
		case errors.Is(err, search.ErrNotFailing):
			f.Unshrunk = err.Error()
		case err != nil:
			return err
		default:
			f.Shrunk, plan = s, s.Plan
		}
	}
	return r.keep(f, plan, text, rec, share)
}

// keep writes the find's folder: the plan with its record, the story, and the plan as it was found.
func (r *runner) keep(f *Find, plan *scenarios.PlanFile, whole []byte, rec *results.Record, share time.Duration) error {
	f.Dir = filepath.Join(r.Out, findsName, f.Name)
	f.Replay = "lgos-sim replay " + filepath.Join(f.Dir, results.PlanName)
	left := whole
	if f.Shrunk != nil {
		var err error
		if left, err = f.Shrunk.Bytes(f.Run); err != nil {
			return err
		}
		o, err := plan.Run(scenarios.Settings{Limits: scenarios.Limits{MaxEvents: search.SweepEvents}})
		if err != nil {
			return err
		}
		rec = &o.Record
	}
	if err := rec.Save(f.Dir, left); err != nil {
		return err
	}
	if f.Shrunk != nil {
		if err := results.WriteFile(filepath.Join(f.Dir, wholeName), whole); err != nil {
			return err
		}
	}
	return r.explain(f, plan, rec, share)
}

// Moments and tries of the likelihood, where there is time for it.
const (
	moments = 8
	tries   = 6
)

func (r *runner) explain(f *Find, plan *scenarios.PlanFile, rec *results.Record, share time.Duration) error {
	if share < 0 {
		f.Untold = "the share of the budget that is kept for finds was spent"
		return nil
	}
	ctx, cancel := within(r.ctx, share/3)
	defer cancel()
	o := explain.Options{Checker: f.Kind.Checker, Moments: moments, Tries: tries, Jobs: r.Jobs}
	if share > 0 && time.Duration(rec.Cost.Wall)*moments*tries/time.Duration(r.Jobs) > share/6 {
		o.Moments = 0
	}
	o.Set.Stop = stopWith(ctx, "its share of the budget was spent")
	story, err := explain.Run(plan.Run, o)
	if err != nil { // the find stands without it
		f.Untold = err.Error()
		return nil
	}
	f.Story = story.Text()
	page, err := story.Page(f.Run)
	if err != nil {
		return err
	}
	return errors.Join(results.WriteFile(filepath.Join(f.Dir, explainName), page), results.WriteFile(filepath.Join(f.Dir, storyName), []byte(f.Story)))
}

// Text tells a find to people who read a terminal.
func (f *Find) Text() string {
	var b strings.Builder
	b.WriteString(results.Row(fmt.Sprintf("%-8s", f.Outcome), fmt.Sprintf("%s: %s", f.Kind.Checker, strings.TrimPrefix(f.Why, f.Kind.Checker+": "))))
	b.WriteString(results.Row("found   ", f.Found()))
	for _, k := range f.Also {
		b.WriteString(results.Row("also    ", k.String()))
	}
	if f.Expired != "" {
		b.WriteString(results.Row("expired ", f.Expired))
	}
	b.WriteString(results.Row("shrunk  ", f.ShrinkText()))
	switch {
	case f.Story != "":
		b.WriteString(f.Story)
	default:
		b.WriteString(results.Row("story   ", "none: "+f.Untold))
	}
	fmt.Fprintln(&b, "first   "+f.Line)
	fmt.Fprintln(&b, "replay  "+f.Replay)
	return b.String()
}

// Found says where, when and how often.
func (f *Find) Found() string {
	text := fmt.Sprintf("in %s, %s, after %d runs and %s of CPU", f.Phase, f.Run, f.Runs, results.Span(results.Seconds(f.CPU)))
	if f.Times > 1 {
		text += fmt.Sprintf("; %d runs failed so", f.Times)
	}
	return text
}

// ShrinkText says what is left of the plan.
func (f *Find) ShrinkText() string {
	if f.Shrunk == nil {
		return "no: " + f.Unshrunk
	}
	luck := "stable"
	if f.Shrunk.Fragile() {
		luck = "fragile"
	}
	return fmt.Sprintf("to %s; from %s; %s; %s: %s", f.Shrunk.After, f.Shrunk.Before, f.Shrunk.Effort(), luck, f.Shrunk.Luck())
}
