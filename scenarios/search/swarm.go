package search

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// Recipe says how a situation came to be: the number that drew it, and the numbers under which it was mutated since. With
// the sweep's seed and scenarios it makes the same run again, without any other run of the sweep.
type Recipe []int

func (r Recipe) String() string {
	parts := make([]string, len(r))
	for i, n := range r {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, "+")
}

// ParseRecipe reads what String prints.
func ParseRecipe(text string) (Recipe, error) {
	var r Recipe
	for part := range strings.SplitSeq(text, "+") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || len(r) > maxRecipe {
			return nil, fmt.Errorf("%q is no recipe: write the number of a run, or several as in 17+203", text)
		}
		r = append(r, n)
	}
	return r, nil
}

const (
	maxRecipe  = 12 // mutations upon mutations
	leastHosts = 8
	maxHosts   = 60 // of a drawn situation, unless the sweep says otherwise
)

// stream decides in sweeps.
type stream struct{ *rand.Rand }

func (d stream) Int(_ string, least, most int) int {
	if most <= least {
		return least
	}
	return least + d.IntN(most-least+1)
}

// Swarm turns recipes into runs: draws of all situations where it is given no scenario, else the scenarios in turn, each
// with a seed of its own. It is a function of its fields and the recipe alone.
type Swarm struct {
	Seed  uint64
	Bases []func() (scenarios.Scenario, error) // each call gives a value that shares nothing
	Nodes int                                  // 0: a drawn number up to 60, or the scenario's own
	Set   map[string]string
}

// Make gives the run of a recipe, and whether it is a scenario as it stands, which must keep every expectation of it.
func (w *Swarm) Make(r Recipe) (s scenarios.Scenario, set scenarios.Settings, plain bool, err error) {
	d := w.dice("draw", r[0])
	set = scenarios.Settings{Seed: d.seed(), Nodes: w.Nodes, Set: w.Set, NoHashes: true}
	if n := len(w.Bases); n > 0 {
		if s, err = w.Bases[r[0]%n](); err != nil {
			return s, set, true, err
		}
		if set.Nodes == 0 {
			set.Nodes = s.Nodes
		}
	} else {
		s = scenarios.Draw(d)
		if set.Nodes == 0 {
			set.Nodes = d.Int("nodes", leastHosts, maxHosts)
		}
	}
	for _, n := range r[1:] {
		d := w.dice("mutate", n)
		for range d.Int("mutations", 1, 3) {
			w.mutate(d, &s, &set)
		}
	}
	return s, set, len(w.Bases) > 0 && len(r) == 1, nil
}

func (w *Swarm) dice(what string, n int) stream {
	return stream{sim.Seed(w.Seed).Stream(fmt.Sprintf("sweep/%s/%d", what, n))}
}

// seed draws one that every reader of JSON and SQL keeps exactly.
func (d stream) seed() uint64 { return d.Uint64()>>12 + 1 }

// mutate changes one thing. What a scenario expects to fail it would not fail for the reason that it gives: of such a one
// only chance is changed.
func (w *Swarm) mutate(d stream, s *scenarios.Scenario, set *scenarios.Settings) {
	what := d.Int("mutation", 0, 8)
	if len(s.Expect) > 0 {
		what = d.Int("chance", 0, 1)
	}
	switch what {
	case 0:
		set.Luck = d.seed()
	case 1:
		set.Seed = d.seed()
	case 2, 3:
		w.add(d, s, set.Nodes)
	case 4:
		if n := len(s.Faults); n > 0 {
			i := d.IntN(n)
			s.Faults = slices.Delete(slices.Clone(s.Faults), i, i+1)
		}
	case 5, 6:
		if n := len(s.Faults); n > 0 {
			shift(d, s.Faults[d.IntN(n)].Spec, s.Duration, set.Nodes)
		}
	case 7:
		if w.Nodes == 0 {
			set.Nodes = d.Int("nodes", leastHosts, maxHosts)
		}
		scale(d, s)
	case 8:
		s.Network.Jitter, s.Network.Loss = float64(d.IntN(41))/100, float64(d.IntN(3))/100
	}
	relax(s)
}

// maxFaults bounds the kinds of faults that mutations add up to.
const maxFaults = 8

// add draws one more fault. A second lost disk may be more than durability promises to outlive.
func (w *Swarm) add(d stream, s *scenarios.Scenario, hosts int) {
	f := scenarios.DrawFault(d, s.Duration)
	lost := f.Kind() == (&fault.LostDiskSpec{}).Kind()
	if len(s.Faults) >= maxFaults || !fits(f.Spec, s.Duration, hosts) ||
		lost && slices.ContainsFunc(s.Faults, func(o scenarios.Fault) bool { return o.Kind() == f.Kind() }) {
		return
	}
	s.Faults = append(slices.Clone(s.Faults), f)
}

// shift moves or stretches the time of a fault.
func shift(d stream, f fault.Spec, calm time.Duration, hosts int) {
	when, ok := reflect.ValueOf(f).Elem().FieldByName("When").Addr().Interface().(*fault.When)
	if !ok {
		return
	}
	was := *when
	length := when.End - when.Begin
	if d.IntN(2) == 0 {
		length = length * time.Duration(d.Int("length", 5, 20)) / 10
	}
	length = min(length, calm-2*time.Second)
	when.Begin = time.Second + time.Duration(d.Int64N(int64(max(1, calm-time.Second-length))))
	when.End = when.Begin + length
	if !fits(f, calm, hosts) {
		*when = was
	}
}

// fits tells whether windows can be drawn for a fault.
func fits(f fault.Spec, calm time.Duration, hosts int) bool {
	_, err := f.Windows(fault.DrawEnv{Hosts: hosts, Calm: calm}, sim.Seed(1).Stream("fits"))
	return err == nil
}

// scale halves to doubles what people do.
func scale(d stream, s *scenarios.Scenario) {
	by := func(n *int) { *n = max(1, *n*d.Int("scale", 5, 20)/10) }
	w := s.Work[d.IntN(len(s.Work))].Spec
	switch w := w.(type) {
	case *workload.Chat:
		by(&w.Operations)
	case *workload.Graph:
		by(&w.Operations)
	case *workload.Typing:
		by(&w.Edits)
	case *workload.Compute:
		by(&w.Tasks)
	case *workload.Roles:
		by(&w.Changes)
	}
}

// relax says what a mutant of a scenario must keep: less may become durable under faults that it did not know.
func relax(s *scenarios.Scenario) {
	if s.Durable == 0 && len(s.Faults) > 0 {
		s.Durable = 0.6
	}
}
