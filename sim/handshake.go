package sim

import (
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// dial carries out a Dial.
func (w *World) dial(id HostID, h *host, own step.Conn, peer HostID) {
	if peer == 0 || int(peer) >= len(w.hosts) || peer == id {
		h.setState(h.open(own, peer, connDialing), connEnded)
		w.schedule(id, id, h.life, entry{at: int64(w.now), kind: evDown, arg: uint32(own), tag: uint8(step.Refused)})
		return
	}
	c := h.open(own, peer, connDialing)
	c.lastAt = int64(w.now)
	w.knock(id, h, c)
}

// knock sends an opening packet and sets the timer for the next.
func (w *World) knock(id HostID, h *host, c *conn) {
	w.transmit(id, h, c, entry{kind: evOpen, arg: uint32(c.own), life: uint16(h.life)}, false)
	wait := min(w.firstRTO(id, c)<<min(c.credit, 6), maxRTO)
	c.credit++
	w.schedule(id, id, h.life, entry{at: min(int64(w.now)+wait, c.lastAt+dialPatient), kind: evRetry, arg: uint32(c.own), ref: retryDial})
}

func (w *World) firstRTO(id HostID, c *conn) int64 {
	return max(minRTO, 2*int64(w.net.Latency(id, c.peer)+w.net.Latency(c.peer, id)))
}

// answered is what a dialer does with an answer. One for a former life is lost; its end at the answerer is forgotten soon.
func (w *World) answered(id HostID, h *host, e *entry) {
	c := h.end(step.Conn(e.arg))
	if !h.up || uint8(h.life) != e.tag || c == nil || c.state != connDialing {
		w.lose(e, netsim.Down, w.downBy(h))
		return
	}
	c.peerConn, c.peerLife = step.Conn(e.ref), e.life
	w.got(e)
	w.confirm(id, h, c)
	e.kind, e.tag = evUp, 1
	w.offer(id, h, e)
}

// answer is what a host does with an opening packet.
func (w *World) answer(id HostID, h *host, e *entry) {
	src, life := HostID(e.src), e.life
	if !h.up {
		w.schedule(id, src, uint32(life), entry{at: int64(w.now + w.net.Latency(id, src)), kind: evGone, arg: e.arg, tag: uint8(step.Refused)})
		w.lose(e, netsim.Down, w.downBy(h))
		return
	}
	w.got(e)
	c := h.endTo(src, step.Conn(e.arg), life)
	if c == nil {
		c = h.open(h.conn, src, connHalf)
		h.conn++
		c.peerConn, c.peerLife = step.Conn(e.arg), life
		w.schedule(id, id, h.life, entry{at: int64(w.now) + dialPatient, kind: evRetry, arg: uint32(c.own), ref: retryDial})
	} else if c.state != connHalf {
		return
	}
	w.transmit(id, h, c, entry{kind: evAnswer, arg: e.arg, ref: uint32(c.own), life: uint16(h.life), tag: uint8(life)}, false)
}

// confirm opens the dialer's end: the confirmation goes first, then what was sent meanwhile.
func (w *World) confirm(id HostID, h *host, c *conn) {
	h.setState(c, connOpen)
	c.lastAt, c.credit = 0, 0
	first := parcel{kind: evConfirm}
	o := c.out
	if o == nil {
		w.post(id, h, c, first)
		return
	}
	o.list = append([]parcel{first}, o.list...)
	o.since = int64(w.now)
	w.flush(id, h, c)
}
