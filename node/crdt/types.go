// Package crdt holds the value types, one file each: what a property adds up to, kept up to date as operations are
// admitted in any causal order and as some of them become void. It knows no element, no rights and no journal. A value
// is handed each operation once; node/crdt/spec says what each type means.
package crdt

import (
	"bytes"
	"cmp"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Write is one mutation of one operation, as a value is handed it.
type Write struct {
	Op     *op.Operation
	Author *op.Key // identity of the author; only text asks for it
	Index  uint8   // of the mutation in the operation
	Void   bool    // it takes no effect; only text keeps it, as an anchor
}

// Mutation is the mutation that the write is.
func (w Write) Mutation() *op.Mutation { return &w.Op.Mutations[w.Index] }

// Value is the state of one property by one type.
type Value interface {
	Apply(w Write)                // a mutation of one of the type's codes; each once
	Void(w Write)                 // an applied mutation takes no effect from now on; each at most once
	Present() bool                // some effective write counts
	AppendCBOR(dst []byte) []byte // the canonical value, core-deterministic CBOR; only where present
}

// Type is one value type.
type Type struct {
	Name  string    // in the canonical state
	Codes []op.Code // mutations that write it
	New   func() Value
	// Random makes a mutation that an author who sees v might make, out of numbers drawn from [0, n); Element and Prop are
	// left to the caller. It is for property tests and load.
	Random func(v Value, draw func(n int) int) op.Mutation
}

// Types lists the value types.
func Types() []Type {
	return []Type{
		{"register", []op.Code{op.Register}, func() Value { return new(Register) }, randomRegister},
		{"set", []op.Code{op.SetAdd, op.SetRemove}, func() Value { return new(Set) }, randomSet},
		{"counter", []op.Code{op.CounterAdd}, func() Value { return new(Counter) }, randomCounter},
		{"text", []op.Code{op.Text}, func() Value { return new(Text) }, randomText},
	}
}

// mark remembers a write in 16 bytes.
type mark struct {
	op    *op.Operation
	index uint8
}

func (m mark) mutation() *op.Mutation { return &m.op.Mutations[m.index] }

// compare orders writes by (clock, operation id, mutation index): the last writer is the greatest.
func (m mark) compare(o mark) int {
	if c := cmp.Compare(m.op.Clock, o.op.Clock); c != 0 {
		return c
	}
	if m.op != o.op {
		if c := bytes.Compare(m.op.ID[:], o.op.ID[:]); c != 0 {
			return c
		}
	}
	return cmp.Compare(m.index, o.index)
}

// Major types of CBOR that AppendHead takes.
const (
	MajorUint  = 0
	MajorNint  = 1
	MajorBytes = 2
	MajorText  = 3
	MajorArray = 4
	MajorMap   = 5
)

// AppendHead appends the head of a CBOR item in its shortest form.
func AppendHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return append(dst, major|25, byte(n>>8), byte(n))
	case n < 1<<32:
		return append(dst, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, major|27, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
