package checkers

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// rota is which neighbours a host has spoken to in turn, in steps that its own timer began, since its circle last changed.
type rota struct {
	round  sim.Key // the last of them
	rounds int
	had    []sim.HostID
}

// inTurn judges that all neighbours have their turn when a host compares heads with some of them, or asks one for operations
// that others wait for: after twice as many turns as it has connections no honest neighbour was left out (VM-6, VM-9). Turns
// that are counted together with what else a node does may fall on the same neighbours for ever. A connection that has no room
// is passed over, so that everything is counted anew from then on.
func (d *delivery) inTurn(e *sim.Event, out *step.Send, kind byte) {
	c := &d.circles.hosts[e.Host]
	i := c.place(out.Conn)
	if e.Key.Src != e.Host || i < 0 {
		return
	}
	_, space := opened(out.Bytes)
	r, spaces, each := &c.told, d.truth.host(e.Host).Spaces, max(d.truth.Node.Compared, 1)
	if kind == wantFrame {
		if c.asked == nil {
			c.asked = map[key]*rota{}
		}
		if c.asked[space] == nil {
			c.asked[space] = &rota{}
		}
		r, spaces, each = c.asked[space], [][32]byte{space}, 1
	}
	if r.round != e.Key {
		full := slices.ContainsFunc(c.ends, func(x end) bool { return x.up && !c.roomy(x.conn) })
		if all := r.rounds*each >= 2*len(c.ends); all || full {
			if all && !full {
				d.leftOut(e, c, r, spaces, kind)
			}
			*r = rota{had: r.had[:0]}
		}
		r.round = e.Key
		r.rounds++
	}
	if peer := c.ends[i].peer; !slices.Contains(r.had, peer) {
		r.had = append(r.had, peer)
	}
}

func (d *delivery) leftOut(e *sim.Event, c *circle, r *rota, spaces [][32]byte, kind byte) {
	does := "compares heads with its neighbours"
	if kind == wantFrame {
		does = "asks its neighbours for operations that others wait for"
	}
	for i := range c.ends {
		x := &c.ends[i]
		h := d.truth.host(x.peer)
		if !x.up || !x.greeted || !h.Honest || !slices.ContainsFunc(spaces, func(s [32]byte) bool { return slices.Contains(h.Spaces, s) }) {
			continue
		}
		if d.circles.turns++; !slices.Contains(r.had, x.peer) {
			d.fail(e.Key.At, e.ID(), "host %d %s, and host %d, one of its %d connections, had no turn in %d rounds", e.Host, does, x.peer, len(c.ends), r.rounds)
		}
	}
}
