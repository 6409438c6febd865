package sim

import (
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// entryKind says what an entry is.
type entryKind uint8

const (
	// Packets: arg is the connection at the receiver, ref the payload.
	evPacket  entryKind = iota // unreliable
	evParcel                   // reliable
	evOpen                     // arg, life: the dialer's connection and life
	evAnswer                   // arg, tag: the dialer's connection and life (modulo 2^8); ref, life: the answerer's
	evConfirm                  //
	evClose                    //
	evProbe                    // is anyone there?

	// What is no packet: a host's own timers, and what it learns from silence. arg is the connection.
	evReset   // arg, ref: a connection and life of src that are gone
	evSilence // arg, ref: a connection and life of src, which is down
	evGone    // tag: the reason
	evRetry   // ref: the setting
	evDone    // a busy host is through with its step
	evWake    // arg: the person

	// Inputs of processes.
	evBoot
	evUp        // arg: the connection, tag: 1 if dialed
	evDown      // arg: the connection, tag: the reason
	evDrained   // arg: the connection
	evTimer     // arg: its place, ref: the setting
	evRequest   // ref: the errand
	evCommitted //
	evLoaded    // ref: the errand
	evJobDone   // ref: the errand

	// The world's own.
	evSecond
	evSample
	evFaultBegin
	evFaultEnd
	evRing // arg: the window, ref: the errand
	evCalm
	evEnd
	evPerturb

	through = 0x80 // a packet that its downlink is through with
)

// dispatch makes an entry happen.
func (w *World) dispatch(e *entry) {
	if e.kind&^through <= evProbe {
		w.arrive(e)
		return
	}
	if e.to == 0 {
		w.worldEvent(e)
		return
	}
	id := HostID(e.to)
	h := &w.hosts[id]
	switch e.kind {
	case evBoot:
		w.boot(id, h)
		return
	case evWake:
		p := w.persons[e.arg]
		p.person.Wake(w.nowOf(h), p)
		return
	case evReset:
		if c := h.endTo(HostID(e.src), step.Conn(e.arg), uint16(e.ref)); c != nil && h.up {
			w.lostEnd(id, h, c, e, step.Reset)
		}
		return
	case evSilence:
		if c := h.endTo(HostID(e.src), step.Conn(e.arg), uint16(e.ref)); c != nil && h.up {
			w.silence(id, h, c)
		}
		return
	}
	if !h.up || uint16(h.life) != e.life {
		w.discard(e, 0)
		return
	}
	switch e.kind {
	case evGone:
		if c := h.end(step.Conn(e.arg)); c != nil {
			w.lostEnd(id, h, c, e, step.DownReason(e.tag))
		}
	case evRetry:
		if w.retry(id, h, e) {
			c := h.end(step.Conn(e.arg))
			if c.state != connDialing {
				w.tell(id, h, c, step.TimedOut)
			}
			w.lostEnd(id, h, c, e, step.TimedOut)
		}
	case evDone:
		w.resume(id, h)
	case evCommitted:
		x := h.more()
		x.committed = append(x.committed, x.disk.complete(w.now, w.cfg.Disk.Flush))
		w.offer(id, h, e)
	default:
		w.offer(id, h, e)
	}
}

// arrive takes a packet from the network.
func (w *World) arrive(e *entry) {
	id := HostID(e.to)
	h := &w.hosts[id]
	if w.downlinks && e.kind&through == 0 {
		a := netsim.Arrival{At: w.now, Size: int32(len(w.payloads.of(e).bytes))}
		if at := w.net.Arrive(w.now, id, a); at > w.now {
			e.at, e.kind = int64(at), e.kind|through
			w.queue.push(e)
			return
		}
	}
	e.kind &^= through
	if e.kind == evOpen {
		w.answer(id, h, e)
		return
	}
	if e.kind == evAnswer {
		w.answered(id, h, e)
		return
	}
	if !h.up || uint16(h.life) != e.life {
		w.deadEnd(id, h, e)
		return
	}
	if e.kind <= evParcel && h.takesIn(e.arg) {
		if h.busy || h.until > w.now {
			w.offer(id, h, e)
			return
		}
		w.packet(id, h, e)
		return
	}
	c := h.end(step.Conn(e.arg))
	if c == nil {
		if e.kind == evConfirm { // it came after this host had given up on it
			src := HostID(e.src)
			w.schedule(id, src, 0, entry{at: int64(w.now + w.net.Latency(id, src)), kind: evReset, arg: e.arg, ref: uint32(e.life)})
		}
		w.lose(e, netsim.Down, 0)
		return
	}
	switch {
	case e.kind == evConfirm && c.state == connHalf:
		w.got(e)
		h.setState(c, connOpen)
		if box := c.out; box != nil {
			for i := range box.early {
				box.early[i].at = int64(w.now)
				w.queue.push(&box.early[i])
			}
			c.out = nil
		}
		e.kind, e.tag = evUp, 0
		w.offer(id, h, e)
	case e.kind == evPacket && c.state == connHalf:
		e.kind |= through
		c.box().early = append(c.box().early, *e)
	case e.kind == evClose:
		w.got(e)
		w.lostEnd(id, h, c, e, step.Closed)
	case e.kind <= evParcel:
		w.lose(e, netsim.Down, 0)
	default:
		w.got(e)
	}
}

// endTo finds the end that is connected to another host's end.
func (h *host) endTo(peer HostID, conn step.Conn, life uint16) *conn {
	for i := range h.conns {
		c := &h.conns[i]
		if c.state != connFree && c.peer == peer && c.peerConn == conn && c.peerLife == life && conn != 0 {
			return c
		}
	}
	return nil
}

// lostEnd ends a connection from outside: the process is told, unless it never knew or no longer cares.
func (w *World) lostEnd(id HostID, h *host, c *conn, e *entry, reason step.DownReason) {
	switch c.state {
	case connHalf, connClosing:
		w.forget(h, c)
	case connDialing, connOpen:
		w.over(h, c)
		e.kind, e.arg, e.tag = evDown, uint32(c.own), uint8(reason)
		w.offer(id, h, e)
	}
}

// silence is what an end notices when its peer's host is down: after a time without an answer it gives up. Until then it
// probes, so that a reboot is found out.
func (w *World) silence(id HostID, h *host, c *conn) {
	o := c.box()
	if o.doomed || c.state != connOpen && c.state != connClosing {
		return
	}
	o.doomed = true
	if len(o.list) == 0 {
		o.since, o.rto = int64(w.now), 0
		w.retryLater(id, h, c)
	}
}

// deadEnd is a packet for a life that is over. A host that is up again says so; one that is down is silent.
func (w *World) deadEnd(id HostID, h *host, e *entry) {
	kind := evSilence
	if h.up {
		kind = evReset
	}
	src := HostID(e.src)
	w.schedule(id, src, 0, entry{at: int64(w.now + w.net.Latency(id, src)), kind: kind, arg: e.arg, ref: uint32(e.life)})
	w.lose(e, netsim.Down, w.downBy(h))
}

func (w *World) downBy(h *host) int {
	if h.extra == nil {
		return 0
	}
	return h.extra.downBy
}

// got counts a packet as delivered and gives up its payload.
func (w *World) got(e *entry) {
	p := w.payloads.of(e)
	w.ledger.Classes[p.class].Delivered.add(len(p.bytes))
	w.payloads.drop(e)
}

// lose counts a packet that reached its host in vain.
func (w *World) lose(e *entry, why netsim.Reason, cause int) {
	p := w.payloads.of(e)
	w.ledger.Classes[p.class].Lost[why].add(len(p.bytes))
	w.ledger.causes[cause].lost[why]++
	w.payloads.drop(e)
}

// discard drops an entry that came too late for its life.
func (w *World) discard(e *entry, cause int) {
	switch e.kind &^ through {
	case evPacket, evParcel:
		w.lose(e, netsim.Down, cause)
	case evRequest:
		x := w.takeErrand(e.ref)
		w.unissued(HostID(e.to), x.id, x.body)
	case evLoaded, evJobDone:
		w.takeErrand(e.ref)
	}
}

// nowOf is what a person beside a host may know of time.
func (w *World) nowOf(h *host) step.Now {
	if !h.up {
		return step.Now{Wall: w.cfg.Wall0 + w.now + h.skew}
	}
	return w.nowAt(h)
}
