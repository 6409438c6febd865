package sim

import (
	"math/bits"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// carry carries out the effects of a step, in order. A torn step stops after a drawn prefix, and the tab crashes there.
func (w *World) carry(id HostID, h *host, out *step.Effects, key Key) {
	limit := len(out.List)
	torn := h.tear && limit >= 2
	if torn {
		limit = int(h.extra.tear.cut % uint64(limit))
	}
	if h.liar {
		w.tagLies(out.List)
	}
	if h.watched && torn {
		h.extra.tape.Cut(id, limit)
	}
	watched := w.wants >= OnDial
	if watched {
		w.ev = Event{Key: key, Host: id, Life: h.life, Now: w.nowAt(h)}
	}
	if limit > 2 {
		w.warmConns(h)
	}
	for i, f := range out.List[:limit] {
		if s, ok := f.(*step.Send); ok {
			ref := w.payloads.intern(s.Bytes, w.cfg.Classify, len(w.cfg.Classes))
			h.sum.packet(codeSend, s.Conn, s.Channel, w.payloads.list[ref].hash)
			if w.wants&OnSend != 0 {
				w.ev.Index, w.ev.Effect = i, f
				w.observe(OnSend)
			}
			tag := uint8(0)
			if h.liar {
				tag = w.tags[i]
			}
			w.send(id, h, s, ref, tag)
			continue
		}
		w.scratch = appendEffect(w.scratch[:0], f)
		h.sum.bytes(w.scratch)
		if watched {
			if kind := kindOf(w.scratch); w.wants&kind != 0 {
				w.ev.Index, w.ev.Effect = i, f
				w.observe(kind)
			}
		}
		w.effect(id, h, f)
	}
	if torn {
		t := h.extra.tear
		h.tear = false
		before := w.window
		w.window = t.cause
		w.Count("torn steps", 1)
		w.crash(id, h, TabCrash, key)
		w.Boot(id, t.restart)
		w.window = before
	}
}

// effect carries out any effect but a Send.
func (w *World) effect(id HostID, h *host, f step.Effect) {
	switch x := f.(type) {
	case *step.Dial:
		w.dial(id, h, x.Conn, HostOf(x.Peer))
	case *step.Close:
		w.hangUp(id, h, x.Conn)
	case *step.SetTimer:
		if x.After < 0 {
			h.more().disarm(x.ID)
			return
		}
		place, armed := h.more().arm(x.ID)
		w.schedule(id, id, h.life, entry{at: later(w.now, x.After), kind: evTimer, arg: place, ref: armed})
	case *step.Commit:
		at := h.more().disk.issue(w.now, x, &w.cfg.Disk)
		w.schedule(id, id, h.life, entry{at: int64(at), kind: evCommitted})
	case *step.Read:
		ref := w.errand(errand{id: x.ID, text: x.Prefix})
		w.schedule(id, id, h.life, entry{at: int64(w.now + w.cfg.Disk.Read), kind: evLoaded, ref: ref})
	case *step.Run:
		w.runJob(id, h, x)
	case *step.Reply:
		w.reply(id, h, x)
	}
}

// later adds to an instant without running over the end of time.
func later(now, after time.Duration) int64 {
	if sum, carry := bits.Add64(uint64(now), uint64(after), 0); carry == 0 && sum < 1<<62 {
		return int64(sum)
	}
	return 1 << 62
}

// tagLies notes for each place of a liar's effects which lie it carries.
func (w *World) tagLies(list []step.Effect) {
	w.tags = append(w.tags[:0], make([]uint8, len(list))...)
	for _, f := range list {
		n, ok := f.(*step.Note)
		if !ok || n.Kind != step.NoteLie {
			continue
		}
		tag := w.ledger.lie(n.Text)
		w.ledger.lies[tag-1].Told++
		if n.N >= 0 && n.N < int64(len(list)) {
			w.tags[n.N] = tag
		}
	}
}
