package scenarios

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// luck is the greatest chance that a seed may have of making a run invalid, or a canary sing.
const luck = 1e-6

var sizesTried = []int{60, 1000, 3000}

// TestBefriend: however contacts were drawn, two honest peers are among those dialled first, as long as there are two; nobody is
// lost or told of twice.
func TestBefriend(t *testing.T) {
	s := withholders()
	c, err := draw(&s, 60, 1, goOn)
	if err != nil {
		t.Fatal(err)
	}
	honest := func(a step.Addr) bool { return c.members[sim.HostOf(a)-1].group.Liar == nil }
	count := func(all []step.Addr) (n int) {
		for _, a := range all {
			if honest(a) {
				n++
			}
		}
		return n
	}
	r, helped := rand.New(rand.NewPCG(1, 2)), 0
	for range 20_000 {
		var contacts []step.Addr
		for _, i := range r.Perm(len(c.members))[:r.IntN(12)] {
			contacts = append(contacts, sim.AddrOf(c.members[i].host))
		}
		before, first := slices.Sorted(slices.Values(contacts)), min(dials, len(contacts))
		had := count(contacts[:first])
		c.befriend(contacts)
		if got := count(contacts[:first]); got < min(2, first, count(contacts)) || got < had || !slices.Equal(before, slices.Sorted(slices.Values(contacts))) {
			t.Fatalf("%d of %v are honest, %d before", got, contacts, had)
		} else if got > had {
			helped++
		}
	}
	if helped == 0 {
		t.Error("nobody was ever surrounded")
	}
}

// TestMainCast holds the main job to whom it must seat.
func TestMainCast(t *testing.T) {
	s := allAtOnce()
	for _, nodes := range sizesTried {
		c, err := draw(&s, nodes, 1, goOn)
		if err != nil {
			t.Fatal(err)
		}
		liars, old, strategies := 0, 0, map[string]bool{}
		for i := range c.members {
			g := c.members[i].group
			if g.liar() != "" {
				liars++
				strategies[g.liar()] = true
			}
			if g.kernel() == 1 {
				old++
			}
		}
		if 10*liars < nodes || len(strategies) != len(byzantine.Kinds()) || 5*old < nodes || len(c.spaces) != 3 || 5*len(c.seats()["authors"]) < nodes {
			t.Errorf("of %d nodes %d lie in %d ways, %d are old, %d are authors, in %d spaces", nodes, liars, len(strategies), old, len(c.seats()["authors"]), len(c.spaces))
		}
	}
}

// TestDealt: hosts of a group that hold one space each are spread over the spaces as evenly as they can be.
func TestDealt(t *testing.T) {
	for _, s := range All() {
		for seed := range sim.Seed(5) {
			c, err := draw(&s, 60, seed, goOn)
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Groups {
				g := &s.Groups[i]
				count := make([]int, len(s.Spaces))
				for _, m := range c.members {
					for _, k := range m.spaces {
						if m.group == g {
							count[k]++
						}
					}
				}
				if len(g.Spaces) == 0 && slices.Max(count)-slices.Min(count) > 1 {
					t.Errorf("%s@%d: the spaces have %d of group %s", s.Name, seed, count, g.Name)
				}
			}
		}
	}
}

// fewer is the chance that a lottery which draws w of n finds fewer than k of m among them (hypergeometric).
func fewer(k, n, m, w int) float64 {
	choose := func(n, k int) float64 {
		if k < 0 || k > n {
			return 0
		}
		x := 1.0
		for i := range k {
			x *= float64(n-i) / float64(i+1)
		}
		return x
	}
	p, w := 0.0, min(w, n)
	for i := range k {
		p += choose(m, i) * choose(n-m, w-i) / choose(n, w)
	}
	return p
}

// TestLiarsAreDrawn computes, from whom a scenario seats in which space, the chance that no worker of a strategy is ever
// drawn for a task. Under faults, a third of the tasks may come to nothing: their givers are down, or the tasks are settled
// on the far side of a cut. Where a quorum must hold, colluders are fewer than it in each space and liars a minority; where
// it must fall, it all but surely does.
func TestLiarsAreDrawn(t *testing.T) {
	for _, s := range All() {
		for _, w := range s.Work {
			spec, ok := w.Spec.(*workload.Compute)
			if !ok {
				continue
			}
			for _, nodes := range sizesTried {
				if nodes >= maxRoles*len(s.Spaces) {
					continue // it cannot be founded
				}
				t.Run(fmt.Sprint(s.Name, "/", nodes), func(t *testing.T) {
					for seed := range sim.Seed(2) {
						drawnOf(t, &s, spec, nodes, seed)
					}
				})
			}
		}
	}
}

func drawnOf(t *testing.T, s *Scenario, spec *workload.Compute, nodes int, seed sim.Seed) {
	c, err := draw(s, nodes, seed, goOn)
	if err != nil {
		t.Fatal(err)
	}
	quorum := max(spec.Quorum, 2)
	workers := max(spec.Workers, quorum+1)
	tasks := float64(spec.Tasks)
	if len(s.Faults) > 0 {
		tasks *= 2.0 / 3
	}
	lenders := make([]map[string]int, len(c.spaces)) // by strategy; the honest under ""
	givers, total := make([]float64, len(c.spaces)), 0.0
	for k := range lenders {
		lenders[k] = map[string]int{}
	}
	kinds := map[string]bool{}
	for _, m := range c.members {
		for _, k := range m.spaces {
			if slices.Contains(spec.Lenders, m.group.Name) {
				lenders[k][m.group.liar()]++
				kinds[m.group.liar()] = true
			}
			if slices.Contains(spec.Givers, m.group.Name) {
				givers[k] += 1 / float64(len(m.spaces))
				total += 1 / float64(len(m.spaces))
			}
		}
	}
	delete(kinds, "")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		missed, held := 0.0, 0.0
		for k, l := range lenders {
			all := 0
			for _, n := range l {
				all += n
			}
			missed += givers[k] / total * fewer(1, all, l[kind], workers)
			held += givers[k] / total * fewer(quorum, all, l[kind], workers)
			colluders := l[(*byzantine.Colluder)(nil).Kind()]
			if len(s.Expect) == 0 && (colluders >= quorum || l[""] < quorum || 2*l[""] <= all) {
				t.Errorf("seed %d: in space %d a quorum of %d stands on %v", seed, k, quorum, l)
			}
		}
		if p := math.Pow(missed, tasks); p > luck {
			t.Errorf("seed %d: no %s is drawn at a chance of %.1e: %v", seed, kind, p, lenders)
		}
		if p := math.Pow(held, tasks); len(s.Expect) > 0 && p > luck {
			t.Errorf("seed %d: every quorum holds at a chance of %.1e: %v", seed, p, lenders)
		}
	}
}

// once tells whether one fault alone takes hosts down, each once: it finds them all up.
func once(faults []Fault) bool {
	crashes, times := 0, 0
	for _, f := range faults {
		switch f := f.Spec.(type) {
		case *fault.TabCrashSpec:
			crashes, times = crashes+1, max(times, f.Times)
		case *fault.PowerLossSpec, *fault.TornStepSpec, *fault.LostDiskSpec:
			crashes++
		}
	}
	return crashes == 1 && times <= 1
}

// TestCrashesFindHostsUp: a crash of a host that is down already does nothing. The chance that all hosts which a kind of
// crash strikes are down is computed from the share of the time that hosts spend down.
func TestCrashesFindHostsUp(t *testing.T) {
	for _, s := range All() {
		for _, nodes := range sizesTried {
			down, struck := 0.0, map[string]float64{}
			crash := func(kind string, hosts float64, times int, w fault.When, r fault.Restart) {
				struck[kind] = max(1, math.Round(hosts)) * float64(max(1, times))
				down += struck[kind] / float64(nodes) * float64(r.Least+r.Most) / 2 / float64(w.End-w.Begin)
			}
			for _, f := range s.Faults {
				switch f := f.Spec.(type) {
				case *fault.TabCrashSpec:
					crash(f.Kind(), f.Share*float64(nodes), f.Times, f.When, f.Restart)
				case *fault.PowerLossSpec:
					crash(f.Kind(), f.Share*float64(nodes), f.Times, f.When, f.Restart)
				case *fault.TornStepSpec:
					crash(f.Kind(), f.Share*float64(nodes), f.Times, f.When, f.Restart)
					delete(struck, f.Kind()) // it waits until the host is up
				case *fault.LostDiskSpec:
					crash(f.Kind(), float64(f.AtOnce), f.Times, f.When, f.Restart)
					delete(struck, f.Kind()) // a disk is lost in a host that is down as well
				}
			}
			for kind, hosts := range struck {
				if once(s.Faults) {
					continue
				}
				if p := math.Pow(down, hosts); p > luck {
					t.Errorf("%s at %d nodes: all of the %v hosts that %s strikes are down at a chance of %.1e", s.Name, nodes, hosts, kind, p)
				}
			}
		}
	}
}

// TestSomeWriteTwice: a liar who equivocates at every so many operations of his own needs so many. By the pigeonhole some
// liar has them, whatever the seed and the size.
func TestSomeWriteTwice(t *testing.T) {
	for _, s := range All() {
		for _, nodes := range sizesTried {
			sizes, err := s.sizes(nodes)
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range s.Groups {
				if g.liar() != (*byzantine.Equivocator)(nil).Kind() {
					continue
				}
				most := 0
				for _, w := range s.Work {
					var groups []string
					authors, operations := 0, 0
					switch w := w.Spec.(type) {
					case *workload.Chat:
						groups, authors, operations = w.Groups, w.Authors, w.Operations
					case *workload.Graph:
						groups, authors, operations = w.Groups, w.Authors, w.Operations
					}
					if slices.Equal(groups, []string{g.Name}) {
						writers := sizes[i]
						if authors > 0 {
							writers = min(writers, authors)
						}
						most = max(most, (operations+writers-1)/writers)
					}
				}
				if most < 2 {
					t.Errorf("%s at %d nodes: perhaps none of the %d equivocators writes twice", s.Name, nodes, sizes[i])
				}
			}
		}
	}
}

func goOn() error { return nil }
