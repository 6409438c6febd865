package sim

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// boot begins the next life of a host, unless it is up.
func (w *World) boot(id HostID, h *host) {
	if h.up {
		return
	}
	h.life++
	h.up, h.busy, h.boot, h.until, h.conn = true, false, w.now, 0, 1
	h.process = w.cfg.Seats[id-1].New(h.life)
	w.ledger.Boots++
	w.in.boot = step.Boot{Life: h.life, Entropy: w.entropy(id, h.life)}
	if x := h.extra; x != nil {
		x.disk.boot()
		w.in.boot.Disk = x.disk.store.list("")
	}
	w.input(id, h, &w.in.boot)
	if h.extra != nil && h.up {
		life := h.life
		for _, p := range h.extra.persons {
			if h.up && h.life == life {
				hands := w.persons[p]
				hands.person.Wake(w.nowAt(h), hands)
			}
		}
	}
}

// entropy is what a life draws all its chance from.
func (w *World) entropy(id HostID, life uint32) [32]byte {
	name := fmt.Sprintf("boot/%d/%d", id, life)
	if w.perturbed {
		name += fmt.Sprintf("/luck/%d", w.cfg.Perturb.Luck)
	}
	return w.cfg.Seed.bytes(name)
}

// crash ends a life. What it was about to do is not done, what waited for it is lost.
func (w *World) crash(id HostID, h *host, mode CrashMode, key Key) {
	h.sum.crash(key, mode)
	if h.watched {
		if h.extra.detained != nil {
			h.extra.tape.Cut(id, 0)
		}
		h.extra.tape.Crash(id, key, mode)
	}
	if w.wants&OnCrash != 0 {
		kept := w.ev
		w.ev = Event{Key: key, Index: -1, Host: id, Life: h.life, Now: w.nowAt(h), What: mode.String()}
		w.observe(OnCrash)
		w.ev = kept
	}
	h.up, h.busy, h.until, h.process = false, false, 0, nil
	for i := range h.conns {
		if c := &h.conns[i]; c.state != connFree {
			w.dropBox(c)
		}
	}
	clear(h.conns)
	h.conns, h.slot, h.free, h.opens = h.conns[:0], h.slot[:0], 0, 0
	x := h.more()
	x.downBy = w.window
	if x.detained != nil {
		w.recycle(x.detained.out)
		x.detained = nil
	}
	inbox := x.inbox
	x.inbox, x.timers, x.jobs, x.committed = nil, x.timers[:0], 0, nil
	for i := range inbox {
		w.discard(&inbox[i], w.window)
	}
	records, bytes := x.disk.crash(w.now, mode, w.cfg.Disk.Flush)
	w.ledger.LostRecords += records
	w.ledger.LostBytes += bytes
	if mode == PowerLoss {
		w.ledger.PowerLosses++
		w.Count("power losses", 1)
	} else {
		w.ledger.TabCrashes++
		w.Count("tab crashes", 1)
	}
	if records > 0 {
		w.Count("records lost", records)
		w.Count("bytes lost", bytes)
	}
}

// seatPersons makes the persons of the plan.
func (w *World) seatPersons() error {
	nth := map[string]int{}
	for i, s := range w.cfg.Plan.Scripts {
		if w.cfg.Catalog.Person == nil {
			return fmt.Errorf("sim: Catalog.Person is missing, and the plan has scripts")
		}
		p, err := w.cfg.Catalog.Person(s)
		if err != nil {
			return fmt.Errorf("sim: Plan.Scripts[%d]: %w", i, err)
		}
		// A person's chance depends on her own script, so that taking another out does not disturb it.
		name := fmt.Sprintf("person/%d/%s", s.Host, s.Kind)
		nth[name]++
		hands := &Hands{w: w, host: s.Host, index: uint32(i), person: p, rand: w.cfg.Seed.Stream(fmt.Sprintf("%s/%d", name, nth[name]))}
		w.persons = append(w.persons, hands)
		x := w.hosts[s.Host].more()
		x.persons = append(x.persons, uint32(i))
	}
	return nil
}

// ask hands a person's request to her host. Request numbers tell whose they are.
func (w *World) ask(p *Hands, body []byte) (uint64, bool) {
	p.asked++
	id := uint64(p.index+1)<<32 | uint64(p.asked)
	h := &w.hosts[p.host]
	if !h.up {
		w.unissued(p.host, id, body)
		return id, false
	}
	ref := w.errand(errand{id: id, body: body})
	w.schedule(p.host, p.host, h.life, entry{at: int64(w.now), kind: evRequest, ref: ref})
	return id, true
}

// unissued records a request to a host that was down.
func (w *World) unissued(id HostID, request uint64, body []byte) {
	w.ledger.Unissued++
	if w.wants&OnUnissued == 0 {
		return
	}
	h := &w.hosts[id]
	kept := w.ev
	w.ev = Event{Key: w.cur, Index: -1, Host: id, Life: h.life, Now: w.nowOf(h), Input: &step.Request{ID: request, Body: body}}
	w.observe(OnUnissued)
	w.ev = kept
}

func (w *World) wakeLater(p *Hands, after int64) {
	w.schedule(p.host, p.host, 0, entry{at: after, kind: evWake, arg: p.index})
}

// reply shows a reply to the person who asked.
func (w *World) reply(id HostID, h *host, r *step.Reply) {
	n := r.Request >> 32
	if n == 0 || n > uint64(len(w.persons)) {
		return
	}
	if p := w.persons[n-1]; p.host == id {
		p.person.See(w.nowAt(h), r, p)
	}
}

// Hosts is how many hosts there are: 1..Hosts().
func (w *World) Hosts() int { return len(w.cfg.Seats) }

// Up tells whether a host runs.
func (w *World) Up(h HostID) bool { return w.hosts[h].up }

// Life is how often a host has booted.
func (w *World) Life(h HostID) uint32 { return w.hosts[h].life }

// Liar tells whether a host's seat says that it lies.
func (w *World) Liar(h HostID) bool { return w.hosts[h].liar }

// Inspect asks a host's process; nil while it is down, or where it panics, which breaks the run.
func (w *World) Inspect(h HostID, query string) (answer []byte) {
	if !w.hosts[h].up {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			what, _, _ := strings.Cut(query, " ")
			w.broke = cmp.Or(w.broke, fmt.Sprintf("host %d panicked at %s when asked for %s: %v%s", h, w.cur, what, r, culprit()))
			w.stop("an invariant broke")
		}
	}()
	return w.hosts[h].process.Inspect(query)
}

// Disk is what a host's disk holds, sorted by key.
func (w *World) Disk(h HostID) []step.Record {
	if w.hosts[h].extra == nil {
		return nil
	}
	return w.hosts[h].extra.disk.store.list("")
}

var _ View = (*World)(nil)
