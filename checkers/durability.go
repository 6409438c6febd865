package checkers

import (
	"encoding/binary"
	"fmt"
	"slices"
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

	debtors     []debtor // by host
	owed, given int      // receipts that honest hosts wished for of each other, and those that were given
	kept        int      // operations that had all the time to become durable
	secured     int      // those for which a host had to write strictly what it had written
}

// promise follows one operation of an honest author.
type promise struct {
	op       *operation
	number   int
	safe     bitset // hosts on which a strict commit covers it
	receipts []receipt
	saved    time.Duration // strictly, on its author's disk; 0 while it was not
	at       time.Duration // when its author called it durable; -1 while it has not
	holders  []receipt     // author and receipters then
	event    string
}

// receipt is a host that said it holds an operation strictly, and when.
type receipt struct {
	host, to sim.HostID
	at       time.Duration
}

// commits are a host's transactions with tracked operations.
type commits struct {
	pending []transaction
	relaxed []*promise // completed, but not yet covered by a strict commit
}

type transaction struct {
	id     uint64
	strict bool
	ops    []*promise
}

func newDurability(b *book) *durability {
	return &durability{
		tally: tally{name: "durability"}, book: b, tracks: map[key]*promise{}, tails: map[uint64]*promise{},
		disks: map[sim.HostID]*commits{}, downs: map[sim.HostID]time.Duration{}, boots: map[sim.HostID]time.Duration{},
		debtors: make([]debtor, len(b.truth.Hosts)+1),
	}
}

// Name implements sim.Checker.
func (d *durability) Name() string { return d.name }

// Wants implements sim.Checker.
func (d *durability) Wants() sim.Kinds {
	return d.book.wants() | sim.OnCommit | sim.OnUnissued | sim.OnPacket | sim.OnConnDown | sim.OnClose
}

// Observe implements sim.Checker.
func (d *durability) Observe(e *sim.Event) {
	if e.Kind == sim.OnPacket { // most events are packets
		d.owe(e)
		return
	}
	lostBefore := d.lost[e.Host]
	d.observe(e)
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

// booted takes in what a host finds on its disk: what a former life committed relaxed outlives a crash of the tab, and the
// next strict commit makes it safe like any other.
func (d *durability) booted(h sim.HostID, in *step.Boot) {
	k := &commits{}
	var found map[*promise]bool
	for i := range in.Disk {
		p := d.record(in.Disk[i].Value)
		if p == nil {
			continue
		}
		if found == nil {
			found = map[*promise]bool{}
		}
		if found[p] = true; !p.safe.has(int(h)) {
			k.relaxed = append(k.relaxed, p)
		}
	}
	d.debtors[h].found = found
	if len(k.relaxed) > 0 {
		d.disks[h] = k
	}
}

// commit notes which tracked operations a transaction writes.
func (d *durability) commit(e *sim.Event, c *step.Commit) {
	if soft := &d.debtors[e.Host].soft; c.Strict && len(*soft) > 0 {
		d.unsecured(e)
		*soft = (*soft)[:0]
	}
	k := d.disks[e.Host]
	if k == nil {
		k = &commits{}
		d.disks[e.Host] = k
	}
	t := transaction{id: c.ID, strict: c.Strict, ops: make([]*promise, 0, len(c.Put))}
	for i := range c.Put {
		if p := d.record(c.Put[i].Value); p != nil {
			t.ops = append(t.ops, p)
		}
	}
	if len(t.ops) > 0 || t.strict {
		k.pending = append(k.pending, t)
	}
}

// record finds the tracked operation that a record holds: its bytes end the value, or a checksum of 4 or 8 bytes does.
func (d *durability) record(value []byte) *promise {
	for _, sum := range [...]int{0, 4, 8, 32} {
		n := len(value) - sum
		if n < 8 {
			return nil
		}
		p := d.tails[binary.LittleEndian.Uint64(value[n-8:n])]
		if p != nil && n >= len(p.op.bytes) && string(value[n-len(p.op.bytes):n]) == string(p.op.bytes) {
			return p
		}
	}
	return nil
}

// committed ends a transaction. A strict one makes safe what was relaxed before it, since commits complete in order.
func (d *durability) committed(e *sim.Event, in *step.Committed) {
	h := e.Host
	if debtor := &d.debtors[h]; debtor.ripe > 0 {
		d.unpaid(debtor, e)
	}
	k := d.disks[h]
	if k == nil {
		return
	}
	i := slices.IndexFunc(k.pending, func(t transaction) bool { return t.id == in.ID })
	if i < 0 {
		return
	}
	t := k.pending[i]
	k.pending = slices.Delete(k.pending, i, i+1)
	switch {
	case in.Err != 0:
	case t.strict:
		for _, p := range k.relaxed {
			p.safe.add(int(h))
		}
		for _, p := range t.ops {
			p.safe.add(int(h))
		}
		d.ripen(e, k.relaxed)
		d.ripen(e, t.ops)
		k.relaxed = k.relaxed[:0]
	default:
		k.relaxed = append(k.relaxed, t.ops...)
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
			p.saved = max(e.Key.At, 1)
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
	case step.NoteForgotten:
		if p := d.tracks[n.Op]; p != nil {
			d.excused(e.Host, func(x *debt) bool { return x.promise == p })
		}
	}
}

// durable judges the receipts on which an author calls its operation durable.
func (d *durability) durable(e *sim.Event, n *step.Note, p *promise) {
	d.checked++
	p.at, p.event = e.Key.At, e.ID()
	p.holders = []receipt{{host: e.Host, at: e.Key.At}}
	if !p.safe.has(int(e.Host)) {
		d.fail(e.Key.At, p.event, "host %d calls operation %s durable; no strict commit on its own disk covers it", e.Host, p.op)
	}
	for i := 0; i+4 <= len(n.Data); i += 4 {
		h := sim.HostID(binary.BigEndian.Uint32(n.Data[i:]))
		if slices.ContainsFunc(p.holders, func(r receipt) bool { return r.host == h }) {
			d.fail(e.Key.At, p.event, "host %d counts host %d twice for operation %s, or itself", e.Host, h, p.op)
			continue
		}
		given := slices.IndexFunc(p.receipts, func(r receipt) bool { return r.host == h && r.to == e.Host })
		switch {
		case !d.truth.host(h).Honest:
			p.holders = append(p.holders, receipt{host: h})
		case given < 0 && p.safe.has(int(h)) && d.downs[h] >= p.op.at:
			p.holders = append(p.holders, receipt{host: h, at: e.Key.At}) // torn between the receipt and the note of it
		case given < 0:
			d.fail(e.Key.At, p.event, "host %d counts a receipt of host %d for operation %s, which it never gave", e.Host, h, p.op)
		default:
			p.holders = append(p.holders, p.receipts[given])
		}
	}
	if got := len(p.holders) - 1; got < d.truth.Receipts {
		d.fail(e.Key.At, p.event, "host %d calls operation %s durable with %d receipts of others; the space asks for %d", e.Host, p.op, got, d.truth.Receipts)
	}
	p.receipts = nil
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
			asked := fmt.Sprintf("asked %.0f %%", 100*d.prompt())
			if why := d.tooSmall(w); why != "" && d.prompt() < 1 {
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

// broken counts the holders that lie, or lost their disk after they had the operation.
func (d *durability) broken(p *promise, v sim.View) (n int) {
	for _, r := range p.holders {
		at, lost := d.lost[r.host]
		wiped := d.wrote[r.host] && len(v.Disk(r.host)) == 0
		if !d.truth.host(r.host).Honest || lost && at >= r.at || wiped {
			n++
		}
	}
	return n
}

// survives judges that a durable operation is still there: at an honest host that is up, or on the disk of one that is
// down; and that each holder which lost nothing still has it on its disk.
func (d *durability) survives(p *promise, union []bitset, disks map[sim.HostID]bitset, end sim.End) {
	d.checked++
	found := false
	var gone []sim.HostID
	if p.op.index >= 0 {
		found = union[p.op.space.number].has(p.op.index)
	}
	for _, r := range p.holders {
		at, lost := d.lost[r.host]
		if !d.truth.host(r.host).Honest || lost && at >= r.at || d.wrote[r.host] && len(end.View.Disk(r.host)) == 0 {
			continue
		}
		on, read := disks[r.host]
		if !read {
			on = d.read(end.View.Disk(r.host))
			disks[r.host] = on
		}
		if on.has(p.number) {
			found = true
		} else {
			gone = append(gone, r.host)
		}
	}
	switch {
	case !found:
		d.fail(end.At, p.event, "operation %s (%s) of host %d, durable since %v, is at no honest host any more", p.op, p.op.kind, p.op.host, p.at)
	case len(gone) > 0:
		d.fail(end.At, p.event, "operation %s, durable since %v, is no more on the disk of host %d, which lost nothing", p.op, p.at, gone[0])
	}
}

// read finds the tracked operations on a disk.
func (d *durability) read(disk []step.Record) bitset {
	on := make(bitset, (len(d.order)+63)/64)
	for i := range disk {
		if p := d.record(disk[i].Value); p != nil {
			on.add(p.number)
		}
	}
	return on
}

// requests counts the requests that write, those that became durable, and how long that took. A request whose host went
// down before it answered is unknown and counts as written: what happened to it is what durability is about.
func (d *durability) requests() (issued, done int, times []time.Duration) {
	for _, r := range d.book.order {
		switch {
		case r.do == "sign_in" || r.do == "view_chat" || r.do == "view_text" || r.do == "view_set":
			continue
		case r.first == step.Denied || r.first == step.Shown:
			continue
		case r.first == step.Accepted && r.op == (key{}):
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
