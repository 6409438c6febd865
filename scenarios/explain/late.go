package explain

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// late is the request that stands for a share that was not durable in time.
type late struct {
	ask
	due      time.Duration // after it was accepted; 0 for the end of the run
	deadline time.Duration
}

var within = regexp.MustCompile(` durable within (\S+), `)

// pick chooses the request whose story is told of a share: one that never became durable before one that did so late, one
// that no fault touched before others, of those that were late the slowest, and of all the first.
func (s *subject) pick(t *trace, x *explainer) {
	due := time.Duration(0)
	if m := within.FindStringSubmatch(s.why); m != nil {
		due, _ = time.ParseDuration(m[1]) // a checker wrote it
	}
	type candidate struct {
		late
		rank int
	}
	var all []candidate
	for _, a := range t.asks {
		c := candidate{late: late{ask: a, due: due, deadline: s.at}}
		if due > 0 {
			c.deadline = a.accepted + due
		}
		if a.accepted == 0 || x.view.Liar(a.host) || a.durable > 0 && a.durable <= c.deadline || c.deadline > s.at {
			continue
		}
		disturbed := func(h sim.HostID) bool {
			return slices.ContainsFunc(x.rec.Faults, func(f results.Fault) bool {
				return time.Duration(f.Begin) <= c.deadline && time.Duration(f.End) >= a.accepted && touches(&f, h)
			})
		}
		if strings.Contains(s.why, "beside faults") && disturbed(0) {
			c.rank += 4
		}
		if a.durable > 0 {
			c.rank += 2
		}
		if disturbed(a.host) {
			c.rank++
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return
	}
	best := slices.MinFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.took(), a.took()), cmp.Compare(a.accepted, b.accepted))
	})
	s.late = &best.late
	s.asker, s.request, s.watch = best.host, best.id, best.host
	s.follow(best.op, "", t, x.view)
}

// took is how long it waited to become durable, 0 where it never did.
func (l *late) took() time.Duration { return max(0, l.durable-l.accepted) }

// touches tells whether a fault does something to a host, where it says to whom; 0 is any.
func touches(f *results.Fault, h sim.HostID) bool {
	all := true
	for _, arg := range f.Args {
		set, err := netsim.ParseHosts(arg.Value)
		if err != nil || arg.Name != "hosts" && arg.Name != "from" && arg.Name != "to" {
			continue
		}
		if all = false; h == 0 || set.Has(h) {
			return true
		}
	}
	return all
}
