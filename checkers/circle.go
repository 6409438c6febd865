package checkers

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// circles judges that honest hosts keep their neighbours: whoever is connected is spoken to, and who was lost is replaced
// as soon as the node's own waits allow (VM-6, VM-9). Operations find their way around a neighbour that is missing, so that
// nothing else shows it before too many are.
type circles struct {
	hosts []circle // by host
	links int      // neighbours who had to be spoken to, each of a pair for itself
	dials int      // dials that were due
	shut  int      // connections among honest hosts that one of them closed
	turns int      // turns that neighbours had to have
}

// circle is what one host is connected to in its life.
type circle struct {
	ends []end
	most int // ends at once in the liveness phase

	told  rota          // with whom heads were compared
	asked map[key]*rota // by space: who was asked for what others wait for

	// What follows from the contract of dialling: a node that lacks links dials in rounds, a wait apart that doubles from
	// round to round until a neighbour greets.
	rounds int           // of dials since a neighbour greeted
	round  sim.Key       // the last of them
	sure   bool          // rounds are known: there were none that found nobody to dial
	armed  time.Duration // when the next round is, at the latest, whatever set it off
	due    time.Duration // when a dial is due; 0 is never
	lost   string        // the event that made it so
	peer   sim.HostID    // who was lost by it, and can be dialled until another connection leads there
}

// end is one connection as its host sees it.
type end struct {
	conn    step.Conn
	peer    sim.HostID
	dialed  bool
	up      bool
	opened  sim.Key // when it came up
	greeted bool
	since   time.Duration // the last change among the connections to this peer
	heard   int           // packets since then, in the liveness phase
	spent   int           // bytes that were handed over, less what Drained gave back
}

func (c *circle) place(conn step.Conn) int {
	return slices.IndexFunc(c.ends, func(x end) bool { return x.conn == conn })
}

// changed counts anew what the connections to a peer bring.
func (c *circle) changed(peer sim.HostID, at time.Duration) {
	for i := range c.ends {
		if x := &c.ends[i]; x.peer == peer {
			x.since, x.heard = at, 0
		}
	}
}

// lacks tells whether a host of one space has to dial.
func (c *circle) lacks(dials int) bool {
	n := 0
	for i := range c.ends {
		if c.ends[i].dialed {
			n++
		}
	}
	return n < dials
}

// hear counts a packet.
func (c *circle) hear(conn step.Conn) {
	if i := c.place(conn); i >= 0 {
		c.ends[i].heard++
	}
}

// spend counts bytes that a host hands to a connection, or, below zero, that it may again.
func (c *circle) spend(conn step.Conn, n int) {
	if i := c.place(conn); i >= 0 {
		c.ends[i].spent += n
	}
}

// roomy tells whether a host may hand over frames that can wait.
func (c *circle) roomy(conn step.Conn) bool {
	i := c.place(conn)
	return i >= 0 && c.ends[i].up && c.ends[i].spent < step.SendCredit
}

// neighbour takes in what changes a host's connections, or how long it waits for more.
func (d *delivery) neighbour(e *sim.Event) {
	c, at := &d.circles.hosts[e.Host], e.Key.At
	n := &d.truth.Node
	c.told, c.asked = rota{}, nil
	switch e.Kind {
	case sim.OnBoot, sim.OnCrash:
		d.late(e.Host, at)
		*c = circle{sure: d.dials(e.Host)}
		d.turns.forget(e.Host)
		d.thrift.took[e.Host].owed = ""
	case sim.OnDial:
		out := e.Effect.(*step.Dial)
		if c.round != e.Key {
			d.late(e.Host, at)
			c.rounds, c.round, c.due, c.armed = c.rounds+1, e.Key, 0, 0
		}
		c.ends = append(c.ends, end{conn: out.Conn, peer: sim.HostOf(out.Peer), dialed: true, since: at})
	case sim.OnConnUp:
		in := e.Input.(*step.ConnUp)
		i := c.place(in.Conn)
		if i < 0 {
			i = len(c.ends)
			c.ends = append(c.ends, end{conn: in.Conn, peer: sim.HostOf(in.Peer)})
			if c.due > 0 && c.peer == sim.HostOf(in.Peer) {
				d.late(e.Host, at)
				c.due, c.sure = 0, false // who it could dial is back: perhaps it knows everybody now
			}
		}
		c.ends[i].up, c.ends[i].opened = true, e.Key
		c.changed(c.ends[i].peer, at)
	case sim.OnConnDown:
		d.parted(e, c, e.Input.(*step.ConnDown).Conn)
	case sim.OnClose:
		d.parted(e, c, e.Effect.(*step.Close).Conn)
	case sim.OnNote: // a neighbour greeted
		for i := range c.ends {
			if x := &c.ends[i]; x.peer == sim.HostOf(e.Effect.(*step.Note).Peer) {
				x.greeted = true
			}
		}
		if c.rounds = 0; !c.lacks(n.Dials) {
			c.sure = d.dials(e.Host)
		}
	}
	if at >= d.truth.Calm {
		c.most = max(c.most, len(c.ends))
	}
}

// dials tells whether it is known when a host dials: which links it lacks is plain where it holds one space.
func (d *delivery) dials(h sim.HostID) bool {
	t := d.truth.host(h)
	return t.Honest && len(t.Spaces) == 1 && d.truth.Node.Dials > 0
}

// parted takes note of a connection that is gone. If it leaves the host short of links that it dials itself, another dial is
// due after the wait of its round. The lost peer can be dialled at least, unless another connection leads to it.
func (d *delivery) parted(e *sim.Event, c *circle, conn step.Conn) {
	i := c.place(conn)
	if i < 0 {
		return
	}
	n := &d.truth.Node
	if c.due == 0 && c.lacks(n.Dials) {
		c.sure = false // its last round found too few to dial: others follow, of which nothing is seen
	}
	gone := c.ends[i]
	if e.Kind == sim.OnClose {
		d.shut(e, &gone)
	}
	c.ends = slices.Delete(c.ends, i, i+1)
	c.changed(gone.peer, e.Key.At)
	wait := max(n.Relink, min(n.BackoffMax, n.BackoffMin<<min(c.rounds, 16)))
	c.armed = max(c.armed, e.Key.At+wait)
	if !gone.dialed || !c.sure || !c.lacks(n.Dials) {
		return
	}
	if slices.ContainsFunc(c.ends, func(x end) bool { return x.peer == gone.peer }) {
		c.sure = false
		return
	}
	if c.due == 0 {
		c.due, c.lost, c.peer = c.armed, e.ID(), gone.peer
		d.circles.dials++
	}
}

// shut judges that an honest host keeps a connection to another: once it let one in it closes it only where no greeting came
// for as long as one is waited for. Bytes that a fault altered may be no greeting.
func (d *delivery) shut(e *sim.Event, x *end) {
	a, b, open := d.truth.host(e.Host), d.truth.host(x.peer), e.Key.At-x.opened.At
	altered := slices.ContainsFunc(d.truth.Faults, func(w sim.Window) bool { return w.Kind == "corrupt" && w.Begin <= e.Key.At })
	shares := slices.ContainsFunc(a.Spaces, func(id [32]byte) bool { return slices.Contains(b.Spaces, id) })
	if !x.up || x.opened == e.Key || !a.Honest || !b.Honest || !shares || altered {
		return
	}
	if d.circles.shut++; open < d.truth.Node.Greet {
		d.fail(e.Key.At, e.ID(), "host %d closed its connection to host %d after %v; it is to wait for a greeting for %v", e.Host, x.peer, open, d.truth.Node.Greet)
	}
}

// late judges that a dial which was due by now came. A step that is under way, and those that wait before it, may delay it;
// for that, it is given the least wait once more.
func (d *delivery) late(h sim.HostID, at time.Duration) {
	c := &d.circles.hosts[h]
	if c.due > 0 && c.sure && at > c.due+d.truth.Node.BackoffMin {
		d.fail(c.due, c.lost, "host %d lost a connection and lacked neighbours; it was to dial by %v, %d rounds after the last greeting, and had not by %v", h, c.due, c.rounds, at)
	}
}

// used judges, at the end, that each neighbour was spoken to in the liveness phase: a node compares heads with Compared of
// its links in each period, all in turn; so many turns must have passed that the network cannot have lost them all.
func (d *delivery) used(stop sim.End) {
	for h := range d.circles.hosts {
		d.late(sim.HostID(h), stop.At)
	}
	tries := time.Duration(d.truth.Net.resends(1) + 1)
	for h := 1; h < len(d.circles.hosts); h++ {
		to := sim.HostID(h)
		for peer, since := range d.circles.hosts[h].whole(d.truth.Calm) {
			if !d.truth.host(to).Honest || !d.truth.host(peer).Honest || !stop.View.Up(to) || !stop.View.Up(peer) {
				continue
			}
			from := &d.circles.hosts[peer]
			links := max(from.most, len(from.ends))
			turn := time.Duration(links/max(d.truth.Node.Compared, 1)+2) * d.truth.Node.GossipPeriod
			since = max(since, from.last(to, d.truth.Calm))
			if since == forever || stop.At < since+tries*turn {
				continue
			}
			d.circles.links++
			if d.circles.hosts[h].count(peer) == 0 {
				d.fail(stop.At, "", "host %d has had a connection to host %d since %v and has told it nothing for %v; it compares heads with each of its %d links within %v", peer, to, since, stop.At-since, links, turn)
			}
		}
	}
}

// whole goes through the peers to whom a connection is up, with the time of the last change among theirs, or from when on
// packets are counted.
func (c *circle) whole(from time.Duration) func(func(sim.HostID, time.Duration) bool) {
	return func(yield func(sim.HostID, time.Duration) bool) {
		for i := range c.ends {
			peer := c.ends[i].peer
			if slices.IndexFunc(c.ends, func(x end) bool { return x.peer == peer }) == i && !yield(peer, c.last(peer, from)) {
				return
			}
		}
	}
}

// last is when something changed last among the connections to a peer, forever where none is up.
func (c *circle) last(peer sim.HostID, from time.Duration) time.Duration {
	at := forever
	for i := range c.ends {
		if x := &c.ends[i]; x.peer == peer && x.up {
			at = max(x.since, from)
		}
	}
	return at
}

// count is how many packets the connections to a peer brought since then.
func (c *circle) count(peer sim.HostID) (n int) {
	for i := range c.ends {
		if c.ends[i].peer == peer {
			n += c.ends[i].heard
		}
	}
	return n
}
