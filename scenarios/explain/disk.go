package explain

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// told notes what a person heard of her request.
func (t *trace) told(host sim.HostID, at time.Duration, r *step.Reply) {
	for i := len(t.asks) - 1; i >= 0; i-- {
		a := &t.asks[i]
		if a.host != host || a.id != r.Request {
			continue
		}
		switch {
		case r.Status == step.Accepted && a.accepted == 0:
			var body struct {
				Op []byte `cbor:"op"`
			}
			if cbor.Unmarshal(r.Body, &body) == nil && len(body.Op) == len(a.op) { // of a request that writes nothing there is no story
				a.accepted, a.op = max(at, 1), op.ID(body.Op)
			}
		case r.Status == step.Durable && a.durable == 0:
			a.durable = max(at, 1)
		}
		return
	}
}

// commit notes a transaction that writes what the subject is about, and every strict one, which covers what is before it.
func (t *trace) commit(h *liveHost, host sim.HostID, at time.Duration, x *step.Commit) {
	if !t.subject.known() {
		return
	}
	c := commit{id: x.ID, strict: x.Strict}
	for i := range x.Put {
		for _, o := range t.subject.held(x.Put[i].Value) {
			c.ops = append(c.ops, o)
			m := mark{what: writes, at: at, step: h.last, host: host, op: o}
			if x.Strict {
				m.n = 1
			}
			t.note(m)
		}
	}
	if x.Strict || len(c.ops) > 0 {
		h.commits = append(h.commits, c)
	}
}

// committed ends a transaction. Transactions complete in the order issued, so a strict one makes safe what was relaxed.
func (t *trace) committed(h *liveHost, e *sim.Event, x *step.Committed, at int32) {
	i := slices.IndexFunc(h.commits, func(c commit) bool { return c.id == x.ID })
	if i < 0 {
		return
	}
	c := h.commits[i]
	h.commits = slices.Delete(h.commits, i, i+1)
	say := func(what string, ops []int) {
		for _, o := range ops {
			t.note(mark{what: what, at: e.Key.At, step: at, host: e.Host, op: o})
		}
	}
	switch {
	case x.Err != 0:
	case c.strict:
		say(safe, append(h.relaxed, c.ops...))
		h.relaxed = h.relaxed[:0]
	default:
		say(relaxed, c.ops)
		h.relaxed = append(h.relaxed, c.ops...)
	}
}

// link notes that a connection of the host that is watched came or went.
func (t *trace) link(what string, e *sim.Event, h *liveHost, c step.Conn, i int32) {
	if int(c) < len(h.peers) && e.Host == t.subject.watch {
		t.note(mark{what: what, at: e.Key.At, step: i, host: e.Host, peer: h.peers[c], op: -1})
	}
}

// wish is 1 of a push that asks for a receipt. It reads the bytes itself, as a codec may be what is wrong.
func wish(b []byte) int64 {
	flags := 34 // behind version, class and space
	if wire.Class(b) != wire.ClassPush || len(b) < 36 {
		return 0
	}
	if b[0] >= wire.V2 {
		flags++ // behind the hops
	}
	return int64(b[flags] & 1)
}

// receipters lists the hosts whose receipts made an operation durable.
func receipters(n *step.Note) string {
	if n.Kind != step.NoteDurable {
		return ""
	}
	var hosts []sim.HostID
	for i := 0; i+4 <= len(n.Data); i += 4 {
		hosts = append(hosts, sim.HostID(binary.BigEndian.Uint32(n.Data[i:])))
	}
	return listed(hosts)
}
