package checkers

import (
	"maps"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// turns holds honest hosts to asking others when a neighbour does not answer (VM-6, SEC-5): a host that catches up tells one
// neighbour what it has, and who left that unanswered is passed over for twice the wait for an answer, as long as there is
// another to ask. Else whoever boasts of operations and is silent keeps it from them.
type turns struct {
	unanswered map[catchUp]time.Duration // when the last summary was sent
	passed     int                       // summaries to who may have been passed over
}

// catchUp is a host that catches up with another in a space.
type catchUp struct {
	host, peer sim.HostID
	space      key
}

// answered ends the wait for an answer: any operations that are sent in full, not as news, may be one.
func (t *turns) answered(e *sim.Event, in *step.Packet) {
	if len(t.unanswered) == 0 || in.Channel != step.Reliable || frameKind(in.Bytes) != pushFrame {
		return
	}
	f, space := opened(in.Bytes)
	if receipt, _ := f.push(); !receipt {
		delete(t.unanswered, catchUp{e.Host, e.Key.Src, space})
	}
}

// forget drops what a host that went down was waiting for.
func (t *turns) forget(h sim.HostID) {
	maps.DeleteFunc(t.unanswered, func(k catchUp, _ time.Duration) bool { return k.host == h })
}

// turn judges whom a host sends a summary to. A clock that is slow by a tenth is allowed for.
func (d *delivery) turn(e *sim.Event, out *step.Send) {
	c := &d.circles.hosts[e.Host]
	i := c.place(out.Conn)
	if i < 0 || d.truth.Node.CatchUp == 0 {
		return
	}
	_, space := opened(out.Bytes)
	k := catchUp{e.Host, c.ends[i].peer, space}
	if at, waits := d.turns.unanswered[k]; waits {
		d.turns.passed++
		if e.Key.At < at+2*d.truth.Node.CatchUp*9/10 && d.others(c, k, e.Key.At) {
			d.fail(e.Key.At, e.ID(), "host %d asks host %d again to be brought up to date, which left it without an answer %v ago, and passes over its other neighbours", k.host, k.peer, e.Key.At-at)
		}
	}
	d.turns.unanswered[k] = e.Key.At
}

// others tells whether a host surely had another neighbour to ask: an honest one who holds the space and has greeted it.
func (d *delivery) others(c *circle, k catchUp, at time.Duration) bool {
	for i := range c.ends {
		x := &c.ends[i]
		if s := d.byID[k.space]; x.up && x.greeted && x.peer != k.peer && s != nil && d.share[s.number].has(int(x.peer)) && x.since+d.truth.Node.CatchUp < at {
			return true
		}
	}
	return false
}
