package checkers

import (
	"encoding/binary"
	"math/bits"
)

// bitset is a set of small numbers. It has no trailing zero word.
type bitset []uint64

func (s bitset) has(i int) bool { return i>>6 < len(s) && s[i>>6]>>(i&63)&1 == 1 }

// add sets a bit in place where there is room.
func (s *bitset) add(i int) {
	for len(*s) <= i>>6 {
		*s = append(*s, 0)
	}
	(*s)[i>>6] |= 1 << (i & 63)
}

func (s bitset) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// covers tells whether all of o is in s.
func (s bitset) covers(o bitset) bool {
	for i, w := range o {
		if i >= len(s) && w != 0 || i < len(s) && w&^s[i] != 0 {
			return false
		}
	}
	return true
}

// union is s where it covers o, o where it covers s, and a new set otherwise.
func (s bitset) union(o bitset) bitset {
	if s.covers(o) {
		return s
	}
	if o.covers(s) {
		return o
	}
	u := make(bitset, max(len(s), len(o)))
	copy(u, s)
	for i, w := range o {
		u[i] |= w
	}
	return u
}

// with is a copy of s with one bit more.
func (s bitset) with(i int) bitset {
	u := make(bitset, max(len(s), i>>6+1))
	copy(u, s)
	u[i>>6] |= 1 << (i & 63)
	return u
}

// members are the numbers in s, ascending.
func (s bitset) members() []int {
	var m []int
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			m = append(m, i<<6+bits.TrailingZeros64(w))
		}
	}
	return m
}

// key is equal for equal sets.
func (s bitset) appendKey(b []byte) []byte {
	for _, w := range s {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	return b
}
