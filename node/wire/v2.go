package wire

import "encoding/binary"

// Version 2: integers are unsigned varints (least significant group first, shortest form). Kind numbers are offset, so
// that no byte of one table can be taken for the other's.
//
//	push     66  space, hops (a byte), flags (1: receipt), count, then for each: length, operation
//	heads    67  space, count, digest (16), heads, ids
//	want     68  space, count, ids
//	summary  69  space, flags (1: reply), count, then for each: device (32), incarnation, seq
//	receipt  70  space, count, ids
const v2Offset = 64

const (
	v2Push = iota + v2Offset + 2
	v2Heads
	v2Want
	v2Summary
	v2Receipt
)

func appendV2(b []byte, f Frame) []byte {
	varint := binary.AppendUvarint
	switch f := f.(type) {
	case *Push:
		b = append(append(b, V2, v2Push), f.Space[:]...)
		b = varint(append(b, f.Hops, flag(f.Receipt)), uint64(len(f.Ops)))
		for _, o := range f.Ops {
			b = append(varint(b, uint64(len(o))), o...)
		}
	case *Heads:
		b = append(append(b, V2, v2Heads), f.Space[:]...)
		b = append(varint(b, uint64(f.Count)), f.Digest[:]...)
		b = append(varint(b, uint64(f.Heads.Len())), f.Heads...)
	case *Want:
		b = append(append(b, V2, v2Want), f.Space[:]...)
		b = append(varint(b, uint64(f.IDs.Len())), f.IDs...)
	case *Summary:
		b = append(append(b, V2, v2Summary), f.Space[:]...)
		b = varint(append(b, flag(f.Reply)), uint64(len(f.Chains)))
		for i := range f.Chains {
			b = append(b, f.Chains[i].Device[:]...)
			b = varint(varint(b, f.Chains[i].Incarnation), f.Chains[i].Seq)
		}
	case *Receipt:
		b = append(append(b, V2, v2Receipt), f.Space[:]...)
		b = append(varint(b, uint64(f.IDs.Len())), f.IDs...)
	}
	return b
}

func decodeV2(kind byte, c *cursor, h *Holder) Frame {
	switch kind {
	case v2Push:
		h.push = Push{Space: c.array32(), Hops: c.u8(), Receipt: c.varint()&1 == 1, Ops: h.push.Ops[:0]}
		for n := c.count(MaxOps); n > 0 && c.err == nil; n-- {
			h.push.Ops = append(h.push.Ops, c.take(c.varint()))
		}
		return &h.push
	case v2Heads:
		h.heads = Heads{Space: c.array32(), Count: uint32(c.count(1<<32 - 1))}
		copy(h.heads.Digest[:], c.take(16))
		h.heads.Heads = c.ids(c.varint())
		return &h.heads
	case v2Want:
		h.want = Want{Space: c.array32()}
		h.want.IDs = c.ids(c.varint())
		return &h.want
	case v2Summary:
		h.summary = Summary{Space: c.array32(), Reply: c.varint()&1 == 1, Chains: h.summary.Chains[:0]}
		for n := c.count(MaxChains); n > 0 && c.err == nil; n-- {
			h.summary.Chains = append(h.summary.Chains, ChainTip{c.array32(), c.varint(), c.varint()})
		}
		return &h.summary
	case v2Receipt:
		h.receipt = Receipt{Space: c.array32()}
		h.receipt.IDs = c.ids(c.varint())
		return &h.receipt
	}
	return nil
}

func (c *cursor) varint() uint64 {
	v, n := binary.Uvarint(c.b)
	switch {
	case n == 0:
		c.fail(ErrTruncated)
		return 0
	case n < 0 || n > 1 && c.b[n-1] == 0:
		c.fail(ErrVarint)
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) count(max uint64) uint64 {
	n := c.varint()
	if n > max {
		c.fail(ErrLimit)
		return 0
	}
	return n
}
