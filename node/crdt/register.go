package crdt

import (
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Register holds the value of the last writer: the greatest (clock, operation id, mutation index). The writes that lost
// are kept, 16 bytes each, since the winner may become void.
type Register struct {
	last mark
	lost *[]mark // nil for the most part: most registers are written once
}

// Value is the present value; false if there is none.
func (r *Register) Value() (cbor.RawMessage, bool) {
	if r.last.op == nil {
		return nil, false
	}
	return r.last.mutation().Value, true
}

// Last is the write that counts; nil if there is none.
func (r *Register) Last() *op.Mutation {
	if r.last.op == nil {
		return nil
	}
	return r.last.mutation()
}

// Apply takes a write.
func (r *Register) Apply(w Write) {
	if w.Void {
		return
	}
	m := mark{w.Op, w.Index}
	if r.last.op == nil {
		r.last = m
		return
	}
	if r.last.compare(m) < 0 {
		r.last, m = m, r.last
	}
	if r.lost == nil {
		r.lost = new([]mark)
	}
	*r.lost = append(*r.lost, m)
}

// Void takes a write back.
func (r *Register) Void(w Write) {
	m := mark{w.Op, w.Index}
	if r.last != m {
		if r.lost != nil {
			*r.lost = slices.DeleteFunc(*r.lost, func(l mark) bool { return l == m })
		}
		return
	}
	r.last = mark{}
	if r.lost == nil || len(*r.lost) == 0 {
		return
	}
	i := 0
	for k, l := range *r.lost {
		if (*r.lost)[i].compare(l) < 0 {
			i = k
		}
	}
	r.last = (*r.lost)[i]
	*r.lost = slices.Delete(*r.lost, i, i+1)
}

// Present tells whether anything effective was written.
func (r *Register) Present() bool { return r.last.op != nil }

// AppendCBOR appends the value as it was written.
func (r *Register) AppendCBOR(dst []byte) []byte { return append(dst, r.last.mutation().Value...) }

func randomRegister(_ Value, draw func(int) int) op.Mutation {
	return op.Mutation{Code: op.Register, Value: randomValue(draw)}
}

// randomValue is one of few, so that equal values meet.
func randomValue(draw func(int) int) cbor.RawMessage {
	switch n := draw(8); n {
	case 0:
		return cbor.RawMessage{0xf6}
	case 1:
		return cbor.RawMessage{0x82, 0x01, 0x61, 'a'}
	default:
		return AppendHead(nil, MajorUint, uint64(1)<<(n*5))
	}
}
