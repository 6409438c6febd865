package netsim

import "time"

// Rule is a condition on the packets of some links, which a fault adds and removes: those from a host of From to a host
// of To, and with Both also those the other way. Two disjoint sets and Both make a two-way partition, without Both a
// one-way cut; sets that leave some hosts out make a partial one.
type Rule struct {
	From, To HostSet
	Both     bool
	Key      uint64 // what its luck is drawn by; 0 is its cause. A key of its own keeps its luck when other rules go

	Cut     bool          // nothing gets through
	Loss    float64       // shares of packets
	Dup     float64       // unreliable packets only
	Corrupt float64       // one bit is flipped; a reliable packet is lost instead
	Reorder float64       // held back by up to Hold
	Hold    time.Duration // 0 is the network's own Config.Hold
	Slow    float64       // what latency is multiplied by, at least 1; 0 is 1
	Extra   time.Duration // what is added to latency

	// Bandwidth bounds the rate in bit/s at which the sender's uplink takes these packets; what it sends after them waits
	// as well. 0 is no bound.
	Bandwidth float64
}

func (r *Rule) check() error {
	if err := shares([]share{{"Loss", r.Loss}, {"Dup", r.Dup}, {"Corrupt", r.Corrupt}, {"Reorder", r.Reorder}}); err != nil {
		return err
	}
	switch {
	case r.Slow != 0 && !(r.Slow >= 1 && r.Slow <= 1e6):
		return bad("rule: Slow %v is not in 1..1e6", r.Slow)
	case r.Extra < 0 || r.Hold < 0:
		return bad("rule: Extra %v or Hold %v is negative", r.Extra, r.Hold)
	case !(r.Bandwidth == 0 || r.Bandwidth >= minRate):
		return bad("rule: Bandwidth %v bit/s is under %v", r.Bandwidth, float64(minRate))
	}
	return nil
}

// slot is an active rule made ready. Which hosts it concerns is in Network.from and Network.to, a bit a slot.
type slot struct {
	cause   int // 0 is a free slot
	key     uint64
	cut     bool
	loss    chance
	dup     chance
	corrupt chance
	reorder chance
	hold    int64
	slow    uint64 // latency multiplied by slow/65536
	extra   int64
	ps      uint64 // picoseconds a byte, 0 is no bound
}

// Add imposes a rule from now on. Rules of one cause go together. It panics on a rule that Check would refuse.
func (n *Network) Add(cause int, r Rule) {
	if err := r.check(); err != nil {
		panic(err)
	}
	if cause <= 0 {
		panic("netsim: the cause of a rule must be positive")
	}
	if r.Key == 0 {
		r.Key = uint64(cause)
	}
	if r.Hold == 0 {
		r.Hold = time.Duration(n.hold)
	}
	if r.Slow == 0 {
		r.Slow = 1
	}
	s := slot{cause, keyed(uint64(n.key), r.Key, 0) | 1, r.Cut, chanceOf(r.Loss), chanceOf(r.Dup), chanceOf(r.Corrupt), chanceOf(r.Reorder),
		int64(r.Hold), uint64(r.Slow * 65536), int64(r.Extra), perByte(r.Bandwidth)}
	n.mark(n.place(s), r.From, r.To)
	if r.Both {
		n.mark(n.place(s), r.To, r.From)
	}
}

// Check says what is wrong with a rule.
func (r Rule) Check() error { return r.check() }

// place finds a slot, widening the masks of all hosts by a word where all are taken.
func (n *Network) place(s slot) int {
	for i := range n.slots {
		if n.slots[i].cause == 0 {
			n.slots[i] = s
			return i
		}
	}
	n.slots = append(n.slots, s)
	if words := (len(n.slots) + 63) / 64; words > n.words {
		n.from, n.to = widen(n.from, n.words, words, n.hosts), widen(n.to, n.words, words, n.hosts)
		n.words = words
	}
	return len(n.slots) - 1
}

func widen(old []uint64, before, after, hosts int) []uint64 {
	masks := make([]uint64, (hosts+1)*after)
	for h := 0; h <= hosts && before > 0; h++ {
		copy(masks[h*after:], old[h*before:(h+1)*before])
	}
	return masks
}

func (n *Network) mark(slot int, from, to HostSet) {
	word, bit := slot/64, uint64(1)<<(slot%64)
	for h := range from.All() {
		if int(h) <= n.hosts {
			n.from[int(h)*n.words+word] |= bit
		}
	}
	for h := range to.All() {
		if int(h) <= n.hosts {
			n.to[int(h)*n.words+word] |= bit
		}
	}
	n.rules++
}

// Remove lifts all rules of a cause.
func (n *Network) Remove(cause int) {
	for i := range n.slots {
		if n.slots[i].cause != cause || cause == 0 {
			continue
		}
		word, bit := i/64, uint64(1)<<(i%64)
		for h := 0; h <= n.hosts; h++ {
			n.from[h*n.words+word] &^= bit
			n.to[h*n.words+word] &^= bit
		}
		n.slots[i] = slot{}
		n.rules--
	}
}
