package sim

import (
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// offer hands an input to a host: at once, or when it is through with what it does.
func (w *World) offer(id HostID, h *host, e *entry) {
	if h.busy || h.until > w.now {
		x := h.more()
		x.inbox = append(x.inbox, *e)
		if !h.busy {
			h.busy = true
			w.schedule(id, id, h.life, entry{at: int64(h.until), kind: evDone})
		}
		return
	}
	w.take(id, h, e)
}

// resume carries out what a busy host wanted, and gives it what came meanwhile.
func (w *World) resume(id HostID, h *host) {
	x := h.more()
	h.busy = false
	if d := x.detained; d != nil {
		x.detained = nil
		out := d.out
		w.carry(id, h, out, d.key)
		w.recycle(out)
		if !h.up {
			return
		}
	}
	for len(x.inbox) > 0 && !h.busy {
		if h.until > w.now {
			h.busy = true
			w.schedule(id, id, h.life, entry{at: int64(h.until), kind: evDone})
			return
		}
		e := x.inbox[0]
		if x.inbox = x.inbox[1:]; len(x.inbox) == 0 {
			x.inbox = nil
		}
		w.cur = Key{w.now, HostID(e.src), e.n}
		life := h.life
		w.take(id, h, &e)
		if !h.up || h.life != life {
			return
		}
	}
}

// take makes the input that an entry stands for, unless it has become stale, and steps the process.
func (w *World) take(id HostID, h *host, e *entry) {
	var in step.Input
	switch e.kind {
	case evPacket, evParcel:
		if h.slot[e.arg]&slotHeard == 0 { // closed while it waited
			w.lose(e, netsim.Down, 0)
			return
		}
		w.packet(id, h, e)
		return
	case evUp:
		c := h.end(step.Conn(e.arg))
		if c == nil || h.slot[e.arg]&slotHeard == 0 {
			return
		}
		w.in.up = step.ConnUp{Conn: c.own, Peer: AddrOf(c.peer), Dialed: e.tag == 1}
		in = &w.in.up
	case evDown:
		c := h.end(step.Conn(e.arg))
		if c == nil || c.state != connEnded {
			return
		}
		w.in.down = step.ConnDown{Conn: c.own, Reason: step.DownReason(e.tag)}
		w.forget(h, c)
		in = &w.in.down
	case evDrained:
		c := h.end(step.Conn(e.arg))
		if c == nil {
			return
		}
		c.draining--
		if c.state != connOpen {
			return
		}
		w.in.drained = step.Drained{Conn: c.own}
		in = &w.in.drained
	case evTimer:
		t := &h.extra.timers[e.arg]
		if t.armed != e.ref {
			return
		}
		t.armed = 0
		w.in.timer = step.Timer{ID: t.id}
		in = &w.in.timer
	case evRequest:
		x := w.takeErrand(e.ref)
		w.ledger.Requests++
		w.in.request = step.Request{ID: x.id, Body: x.body}
		in = &w.in.request
	case evCommitted:
		w.in.committed = h.extra.committed[0]
		if h.extra.committed = h.extra.committed[1:]; len(h.extra.committed) == 0 {
			h.extra.committed = nil
		}
		in = &w.in.committed
	case evLoaded:
		x := w.takeErrand(e.ref)
		w.in.loaded = step.Loaded{ID: x.id, Records: h.more().disk.store.list(x.text)}
		in = &w.in.loaded
	case evJobDone:
		x := w.takeErrand(e.ref)
		w.in.done = step.JobDone{ID: x.id, Out: x.body, Work: x.work, Err: x.text}
		in = &w.in.done
	default:
		panic(fmt.Sprintf("sim: entry kind %d is no input", e.kind))
	}
	w.input(id, h, in)
}

// packet is take for packets, which are most of all events.
func (w *World) packet(id HostID, h *host, e *entry) {
	ref := e.ref
	p := &w.payloads.list[ref]
	w.ledger.Classes[p.class].Delivered.add(len(p.bytes))
	w.deliveries++
	if e.tag != 0 {
		w.ledger.lies[e.tag-1].Delivered++
	}
	if w.cfg.Poison && len(p.bytes) > 0 && hashBytes(p.bytes) != p.hash {
		w.breach(id, "bytes changed after they were sent")
	}
	w.in.packet = step.Packet{Conn: step.Conn(e.arg), Channel: step.Reliable, Bytes: p.bytes}
	if e.kind == evPacket {
		w.in.packet.Channel = step.Unreliable
	}
	now := w.nowAt(h)
	key := Key{w.now, HostID(e.src), e.n}
	if h.watched {
		w.onTape(id, h, key, now, &w.in.packet)
	}
	h.sum.key(key, now.Wall-w.now)
	h.sum.packet(codePacket, w.in.packet.Conn, w.in.packet.Channel, p.hash)
	w.payloads.last = ref
	w.step(id, h, &w.in.packet, key, now, OnPacket)
	w.payloads.release(ref)
	if w.cfg.Poison {
		w.in.packet = step.Packet{Conn: ^step.Conn(0), Bytes: []byte("poisoned")}
	}
}

// input steps the process with anything but a packet.
func (w *World) input(id HostID, h *host, in step.Input) {
	now := w.nowAt(h)
	key := w.cur
	if h.watched {
		w.onTape(id, h, key, now, in)
	}
	w.scratch = appendInput(w.scratch[:0], in)
	h.sum.key(key, now.Wall-w.now)
	h.sum.bytes(w.scratch)
	w.step(id, h, in, key, now, kindOf(w.scratch))
	if w.cfg.Poison {
		w.poison()
	}
}

// onTape tells a host's tape what it takes.
func (w *World) onTape(id HostID, h *host, key Key, now step.Now, in step.Input) {
	w.taken = Taken{[2]uint64{h.sum.a, h.sum.b}, key, now, h.conn, in}
	h.extra.tape.Input(id, &w.taken)
}

func (w *World) poison() {
	bad := ^uint64(0)
	w.in.up = step.ConnUp{Conn: ^step.Conn(0)}
	w.in.down = step.ConnDown{Conn: ^step.Conn(0)}
	w.in.drained = step.Drained{Conn: ^step.Conn(0)}
	w.in.timer = step.Timer{ID: step.TimerID(bad)}
	w.in.request = step.Request{ID: bad}
	w.in.committed = step.Committed{ID: bad}
	w.in.loaded = step.Loaded{ID: bad}
	w.in.done = step.JobDone{ID: bad, Err: "poisoned"}
	w.in.boot = step.Boot{Life: ^uint32(0)}
}

// step lets the process take one input, and carries its effects out, or detains them while the host is busy.
func (w *World) step(id HostID, h *host, in step.Input, key Key, now step.Now, kind Kinds) {
	h.steps++
	if w.wants&kind != 0 {
		ev := &w.ev // field by field: it is cheaper than through the stack
		ev.Key, ev.Index, ev.Host, ev.Life, ev.Now, ev.Input = key, -1, id, h.life, now, in
		if ev.Effect != nil || ev.What != "" {
			ev.Effect, ev.What = nil, ""
		}
		w.observe(kind)
	}
	out := w.out
	out.NextConn = h.conn
	w.stepping = id
	h.process.Step(now, in, out)
	w.stepping = 0
	h.conn = out.NextConn
	if out.Cost > 0 {
		h.until = w.now + out.Cost
		if len(out.List) > 0 {
			h.busy = true
			h.more().detained = &detained{out, key}
			w.schedule(id, id, h.life, entry{at: int64(h.until), kind: evDone})
			w.out = w.fresh()
			return
		}
		out.Cost = 0
	}
	if len(out.List) > 0 {
		w.carry(id, h, out, key)
		if w.cfg.Poison {
			out.Poison()
		}
		out.Reset()
	}
}

// fresh gives an empty container of effects.
func (w *World) fresh() *step.Effects {
	if n := len(w.outs); n > 0 {
		out := w.outs[n-1]
		w.outs = w.outs[:n-1]
		return out
	}
	return &step.Effects{}
}

func (w *World) recycle(out *step.Effects) {
	if w.cfg.Poison {
		out.Poison()
	}
	out.Reset()
	w.outs = append(w.outs, out)
}

// breach fails the run because a rule between the world and a process was broken.
func (w *World) breach(id HostID, what string) {
	if w.broke == "" {
		w.broke = fmt.Sprintf("%s: host %d: %s", w.cur, id, what)
	}
	w.stop("an invariant broke")
}

// panicked turns the panic of a process into the end of the run: its host stays down.
func (w *World) panicked(what string) {
	id := w.stepping
	w.stepping = 0
	h := &w.hosts[id]
	h.up = false
	h.sum.bytes(append([]byte{codePanic}, what...))
	w.ev = Event{Key: w.cur, Index: -1, Host: id, Life: h.life, Now: w.nowAt(h), What: what}
	if w.wants&OnPanic != 0 {
		w.observe(OnPanic)
	}
	w.broke = fmt.Sprintf("host %d panicked at %s: %s%s", id, w.ev.ID(), what, culprit())
	w.stop("an invariant broke")
}

// culprit is the line that panicked, in brackets, as the deferred call that recovers sees it.
func culprit() string {
	var calls [64]uintptr
	frames, panicked := runtime.CallersFrames(calls[:runtime.Callers(1, calls[:])]), false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(f.Function, "runtime."):
			dir, name := path.Split(f.Function)
			pack, _, _ := strings.Cut(name, ".")
			return fmt.Sprintf(" (%s:%d)", path.Join(strings.TrimPrefix(dir, "github.com/lifegraph-os/lgos-sim/"), pack, path.Base(f.File)), f.Line)
		case !more:
			return ""
		}
	}
}
