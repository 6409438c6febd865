package netsim

import "math/bits"

// The luck of a packet is a function of (seed, From, To, N) and of what is drawn, never of what was drawn before it. The
// mixer is wyhash's: a 64x64 multiplication whose halves are folded (Wang Yi, wyhash v4 and wyrand, public domain).
const (
	mixLink  = 0x8bb84b93962eacc9
	mixStep  = 0xa0761d6478bd642f // wyrand's increment
	mixFold  = 0xe7037ed1a0b428db // wyrand's second operand
	mixTopic = 0x8ebc6af09c88c6e3
)

// Topics keep the draws of one packet apart.
const (
	topicLoss = iota
	topicJitter
	topicDup
	topicCorrupt
	topicBit
	topicReorder
	topicHold
	topicBlame
	topics // rules draw above it
)

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// luck is where all draws of one packet start from.
type luck uint64

func (n *Network) luck(from, to HostID, nth uint32) luck {
	link := fold((uint64(from)<<32|uint64(to))^n.key, mixLink)
	return luck(link + uint64(nth)*mixStep)
}

// draw gives 64 uniform bits for a topic.
func (l luck) draw(topic uint64) uint64 {
	s := uint64(l) + topic*mixTopic
	return fold(s, s^mixFold)
}

// keyed gives 64 uniform bits for a name within a seed: where a host lives, how far two hosts are apart.
func keyed(seed, a, b uint64) uint64 {
	s := fold(seed^mixLink, a^mixStep) + b*mixTopic
	s = fold(s, s^mixFold)
	return fold(s^mixStep, s^mixLink)
}

// chance is a probability in units of 2^-63, so that 0 never and 1 always happens.
type chance uint64

func chanceOf(p float64) chance { return chance(p * (1 << 63)) }

func (c chance) hits(bits uint64) bool { return bits>>1 < uint64(c) }

// below draws an integer in [0, n) from 64 uniform bits; its bias is under n/2^64.
func below(bits64 uint64, n int64) int64 {
	hi, _ := bits.Mul64(bits64, uint64(n))
	return int64(hi)
}
