package sim

import "github.com/lifegraph-os/lgos-sim/netsim"

// transmitPlain is transmit for an unreliable packet that nothing but loss and latency concern, as most are.
func (w *World) transmitPlain(id HostID, h *host, c *conn, ref uint32, tag uint8) {
	at, lost, plain := w.net.DepartPlain(w.now, id, c.peer, c.n)
	if !plain {
		w.transmit(id, h, c, entry{kind: evPacket, arg: uint32(c.peerConn), life: c.peerLife, ref: ref, tag: tag}, false)
		return
	}
	c.n++
	body := &w.payloads.list[ref]
	class := &w.ledger.Classes[body.class]
	class.Sent.add(len(body.bytes))
	if lost {
		class.Lost[netsim.Loss].add(len(body.bytes))
		w.payloads.release(ref)
		return
	}
	w.queue.pushPacket(int64(at), uint32(id), h.n, uint32(c.peer), uint32(c.peerConn), ref, c.peerLife, tag)
	h.n++
}

// transmit hands a packet to the network and schedules what arrives. It takes over the reference, and tells whether
// anything got through.
func (w *World) transmit(id HostID, h *host, c *conn, e entry, reliable bool) bool {
	body := w.payloads.of(&e)
	size := len(body.bytes)
	class := &w.ledger.Classes[body.class]
	class.Sent.add(size)
	w.buf = w.net.Depart(w.now, netsim.Packet{From: id, To: c.peer, N: c.n, Size: size, Reliable: reliable}, w.buf[:0])
	c.n++
	e.src, e.to = uint32(id), uint32(c.peer)
	through := false
	for i := range w.buf {
		a := &w.buf[i]
		if a.Extra > 0 {
			class.Doubled.add(size)
		}
		if a.Bent != 0 || a.Cause != 0 {
			w.blame(a)
		}
		if a.Lost != netsim.Kept {
			class.Lost[a.Lost].add(size)
			continue
		}
		e.at = int64(a.At)
		if reliable {
			e.at = max(e.at, c.lastAt)
			c.lastAt = e.at
		}
		e.n = h.n
		h.n++
		through = true
		if e.kind > evParcel {
			w.queue.push(&e)
			continue
		}
		ref := e.ref
		if a.Bit >= 0 {
			e.ref = w.payloads.bend(ref, a.Bit)
		} else {
			w.payloads.list[ref].refs++
		}
		w.queue.push(&e)
		e.ref = ref
	}
	w.payloads.drop(&e)
	return through
}

// blame counts what a rule of the network did to a packet.
func (w *World) blame(a *netsim.Arrival) {
	c := &w.ledger.causes[a.Cause]
	if a.Lost != netsim.Kept {
		c.lost[a.Lost]++
	}
	for i := range c.bent {
		if a.Bent&(1<<i) != 0 {
			c.bent[i]++
		}
	}
}
