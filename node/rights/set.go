package rights

import (
	"encoding/binary"
	"math/bits"
)

// bitset is a set of rights operations of one space, by their number. It has no trailing zero word.
type bitset []uint64

func (s bitset) has(i uint32) bool { return int(i/64) < len(s) && s[i/64]>>(i%64)&1 == 1 }

func (s bitset) with(i uint32) bitset {
	t := make(bitset, max(len(s), int(i/64)+1))
	copy(t, s)
	t[i/64] |= 1 << (i % 64)
	return t
}

// each calls f for the members in ascending order.
func (s bitset) each(f func(i uint32)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(uint32(w*64 + bits.TrailingZeros64(word)))
		}
	}
}

// sets interns bitsets: equal sets have one handle, so that a verdict is remembered for a set. Handle 0 is the empty set.
type sets struct {
	all    []bitset
	index  map[string]uint32
	unions map[uint64]uint32
	key    []byte
}

func newSets() sets {
	return sets{all: []bitset{nil}, index: map[string]uint32{"": 0}, unions: map[uint64]uint32{}}
}

func (t *sets) intern(s bitset) uint32 {
	t.key = t.key[:0]
	for _, w := range s {
		t.key = binary.LittleEndian.AppendUint64(t.key, w)
	}
	if h, ok := t.index[string(t.key)]; ok {
		return h
	}
	h := uint32(len(t.all))
	t.all = append(t.all, s)
	t.index[string(t.key)] = h
	return h
}

func (t *sets) add(h, i uint32) uint32 { return t.intern(t.all[h].with(i)) }

func (t *sets) union(a, b uint32) uint32 {
	if a == b || b == 0 {
		return a
	}
	if a == 0 {
		return b
	}
	pair := uint64(min(a, b))<<32 | uint64(max(a, b))
	if h, ok := t.unions[pair]; ok {
		return h
	}
	x, y := t.all[a], t.all[b]
	if len(x) < len(y) {
		x, y = y, x
	}
	u := make(bitset, len(x))
	copy(u, x)
	for i, w := range y {
		u[i] |= w
	}
	h := t.intern(u)
	t.unions[pair] = h
	return h
}
