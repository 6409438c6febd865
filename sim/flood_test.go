//go:build unix

package sim

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// floodNode sends each message that is new to it on to all its other neighbours.
type floodNode struct {
	dials []step.Addr
	conns []step.Conn
	seen  []uint64
	first int // the number of the first message that it begins
	every int
	next  int
	start time.Duration
	gap   time.Duration
}

func (p *floodNode) Inspect(string) []byte { return nil }

func (p *floodNode) Step(now step.Now, in step.Input, out *step.Effects) {
	switch x := in.(type) {
	case *step.Packet:
		n := binary.BigEndian.Uint64(x.Bytes)
		if p.seen[n/64]&(1<<(n%64)) != 0 {
			return
		}
		p.seen[n/64] |= 1 << (n % 64)
		for _, c := range p.conns {
			if c != x.Conn {
				out.Send(c, step.Unreliable, x.Bytes)
			}
		}
	case *step.Boot:
		for _, peer := range p.dials {
			out.Dial(peer)
		}
		if p.first >= 0 {
			p.next = p.first
			out.SetTimer(1, p.start+time.Duration(p.first)*p.gap)
		}
	case *step.ConnUp:
		p.conns = append(p.conns, x.Conn)
	case *step.Timer:
		if p.next/64 >= len(p.seen) {
			return
		}
		b := make([]byte, 64)
		binary.BigEndian.PutUint64(b, uint64(p.next))
		p.seen[p.next/64] |= 1 << (p.next % 64)
		for _, c := range p.conns {
			out.Send(c, step.Unreliable, b)
		}
		p.next += p.every
		out.SetTimer(1, time.Duration(p.every)*p.gap)
	}
}

// reached counts deliveries by host and tells when a share had each message.
type reached struct {
	bench  bool
	count  []uint32
	total  int
	cpu    time.Duration // when the flood began
	allocs uint64
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func (c *reached) Name() string { return "delivery" }
func (c *reached) Wants() Kinds { return OnPacket }
func (c *reached) Observe(e *Event) {
	c.count[e.Host]++
	c.total++
}
func (c *reached) Sample(time.Duration, View) {
	if c.bench {
		c.total, c.cpu, c.allocs = 0, cpuTime(), mallocs()
	}
}
func (c *reached) Verdict(End) Verdict { return Verdict{Checked: c.total} }

type floodShape struct {
	hosts, messages int
	gap             time.Duration
	net             netsim.Config
}

func floodWorld(tb testing.TB, s floodShape, checkers ...Checker) *World {
	s.net.Seed, s.net.Hosts, s.net.Sites, s.net.Loss = 1, s.hosts, netsim.Fixed(50*time.Millisecond), 0.01
	net, err := netsim.New(s.net)
	if err != nil {
		tb.Fatal(err)
	}
	r := Seed(1).Stream("graph")
	strides := make([]int, 4)
	for i := range strides {
		strides[i] = 1 + r.IntN(s.hosts-1)/2
	}
	begin := 2 * time.Second
	end := begin + time.Duration(s.messages)*s.gap + time.Second
	nodes := make([]floodNode, s.hosts)
	seats := make([]Seat, s.hosts)
	words := (s.messages + 63) / 64
	seen := make([]uint64, words*s.hosts)
	order := r.Perm(s.hosts)
	place := make([]int, s.hosts)
	for i, h := range order {
		place[h] = i
	}
	for i := range seats {
		seats[i].New = func(uint32) Process {
			n := &nodes[i]
			n.first, n.every, n.start, n.gap = -1, 16, begin, s.gap
			if i < 16 {
				n.first = i
			}
			n.seen = seen[i*words : (i+1)*words]
			n.conns = make([]step.Conn, 0, 8)
			for _, d := range strides {
				n.dials = append(n.dials, step.Addr(order[(place[i]+d)%s.hosts]+1))
			}
			return n
		}
	}
	w, err := New(Config{Seed: 1, Seats: seats, Net: net, Checkers: checkers, Plan: Plan{Samples: []time.Duration{begin - 1}, Calm: begin, End: end}})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func BenchmarkFlood(b *testing.B) {
	for _, hosts := range []int{1000, 10000, 100000} {
		for _, kind := range []string{"jitter", "ties", "bandwidth"} {
			b.Run(fmt.Sprintf("%d/%s", hosts, kind), func(b *testing.B) {
				s := floodShape{hosts: hosts, messages: max(8_000_000/hosts/8, 10), gap: 300 * time.Millisecond}
				switch kind {
				case "jitter":
					s.net.Jitter = 0.2
				case "bandwidth":
					s.net.Jitter, s.net.Up, s.net.Down = 0.2, 20e6, 50e6
				}
				for range b.N {
					c := &reached{bench: true, count: make([]uint32, hosts+1)}
					w := floodWorld(b, s, c)
					r := w.Run()
					cpu := cpuTime() - c.cpu
					var after runtime.MemStats
					runtime.ReadMemStats(&after)
					if r.Outcome != Pass {
						b.Fatal(r.Why)
					}
					b.ReportMetric(float64(c.total)/cpu.Seconds()/1e6, "M/cpu-s")
					b.ReportMetric(float64(cpu.Nanoseconds())/float64(c.total), "cpu-ns/delivery")
					b.ReportMetric(float64(after.Sys)/1e6, "MB")
					b.ReportMetric(float64(after.Mallocs-c.allocs)/float64(c.total), "allocs/delivery")
					runtime.KeepAlive(w)
				}
			})
		}
	}
}
