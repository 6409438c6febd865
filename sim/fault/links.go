package fault

import (
	"math/rand/v2"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// links is a condition on all links of some hosts, both ways; the network's rule says which. The world counts what it
// does to packets.
type links struct {
	hosts netsim.HostSet
	rule  netsim.Rule
}

func (l *links) Begin(w *sim.World) {
	all, r := everyone(w.Hosts()), l.rule
	r.Key = w.Rand("rule").Uint64()
	r.From, r.To = l.hosts, all
	w.Net().Add(w.Cause(), r)
	if rest := all.Without(l.hosts); rest.Len() > 0 { // and not both ways above, which would hit links among them twice
		r.From, r.To = rest, l.hosts
		w.Net().Add(w.Cause(), r)
	}
}

func (l *links) End(w *sim.World) { w.Net().Remove(w.Cause()) }

// drawLinks draws windows of a fault on the links of drawn hosts.
func drawLinks(env DrawEnv, r *rand.Rand, who Who, when When, spells Spells, make func(l links) (thing, error)) ([]sim.Window, error) {
	times, err := spells.draw(when, env, r)
	if err != nil {
		return nil, err
	}
	var out []sim.Window
	for _, t := range times {
		hosts, err := who.draw(env, r)
		if err != nil {
			return nil, err
		}
		f, err := make(links{hosts: hosts})
		if err != nil {
			return nil, err
		}
		out = append(out, window(t, f))
	}
	return out, nil
}
