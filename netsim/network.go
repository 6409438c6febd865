package netsim

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Config describes a network. Either Sites or Pairs says where the base latency comes from.
type Config struct {
	Seed  uint64
	Luck  uint64 // of packets, apart from where hosts are; 0 is the seed's own
	Hosts int    // 1..Hosts
	Sites *Sites
	Pairs *Pairs

	// Jitter is what is added to each packet's latency, as a share of the base latency: uniform in 0..Jitter, or with a
	// JitterSigma lognormal around the median Jitter, and at most 100 times the base. It is never negative, so that the
	// base is the least latency.
	Jitter      float64
	JitterSigma float64

	Loss, Dup, Corrupt, Reorder float64       // shares of packets
	Hold                        time.Duration // a reordered packet is held back by up to this; 0 is 50 ms

	// Bandwidth of every host in bit/s, 0 is unbounded; SiteBandwidth takes it from the sites instead. A packet is
	// serialised at the sender's uplink and again at the receiver's downlink.
	Up, Down      float64
	SiteBandwidth bool
	Queue         int // bytes that may wait at an uplink, the packet that comes included; 0 is unbounded
	Header        int // bytes that each packet is longer on a link than its Size
}

const (
	minRate  = 1000 // bit/s, the least bandwidth
	maxQueue = 1 << 30
	maxHosts = 1 << 22
)

// Network holds the state of links: one uplink and one downlink a host, and the rules in force. Depart touches the
// sender's uplink only and Arrive the receiver's downlink only, so that hosts share nothing between changes of rules.
type Network struct {
	key   uint64 // of the luck of packets
	where uint64 // of where hosts are
	hosts int

	fixed   int64      // the base latency where there is but one site; else 0
	site    []uint16   // of each host
	base    []int64    // from site to site
	sites   int        // the width of base
	spread  *quantiles // the base latency of a pair where drawn from the lognormal
	minimum int64      // no latency is under it
	names   []string   // of the sites

	jitter  uint64     // share of the base in 2^-32
	heavy   *quantiles // share of the base in 2^-20, lognormal
	loss    chance
	dup     chance
	corrupt chance
	reorder chance
	hold    int64
	odd     bool // dup, corrupt or reorder may happen

	limited bool // some uplink is bounded, or was once by a rule
	down    bool // some downlink is bounded
	up      []link
	downs   []link
	queue   int64
	header  int64

	rules    int // active slots
	words    int // of the masks of one host
	from, to []uint64
	slots    []slot
}

// link is one direction of a host's access.
type link struct {
	free time.Duration // when what it took is through
	ps   uint64        // picoseconds a byte; 0 is unbounded
}

type share struct {
	name  string
	value float64
}

func shares(list []share) error {
	for _, s := range list {
		if !(s.value >= 0 && s.value <= 1) {
			return bad("%s %v is not in 0..1", s.name, s.value)
		}
	}
	return nil
}

func bad(format string, args ...any) error { return fmt.Errorf("netsim: "+format, args...) }

func (c *Config) check() error {
	switch {
	case c.Hosts < 1 || c.Hosts > maxHosts:
		return bad("Hosts %d is not in 1..%d", c.Hosts, maxHosts)
	case (c.Sites == nil) == (c.Pairs == nil):
		return bad("exactly one of Sites and Pairs must say where latency comes from")
	case !(c.Jitter >= 0 && c.Jitter <= 100):
		return bad("Jitter %v is not in 0..100", c.Jitter)
	case !(c.JitterSigma >= 0 && c.JitterSigma <= 5):
		return bad("JitterSigma %v is not in 0..5", c.JitterSigma)
	case c.Hold < 0:
		return bad("Hold %v is negative", c.Hold)
	case !(c.Up == 0 || c.Up >= minRate && c.Up <= 1e13):
		return bad("Up %v bit/s is not in %v..1e13", c.Up, minRate)
	case !(c.Down == 0 || c.Down >= minRate && c.Down <= 1e13):
		return bad("Down %v bit/s is not in %v..1e13", c.Down, minRate)
	case c.SiteBandwidth && (c.Up != 0 || c.Down != 0 || c.Sites == nil || c.Sites.Up == nil):
		return bad("SiteBandwidth needs sites with Up and Down, and no Up and Down of its own")
	case c.Queue < 0 || c.Queue > maxQueue:
		return bad("Queue %d is not in 0..%d", c.Queue, maxQueue)
	case c.Header < 0 || c.Header > 1<<16:
		return bad("Header %d is not in 0..%d", c.Header, 1<<16)
	}
	return shares([]share{{"Loss", c.Loss}, {"Dup", c.Dup}, {"Corrupt", c.Corrupt}, {"Reorder", c.Reorder}})
}

// New builds a network. Its errors name the field at fault.
func New(c Config) (*Network, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	n := &Network{
		key: keyed(c.Seed, c.Luck, 0), where: keyed(c.Seed, 0, 0), hosts: c.Hosts,
		jitter: uint64(math.Round(c.Jitter * (1 << 32))),
		loss:   chanceOf(c.Loss), dup: chanceOf(c.Dup), corrupt: chanceOf(c.Corrupt), reorder: chanceOf(c.Reorder),
		hold: int64(c.Hold), queue: int64(c.Queue), header: int64(c.Header),
		up: make([]link, c.Hosts+1), downs: make([]link, c.Hosts+1),
	}
	if n.hold == 0 {
		n.hold = int64(50 * time.Millisecond)
	}
	n.odd = n.dup|n.corrupt|n.reorder != 0
	if c.Jitter > 0 && c.JitterSigma > 0 {
		median, sigma := c.Jitter, c.JitterSigma
		n.heavy = newQuantiles(func(p float64) int64 {
			return int64(min(100, float64(median*Exp(float64(sigma*NormalQuantile(p))))) * (1 << 20))
		})
	}
	var err error
	if c.Sites != nil {
		err = n.seat(c.Seed, c.Sites)
	} else {
		err = n.draw(c.Pairs)
	}
	if err != nil {
		return nil, err
	}
	for h := 1; h <= n.hosts; h++ {
		up, down := c.Up, c.Down
		if c.SiteBandwidth {
			up, down = c.Sites.Up[n.site[h]], c.Sites.Down[n.site[h]]
		}
		n.up[h].ps, n.downs[h].ps = perByte(up), perByte(down)
		n.limited = n.limited || up > 0
		n.down = n.down || down > 0
	}
	return n, nil
}

// Perturb gives the packets that depart from now on another luck. Where hosts are stays.
func (n *Network) Perturb(luck uint64) { n.key = keyed(n.where, luck, 1) }

// perByte is the time that a byte takes at a rate in bit/s, in picoseconds.
func perByte(rate float64) uint64 {
	if rate == 0 {
		return 0
	}
	return uint64(math.Round(8e12 / rate))
}

// Latency is the base one-way latency from a to b: no packet is faster.
func (n *Network) Latency(a, b HostID) time.Duration { return time.Duration(n.latency(a, b)) }

func (n *Network) latency(a, b HostID) int64 {
	if n.fixed != 0 {
		return n.fixed
	}
	if n.spread != nil {
		return n.spread.at(keyed(n.where, uint64(min(a, b)), uint64(max(a, b))))
	}
	return n.base[int(n.site[a])*n.sites+int(n.site[b])]
}

// Hosts is how many hosts there are.
func (n *Network) Hosts() int { return n.hosts }

// Downlinks tells whether any downlink is bounded: if not, Arrive always gives the instant that it is given.
func (n *Network) Downlinks() bool { return n.down }

// MinLatency is the least base latency between any two hosts.
func (n *Network) MinLatency() time.Duration { return time.Duration(n.minimum) }

// UplinkFree is when the host's uplink has sent all that it took; in the past where it is idle.
func (n *Network) UplinkFree(h HostID) time.Duration { return n.up[h].free }

// Site names where a host is.
func (n *Network) Site(h HostID) string {
	if n.names == nil {
		return ""
	}
	return n.names[n.site[h]]
}

// DepartPlain is Depart for an unreliable packet where only loss and latency can concern it: no rule, no bound on uplinks,
// no oddity. It tells when the packet arrives, or that it is lost; where it is not plain, nothing was decided.
func (n *Network) DepartPlain(now time.Duration, from, to HostID, nth uint32) (at time.Duration, lost, plain bool) {
	if n.limited || n.odd || n.rules != 0 && n.match(from, to) {
		return 0, false, false
	}
	l := n.luck(from, to, nth)
	if n.loss != 0 && n.loss.hits(l.draw(topicLoss)) {
		return now, true, true
	}
	base := n.latency(from, to)
	return now + time.Duration(base+n.jittered(base, l)), false, true
}

// Depart decides what becomes of a packet that a host hands to its uplink now, and appends one Arrival, and one more for
// each duplicate. Instants of arrivals are those at the receiver's downlink: see Arrive.
func (n *Network) Depart(now time.Duration, p Packet, buf []Arrival) []Arrival {
	if n.rules != 0 {
		if hit := n.match(p.From, p.To); hit {
			return n.departUnder(now, p, buf)
		}
	}
	// The arrival is made in its place, field by field: copying one that was just written in parts stalls the processor.
	buf = slices.Grow(buf, 1)[:len(buf)+1]
	a := &buf[len(buf)-1]
	a.Cause, a.Bit, a.Size, a.Lost, a.Extra, a.Bent = 0, -1, int32(p.Size), Kept, 0, 0
	left := now
	if n.limited {
		var ok bool
		if left, ok = n.uplink(now, p, n.up[p.From].ps); !ok {
			a.At, a.Lost = now, QueueFull
			return buf
		}
	}
	l := n.luck(p.From, p.To, p.N)
	if n.loss != 0 && n.loss.hits(l.draw(topicLoss)) {
		a.At, a.Lost = left, Loss
		return buf
	}
	base := n.latency(p.From, p.To)
	a.At = left + time.Duration(base+n.jittered(base, l))
	if n.odd {
		return n.oddities(left, base, p, l, *a, buf[:len(buf)-1])
	}
	return buf
}

// jittered is what is added to a base latency.
func (n *Network) jittered(base int64, l luck) int64 {
	if n.jitter == 0 {
		return 0
	}
	if n.heavy != nil {
		share := uint64(n.heavy.at(l.draw(topicJitter)))
		return int64(uint64(base)/(1<<20)*share + uint64(base)%(1<<20)*share>>20)
	}
	most := mul32(uint64(base), n.jitter)
	return below(l.draw(topicJitter), int64(most)+1)
}

// oddities applies the network's own corruption, reordering and duplication to a packet that arrives.
func (n *Network) oddities(left time.Duration, base int64, p Packet, l luck, a Arrival, buf []Arrival) []Arrival {
	if n.corrupt.hits(l.draw(topicCorrupt)) {
		if p.Reliable {
			a.At, a.Lost = left, Corrupted
			return append(buf, a)
		}
		a.Bit = bit(l, p.Size)
	}
	if n.reorder.hits(l.draw(topicReorder)) {
		a.At += time.Duration(below(l.draw(topicHold), n.hold) + 1)
	}
	buf = append(buf, a)
	if !p.Reliable && n.dup.hits(l.draw(topicDup)) {
		buf = append(buf, n.double(left, base, l, a, 1))
	}
	return buf
}

// double is a duplicate of a packet: made within the network, so that it costs no uplink, with jitter of its own.
func (n *Network) double(left time.Duration, base int64, l luck, a Arrival, nth uint8) Arrival {
	twin := luck(l.draw(topics + uint64(nth)))
	a.At = left + time.Duration(base+n.jittered(base, twin)+below(twin.draw(topicHold), n.hold)+1)
	a.Extra = nth
	return a
}

func bit(l luck, size int) int32 {
	if size == 0 {
		return -1
	}
	return int32(below(l.draw(topicBit), int64(size)*8))
}

// uplink serialises a packet at the sender and tells when its last byte has left, or that it found the queue full.
func (n *Network) uplink(now time.Duration, p Packet, ps uint64) (time.Duration, bool) {
	u := &n.up[p.From]
	start := max(now, u.free)
	size := int64(p.Size) + n.header
	if n.queue != 0 && int64(start-now)*1000 > (n.queue-size)*int64(ps) && start > now {
		return 0, false
	}
	u.free = start + time.Duration(uint64(size)*ps/1000)
	return u.free, true
}

// Arrive takes a copy into the downlink of its receiver and tells when its last byte is through. It must be called in the
// order of arrival, and not for a lost copy.
func (n *Network) Arrive(now time.Duration, h HostID, a Arrival) time.Duration {
	if !n.down {
		return now
	}
	d := &n.downs[h]
	start := max(now, d.free)
	d.free = start + time.Duration((uint64(a.Size)+uint64(n.header))*d.ps/1000)
	return d.free
}
