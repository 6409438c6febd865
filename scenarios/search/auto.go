package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Fates of edits besides those of planted bugs.
const (
	Hung       Status = "hung"       // it was ended at a bound of work, which the source without it is far from: as good as killed
	Equivalent Status = "equivalent" // it survived, and an explanation says why nobody can see it
	Broken     Status = "broken"     // the go command refuses it, though its types are right: it counts for nothing
)

// UnitTests kill an edit before any scenario does.
const UnitTests = "unit tests"

// AutoOptions of AutoMutants.
type AutoOptions struct {
	Context   context.Context
	Sample    int     // edits a package
	Seed      uint64  // of the sample
	Seeds     int     // 1..Seeds of each scenario
	Score     float64 // percent that each package must reach
	SkipTests bool    // judge by scenarios alone
	DryRun    bool    // draw, and judge nothing
	Explained string  // a file of explanations; empty is none
	History   string  // a file of fates that are known already, and to which new ones are added; empty is none
	Jobs      int     // side by side; 0 is one for each core
	Say       func(string)
}

// AutoFate is what became of one edit.
type AutoFate struct {
	Site
	Package  string   `json:"package"`
	Status   Status   `json:"status"`
	By       []string `json:"by"`                 // unit tests, or the checkers that failed
	Scenario string   `json:"scenario,omitempty"` // that showed it
	Nodes    int      `json:"nodes,omitempty"`
	Seed     int      `json:"seed,omitempty"`
	Why      string   `json:"why"`
	Find     string   `json:"find"` // as a mutant's file or an explanation would say it
	Replace  string   `json:"replace"`
	CPU      float64  `json:"cpu_s"` // of the tests and runs, without the builds
	Key      string   `json:"key"`   // of the edit, its package and the way it was judged
	Tree     string   `json:"tree"`  // of everything that may judge it
	Known    bool     `json:"known"` // from the history
}

// AutoMutants edits packages by operators, a seeded sample of each, and sees whether the package's own unit tests notice, or
// else a checker in one of a few scenarios. An error is a mistake in the options, the files or the set-up.
func AutoMutants(packages []string, o AutoOptions) (AutoReport, error) {
	started := time.Now()
	if o.Context == nil {
		o.Context = context.Background()
	}
	w, err := newWorkshop(o.Context)
	if err != nil {
		return AutoReport{}, err
	}
	defer os.RemoveAll(w.temp)
	a := auto{workshop: w, AutoOptions: o, judges: judging(), packs: map[string]*pack{}}
	a.measured = sync.OnceValues(a.measure)
	w.limits = limits{2_000_000, 20 * time.Second, 8 << 10} // the scenarios below take at most 100,000 events and 2 s
	if o.Explained != "" {
		if a.explained, err = ReadExplained(w.root, o.Explained); err != nil {
			return AutoReport{}, err
		}
	}
	r := AutoReport{Sample: o.Sample, Seed: o.Seed, Score: o.Score}
	for _, dir := range packages {
		p, err := w.open(dir)
		if err != nil {
			return r, err
		}
		if slices.ContainsFunc(r.Packages, func(s AutoScore) bool { return s.Package == p.dir }) {
			return r, fmt.Errorf("package %s is named twice", p.dir)
		}
		a.packs[p.dir] = p
		r.Packages = append(r.Packages, AutoScore{Package: p.dir, Sites: len(p.places)})
		for _, s := range p.draw(o.Seed, o.Sample) {
			r.Edits = append(r.Edits, AutoFate{Site: s, Package: p.dir})
		}
	}
	if err = a.describe(r.Edits); err == nil && !o.DryRun {
		err = a.all(r.Edits)
	}
	r.Interrupted = o.Context.Err() != nil
	if err != nil && !r.Interrupted {
		return r, err
	}
	r.DryRun = o.DryRun
	r.score()
	r.Took = results.Seconds(time.Since(started).Round(time.Millisecond))
	return r, nil
}

// auto judges edits.
type auto struct {
	*workshop
	AutoOptions
	explained []Explained
	past      *autoHistory
	packs     map[string]*pack         // by folder
	sets      map[string]*set          // of the packages with edits to judge
	judges    []Mutant                 // the scenarios
	measured  func() ([]string, error) // the digest of each scenario's run without any edit, once
}

// describe says of each edit what a mutant's file would say.
func (a *auto) describe(edits []AutoFate) error {
	for i := range edits {
		source, err := os.ReadFile(filepath.Join(a.root, filepath.FromSlash(edits[i].File)))
		if err != nil {
			return err
		}
		edits[i].Find, edits[i].Replace = edits[i].unique(source)
	}
	return nil
}

// all judges the edits, side by side. What is known is taken from the history; without edits everything must pass.
func (a *auto) all(edits []AutoFate) (err error) {
	if a.past, err = openAutoHistory(a.root, a.History, a.how()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.past.close()) }()
	var todo []int
	for i := range edits {
		f := &edits[i]
		text, err := os.ReadFile(filepath.Join(a.root, filepath.FromSlash(f.File)))
		if err != nil {
			return err
		}
		source := f.apply(text)
		if k := slices.IndexFunc(a.explained, func(e Explained) bool { return e.File == f.File && bytes.Equal(e.source, source) }); k >= 0 {
			f.Status, f.Why = Equivalent, a.explained[k].Why
			continue
		}
		if err := a.past.lookup(f, source); err != nil {
			return err
		}
		if !f.Known {
			todo = append(todo, i)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	if err := a.assemble(edits, todo); err != nil {
		return err
	}
	wrong := make([]error, len(todo))
	parallel(len(todo), a.Jobs, func(k int) {
		f := &edits[todo[k]]
		if a.ctx.Err() != nil {
			f.Status, f.Why = Undone, "interrupted"
			return
		}
		if a.Say != nil {
			a.Say(f.Site.String())
		}
		if wrong[k] = a.judge(f); f.Status != Undone {
			wrong[k] = errors.Join(wrong[k], a.past.add(*f))
		}
	})
	return errors.Join(wrong...)
}

// how names what besides the sources a fate depends on.
func (a *auto) how() string { return fmt.Sprintf("tests %t, seeds %d", !a.SkipTests, a.Seeds) }
