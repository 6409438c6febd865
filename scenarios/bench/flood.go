// Package bench makes our rows of the benchmarks: what the engine alone can do, by floods of stub processes. The peers' rows
// come from sim/bench and are joined by ratios.
package bench

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Flood is a world in which every host passes each message that is new to it on to its Degree peers but the one that it
// came from: 64 bytes over links of 50 ms, of which one packet in a hundred is lost. Processes are stubs behind the real
// Step; bytes, digest, ledger and a delivery checker are on.
type Flood struct {
	Hosts      int
	Broadcasts int
	Gap        time.Duration // from one broadcast to the next
	Workload   string        // one of Workloads
	Seed       uint64
}

// Workloads are what the rows differ in: jitter (0-20 %), ties (none: every wave is one instant), queues (jitter, and
// bandwidth both ways) and lan (jitter, and links of 0.1 ms).
func Workloads() []string { return []string{"jitter", "ties", "queues", "lan"} }

const (
	degree    = 8
	size      = 64
	latency   = 50 * time.Millisecond
	near      = latency / 500
	lossShare = 0.01
	origins   = 16              // hosts that broadcast, in turn
	warmUp    = 3 * time.Second // for connections, before the first broadcast
	coolDown  = 2 * time.Second // for the last one, after it
)

// World builds the flood. The checker must have seen all hosts reached by all broadcasts.
func (f Flood) World() (*sim.World, *Reach, error) {
	if f.Hosts <= 2*degree || f.Broadcasts < 1 || f.Gap <= 0 {
		return nil, nil, fmt.Errorf("bench: a flood needs over %d hosts, broadcasts and a gap, not %+v", 2*degree, f)
	}
	c := netsim.Config{Seed: f.Seed, Hosts: f.Hosts, Sites: netsim.Fixed(latency), Loss: lossShare, Jitter: 0.2}
	switch f.Workload {
	case "jitter":
	case "ties":
		c.Jitter = 0
	case "queues":
		c.Up, c.Down, c.Queue = 20e6, 50e6, 1<<20
	case "lan":
		c.Sites = netsim.Fixed(near)
	default:
		return nil, nil, fmt.Errorf("bench: there is no workload %q", f.Workload)
	}
	net, err := netsim.New(c)
	if err != nil {
		return nil, nil, err
	}
	reach := newReach(f)
	nodes, seats := make([]floodNode, f.Hosts), make([]sim.Seat, f.Hosts)
	all := &flooded{Flood: f, seen: make([]uint64, (f.Broadcasts+63)/64*f.Hosts), dials: graph(f)}
	conns := make([]step.Conn, degree*f.Hosts)
	for i := range nodes {
		nodes[i] = floodNode{all: all, id: i, next: -1, conns: conns[i*degree:][:0:degree]}
		if i < origins {
			nodes[i].next = i
		}
		seats[i].New = func(uint32) sim.Process { return &nodes[i] }
	}
	w, err := sim.New(sim.Config{Seed: sim.Seed(f.Seed), Seats: seats, Net: net, Checkers: []sim.Checker{reach},
		Plan: sim.Plan{Samples: []time.Duration{warmUp - 1}, Calm: warmUp, End: f.end()}})
	return w, reach, err
}

func (f Flood) end() time.Duration {
	return warmUp + time.Duration(f.Broadcasts)*f.Gap + coolDown
}

// graph says whom each host dials: degree/2 others, so that every host has degree links. Each round is one circle through
// all hosts in a drawn order, so that the graph is connected.
func graph(f Flood) []step.Addr {
	r := sim.Seed(f.Seed).Stream("graph")
	dials := make([]step.Addr, f.Hosts*degree/2)
	for round := range degree / 2 {
		order := r.Perm(f.Hosts)
		for i, a := range order {
			dials[a*degree/2+round] = step.Addr(order[(i+1)%f.Hosts] + 1)
		}
	}
	return dials
}

// flooded is what the stubs keep side by side, so that a delivery touches little memory: each stub its own part.
type flooded struct {
	Flood
	seen  []uint64 // a bit a broadcast: 64 of them for each host, then the next 64
	dials []step.Addr
}

// floodNode is the stub on every host.
type floodNode struct {
	all   *flooded
	id    int
	conns []step.Conn
	next  int // the broadcast that this host begins next; -1 none
}

func (p *floodNode) Inspect(string) []byte { return nil }

func (p *floodNode) Step(_ step.Now, in step.Input, out *step.Effects) {
	switch x := in.(type) {
	case *step.Packet:
		if p.first(int(binary.BigEndian.Uint64(x.Bytes))) {
			for _, c := range p.conns {
				if c != x.Conn {
					out.Send(c, step.Unreliable, x.Bytes)
				}
			}
		}
	case *step.Boot:
		for _, peer := range p.all.dials[p.id*degree/2:][:degree/2] {
			out.Dial(peer)
		}
		if p.next >= 0 {
			out.SetTimer(1, warmUp+time.Duration(p.next)*p.all.Gap)
		}
	case *step.ConnUp:
		p.conns = append(p.conns, x.Conn)
	case *step.Timer:
		if p.next >= p.all.Broadcasts {
			return
		}
		b := make([]byte, size)
		binary.BigEndian.PutUint64(b, uint64(p.next))
		p.first(p.next)
		for _, c := range p.conns {
			out.Send(c, step.Unreliable, b)
		}
		p.next += origins
		out.SetTimer(1, origins*p.all.Gap)
	}
}

// first tells whether a broadcast is new to this host, and remembers it.
func (p *floodNode) first(n int) bool {
	w, bit := &p.all.seen[n/64*p.all.Hosts+p.id], uint64(1)<<(n%64)
	was := *w
	*w |= bit
	return was&bit == 0
}

// Reach is the delivery checker: who received what, and when all had.
type Reach struct {
	hosts      int
	words      int
	got        []uint64 // a bit a host, for each broadcast
	began      []time.Duration
	last       []time.Duration // of the first receipts of a broadcast
	Deliveries int64
	started    func() // called when connections stand and the flood begins
}

func newReach(f Flood) *Reach {
	words := f.Hosts/64 + 1
	c := &Reach{hosts: f.Hosts, words: words, got: make([]uint64, words*f.Broadcasts), last: make([]time.Duration, f.Broadcasts)}
	for n := range f.Broadcasts {
		c.began = append(c.began, warmUp+time.Duration(n)*f.Gap)
		origin := n%origins + 1
		c.got[n*words+origin/64] |= 1 << (origin % 64)
	}
	return c
}

func (*Reach) Name() string     { return "delivery" }
func (*Reach) Wants() sim.Kinds { return sim.OnPacket }

func (c *Reach) Observe(e *sim.Event) {
	c.Deliveries++
	n := int(binary.BigEndian.Uint64(e.Input.(*step.Packet).Bytes))
	if w, bit := &c.got[n*c.words+int(e.Host/64)], uint64(1)<<(e.Host%64); *w&bit == 0 {
		*w |= bit
		c.last[n] = e.Key.At
	}
}

func (c *Reach) Sample(time.Duration, sim.View) {
	if c.started != nil {
		c.started()
	}
}

// Verdict is pass if every broadcast came to every host.
func (c *Reach) Verdict(sim.End) sim.Verdict {
	v := sim.Verdict{Checker: c.Name(), Checked: int(c.Deliveries)}
	slowest := time.Duration(0)
	for n := range c.last {
		hosts := 0
		for _, w := range c.got[n*c.words:][:c.words] {
			hosts += bits.OnesCount64(w)
		}
		if hosts < c.hosts {
			v.Outcome, v.Why = sim.Fail, fmt.Sprintf("broadcast %d came to %d of %d hosts", n, hosts, c.hosts)
			return v
		}
		slowest = max(slowest, c.last[n]-c.began[n])
	}
	v.Why = fmt.Sprintf("%d broadcasts came to all %d hosts within %v", len(c.last), c.hosts, slowest)
	return v
}
