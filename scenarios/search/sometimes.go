package search

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// momentPrefix marks the features that a sweep must have shown.
const momentPrefix = "sometimes: "

// EnoughRuns is how many runs a sweep over all situations needs before a moment that it never saw is held against it: the
// rarest kind is in one run of ten, so that all of 200 miss it at 1 in 10^9.
const EnoughRuns = 200

// moment is something that must be seen sometimes, or the sweep tests less than it seems to.
type moment struct {
	name string
	seen func(b *behaviour, o *scenarios.Outcome) bool
}

// sometimes lists the moments that a sweep over all situations must show: each kind of fault with an effect, each kind of
// lie delivered (both by the lists of those who can), and turns of the node's own story.
func sometimes() []moment {
	var all []moment
	add := func(name string, seen func(*behaviour, *scenarios.Outcome) bool) {
		all = append(all, moment{name, seen})
	}
	in := func(name, what, kind string) {
		add(name, func(b *behaviour, _ *scenarios.Outcome) bool { return b.within(what, kind) > 0 })
	}
	happens := func(name, what string) {
		add(name, func(b *behaviour, _ *scenarios.Outcome) bool { return b.happened(what) > 0 })
	}
	for _, kind := range fault.Kinds() {
		add("fault "+kind+" has an effect", func(_ *behaviour, o *scenarios.Outcome) bool {
			return slices.ContainsFunc(o.Record.Faults, func(f results.Fault) bool { return f.Kind == kind && len(f.Effects) > 0 })
		})
	}
	for _, kind := range byzantine.Kinds() {
		if slices.Contains(neverDrawn(), kind) {
			continue
		}
		for _, lie := range byzantine.NewSpec(kind).Lies() {
			add("lie "+lie+" is told", func(_ *behaviour, o *scenarios.Outcome) bool { return o.Result.Ledger.Lie(lie).Told > 0 })
		}
	}
	happens("an operation is refused", "refused:")
	happens("bytes are dropped", "dropped:")
	happens("a host is blamed", "blamed")
	happens("an operation waits for a cause", "buffered")
	happens("an older kernel keeps what it does not know", "unknown")
	happens("a task is settled", "settled")
	happens("a disk comes back empty", "boot with an empty disk")
	happens("somebody asks a host that is down", "request to a host that is down")
	happens("a host goes down before what it saved is durable", "crash before what is saved is durable")
	happens("a host comes back and catches up", "synced after a boot")
	in("an operation becomes durable in a partition", "durable", "partition")
	in("a host recovers in a partition", "recovered", "partition")
	in("an operation is refused while packets are altered", "refused:", "corrupt")
	return all
}

// neverDrawn are the kinds that no draw has: where colluders meet, a quorum falls, and the run fails as it must.
func neverDrawn() []string { return []string{(&byzantine.Colluder{}).Kind()} }
