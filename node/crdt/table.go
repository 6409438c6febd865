package crdt

import "encoding/binary"

// Table finds small numbers by the hash of what they stand for, in 5 to 16 bytes each where a map from 32-byte ids takes
// 82: the ids stay where they are. Equality is the caller's.
type Table struct {
	slots []uint32 // number + 1; a power of two of them, at most 3/4 full, probed linearly
	n     int
}

// Hash is the hash of an id that is itself a hash.
func Hash[T ~[32]byte](id *T) uint64 { return binary.LittleEndian.Uint64((*id)[8:16]) }

// Find looks for the number that equal accepts among those added under the hash.
func (t *Table) Find(hash uint64, equal func(uint32) bool) (uint32, bool) {
	if t.n == 0 {
		return 0, false
	}
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; t.slots[at] != 0; at = (at + 1) & mask {
		if equal(t.slots[at] - 1) {
			return t.slots[at] - 1, true
		}
	}
	return 0, false
}

// Add enters a number that Find does not find. HashOf gives the hashes of all numbers entered.
func (t *Table) Add(hash uint64, number uint32, hashOf func(uint32) uint64) {
	if 4*(t.n+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint32, max(4, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				t.put(hashOf(s-1), s)
			}
		}
	}
	t.put(hash, number+1)
	t.n++
}

func (t *Table) put(hash uint64, slot uint32) {
	mask := uint64(len(t.slots) - 1)
	at := hash & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot
}
