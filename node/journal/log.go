package journal

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sort"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Entry is one admitted operation at this node.
type Entry struct {
	Op     *op.Operation
	Author op.Key   // the identity that the chain's first operation names
	Causes []uint32 // indices of prev, if there is one, then of the deps
	Index  uint32   // place in the order of admission at this node, from 0; causes come before. Never leaves the node
	Past   PastID   // which rights operations are in the causal past
	Chain  uint32   // number of the chain at this node
	Forked bool     // at or after the place where the chain forked; set when the fork is found

	rights bool  // the kind changes roles
	child  bool  // named as a cause: no head
	saved  saved // whether it is on the disk
	record uint32
}

// Log holds the admitted operations of one space.
type Log struct {
	ID      op.SpaceID
	Genesis op.ID
	Entries []*Entry // in the order of admission; not to be changed

	slab    []Entry  // where the next entries come from
	causes  []uint32 // where the next lists of causes come from
	index   index
	seen    bitset // serials of operations that are known to be admitted
	chains  []chain
	chainOf map[chainKey]uint32
	sorted  []uint32 // chains by device and incarnation
	pasts   pasts
	forks   []uint32 // chains that forked, in the order found
	refused refusals
	own     own
	buffer  buffer
	genesis *op.Operation
	places  map[op.ID]uint32 // operations whose record is on the disk, and which are not admitted yet

	tops    []uint32 // candidates for heads
	headN   int      // how many heads there are
	heads   []op.ID  // ascending; valid unless stale
	digest  [16]byte
	stale   bool
	ids     []byte // of the first entries, as Inspect answers
	visited bitset
	stack   []uint32
	cut     closure
}

func newLog(genesis *op.Operation) *Log {
	return &Log{ID: genesis.Space, Genesis: genesis.ID, genesis: genesis, chainOf: map[chainKey]uint32{}, pasts: newPasts(), stale: true,
		refused: newRefusals(), buffer: newBuffer(), places: map[op.ID]uint32{}}
}

// Count is how many operations are admitted.
func (l *Log) Count() int { return len(l.Entries) }

// Entry is the entry of an index below Count.
func (l *Log) Entry(i uint32) *Entry { return l.Entries[i] }

// Get finds an entry by its operation's id.
func (l *Log) Get(id op.ID) (*Entry, bool) {
	i, ok := l.index.find(id, l.Entries)
	if !ok {
		return nil, false
	}
	return l.Entries[i], true
}

// Has tells whether an opened operation is admitted. It is quick where these very bytes were seen before; the same
// operation under another serial (its bytes were dropped from the store, or carry another valid signature) is found by id.
func (l *Log) Has(o *op.Operation) bool {
	if l.seen.has(o.Serial) {
		return true
	}
	if _, ok := l.index.find(o.ID, l.Entries); ok {
		l.seen.set(o.Serial)
		return true
	}
	return false
}

// Heads are the admitted operations that no admitted one names as a cause, ascending. The slice is valid until the next
// admission.
func (l *Log) Heads() []op.ID {
	l.settle()
	return l.heads
}

// HeadsDigest is the first half of SHA-256 of the heads, ascending.
func (l *Log) HeadsDigest() [16]byte {
	l.settle()
	return l.digest
}

// settle brings the heads up to date. Between two calls admissions only append, so that a burst costs one sort.
func (l *Log) settle() {
	if !l.stale {
		return
	}
	l.stale = false
	l.pruneTops()
	l.heads = l.heads[:0]
	for _, i := range l.tops {
		l.heads = append(l.heads, l.Entries[i].Op.ID)
	}
	slices.SortFunc(l.heads, op.ID.Compare)
	h := sha256.New()
	for i := range l.heads {
		h.Write(l.heads[i][:])
	}
	l.digest = [16]byte(h.Sum(nil))
}

func (l *Log) pruneTops() {
	l.tops = slices.DeleteFunc(l.tops, func(i uint32) bool { return l.Entries[i].child })
}

// Inspect is the answer to step.InspectOps: the ids of all admitted operations. Those admitted since it was last asked for are merged in; where none were, the
// same bytes are returned. They must not be altered.
func (l *Log) Inspect() []byte {
	if len(l.ids) == 1+32*len(l.Entries) {
		return l.ids
	}
	old := l.ids[min(1, len(l.ids)):]
	var fresh []op.ID
	for _, e := range l.Entries[len(old)/32:] {
		fresh = append(fresh, e.Op.ID)
	}
	slices.SortFunc(fresh, op.ID.Compare)
	l.ids = append(make([]byte, 0, 1+32*len(l.Entries)), step.InspectLayout)
	for i := range fresh {
		n := sort.Search(len(old)/32, func(k int) bool { return bytes.Compare(old[32*k:32*k+32], fresh[i][:]) > 0 })
		l.ids = append(append(l.ids, old[:32*n]...), fresh[i][:]...)
		old = old[32*n:]
	}
	l.ids = append(l.ids, old...)
	return l.ids
}

// Tips tells how far each chain is held without a gap, ascending by device and incarnation. A forked chain is told up to
// the fork only: seqs from there on name more than one operation.
func (l *Log) Tips() []wire.ChainTip {
	if len(l.sorted) != len(l.chains) {
		l.sorted = l.sorted[:0]
		for i := range l.chains {
			l.sorted = append(l.sorted, uint32(i))
		}
		slices.SortFunc(l.sorted, func(a, b uint32) int { return l.chains[a].key.compare(l.chains[b].key) })
	}
	tips := make([]wire.ChainTip, 0, len(l.chains))
	for _, i := range l.sorted {
		c := &l.chains[i]
		tips = append(tips, wire.ChainTip{Device: c.key.device, Incarnation: c.key.incarnation, Seq: c.sure()})
	}
	return tips
}

// Since lists what a peer with these tips lacks, causes first, up to max operations and about maxBytes. Branches of forked
// chains come whole, since tips cannot tell them apart, but never crowd out the rest.
func (l *Log) Since(tips []wire.ChainTip, max, maxBytes int) []*Entry {
	have := make([]uint64, len(l.chains))
	for i := range tips {
		if c, ok := l.chainOf[chainKey{tips[i].Device, tips[i].Incarnation}]; ok {
			have[c] = tips[i].Seq
		}
	}
	first := uint32(len(l.Entries)) // of what the peer may lack
	for i := range l.chains {
		c := &l.chains[i]
		if have[i] = min(have[i], c.sure()); have[i] < uint64(len(c.bySeq)) {
			first = min(first, c.bySeq[have[i]])
		}
		if len(c.extra) > 0 {
			first = min(first, c.extra[0])
		}
	}
	var out []*Entry
	for _, forked := range []bool{false, true} {
		if forked && len(l.forks) == 0 {
			break
		}
		for _, e := range l.Entries[first:] {
			if e.Forked != forked || e.Op.Seq <= have[e.Chain] {
				continue
			}
			if max--; max < 0 {
				break
			}
			if maxBytes -= len(e.Op.Bytes); maxBytes < 0 && len(out) > 0 {
				break
			}
			out = append(out, e)
		}
	}
	if len(l.forks) > 0 {
		slices.SortFunc(out, func(a, b *Entry) int { return int(int64(a.Index) - int64(b.Index)) })
	}
	return out
}

// reserve gives the next entry, which is not admitted yet.
func (l *Log) reserve() *Entry {
	if len(l.slab) == 0 {
		l.slab = make([]Entry, min(128, max(8, len(l.Entries)/4)))
	}
	e := &l.slab[0]
	*e = Entry{Index: uint32(len(l.Entries))}
	return e
}

// reserveCauses gives an empty list with room for n, which keepCauses makes permanent.
func (l *Log) reserveCauses(n int) []uint32 {
	if cap(l.causes)-len(l.causes) < n {
		l.causes = make([]uint32, 0, max(n, min(512, max(16, len(l.Entries)/2))))
	}
	at := len(l.causes)
	return l.causes[at : at : at+n]
}

// admit makes the reserved entry permanent.
func (l *Log) admit(e *Entry) {
	l.slab = l.slab[1:]
	l.causes = l.causes[:len(l.causes)+len(e.Causes)]
	l.Entries = append(l.Entries, e)
	l.index.add(e.Op.ID, e.Index, l.Entries)
	l.seen.set(e.Op.Serial)
	if e.rights {
		l.pasts.landmark(e)
	}
	for _, c := range e.Causes {
		if p := l.Entries[c]; !p.child {
			p.child = true
			l.headN--
		}
	}
	l.headN++
	if l.tops = append(l.tops, e.Index); len(l.tops) > 2*l.headN+64 {
		l.pruneTops()
	}
	l.stale = true
}
