package journal

import (
	"encoding/binary"
	"math/bits"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// index finds entries by id: an open-addressed table of their indices plus one, 8 to 16 bytes an operation where a map by id
// takes 82. The salt is drawn at boot, so that nobody can grind ids that collide.
type index struct {
	slots []uint32
	n     int
	salt  [2]uint64
}

func (x *index) hash(id op.ID) uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(id[:])^x.salt[0], binary.LittleEndian.Uint64(id[8:])^x.salt[1])
	return hi ^ lo
}

func (x *index) find(id op.ID, entries []*Entry) (uint32, bool) {
	if x.n == 0 {
		return 0, false
	}
	mask := uint64(len(x.slots) - 1)
	for at := x.hash(id) & mask; x.slots[at] != 0; at = (at + 1) & mask {
		if i := x.slots[at] - 1; entries[i].Op.ID == id {
			return i, true
		}
	}
	return 0, false
}

func (x *index) add(id op.ID, i uint32, entries []*Entry) {
	if 2*(x.n+1) > len(x.slots) {
		x.slots = make([]uint32, max(16, 2*len(x.slots)))
		for _, e := range entries {
			x.put(e.Op.ID, e.Index)
		}
		x.n = len(entries)
		return
	}
	x.put(id, i)
	x.n++
}

func (x *index) put(id op.ID, i uint32) {
	mask := uint64(len(x.slots) - 1)
	at := x.hash(id) & mask
	for x.slots[at] != 0 {
		at = (at + 1) & mask
	}
	x.slots[at] = i + 1
}

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) has(i uint32) bool { return int(i/64) < len(b) && b[i/64]>>(i%64)&1 == 1 }

func (b *bitset) set(i uint32) {
	if n := int(i/64) + 1; n > len(*b) {
		*b = append(*b, make([]uint64, n-len(*b))...)
	}
	(*b)[i/64] |= 1 << (i % 64)
}
