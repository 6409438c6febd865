package crdt

import "github.com/lifegraph-os/lgos-sim/node/op"

// Counter is the sum of all additions, wrapping in 64 bits.
type Counter struct {
	sum    int64
	writes uint32 // effective ones
}

// Value is the present sum.
func (c *Counter) Value() int64 { return c.sum }

// Apply takes an addition.
func (c *Counter) Apply(w Write) {
	if !w.Void {
		c.sum += w.Mutation().Delta
		c.writes++
	}
}

// Void takes an addition back.
func (c *Counter) Void(w Write) {
	c.sum -= w.Mutation().Delta
	c.writes--
}

// Present tells whether anything effective was added, be it zero.
func (c *Counter) Present() bool { return c.writes > 0 }

// AppendCBOR appends the sum.
func (c *Counter) AppendCBOR(dst []byte) []byte {
	if c.sum < 0 {
		return AppendHead(dst, MajorNint, uint64(^c.sum))
	}
	return AppendHead(dst, MajorUint, uint64(c.sum))
}

func randomCounter(_ Value, draw func(int) int) op.Mutation {
	delta := int64(draw(201) - 100)
	if draw(16) == 0 {
		delta <<= 56
	}
	return op.Mutation{Code: op.CounterAdd, Delta: delta}
}
