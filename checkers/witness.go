package checkers

import (
	"maps"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// neighbours are whom a host has greeted and is connected to, as it sees it, and whom it has lost.
type neighbours struct {
	conns map[step.Conn]sim.HostID       // that are up
	since map[sim.HostID]time.Duration   // when it last greeted whom it is connected to
	lost  map[sim.HostID][]time.Duration // when it lost the last connection to whom, ascending
	most  int                            // of them at once
	waits []*promise                     // operations that it saved in this life and that lack receipts
}

// witness is who can give a receipt for an operation when it is saved: an honest neighbour that holds its space.
type witness struct {
	host    sim.HostID
	greeted time.Duration
}

// neighbour takes in what changes a host's neighbours.
func (d *durability) neighbour(e *sim.Event) {
	n := &d.near[e.Host]
	switch e.Kind {
	case sim.OnConnUp:
		in := e.Input.(*step.ConnUp)
		n.conns[in.Conn] = sim.HostOf(in.Peer)
	case sim.OnConnDown:
		d.unasked(e.Host, e.Key.At)
		n.part(e.Input.(*step.ConnDown).Conn, e.Key.At)
	case sim.OnClose:
		d.unasked(e.Host, e.Key.At)
		n.part(e.Effect.(*step.Close).Conn, e.Key.At)
	case sim.OnCrash:
		d.unasked(e.Host, e.Key.At)
		n.waits = nil
		for _, c := range slices.Sorted(maps.Keys(n.conns)) {
			n.part(c, e.Key.At)
		}
	}
}

// greets notes that a neighbour greeted.
func (n *neighbours) greets(peer sim.HostID, at time.Duration) {
	if _, before := n.since[peer]; !before {
		n.since[peer] = at
		n.most = max(n.most, len(n.since))
	}
}

// part ends a connection.
func (n *neighbours) part(c step.Conn, at time.Duration) {
	peer, up := n.conns[c]
	delete(n.conns, c)
	if up && !slices.ContainsFunc(slices.Sorted(maps.Keys(n.conns)), func(c step.Conn) bool { return n.conns[c] == peer }) {
		delete(n.since, peer)
		n.lost[peer] = append(n.lost[peer], at)
	}
}

// loses tells whether it lost a neighbour between two instants.
func (n *neighbours) loses(peer sim.HostID, from, to time.Duration) bool {
	return slices.ContainsFunc(n.lost[peer], func(at time.Duration) bool { return at >= from && at <= to })
}

// witnesses are who can give receipts for an operation that is being saved.
func (d *durability) witnesses(p *promise) (all []witness) {
	since := d.near[p.op.host].since
	for _, peer := range slices.Sorted(maps.Keys(since)) {
		if h := d.truth.host(peer); h.Honest && slices.Contains(h.Spaces, array(p.op.head.Space)) {
			all = append(all, witness{peer, since[peer]})
		}
	}
	return all
}

// attested tells whether there are enough witnesses who can be reached until an operation is due: neither end loses the other,
// and no cut parts them. With fewer nothing follows for when it becomes durable.
func (d *durability) attested(p *promise, due time.Duration) bool {
	n := 0
	for _, w := range p.witnesses {
		author := p.op.host
		if !d.near[author].loses(w.host, p.saved, due) && !d.near[w.host].loses(author, w.greeted, due) && !d.truth.parted(author, w.host, p.saved, due) {
			n++
		}
	}
	return n >= d.truth.Receipts
}
