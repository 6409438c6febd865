// Package journal is the signed hash-DAG of a node: it admits operations after their causes, buffers those that came too
// early, keeps both branches of an equivocation, writes to the disk and reads back, and signs what the node itself says.
// It must not look into bodies beyond the rules of kinds that op states; rights and effects are for others to judge.
package journal

import (
	"crypto/ed25519"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Judge says whether an author may do what an entry does, by the entry's causal past alone: "" or a step.Refuse… reason.
// All of the entry is filled in, but it is not admitted.
type Judge interface {
	Judge(l *Log, e *Entry) string
}

// Signer holds the keys of this node. Before a person has signed in, Identity is zero.
type Signer interface {
	Device() ed25519.PrivateKey
	Identity() op.Key
	Certificate() [64]byte // by the identity, over the device's key
}

// Config is what a journal knows before it boots.
type Config struct {
	Store *op.Store
}

// Journal holds the logs of one node.
type Journal struct {
	store  *op.Store
	judge  Judge
	signer Signer
	logs   []*Log // ascending by space
	blamed map[op.Key]Proof
	seed   [32]byte // from Boot.Entropy
	drawn  uint64   // incarnations drawn from it
	disk   disk

	admitted []*Entry
	queue    []*op.Operation
	from     []step.Addr
	lacking  []op.ID
}

// Proof is two admitted operations of one chain with one seq.
type Proof struct{ A, B op.ID }

// New makes a journal that holds no space and has not booted.
func New(cfg Config, judge Judge, signer Signer) *Journal {
	return &Journal{store: cfg.Store, judge: judge, signer: signer, blamed: map[op.Key]Proof{}}
}

// Found takes in a space by its founding operation, which Boot will admit: call it before. It is the founders' word, and
// needs no judge.
func (j *Journal) Found(genesis []byte) (*Log, error) {
	o, err := j.store.Open(genesis)
	switch {
	case err != nil:
		return nil, err
	case !o.IsGenesis() || o.Fault != "" || o.Clock != 1:
		return nil, ErrGenesis
	case j.Log(o.Space) != nil:
		return nil, ErrTwice
	}
	l := newLog(o)
	j.logs = append(j.logs, l)
	slices.SortFunc(j.logs, func(a, b *Log) int { return a.ID.Compare(b.ID) })
	return l, nil
}

// Logs are the logs of all spaces held, ascending.
func (j *Journal) Logs() []*Log { return j.logs }

// Log is the log of a space, or nil.
func (j *Journal) Log(space op.SpaceID) *Log {
	for _, l := range j.logs { // a node holds few spaces
		if l.ID == space {
			return l
		}
	}
	return nil
}

// Receive opens bytes that a peer brought, and admits the operation once all its causes are admitted. It gives every
// entry that was admitted, causes first; the slice is valid until the next call. A refusal is noted with its reason: with
// the id where the bytes opened, with the bytes in any case.
func (j *Journal) Receive(peer step.Addr, b []byte, out *step.Effects) []*Entry {
	return j.ReceiveFor(nil, peer, b, out)
}

// ReceiveFor is Receive of what a peer brought in the name of one space: it refuses another space's operation, which the
// peer may have no business with. Nil is any space.
func (j *Journal) ReceiveFor(only *Log, peer step.Addr, b []byte, out *step.Effects) []*Entry {
	j.admitted = j.admitted[:0]
	out.Cost += op.CostLookup
	o, err := j.store.Open(b)
	if err != nil {
		reason := err.(*op.Refusal).Reason
		if out.Cost += op.CostHashKB; reason == step.RefuseSignature {
			out.Cost += op.OpenCost(len(b), false)
		}
		n := out.Note(step.NoteRefused)
		n.Peer, n.Text, n.Data = peer, reason, b
		return nil
	}
	l := j.Log(o.Space)
	switch {
	case l == nil || only != nil && l != only:
		out.Cost += op.OpenCost(len(b), o.Seq == 1)
		refuse(o, step.RefuseSpace, peer, out)
	case l.Has(o):
	case l.refused.reasons[o.ID] != "":
		refuse(o, l.refused.reasons[o.ID], peer, out)
	case l.buffer.waiting[o.ID] != nil:
	default:
		out.Cost += op.OpenCost(len(b), o.Seq == 1)
		j.offer(l, o, peer, out)
	}
	return j.admitted
}

// offer buffers an opened operation, or admits or refuses it and all that waited for that.
func (j *Journal) offer(l *Log, o *op.Operation, peer step.Addr, out *step.Effects) {
	j.queue, j.from = append(j.queue[:0], o), append(j.from[:0], peer)
	for i := 0; i < len(j.queue); i++ {
		o, peer := j.queue[i], j.from[i]
		reason, ready := j.try(l, o, peer, out)
		switch {
		case !ready:
		case reason == "":
			j.queue, j.from = l.buffer.admitted(o.ID, j.queue, j.from)
		default:
			j.fell(l, o, peer, reason, out)
		}
	}
	clear(j.queue)
}

// fell refuses an operation, and all that wait for it or for one of them.
func (j *Journal) fell(l *Log, o *op.Operation, peer step.Addr, reason string, out *step.Effects) {
	ops, from := []*op.Operation{o}, []step.Addr{peer}
	for i := 0; i < len(ops); i++ {
		l.refused.add(ops[i].ID, reason)
		refuse(ops[i], reason, from[i], out)
		ops, from = l.buffer.refused(ops[i].ID, ops, from)
		reason = step.RefuseCause
	}
}

func refuse(o *op.Operation, reason string, peer step.Addr, out *step.Effects) {
	n := out.Note(step.NoteRefused)
	n.Op, n.Peer, n.Text, n.Data = o.ID, peer, reason, o.Bytes
}

// try admits an operation, or gives the reason against it; it is not ready if causes are missing, and is then buffered.
func (j *Journal) try(l *Log, o *op.Operation, peer step.Addr, out *step.Effects) (reason string, ready bool) {
	causes := l.reserveCauses(1 + len(o.Deps))[:0]
	j.lacking = j.lacking[:0]
	refused := false
	cause := func(id op.ID) {
		if i, ok := l.index.find(id, l.Entries); ok {
			causes = append(causes, i)
		} else {
			j.lacking = append(j.lacking, id)
			refused = refused || l.refused.reasons[id] != ""
		}
	}
	if o.Seq > 1 {
		cause(o.Prev)
	}
	for i := range o.Deps {
		cause(o.Deps[i])
	}
	if refused {
		return step.RefuseCause, true
	}
	if len(j.lacking) > 0 {
		j.wait(l, o, peer, out)
		return "", false
	}
	e := l.reserve()
	if reason := j.judgement(l, o, e, causes); reason != "" {
		return reason, true
	}
	out.Cost += op.CostAdmit
	j.admit(l, e, out)
	return "", true
}

func (j *Journal) wait(l *Log, o *op.Operation, peer step.Addr, out *step.Effects) {
	l.buffer.add(o, j.lacking, peer, func(w *waiter) {
		n := out.Note(step.NoteForgotten)
		n.Op, n.Peer = w.op.ID, w.share.peer
	})
	if l.buffer.waiting[o.ID] != nil {
		n := out.Note(step.NoteBuffered)
		n.Op, n.Peer, n.N = o.ID, peer, int64(len(l.buffer.waiting))
	}
}

// judgement fills the entry in and gives the reason against it. It looks at the operation and its causal past alone.
func (j *Journal) judgement(l *Log, o *op.Operation, e *Entry, causes []uint32) string {
	e.Op, e.Causes, e.rights, e.Author = o, causes, o.IsRights(), o.Identity
	if len(causes) == 0 {
		if o.ID != l.Genesis {
			return step.RefuseSpace // whatever is not the genesis descends from it
		}
		return "" // what the configuration says needs no judge
	}
	if o.Seq > 1 {
		prev := l.Entries[causes[0]]
		if prev.Op.Device != o.Device || prev.Op.Incarnation != o.Incarnation || prev.Op.Seq != o.Seq-1 {
			return step.RefuseChain
		}
		e.Author = prev.Author
	}
	var clock uint64
	for _, c := range causes {
		clock = max(clock, l.Entries[c].Op.Clock)
	}
	if o.Clock != clock+1 {
		return step.RefuseClock
	}
	e.Past = l.pasts.of(causes, l.Entries)
	if reason := j.judge.Judge(l, e); reason != "" {
		return reason
	}
	if o.Fault != "" {
		return step.RefuseBody
	}
	return ""
}

// admit makes an entry part of the log.
func (j *Journal) admit(l *Log, e *Entry, out *step.Effects) {
	var prev *Entry
	if e.Op.Seq > 1 {
		prev = l.Entries[e.Causes[0]]
	}
	e.Chain = l.chainNumber(e.Op, prev)
	l.admit(e)
	twin := l.link(e)
	j.admitted = append(j.admitted, e)
	out.Note(step.NoteApplied).Op = e.Op.ID
	j.disk.later(l, e)
	if _, known := j.blamed[e.Op.Device]; twin != nil && !known {
		j.blamed[e.Op.Device] = Proof{twin.Op.ID, e.Op.ID}
		n := out.Note(step.NoteBlamed)
		n.Op, n.Data = e.Op.ID, e.Op.Device[:]
	}
}

// Proof is the equivocation that a device is blamed for.
func (j *Journal) Proof(device op.Key) (Proof, bool) {
	p, ok := j.blamed[device]
	return p, ok
}

// Blamed are the devices for which an equivocation is proven, ascending.
func (j *Journal) Blamed() []op.Key { return slices.SortedFunc(maps.Keys(j.blamed), op.Key.Compare) }

// Waiting tells whether an operation waits for its causes.
func (l *Log) Waiting(id op.ID) bool { return l.buffer.waiting[id] != nil }

// Waits tells whether there is anything to ask for.
func (l *Log) Waits() bool { return len(l.buffer.needs) > 0 }

// Missing are causes that operations wait for, and operations that were forgotten: up to 256, in turns, as many of each
// peer's share. Ask for them.
func (l *Log) Missing() []op.ID { return l.buffer.missing() }

// Deep are the peers who brought operations of which causes were asked for and came, and whose causes again are missing among
// what Missing gave last: chains are to be compared with them, since one cause a question takes as long as the gap. The slice
// is valid until the next call of Missing.
func (l *Log) Deep() []step.Addr { return l.buffer.deep }

// seeded draws the salts of the indexes and the first incarnation from a life's entropy.
func (j *Journal) seeded(entropy [32]byte) {
	j.seed = entropy
	for _, l := range j.logs {
		l.index.salt = [2]uint64{binary.BigEndian.Uint64(entropy[:]), binary.BigEndian.Uint64(entropy[8:])}
	}
}
