package sim

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// A connection has two ends, each in the hands of its own host; they know each other by (host, life, connection number).
// Setting up: the dialer's opening packet, the other's answer (the dialer's end is up), the dialer's confirmation (the
// other end is up, after 1.5 round trips). Confirmation and close travel in the reliable channel, in order with its data.
type conn struct {
	lastAt   int64 // nothing sent reliably later arrives before; while dialing, since when
	out      *outbox
	own      step.Conn
	peer     HostID
	peerConn step.Conn
	n        uint32 // packets sent, from a start of this connection's own; of a free place: the next free one
	credit   uint32 // bytes that left since the last Drained; while dialing, opening packets sent
	peerLife uint16
	state    connState
	draining uint8 // Drained inputs on their way: so many times SendCredit wait in the uplink
}

type connState uint8

const (
	connFree    connState = iota
	connDialing           // opening packets are being sent
	connHalf              // answered, not yet confirmed
	connOpen
	connEnded   // over; the process has yet to hear of it
	connClosing // closed by the process; what it sent before is still being repeated
)

// Flags of host.slot, beside the place.
const (
	slotOpen  = 1 << 31 // packets are taken in
	slotHeard = 1 << 30 // the process may hear of it: open or ended
	slotPlace = slotHeard - 1
)

// outbox is what an end has to repeat: what waits, the first of it having been lost.
type outbox struct {
	list   []parcel
	bytes  int
	since  int64 // when repeating began: the last time that anything got through
	rto    int64
	tries  uint32  // counts settings of the retry timer; one that is overtaken does nothing
	doomed bool    // the peer's life is over, and only silence tells
	early  []entry // unreliable packets that overtook the confirmation
}

// parcel is a packet of the reliable channel.
type parcel struct {
	ref  uint32
	kind entryKind
	tag  uint8
}

const (
	minRTO      = int64(200 * time.Millisecond)
	maxRTO      = int64(4 * time.Second)
	retryDial   = 1 << 31 // the setting of an evRetry that is of dialing; others are below
	dialPatient = int64(10 * time.Second)
	sendPatient = int64(30 * time.Second)
)

// end finds an end by its number; nil where it is gone.
func (h *host) end(c step.Conn) *conn {
	if i := uint32(c) - 1; i < uint32(len(h.conns)) && h.conns[i].own == c && h.conns[i].state != connFree {
		return &h.conns[i] // where it lies unless places were used again
	}
	if uint64(c) >= uint64(len(h.slot)) {
		return nil
	}
	if place := h.slot[c] & slotPlace; place != 0 {
		return &h.conns[place-1]
	}
	return nil
}

// takesIn tells whether a connection is open. Mostly all are that ever were, and then there is nothing to look up.
func (h *host) takesIn(c uint32) bool {
	return c < uint32(h.conn) && h.opens == uint32(h.conn)-1 && c != 0 || int(c) < len(h.slot) && h.slot[c]&slotOpen != 0
}

// open makes an end.
func (h *host) open(own step.Conn, peer HostID, state connState) *conn {
	if int(own) >= len(h.slot) {
		if h.slot == nil {
			h.slot = make([]uint32, 0, 10)
		}
		for len(h.slot) <= int(own) {
			h.slot = append(h.slot, 0)
		}
	}
	place := h.free
	if place != 0 {
		h.free = h.conns[place-1].n
	} else {
		if h.conns == nil {
			h.conns = make([]conn, 0, 8)
		}
		h.conns = append(h.conns, conn{})
		place = uint32(len(h.conns))
	}
	h.slot[own] = place
	c := &h.conns[place-1]
	*c = conn{own: own, peer: peer, state: state, n: h.luckTo(peer)}
	return c
}

// luckTo is where the packets of the next connection to a peer are counted from. A connection must not repeat the luck of
// those before it, or a dial that was lost would be lost for ever; that two ranges overlap is unlikely and does no harm.
func (h *host) luckTo(peer HostID) uint32 {
	const spread = 0x9e3779b1 // 2^32 over the golden ratio
	for i := range h.links {
		if h.links[i].peer == peer {
			h.links[i].opened++
			return h.links[i].opened * spread
		}
	}
	if h.links == nil {
		h.links = make([]link, 0, 8)
	}
	h.links = append(h.links, link{peer: peer})
	return 0
}

// setState moves an end along and keeps the flags that packets look at.
func (h *host) setState(c *conn, s connState) {
	if c.state == connOpen {
		h.opens--
	}
	if s == connOpen {
		h.opens++
	}
	c.state = s
	flags := uint32(0)
	switch s {
	case connOpen:
		flags = slotOpen | slotHeard
	case connEnded:
		flags = slotHeard
	}
	h.slot[c.own] = h.slot[c.own]&slotPlace | flags
}

// dropBox gives up all that an end still had to repeat, and what waited for it to open.
func (w *World) dropBox(c *conn) {
	if c.out == nil {
		return
	}
	for _, p := range c.out.list {
		w.release(p)
	}
	for i := range c.out.early {
		w.lose(&c.out.early[i], netsim.Down, 0)
	}
	c.out = nil
}

// forget drops an end.
func (w *World) forget(h *host, c *conn) {
	w.dropBox(c)
	if c.state == connOpen {
		h.opens--
	}
	place := h.slot[c.own] & slotPlace
	h.slot[c.own] = 0
	c.state, c.n = connFree, h.free
	h.free = place
}

func (c *conn) box() *outbox {
	if c.out == nil {
		c.out = &outbox{}
	}
	return c.out
}

// send carries out a Send. It takes over the reference.
func (w *World) send(id HostID, h *host, s *step.Send, ref uint32, tag uint8) {
	c := h.end(s.Conn)
	if c == nil || c.state != connOpen && c.state != connDialing || c.state == connDialing && s.Channel == step.Unreliable {
		w.payloads.release(ref) // gone: dropped
		return
	}
	waiting := int(c.draining) * step.SendCredit
	if c.out != nil {
		waiting += c.out.bytes
	}
	if len(s.Bytes) > step.SendLimit || waiting > 0 && waiting+len(s.Bytes) > step.SendLimit {
		w.payloads.release(ref)
		w.overflow(id, h, c)
		return
	}
	if s.Channel == step.Reliable {
		w.post(id, h, c, parcel{ref, evParcel, tag})
		return
	}
	w.transmitPlain(id, h, c, ref, tag)
	w.left(id, h, c, len(s.Bytes))
}

// overflow fails an end whose buffer is full.
func (w *World) overflow(id HostID, h *host, c *conn) {
	if c.state == connOpen {
		w.tell(id, h, c, step.Closed)
	}
	w.schedule(id, id, h.life, entry{at: int64(w.now), kind: evDown, arg: uint32(c.own), tag: uint8(step.Overflow)})
	w.over(h, c)
}

// over marks an end as over; the process has yet to hear of it.
func (w *World) over(h *host, c *conn) {
	w.dropBox(c)
	h.setState(c, connEnded)
}

// tell lets the other end know that it is over, no faster than a packet would, but through any partition: its own
// keep-alive would find out.
func (w *World) tell(id HostID, h *host, c *conn, reason step.DownReason) {
	w.schedule(id, c.peer, uint32(c.peerLife), entry{at: int64(w.now + w.net.Latency(id, c.peer)), kind: evGone, arg: uint32(c.peerConn), tag: uint8(reason)})
}

// hangUp carries out a Close.
func (w *World) hangUp(id HostID, h *host, own step.Conn) {
	c := h.end(own)
	if c == nil || c.state == connClosing {
		return
	}
	switch c.state {
	case connOpen:
		h.setState(c, connClosing)
		w.post(id, h, c, parcel{0, evClose, 0})
		if c.out == nil || len(c.out.list) == 0 {
			w.forget(h, c)
		}
	default: // dialing: the other end, if any, gets no confirmation; ended: nobody hears of it any more
		w.forget(h, c)
	}
}
