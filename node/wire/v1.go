package wire

import "encoding/binary"

// Version 1: integers of fixed width, big endian.
//
//	push     2  space, flags (1: receipt), count (2), then for each: length (4), operation
//	heads    3  space, count (4), digest (16), heads (1), ids
//	want     4  space, count (2), ids
//	summary  5  space, flags (1: reply), count (2), then for each: device (32), incarnation (8), seq (8)
//	receipt  6  space, count (2), ids
const (
	v1Push = iota + 2
	v1Heads
	v1Want
	v1Summary
	v1Receipt
)

func appendV1(b []byte, f Frame) []byte {
	be := binary.BigEndian
	switch f := f.(type) {
	case *Push:
		b = append(append(b, V1, v1Push), f.Space[:]...)
		b = be.AppendUint16(append(b, flag(f.Receipt)), uint16(len(f.Ops)))
		for _, o := range f.Ops {
			b = append(be.AppendUint32(b, uint32(len(o))), o...)
		}
	case *Heads:
		b = append(append(b, V1, v1Heads), f.Space[:]...)
		b = append(be.AppendUint32(b, f.Count), f.Digest[:]...)
		b = append(append(b, byte(f.Heads.Len())), f.Heads...)
	case *Want:
		b = append(append(b, V1, v1Want), f.Space[:]...)
		b = append(be.AppendUint16(b, uint16(f.IDs.Len())), f.IDs...)
	case *Summary:
		b = append(append(b, V1, v1Summary), f.Space[:]...)
		b = be.AppendUint16(append(b, flag(f.Reply)), uint16(len(f.Chains)))
		for i := range f.Chains {
			b = append(b, f.Chains[i].Device[:]...)
			b = be.AppendUint64(be.AppendUint64(b, f.Chains[i].Incarnation), f.Chains[i].Seq)
		}
	case *Receipt:
		b = append(append(b, V1, v1Receipt), f.Space[:]...)
		b = append(be.AppendUint16(b, uint16(f.IDs.Len())), f.IDs...)
	}
	return b
}

func decodeV1(kind byte, c *cursor, h *Holder) Frame {
	switch kind {
	case v1Push:
		h.push = Push{Space: c.array32(), Receipt: c.u8()&1 == 1, Ops: h.push.Ops[:0]}
		for n := c.u16(); n > 0 && c.err == nil; n-- {
			h.push.Ops = append(h.push.Ops, c.take(uint64(c.u32())))
		}
		return &h.push
	case v1Heads:
		h.heads = Heads{Space: c.array32(), Count: c.u32()}
		copy(h.heads.Digest[:], c.take(16))
		h.heads.Heads = c.ids(uint64(c.u8()))
		return &h.heads
	case v1Want:
		h.want = Want{Space: c.array32()}
		h.want.IDs = c.ids(uint64(c.u16()))
		return &h.want
	case v1Summary:
		h.summary = Summary{Space: c.array32(), Reply: c.u8()&1 == 1, Chains: h.summary.Chains[:0]}
		for n := c.u16(); n > 0 && c.err == nil; n-- {
			h.summary.Chains = append(h.summary.Chains, ChainTip{c.array32(), c.u64(), c.u64()})
		}
		return &h.summary
	case v1Receipt:
		h.receipt = Receipt{Space: c.array32()}
		h.receipt.IDs = c.ids(uint64(c.u16()))
		return &h.receipt
	}
	return nil
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func (c *cursor) u8() uint8 {
	if p := c.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if p := c.take(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if p := c.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if p := c.take(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}
