// Package replica makes operations durable: an author asks neighbours for receipts, and a host that has an operation
// strictly on its disk gives one. An operation with receipts from enough hosts is durable (REP-3). Placement is not its task.
package replica

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Config of one node's replication.
type Config struct {
	Receipts int           // w: receipts from so many other hosts make an operation durable
	Spare    int           // so many more hosts are asked at once, since some will not answer
	Retry    time.Duration // then others are asked
}

// maxRecovered bounds for how many operations of former lives receipts are asked at once; the others wait for their turn.
const maxRecovered = 64

// pending is an own operation that waits for receipts.
type pending struct {
	entry   *journal.Entry
	space   op.SpaceID
	request uint64
	former  bool // of a former life, whose requests nobody waits for
	asked   time.Duration
	whom    []step.Addr // those asked, until all were and it begins anew
	from    []step.Addr // who gave a receipt, ascending
}

// debt is a receipt to be given once the operation is strictly on the disk.
type debt struct {
	space op.SpaceID
	id    op.ID
	conn  step.Conn
}

// maxDebts bounds the receipts owed over one connection. Whoever asks for more gets them later: honest authors ask again.
const maxDebts = 256

// Replica tracks receipts owed to this node and by it.
type Replica struct {
	cfg     Config
	overlay *overlay.Overlay
	own     map[op.ID]*pending
	waiting []*pending       // those of own in the order in which they were saved, first of former lives, and some that are durable by now
	former  []*journal.Entry // own operations of former lives whose turn has not come, in the order in which they were saved
	debts   []debt
	turn    int
	targets []*overlay.Link
}

// New makes the replica state of a node.
func New(cfg Config, o *overlay.Overlay) *Replica {
	return &Replica{cfg: cfg, overlay: o, own: map[op.ID]*pending{}}
}

// Saved starts to collect receipts for an own operation.
func (r *Replica) Saved(space op.SpaceID, e *journal.Entry, request uint64, now time.Duration, out *step.Effects) {
	p := &pending{entry: e, space: space, request: request}
	r.own[e.Op.ID] = p
	r.waiting = append(r.waiting, p)
	r.ask(p, now, out)
}

// Recovered is told which own operations former lives may not have found receipts for, in the order in which they were saved.
func (r *Replica) Recovered(own []*journal.Entry) {
	r.former = own
	r.fill()
}

// fill begins to ask for operations of former lives, as many at once as are allowed.
func (r *Replica) fill() {
	n := 0
	for n < len(r.waiting) && r.waiting[n].former {
		n++
	}
	for ; n < maxRecovered && len(r.former) > 0; n++ {
		p := &pending{entry: r.former[0], space: r.former[0].Op.Space, former: true}
		r.former = r.former[1:]
		r.own[p.entry.Op.ID] = p
		r.waiting = slices.Insert(r.waiting, n, p)
	}
}

// Oldest is the own operation without its receipts that was saved first, or nil.
func (r *Replica) Oldest() *journal.Entry {
	if len(r.waiting) == 0 {
		return nil
	}
	return r.waiting[0].entry
}

// ask sends an own operation to some neighbours with the wish for a receipt, other ones at each try until all were asked: who
// stands behind a cut does not answer a second time either. A neighbour whose link is full is not asked: it would break.
func (r *Replica) ask(p *pending, now time.Duration, out *step.Effects) {
	p.asked = now
	r.targets = r.targets[:0]
	links := r.overlay.Links()
	if r.choose(p, links); len(r.targets) < r.cfg.Receipts+r.cfg.Spare {
		p.whom = p.whom[:0]
		for _, l := range r.targets {
			p.whom = append(p.whom, l.Peer)
		}
		r.choose(p, links)
	}
	r.turn++
	r.send(p, out)
}

func (r *Replica) send(p *pending, out *step.Effects) {
	if len(r.targets) > 0 {
		r.overlay.Broadcast(r.targets, step.Reliable, &wire.Push{Space: p.space, Receipt: true, Ops: [][]byte{p.entry.Op.Bytes}}, out)
	}
}

// choose adds neighbours to the targets who have neither given a receipt nor been asked. Nobody is asked about what this host
// itself may still lose.
func (r *Replica) choose(p *pending, links []*overlay.Link) {
	if !p.entry.Strict() {
		return
	}
	for i := range links {
		l := links[(r.turn+i)%len(links)]
		_, has := slices.BinarySearch(p.from, l.Peer)
		if !has && !slices.Contains(p.whom, l.Peer) && l.First(p.space) && l.Roomy() && len(r.targets) < r.cfg.Receipts+r.cfg.Spare {
			r.targets = append(r.targets, l)
			p.whom = append(p.whom, l.Peer)
		}
	}
}

// Opened asks a new neighbour about operations that were saved when there were too few to ask.
func (r *Replica) Opened(l *overlay.Link, out *step.Effects) {
	for _, p := range r.waiting {
		if r.own[p.entry.Op.ID] == p && len(p.whom) < r.cfg.Receipts+r.cfg.Spare {
			r.targets = r.targets[:0]
			r.choose(p, []*overlay.Link{l})
			r.send(p, out)
		}
	}
}

// Asked takes a neighbour's wish for a receipt. It is given at once where the operation is strictly on the disk; else it is
// owed, and false says that the operation must be committed strictly.
func (r *Replica) Asked(l *overlay.Link, space op.SpaceID, e *journal.Entry, out *step.Effects) bool {
	if e.Strict() {
		r.give(l, space, []op.ID{e.Op.ID}, out)
		return true
	}
	r.Owe(l, space, e.Op.ID)
	return false
}

// Owe remembers that a neighbour wishes for a receipt, also for an operation that still waits for its causes.
func (r *Replica) Owe(l *overlay.Link, space op.SpaceID, id op.ID) {
	owed := 0
	for _, d := range r.debts {
		if d.conn == l.Conn {
			if owed++; d.id == id {
				return
			}
		}
	}
	if owed < maxDebts {
		r.debts = append(r.debts, debt{space, id, l.Conn})
	}
}

// Owes tells whether anybody wishes for a receipt for an operation.
func (r *Replica) Owes(id op.ID) bool {
	for i := range r.debts { // a closure would put the id on the heap, for each operation that comes
		if r.debts[i].id == id {
			return true
		}
	}
	return false
}

// ConnDown forgets what is owed over a connection that is gone.
func (r *Replica) ConnDown(in *step.ConnDown) {
	r.debts = slices.DeleteFunc(r.debts, func(d debt) bool { return d.conn == in.Conn })
}

// Strict is told which operations are strictly on the disk now, and gives the receipts owed for them.
func (r *Replica) Strict(ids []op.ID, out *step.Effects) {
	if len(r.debts) == 0 {
		return
	}
	now := make(map[op.ID]bool, len(ids))
	for _, id := range ids {
		now[id] = true
	}
	rest := r.debts[:0]
	for _, d := range r.debts {
		if !now[d.id] {
			rest = append(rest, d)
			continue
		}
		if l := r.overlay.Link(d.conn); l != nil {
			r.give(l, d.space, []op.ID{d.id}, out)
		}
	}
	r.debts = rest
}

func (r *Replica) give(l *overlay.Link, space op.SpaceID, ids []op.ID, out *step.Effects) {
	if len(ids) == 0 || !l.Open(space) {
		return
	}
	for _, id := range ids {
		n := out.Note(step.NoteReceipt)
		n.Op, n.Peer = id, l.Peer
	}
	r.overlay.Send(l, step.Reliable, &wire.Receipt{Space: space, IDs: wire.IDsOf(ids...)}, out)
}

// Receipt counts a neighbour's receipts, each neighbour's once. It answers the requests whose operations are durable now.
func (r *Replica) Receipt(l *overlay.Link, f *wire.Receipt, durable func(request uint64, id op.ID), out *step.Effects) {
	if !l.Open(f.Space) {
		return
	}
	for raw := range f.IDs.All() {
		id := op.ID(raw)
		p := r.own[id]
		if p == nil || p.space != f.Space {
			continue
		}
		i, has := slices.BinarySearch(p.from, l.Peer)
		if has {
			continue
		}
		p.from = slices.Insert(p.from, i, l.Peer)
		if len(p.from) < r.cfg.Receipts {
			continue
		}
		delete(r.own, id)
		n := out.Note(step.NoteDurable)
		n.Op = id
		for _, a := range p.from {
			n.Data = binary.BigEndian.AppendUint32(n.Data, uint32(a))
		}
		if !p.former {
			durable(p.request, id)
		}
	}
}

// Retry asks other neighbours about operations that have waited long, the oldest first. It returns after what time to look
// again; 0 is when something is saved.
func (r *Replica) Retry(now time.Duration, out *step.Effects) (wait time.Duration) {
	r.waiting = slices.DeleteFunc(r.waiting, func(p *pending) bool { return r.own[p.entry.Op.ID] != p })
	r.fill()
	for _, p := range r.waiting {
		if now >= p.asked+r.cfg.Retry {
			r.ask(p, now, out)
		}
		if w := p.asked + r.cfg.Retry - now; wait == 0 || w < wait {
			wait = w
		}
	}
	return wait
}

// Queues lists the lengths of what waits, for people.
func (r *Replica) Queues() (awaiting, owed int) { return len(r.own) + len(r.former), len(r.debts) }
