package checkers

import "encoding/binary"

// Kinds of frames that are looked into. Version 1 writes them so, version 2 as 64 more.
const (
	pushFrame    = 2
	headsFrame   = 3
	wantFrame    = 4
	summaryFrame = 5
	newerKinds   = 64
)

// frame is one frame between nodes, read by the table of its protocol version: version 1 has integers of fixed width, big
// endian; version 2 has unsigned varints, and a byte of hops in a push. What is cut short reads as nothing.
type frame struct {
	newer bool
	rest  []byte
}

// frameKind is the kind of a frame of either version, 0 of none.
func frameKind(b []byte) byte {
	switch {
	case len(b) < 2 || b[0] != 1 && b[0] != 2:
		return 0
	case b[0] == 2:
		return b[1] - newerKinds
	}
	return b[1]
}

// opened reads up to the space of a frame, which frameKind knows.
func opened(b []byte) (f frame, space key) {
	f = frame{newer: b[0] == 2, rest: b[2:]}
	copy(space[:], f.take(32))
	return f, space
}

func (f *frame) take(n uint64) []byte {
	if n > uint64(len(f.rest)) {
		f.rest = nil
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// number reads an integer: so many bytes of version 1, a varint of version 2.
func (f *frame) number(width uint64) (n uint64) {
	if f.newer {
		n, used := binary.Uvarint(f.rest)
		if used <= 0 {
			f.rest, n, used = nil, 0, 0
		}
		f.take(uint64(used))
		return n
	}
	for _, b := range f.take(width) {
		n = n<<8 | uint64(b)
	}
	return n
}

// push reads the flag of a push, and goes through its operations.
func (f *frame) push() (receipt bool, ops func(yield func(raw []byte) bool)) {
	if f.newer {
		f.take(1)
	}
	receipt = f.number(1)&1 == 1
	return receipt, func(yield func([]byte) bool) {
		for n := f.number(2); n > 0 && len(f.rest) > 0; n-- {
			if raw := f.take(f.number(4)); raw == nil || !yield(raw) {
				return
			}
		}
	}
}

// want goes through the ids that are asked for.
func (f *frame) want(yield func(id key) bool) {
	for n := f.number(2); n > 0; n-- {
		if id := f.take(32); id == nil || !yield(key(id)) {
			return
		}
	}
}

// summary goes through the tips of chains: how far the asker holds each without a gap.
func (f *frame) summary(yield func(c chain, seq uint64) bool) {
	f.number(1)
	for n := f.number(2); n > 0; n-- {
		device := f.take(32)
		if device == nil || !yield(chain{key(device), f.number(8)}, f.number(8)) {
			return
		}
	}
}
