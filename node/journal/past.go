package journal

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// PastID names a set of rights operations, at this node and in this life: equal sets have equal numbers, so that a verdict
// over a set may be remembered by it. Zero is the empty set.
type PastID uint32

// pasts holds, for each entry, which rights operations are in its causal past. Such operations are few and most entries
// share the set of their causes, so that sets are interned: four bytes an entry, and a bit to look at instead of a walk.
type pasts struct {
	marks []uint32 // ordinal of a rights operation → its entry
	reach []PastID // ordinal → its past and itself
	sets  []bitset
	named map[string]PastID
	joins map[[2]PastID]PastID
}

const maxJoins = 4096 // remembered unions

func newPasts() pasts {
	return pasts{sets: []bitset{nil}, named: map[string]PastID{"": 0}, joins: map[[2]PastID]PastID{}}
}

// of is the rights operations in the past of an entry with these causes.
func (p *pasts) of(causes []uint32, entries []*Entry) (past PastID) {
	for _, c := range causes {
		past = p.join(past, p.reaches(entries[c]))
	}
	return past
}

// reaches is the rights operations in the past of whatever has e as its cause.
func (p *pasts) reaches(e *Entry) PastID {
	if !e.rights {
		return e.Past
	}
	ordinal, _ := slices.BinarySearch(p.marks, e.Index)
	return p.reach[ordinal]
}

// landmark takes a rights operation in.
func (p *pasts) landmark(e *Entry) {
	set := slices.Clone(p.sets[e.Past])
	set.set(uint32(len(p.marks)))
	p.marks = append(p.marks, e.Index)
	p.reach = append(p.reach, p.intern(set))
}

func (p *pasts) join(a, b PastID) PastID {
	if a == b || b == 0 {
		return a
	}
	if a == 0 {
		return b
	}
	key := [2]PastID{min(a, b), max(a, b)}
	if id, ok := p.joins[key]; ok {
		return id
	}
	long, short := p.sets[a], p.sets[b]
	if len(long) < len(short) {
		long, short = short, long
	}
	set := slices.Clone(long)
	for i, w := range short {
		set[i] |= w
	}
	if len(p.joins) >= maxJoins {
		clear(p.joins)
	}
	id := p.intern(set)
	p.joins[key] = id
	return id
}

func (p *pasts) intern(set bitset) PastID {
	name := make([]byte, 0, 8*len(set))
	for _, w := range set {
		name = binary.LittleEndian.AppendUint64(name, w)
	}
	if id, ok := p.named[string(name)]; ok {
		return id
	}
	id := PastID(len(p.sets))
	p.sets = append(p.sets, set)
	p.named[string(name)] = id
	return id
}

// Pasts is one more than the greatest PastID given so far.
func (l *Log) Pasts() int { return len(l.pasts.sets) }

// Rights are the rights operations of a set, in the order of admission.
func (l *Log) Rights(past PastID) iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for i, w := range l.pasts.sets[past] {
			for ; w != 0; w &= w - 1 {
				if !yield(l.Entries[l.pasts.marks[i*64+bits.TrailingZeros64(w)]]) {
					return
				}
			}
		}
	}
}

// AllRights are the indices of all admitted rights operations, ascending.
func (l *Log) AllRights() []uint32 { return l.pasts.marks }

// Before tells whether entry a is in the causal past of entry b. For a rights operation a it looks at one bit; for others it
// walks back from b, as far as indices and clocks allow.
func (l *Log) Before(a, b uint32) bool {
	if a >= b { // causes are admitted first
		return false
	}
	ea, eb := l.Entries[a], l.Entries[b]
	if ea.rights {
		ordinal, _ := slices.BinarySearch(l.pasts.marks, a)
		return l.pasts.sets[eb.Past].has(uint32(ordinal))
	}
	clear(l.visited)
	stack := append(l.stack[:0], b)
	found := false
walk:
	for len(stack) > 0 {
		e := l.Entries[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		for _, c := range e.Causes {
			if c == a {
				found = true
				break walk
			}
			if c > a && l.Entries[c].Op.Clock > ea.Op.Clock && !l.visited.has(c) {
				l.visited.set(c)
				stack = append(stack, c)
			}
		}
	}
	l.stack = stack[:0]
	return found
}

// closure is a version's causal past and the version itself.
type closure struct {
	version []op.ID
	tops    []uint32
	set     bitset
}

// In tells whether an operation is in the causal closure of a version, the version being named by the operations at its
// top, all of which must be here (Holds). The closure of the version last asked for is kept, and grown where the next one contains it, as the versions that one
// writer sees do; then a question costs a look-up.
func (l *Log) In(o *op.Operation, version []op.ID) bool {
	if !slices.Equal(version, l.cut.version) {
		l.cutTo(version)
	}
	i, ok := l.index.find(o.ID, l.Entries)
	return ok && l.cut.set.has(i)
}

// Holds tells whether all operations of a version are admitted.
func (l *Log) Holds(version []op.ID) bool {
	for _, id := range version {
		if _, ok := l.index.find(id, l.Entries); !ok {
			return false
		}
	}
	return true
}

func (l *Log) cutTo(version []op.ID) {
	old := l.cut.tops
	var tops []uint32
	for _, id := range version {
		if i, ok := l.index.find(id, l.Entries); ok {
			tops = append(tops, i)
		}
	}
	// A top of the old closure has no descendant within it, so that a path to it meets no other member first: the new
	// closure contains the old one iff the walk touches every old top.
	if l.walk(tops, old) < len(old) {
		clear(l.cut.set)
		l.walk(tops, nil)
	}
	l.cut.version = append(l.cut.version[:0], version...)
	l.cut.tops = tops
}

// walk adds the closure of tops to the set, and counts how many of the old tops it touched.
func (l *Log) walk(tops, old []uint32) (touched int) {
	clear(l.visited)
	stack := l.stack[:0]
	visit := func(i uint32) {
		if l.cut.set.has(i) {
			if !l.visited.has(i) && slices.Contains(old, i) {
				l.visited.set(i)
				touched++
			}
			return
		}
		l.cut.set.set(i)
		stack = append(stack, i)
	}
	for _, i := range tops {
		visit(i)
	}
	for len(stack) > 0 {
		e := l.Entries[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		for _, c := range e.Causes {
			visit(c)
		}
	}
	l.stack = stack[:0]
	return touched
}
