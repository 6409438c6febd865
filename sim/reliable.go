package sim

import (
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// retryLater sets the timer of an end that repeats, no later than its patience lasts.
func (w *World) retryLater(id HostID, h *host, c *conn) {
	o := c.box()
	if o.rto == 0 {
		o.rto = w.firstRTO(id, c)
	} else {
		o.rto = min(2*o.rto, maxRTO)
	}
	o.tries++
	w.schedule(id, id, h.life, entry{at: min(int64(w.now)+o.rto, max(o.since+sendPatient, int64(w.now)+1)), kind: evRetry, arg: uint32(c.own), ref: o.tries % retryDial})
}

// retry is the retry timer. It tells whether the end is given up.
func (w *World) retry(id HostID, h *host, e *entry) (gaveUp bool) {
	c := h.end(step.Conn(e.arg))
	if c == nil {
		return false
	}
	o := c.out
	switch c.state {
	case connDialing:
		if int64(w.now)-c.lastAt >= dialPatient {
			return true
		}
		w.knock(id, h, c)
	case connHalf: // the confirmation never came, and the process never heard of this end
		w.forget(h, c)
	case connOpen, connClosing:
		if o == nil || o.tries%retryDial != e.ref {
			return false
		}
		if int64(w.now)-o.since >= sendPatient {
			return true
		}
		if o.doomed && len(o.list) == 0 {
			w.transmit(id, h, c, entry{kind: evProbe, arg: uint32(c.peerConn), life: c.peerLife}, true)
			w.retryLater(id, h, c)
			return false
		}
		w.flush(id, h, c)
	}
	return false
}

// flush repeats what waits, in order, until something is lost again.
func (w *World) flush(id HostID, h *host, c *conn) {
	o := c.out
	sent := 0
	for sent < len(o.list) {
		p := o.list[sent]
		if !w.attempt(id, h, c, p) {
			break
		}
		o.bytes -= len(w.payloads.list[p.ref].bytes)
		w.release(p)
		if p.kind == evClose {
			o.list = o.list[sent+1:]
			w.forget(h, c)
			return
		}
		sent++
	}
	if sent > 0 {
		n := copy(o.list, o.list[sent:])
		o.list = o.list[:n]
		if !o.doomed {
			o.since = int64(w.now)
		}
		o.rto = 0
	}
	if len(o.list) > 0 || o.doomed {
		w.retryLater(id, h, c)
		return
	}
	if c.state == connOpen {
		o.tries++ // nothing waits: the timer is off
	}
}

func (w *World) release(p parcel) {
	if p.kind == evParcel {
		w.payloads.release(p.ref)
	}
}

// attempt sends a parcel once and tells whether it got through.
func (w *World) attempt(id HostID, h *host, c *conn, p parcel) bool {
	if p.kind == evParcel {
		w.payloads.list[p.ref].refs++
	}
	ok := w.transmit(id, h, c, entry{kind: p.kind, arg: uint32(c.peerConn), life: c.peerLife, ref: p.ref, tag: p.tag}, true)
	if ok && p.kind == evParcel {
		w.left(id, h, c, len(w.payloads.list[p.ref].bytes))
	}
	return ok
}

// post hands a parcel to the reliable channel. It takes over the reference.
func (w *World) post(id HostID, h *host, c *conn, p parcel) {
	o := c.out
	if c.state == connDialing {
		o = c.box()
	} else if o == nil || len(o.list) == 0 {
		if w.attempt(id, h, c, p) {
			w.release(p)
			return
		}
		o = c.box()
		if !o.doomed {
			o.since, o.rto = int64(w.now), 0
			w.retryLater(id, h, c)
		}
	}
	o.list = append(o.list, p)
	o.bytes += len(w.payloads.list[p.ref].bytes)
}

// left counts bytes that left the host, or will when the uplink is through with them, and grants credit.
func (w *World) left(id HostID, h *host, c *conn, n int) {
	c.credit += uint32(n)
	for c.credit >= step.SendCredit {
		c.credit -= step.SendCredit
		c.draining++
		w.schedule(id, id, h.life, entry{at: int64(max(w.now, w.net.UplinkFree(id))), kind: evDrained, arg: uint32(c.own)})
	}
}
