package netsim

import (
	"math/bits"
	"time"
)

// match tells whether any rule concerns the link.
func (n *Network) match(from, to HostID) bool {
	if n.words == 1 {
		return n.from[from]&n.to[to] != 0
	}
	f, t := n.from[int(from)*n.words:][:n.words], n.to[int(to)*n.words:][:n.words]
	for i, w := range f {
		if w&t[i] != 0 {
			return true
		}
	}
	return false
}

// blame picks one of several causes of one effect, each alike likely, so that of two faults that do the same thing to the
// same packets neither looks inert.
type blame struct {
	luck  luck
	cause int32
	seen  uint64
}

func (b *blame) add(cause int) {
	b.seen++
	if b.seen == 1 || below(b.luck.draw(topicBlame+b.seen*topics), int64(b.seen)) == 0 {
		b.cause = int32(cause)
	}
}

// departUnder is Depart for a link that rules concern. The order is: uplink, cuts, losses, corruption, delays, duplicates.
func (n *Network) departUnder(now time.Duration, p Packet, buf []Arrival) []Arrival {
	if s := n.only(p.From, p.To); s != nil && s.cut && s.ps == 0 && !n.limited { // the usual partition needs no luck
		return append(buf, Arrival{At: now, Cause: int32(s.cause), Bit: -1, Size: int32(p.Size), Lost: Cut})
	}
	l := n.luck(p.From, p.To, p.N)
	a := Arrival{At: now, Bit: -1, Size: int32(p.Size)}
	lost, bent := blame{luck: l}, blame{luck: l}

	ps, cut := n.up[p.From].ps, false
	for s := range n.matching(p.From, p.To) {
		if s.ps > ps {
			ps = s.ps
		}
		cut = cut || s.cut
	}
	if ps != 0 {
		n.limited = true
	}
	if n.limited {
		free := n.up[p.From].free
		left, ok := n.uplink(now, p, ps)
		if own := n.up[p.From].ps; ps > own {
			for s := range n.matching(p.From, p.To) {
				if s.ps > own {
					bent.add(s.cause)
				}
			}
			a.Bent |= Delayed
		}
		if !ok {
			a.Lost, a.Cause, a.Bent = QueueFull, bent.cause, 0
			n.up[p.From].free = free
			return append(buf, a)
		}
		a.At = left
	}
	if cut {
		for s := range n.matching(p.From, p.To) {
			if s.cut {
				lost.add(s.cause)
			}
		}
		a.Lost, a.Cause, a.Bent = Cut, lost.cause, 0
		return append(buf, a)
	}
	if n.loss.hits(l.draw(topicLoss)) {
		a.Lost, a.Bent = Loss, 0
		return append(buf, a)
	}
	for s := range n.matching(p.From, p.To) {
		if s.loss.hits(l.under(s).draw(topicLoss)) {
			lost.add(s.cause)
		}
	}
	if lost.seen > 0 {
		a.Lost, a.Cause, a.Bent = Loss, lost.cause, 0
		return append(buf, a)
	}
	return n.bend(p, l, a, bent, buf)
}

// bend applies what rules do to a packet that arrives.
func (n *Network) bend(p Packet, l luck, a Arrival, bent blame, buf []Arrival) []Arrival {
	left, base := a.At, n.latency(p.From, p.To)
	if n.corrupt.hits(l.draw(topicCorrupt)) {
		a.Bit = bit(l, p.Size)
	}
	delay := base + n.jittered(base, l)
	if n.reorder.hits(l.draw(topicReorder)) {
		delay += below(l.draw(topicHold), n.hold) + 1
	}
	wrong := blame{luck: l}
	for s := range n.matching(p.From, p.To) {
		if own := l.under(s); s.corrupt.hits(own.draw(topicCorrupt)) && (p.Size > 0 || p.Reliable) {
			wrong.add(s.cause)
			a.Bit = bit(own, p.Size)
		}
	}
	switch broken := a.Bit >= 0 || wrong.seen > 0; {
	case broken && p.Reliable:
		a.Lost, a.Cause, a.Bit, a.Bent = Corrupted, wrong.cause, -1, 0
		return append(buf, a)
	case wrong.seen > 0:
		a.Bent |= Altered
		bent.add(int(wrong.cause))
	}
	extra, held := int64(0), int64(0)
	for s := range n.matching(p.From, p.To) {
		if s.slow > 65536 || s.extra > 0 {
			delay = int64(mulShift(uint64(delay), s.slow, 16))
			extra += s.extra
			a.Bent |= Delayed
			bent.add(s.cause)
		}
		if own := l.under(s); s.reorder.hits(own.draw(topicReorder)) {
			held += below(own.draw(topicHold), s.hold) + 1
			a.Bent |= Reordered
			bent.add(s.cause)
		}
	}
	a.At, a.Cause = left+time.Duration(delay+extra+held), bent.cause
	buf = append(buf, a)
	if p.Reliable {
		return buf
	}
	nth := uint8(0)
	if n.dup.hits(l.draw(topicDup)) {
		nth++
		twin := n.double(left, delay+extra, l, a, nth)
		buf = append(buf, twin)
	}
	for s := range n.matching(p.From, p.To) {
		if own := l.under(s); s.dup.hits(own.draw(topicDup)) && nth < 255 {
			nth++
			twin := n.double(left, delay+extra, own, a, nth)
			twin.Cause, twin.Bent = int32(s.cause), twin.Bent|Doubled
			buf = append(buf, twin)
		}
	}
	return buf
}

// only is the rule that concerns a link, where it is the only one; nil otherwise.
func (n *Network) only(from, to HostID) *slot {
	if n.words != 1 {
		return nil
	}
	m := n.from[from] & n.to[to]
	if m&(m-1) != 0 {
		return nil
	}
	return &n.slots[bits.TrailingZeros64(m)]
}

// under is a packet's luck under one rule.
func (l luck) under(s *slot) luck { return luck(fold(uint64(l)^s.key, mixLink)) }

// matching gives the rules that concern a link.
func (n *Network) matching(from, to HostID) func(yield func(*slot) bool) {
	return func(yield func(*slot) bool) {
		f, t := n.from[int(from)*n.words:][:n.words], n.to[int(to)*n.words:][:n.words]
		for i, w := range f {
			for m := w & t[i]; m != 0; m &= m - 1 {
				if !yield(&n.slots[i*64+bits.TrailingZeros64(m)]) {
					return
				}
			}
		}
	}
}

func mulShift(a, b uint64, by uint) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi<<(64-by) | lo>>by
}

// mul32 multiplies by a share in 2^-32.
func mul32(a, b uint64) uint64 { return mulShift(a, b, 32) }
