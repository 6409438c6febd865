package checkers

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// durability judges what "durable" promises here: the author has the operation strictly committed, and so had w other
// hosts when they gave their receipts; it survives while at most w-1 of author and receipters lose their disk or lie
// (REP-3; I3). What is out of that contract is counted, never judged.
type durability struct {
	tally
	*book
	tracks   map[key]*promise
	order    []*promise
	tails    map[uint64]*promise // by the last 8 bytes of the operation: its signature ends it
	disks    map[sim.HostID]*commits
	downs    map[sim.HostID]time.Duration // when a host last went down
	boots    map[sim.HostID]time.Duration // and came up
	unissued int
	honest   map[key]int // hosts, by space

	near        []neighbours // by host
	debtors     []debtor     // by host
	owed, given int          // receipts that honest hosts wished for of each other, and those that were given
	kept        int          // operations that had all the time to become durable
	asking      int          // neighbours who could be asked for a receipt, by operation
	secured     int          // those for which a host had to write strictly what it had written
}

func newDurability(b *book) *durability {
	d := &durability{
		tally: tally{name: "durability"}, book: b, tracks: map[key]*promise{}, tails: map[uint64]*promise{},
		disks: map[sim.HostID]*commits{}, downs: map[sim.HostID]time.Duration{}, boots: map[sim.HostID]time.Duration{},
		honest: map[key]int{}, near: make([]neighbours, len(b.truth.Hosts)+1), debtors: make([]debtor, len(b.truth.Hosts)+1),
	}
	for i := range b.truth.Hosts {
		for _, id := range b.truth.Hosts[i].Spaces {
			if b.truth.Hosts[i].Honest {
				d.honest[id]++
			}
		}
	}
	for h := range d.near {
		d.near[h] = neighbours{conns: map[step.Conn]sim.HostID{}, since: map[sim.HostID]time.Duration{}, lost: map[sim.HostID][]time.Duration{}}
	}
	return d
}

// Name implements sim.Checker.
func (d *durability) Name() string { return d.name }

// Wants implements sim.Checker.
func (d *durability) Wants() sim.Kinds {
	return d.book.wants() | sim.OnCommit | sim.OnUnissued | sim.OnPacket | sim.OnConnUp | sim.OnConnDown | sim.OnClose
}

// Observe implements sim.Checker.
func (d *durability) Observe(e *sim.Event) {
	if e.Kind == sim.OnPacket { // most events are packets
		d.owe(e)
		return
	}
	lostBefore := d.lost[e.Host]
	d.observe(e)
	d.neighbour(e)
	switch e.Kind {
	case sim.OnNote:
		d.note(e, e.Effect.(*step.Note))
	case sim.OnCommit:
		d.commit(e, e.Effect.(*step.Commit))
	case sim.OnCommitted:
		d.committed(e, e.Input.(*step.Committed))
	case sim.OnConnDown:
		c := e.Input.(*step.ConnDown).Conn
		d.excused(e.Host, func(x *debt) bool { return x.conn == c })
	case sim.OnClose:
		c := e.Effect.(*step.Close).Conn
		d.excused(e.Host, func(x *debt) bool { return x.conn == c })
	case sim.OnCrash:
		d.downs[e.Host] = e.Key.At
		delete(d.disks, e.Host)
		d.debtors[e.Host] = debtor{}
	case sim.OnBoot:
		d.boots[e.Host] = e.Key.At
		delete(d.disks, e.Host)
		d.debtors[e.Host] = debtor{}
		if d.lost[e.Host] != lostBefore || d.lost[e.Host] == e.Key.At && e.Key.At > 0 {
			for _, p := range d.order {
				if p.safe.has(int(e.Host)) {
					p.safe[e.Host>>6] &^= 1 << (e.Host & 63)
				}
			}
		}
		d.booted(e.Host, e.Input.(*step.Boot))
	case sim.OnUnissued:
		d.unissued++
	}
}

func (d *durability) note(e *sim.Event, n *step.Note) {
	switch n.Kind {
	case step.NoteAuthored:
		if o := d.ops[n.Op]; o != nil && o.honest && d.tracks[n.Op] == nil && len(o.bytes) >= 8 {
			p := &promise{op: o, number: len(d.order), at: -1}
			d.tracks[n.Op] = p
			d.order = append(d.order, p)
			d.tails[binary.LittleEndian.Uint64(o.bytes[len(o.bytes)-8:])] = p
		}
	case step.NoteSaved:
		if p := d.tracks[n.Op]; p != nil && p.op.host == e.Host {
			d.checked++
			p.saved, p.witnesses = max(e.Key.At, 1), d.witnesses(p)
			d.near[e.Host].waits = append(d.near[e.Host].waits, p)
			if !p.safe.has(int(e.Host)) {
				d.fail(e.Key.At, e.ID(), "host %d calls its operation %s saved; no strict commit on its disk covers it", e.Host, p.op)
			}
		}
	case step.NoteReceipt:
		p := d.tracks[n.Op]
		if p == nil || !d.truth.host(e.Host).Honest {
			return
		}
		d.checked++
		d.paid(e, p, sim.HostOf(n.Peer))
		p.receipts = append(p.receipts, receipt{e.Host, sim.HostOf(n.Peer), e.Key.At})
		if !p.safe.has(int(e.Host)) {
			d.fail(e.Key.At, e.ID(), "host %d gave a receipt for operation %s; no strict commit on its disk covers it", e.Host, p.op)
		}
	case step.NoteDurable:
		if p := d.tracks[n.Op]; p != nil && p.op.host == e.Host && p.at < 0 {
			d.durable(e, n, p)
		}
	case step.NoteVersion:
		d.near[e.Host].greets(sim.HostOf(n.Peer), e.Key.At)
	case step.NoteForgotten:
		if p := d.tracks[n.Op]; p != nil {
			d.excused(e.Host, func(x *debt) bool { return x.promise == p })
		}
	}
}

// Sample implements sim.Checker.
func (d *durability) Sample(time.Duration, sim.View) {}

// Verdict implements sim.Checker.
func (d *durability) Verdict(end sim.End) sim.Verdict {
	end.View = readOnce(end.View)
	s := d.look(end.At, end.View, true)
	union := d.union(s)
	durable, out := 0, 0
	disks := map[sim.HostID]bitset{}
	for _, p := range d.order {
		if p.at < 0 {
			continue
		}
		durable++
		if d.broken(p, end.View) >= d.truth.Receipts {
			out++
			continue
		}
		d.survives(p, union, disks, end)
	}
	issued, done, times := d.requests()
	for h := range d.near {
		d.unasked(sim.HostID(h), end.At)
	}
	if end.Cut == "" {
		d.abandoned(end)
	}
	d.metric("operations durable", float64(durable), "")
	d.metric("operations durable, out of contract", float64(out), "")
	d.metric("requests that write", float64(issued), "")
	d.metric("requests that became durable", float64(done), "")
	d.metric("durable share", share(done, issued), "%")
	d.metric("requests unissued", float64(d.unissued), "")
	d.metric("receipts wished for", float64(d.owed), "")
	d.metric("operations that had the time to become durable", float64(d.kept), "")
	d.metric("neighbours who could be asked for receipts", float64(d.asking), "")
	d.metric("receipts given to them", float64(d.given), "")
	d.percentiles("time to durable", times, issued)
	if want := d.truth.MinDurable; end.Cut == "" && tooFew(done, issued, want) {
		d.fail(end.At, "", "%d of %d requests became durable, %.2f %%; at least %.0f %% must", done, issued, share(done, issued), 100*want)
	}
	waits := d.waits(end)
	if end.Cut == "" {
		d.inTime(end, waits)
	}
	if durable == 0 && d.faults == 0 {
		d.checked = 0 // receipts alone promise nothing
	}
	told := []any{durable, "durable operations", done, fmt.Sprintf("of %d requests durable", issued), out, "out of contract", d.owed, "receipts owed"}
	for i := range waits {
		w := &waits[i]
		d.metric("requests "+w.name, float64(len(w.times)), "")
		d.metric("durable in time "+w.name, float64(w.within(w.due)), "")
		d.metric("due "+w.name, w.due.Seconds(), "s")
		if len(w.times) > 0 {
			asked := fmt.Sprintf("asked %.0f %%", 100*d.prompt(w))
			if why := w.tooSmall(); why != "" && d.prompt(w) < 1 {
				asked = why
			}
			told = append(told, w.within(w.due), fmt.Sprintf("of %d %s within %v (%s)", len(w.times), w.name, w.due.Round(time.Millisecond), asked))
		}
	}
	if len(times) > 0 {
		told[len(told)-1] = fmt.Sprintf("%s, the slowest after %v", told[len(told)-1], times[len(times)-1].Round(time.Millisecond))
	}
	return d.verdict(end, counts(told...))
}

// served tells whether a space has hosts enough for its operations to become durable.
func (d *durability) served(space key) bool { return d.honest[space] > d.truth.Receipts }

// requests counts the requests that write where they can become durable, those that did, and how long that took. A request whose host went
// down before it answered is unknown and counts as written: what happened to it is what durability is about.
func (d *durability) requests() (issued, done int, times []time.Duration) {
	for _, r := range d.book.order {
		switch {
		case r.do == "sign_in" || r.do == "view_chat" || r.do == "view_text" || r.do == "view_set" || r.do == "watch_text":
			continue
		case r.first == step.Denied || r.first == step.Shown:
			continue
		case r.first == step.Accepted && r.op == (key{}), r.durable == 0 && !d.served(r.space):
			continue
		}
		issued++
		if r.durable == 0 {
			continue
		}
		done++
		times = append(times, r.durable-r.at)
		if p := d.tracks[r.op]; p == nil || p.at < 0 || p.at > r.durable {
			d.fail(r.durable, r.event, "host %d told its user that request %d (%s) is durable, before its operation %s was", r.host, r.id, r.do, short(r.op))
		}
	}
	return issued, done, times
}
