package ci

import (
	"fmt"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// Fate is what became of an entry of known failures.
type Fate struct {
	Known   *Known
	Expired bool
	Failed  int // runs that failed as it says
	Passed  int // runs of which it speaks that did not
}

// Stale tells whether it can go: what it speaks of was tried and did not fail.
func (f *Fate) Stale() bool { return f.Failed == 0 && f.Passed > 0 }

func (f *Fate) String() string {
	day := f.Known.Expiry.Format(time.DateOnly)
	switch {
	case f.Stale():
		return fmt.Sprintf("no longer fails (in %d runs): remove it", f.Passed)
	case f.Expired && f.Failed > 0:
		return fmt.Sprintf("expired after %s, and it still fails (in %d runs): it is excused no more", day, f.Failed)
	case f.Expired:
		return fmt.Sprintf("expired after %s: mend it or give it another day", day)
	case f.Failed > 0:
		return fmt.Sprintf("fails in %d of %d runs, as is known until %s", f.Failed, f.Failed+f.Passed, day)
	}
	return "no run of it was made"
}

// excuse says why a checker's failure does not count; empty where it does.
func (r *runner) excuse(checker, scenario string, seed uint64) string {
	for _, f := range r.fates {
		if k := f.Known; !f.Expired && k.Checker == checker && k.covers(scenario, seed) {
			return fmt.Sprintf("known until %s: %s (%s:%d)", k.Expiry.Format(time.DateOnly), k.Reason, k.File, k.Line)
		}
	}
	return ""
}

// excusedOnce says which entry would excuse a failure, had it not expired.
func (r *runner) excusedOnce(checker, scenario string, seed uint64) string {
	for _, f := range r.fates {
		if k := f.Known; f.Expired && k.Checker == checker && k.covers(scenario, seed) {
			return fmt.Sprintf("known until %s: %s (%s:%d)", k.Expiry.Format(time.DateOnly), k.Reason, k.File, k.Line)
		}
	}
	return ""
}

// tried notes for each entry that speaks of a run whether it failed so. A run that was cut says nothing.
func (r *runner) tried(kinds []search.Kind, rec *results.Record, scenario string, seed uint64) {
	for i := range r.fates {
		k := r.fates[i].Known
		switch failed := slices.ContainsFunc(kinds, func(x search.Kind) bool { return x.Checker == k.Checker }); {
		case !k.covers(scenario, seed):
		case failed:
			r.fates[i].Failed++
		case rec.Cut == "":
			r.fates[i].Passed++
		}
	}
}
