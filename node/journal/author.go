package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Errors of Found and Author.
var (
	ErrGenesis = errors.New("journal: not the founding operation of a space")
	ErrTwice   = errors.New("journal: the space is held already")
	ErrSpace   = errors.New("journal: the space is not held")
	ErrNobody  = errors.New("journal: nobody has signed in")
	ErrVersion = errors.New("journal: the version names no admitted operations, or too many")
)

// own is this node's chain in one space. It ends with the life, with a failed commit, and when another person signs in.
type own struct {
	open        bool
	identity    op.Key
	incarnation uint64
	seq         uint64
	last        op.ID
	clock       uint64
	pending     []*pending // signed, and not strictly committed yet
}

// pending is an own operation on its way to the disk. Until it is there it is neither admitted nor sent: or a host that
// forgot it would sign another in its place.
type pending struct {
	log     *Log
	op      *op.Operation
	request uint64
	record  uint32
	failed  bool
}

// Author signs the next operation of this node's chain and commits it strictly. Its causes are the present heads and the
// chain's last operation. An operation that this node itself would refuse is not signed: the error is a *op.Refusal then.
func (j *Journal) Author(space op.SpaceID, d *op.Draft, request uint64, wallMS int64, out *step.Effects) (op.ID, error) {
	return j.AuthorAt(nil, space, d, request, wallMS, out)
}

// AuthorAt is Author with the operations of a version as causes in place of the heads.
func (j *Journal) AuthorAt(version []op.ID, space op.SpaceID, d *op.Draft, request uint64, wallMS int64, out *step.Effects) (op.ID, error) {
	l := j.Log(space)
	if l == nil {
		return op.ID{}, ErrSpace
	}
	device, identity := j.signer.Device(), j.signer.Identity()
	if device == nil || identity == (op.Key{}) {
		return op.ID{}, ErrNobody
	}
	if !l.own.open || l.own.identity != identity {
		l.own = own{open: true, identity: identity, incarnation: j.incarnation(), pending: l.own.pending}
	}
	w := &l.own
	h := op.Header{Format: 1, Space: space, Device: op.KeyOf(device), Incarnation: w.incarnation, Seq: w.seq + 1, Prev: w.last,
		Clock: w.clock, Schema: d.Schema(), WallMS: wallMS}
	if h.Seq == 1 {
		h.Identity, h.Certificate = identity, j.signer.Certificate()
	}
	var err error
	if h.Deps, err = l.deps(version); err != nil {
		return op.ID{}, err
	}
	for _, id := range h.Deps {
		e, _ := l.Get(id)
		h.Clock = max(h.Clock, e.Op.Clock)
	}
	h.Clock++
	o, err := j.store.Sign(h, d.Body(), device)
	if err != nil {
		return op.ID{}, err
	}
	out.Cost += op.CostSign + op.CostHashKB
	if reason := j.rehearse(l, o); reason != "" {
		return op.ID{}, &op.Refusal{Reason: reason, Detail: "this node would refuse its own operation"}
	}
	w.seq, w.last, w.clock = h.Seq, o.ID, h.Clock
	p := &pending{log: l, op: o, request: request}
	w.pending = append(w.pending, p)
	n := out.Note(step.NoteAuthored)
	n.Op, n.N, n.Data = o.ID, int64(request), o.Bytes
	// What it names as causes goes to the disk with it, unless the disk just refused to take more.
	c := commit{own: p}
	if !j.disk.failed {
		c.entries, j.disk.todo = j.disk.todo, nil
	}
	j.disk.issue(c, nil, true, out)
	return o.ID, nil
}

// deps are the causes besides prev, ascending: what the version names, or the heads. Those that the chain has already named
// since they were heads are left out, as its last operation speaks for them.
func (l *Log) deps(version []op.ID) (deps []op.ID, err error) {
	from := version
	if version == nil {
		from = l.Heads()
	}
	for _, id := range from {
		switch _, ok := l.index.find(id, l.Entries); {
		case l.own.seq > 0 && l.own.spoken(id):
		case !ok:
			return nil, ErrVersion
		default:
			deps = append(deps, id)
		}
	}
	slices.SortFunc(deps, op.ID.Compare)
	deps = slices.Compact(deps)
	if len(deps) > op.MaxDeps {
		if version != nil {
			return nil, ErrVersion
		}
		deps = deps[:op.MaxDeps] // the rest stay heads, for the next one to name
	}
	if len(deps) == 0 && l.own.seq == 0 {
		return nil, ErrVersion
	}
	return deps, nil
}

// spoken tells whether an operation is the chain's last, or a pending one of the chain, or named by one.
func (w *own) spoken(id op.ID) bool {
	if id == w.last {
		return true
	}
	for _, p := range w.pending {
		if p.op.Incarnation == w.incarnation && (p.op.ID == id || p.op.Prev == id || slices.Contains(p.op.Deps, id)) {
			return true
		}
	}
	return false
}

// Pending lists the operations of this node's chain that are still on their way to the disk, as they were signed: its next
// one will follow them. Nobody was shown them yet.
func (j *Journal) Pending(l *Log) (ops []*op.Operation) {
	if !l.own.open || l.own.identity != j.signer.Identity() {
		return nil // the next one begins a chain
	}
	for _, p := range l.own.pending {
		if p.op.Incarnation == l.own.incarnation {
			ops = append(ops, p.op)
		}
	}
	return ops
}

// rehearse asks what admission would say. Of the chain's operations that are still pending it takes what they follow, which
// heads that came since need not: a right may rest on that.
func (j *Journal) rehearse(l *Log, o *op.Operation) string {
	if o.Fault != "" {
		return step.RefuseBody
	}
	e := l.reserve()
	e.Op, e.Author, e.rights = o, l.own.identity, o.IsRights()
	follows := append([]op.ID{o.Prev}, o.Deps...)
	for _, u := range j.Pending(l) {
		follows = append(append(follows, u.Prev), u.Deps...)
	}
	causes := l.reserveCauses(len(follows))
	for _, id := range follows {
		if i, ok := l.index.find(id, l.Entries); ok {
			causes = append(causes, i)
		}
	}
	e.Causes, e.Past = causes, l.pasts.of(causes, l.Entries)
	return j.judge.Judge(l, e)
}

// save admits an own operation that is strictly on the disk. Nobody can have built on it yet.
func (j *Journal) save(p *pending, out *step.Effects) *Entry {
	l := p.log
	l.own.pending = slices.DeleteFunc(l.own.pending, func(q *pending) bool { return q == p })
	l.places[p.op.ID] = p.record
	j.offer(l, p.op, 0, out)
	e, ok := l.Get(p.op.ID)
	if !ok {
		return nil
	}
	e.saved = strictly
	out.Note(step.NoteSaved).Op = p.op.ID
	return e
}

// fail gives up the own operation of a failed commit and those behind it: they follow it in the chain, or would follow in
// what the world calls an order of commits. It gives their requests.
func (j *Journal) fail(c commit, at int) (requests []uint64) {
	give := func(p *pending) {
		if p == nil || p.failed {
			return
		}
		p.failed = true
		p.log.own.pending = slices.DeleteFunc(p.log.own.pending, func(q *pending) bool { return q == p })
		if p.op.Incarnation == p.log.own.incarnation {
			p.log.own.open = false
		}
		requests = append(requests, p.request)
	}
	give(c.own)
	for i := at; i < len(j.disk.flying); i++ {
		give(j.disk.flying[i].own)
	}
	return requests
}

// incarnation draws the number of a new chain. A rolled-back disk cannot be told from a good one, so that no number is ever
// read from it.
func (j *Journal) incarnation() uint64 {
	j.drawn++
	h := sha256.New()
	h.Write([]byte("lgos-incarnation-1"))
	h.Write(j.seed[:])
	h.Write(binary.BigEndian.AppendUint64(nil, j.drawn))
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Boot admits the founding operations and reads back what the disk holds. It gives all that is admitted, causes first; the
// slice is valid until the next call.
func (j *Journal) Boot(in *step.Boot, out *step.Effects) []*Entry {
	j.admitted = j.admitted[:0]
	j.seeded(in.Entropy)
	for _, l := range j.logs {
		j.offer(l, l.genesis, 0, out)
	}
	j.recover(in.Disk, out)
	return j.admitted
}
