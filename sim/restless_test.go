package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// restless does something of everything, by chance from its boot's entropy.
type restless struct {
	r     *rand.Rand
	hosts int
	conns []step.Conn
	size  int
	liar  bool
	jobs  bool
	cost  time.Duration
	last  uint64
	polls int
}

func (p *restless) Inspect(q string) []byte {
	p.polls++
	return []byte(q)
}

func (p *restless) Step(now step.Now, in step.Input, out *step.Effects) {
	switch x := in.(type) {
	case *step.Boot:
		p.r = rand.New(rand.NewPCG(binary.BigEndian.Uint64(x.Entropy[:]), binary.BigEndian.Uint64(x.Entropy[8:])))
		out.SetTimer(0, time.Duration(p.r.IntN(1e9)))
		for range 3 {
			out.Dial(AddrOf(HostID(p.r.IntN(p.hosts+2) - 0)))
		}
		return
	case *step.ConnUp:
		p.conns = append(p.conns, x.Conn)
	case *step.ConnDown:
		p.conns = slices.DeleteFunc(p.conns, func(c step.Conn) bool { return c == x.Conn })
		if len(p.conns) < 3 {
			out.Dial(AddrOf(HostID(p.r.IntN(p.hosts) + 1)))
		}
	case *step.Packet:
		if len(x.Bytes) > 0 && x.Bytes[0] > 100 {
			b := slices.Clone(x.Bytes)
			b[0] -= 30
			out.Send(x.Conn, x.Channel, b)
		}
		return
	case *step.Request:
		out.Commit(x.ID, true, []step.Record{{Key: fmt.Sprint("r", x.ID%100), Value: x.Body}}, nil)
		out.Reply(x.ID, step.Accepted, x.Body)
		p.last = x.ID
	case *step.Committed:
		if x.ID == p.last && x.Err == 0 {
			out.Reply(x.ID, step.Durable, nil)
		}
		return
	case *step.Timer:
		out.SetTimer(0, time.Duration(p.r.IntN(3e8)))
	}
	for range p.r.IntN(4) {
		switch p.r.IntN(12) {
		case 0:
			out.SetTimer(step.TimerID(p.r.IntN(5)), time.Duration(p.r.IntN(1e9)-1e8))
		case 1:
			out.Commit(p.r.Uint64()>>1, p.r.IntN(2) == 0, []step.Record{{Key: fmt.Sprint(p.r.IntN(50)), Value: make([]byte, p.r.IntN(300))}}, []string{fmt.Sprint(p.r.IntN(50))})
		case 2:
			out.Read(p.r.Uint64(), fmt.Sprint(p.r.IntN(5)))
		case 3:
			if len(p.conns) > 0 && p.r.IntN(4) == 0 {
				i := p.r.IntN(len(p.conns))
				out.Close(p.conns[i])
				p.conns = slices.Delete(p.conns, i, i+1)
			}
		case 4:
			n := out.Note(step.NoteSynced)
			n.N = int64(p.r.IntN(100))
		case 5:
			if p.jobs {
				out.Run(7, "double", []byte{byte(p.r.IntN(5))})
			}
		case 6:
			out.Cost += time.Duration(p.r.IntN(int(p.cost) + 1))
		default:
			if len(p.conns) == 0 {
				continue
			}
			b := make([]byte, p.r.IntN(p.size))
			for i := range b {
				b[i] = byte(p.r.IntN(256))
			}
			ch := step.Channel(p.r.IntN(2))
			at := out.Send(p.conns[p.r.IntN(len(p.conns))], ch, b)
			if p.liar {
				n := out.Note(step.NoteLie)
				n.Text, n.N = "noise", int64(at)
			}
		}
	}
}

// chaos crashes, tears, cuts and jumps.
type chaos struct{ w Window }

func (c *chaos) Name() string { return c.w.Kind }
func (c *chaos) Begin(w *World) {
	h := HostID(w.Rand("host").IntN(w.Hosts()) + 1)
	switch c.w.Kind {
	case "crash":
		if w.Crash(h, CrashMode(w.Rand("mode").IntN(2))) {
			w.Boot(h, time.Second)
		}
	case "tear":
		w.TearNext(h, time.Second)
	case "lose":
		w.LoseDisk(h)
	case "jump":
		w.JumpWall(h, -time.Hour)
	case "cut":
		w.Net().Add(w.Cause(), netsim.Rule{From: netsim.Hosts(h), To: netsim.HostRange(1, HostID(w.Hosts())), Both: true, Cut: true})
	case "ring":
		w.After(time.Second, 5)
	}
}
func (c *chaos) End(w *World) { w.Net().Remove(w.Cause()) }
func (c *chaos) Ring(w *World, arg uint64) {
	w.Count("rings", 1)
	if arg > 0 {
		w.After(100*time.Millisecond, arg-1)
	}
}

// asker asks something every so often until the calm.
type asker struct{}

func (p *asker) Wake(now step.Now, h *Hands) {
	if h.Time() < h.Calm() {
		if _, ok := h.Ask([]byte("please")); ok {
			h.Count("asked", 1)
		}
		h.Wake(time.Duration(h.Rand().IntN(2e9)))
	}
}
func (p *asker) See(now step.Now, r *step.Reply, h *Hands) { h.Count("saw "+r.Status.String(), 1) }

type doubler struct{ exact bool }

func (d doubler) Do(job *step.Run) ([]byte, uint64, bool, error) {
	if job.Input[0] == 4 {
		return nil, 0, d.exact, fmt.Errorf("four is too much")
	}
	return []byte{job.Input[0] * 2}, 1500, d.exact, nil
}

type restlessShape struct {
	hosts, size int
	cost        time.Duration
	net         netsim.Config
	faults      []string
	poison      bool
	seed        Seed
	checkers    []Checker
	until       *Key
	jobs        []JobResult
	end         time.Duration
}

func catalog() Catalog {
	return Catalog{
		Person: func(s Script) (Person, error) { return &asker{}, nil },
		Fault:  func(f Window) (Fault, error) { return &chaos{f}, nil },
	}
}

func restlessConfig(tb fataler, s restlessShape) Config {
	s.net.Seed, s.net.Hosts = uint64(s.seed), s.hosts
	if s.net.Sites == nil {
		s.net.Sites = netsim.Fixed(30 * time.Millisecond)
	}
	net, err := netsim.New(s.net)
	if err != nil {
		tb.Fatal(err)
	}
	if s.end == 0 {
		s.end = 20 * time.Second
	}
	c := Config{Seed: s.seed, Net: net, Catalog: catalog(), Poison: s.poison, Checkers: s.checkers, Until: s.until, KeepEvents: 1000, Jobs: s.jobs,
		Classify: func(b []byte) uint8 { return uint8(len(b) % 2) }, Classes: []string{"even", "odd"},
		Devices: map[string]Device{"cpu": {Runner: doubler{true}, PerWork: time.Millisecond, Start: time.Millisecond}, "gpu": {Runner: doubler{}, PerWork: time.Microsecond}},
		Plan:    Plan{Calm: s.end / 2, End: s.end, Samples: []time.Duration{s.end / 4, s.end / 2, s.end}}}
	for i := range s.hosts {
		seat := Seat{New: func(uint32) Process {
			return &restless{hosts: s.hosts, size: s.size, liar: i == 0, cost: s.cost, jobs: true}
		}, Device: []string{"cpu", "gpu", ""}[i%3]}
		if i == 0 {
			seat.Liar = "noise"
		}
		if i == 1 {
			seat.Quota, seat.Late, seat.Skew = 2000, time.Second, time.Minute
		}
		c.Seats = append(c.Seats, seat)
		c.Record = append(c.Record, HostID(i+1))
		c.Plan.Scripts = append(c.Plan.Scripts, Script{Host: HostID(i + 1), Kind: "asker"})
	}
	for i, kind := range s.faults {
		at := time.Duration(i+1) * s.end / 2 / time.Duration(len(s.faults)+2)
		w := Window{Kind: kind, Begin: at, End: at + 3*time.Second}
		if kind == "crash" || kind == "jump" {
			w.End = at
		}
		c.Plan.Faults = append(c.Plan.Faults, w)
	}
	return c
}

func runRestless(tb fataler, s restlessShape) *Result {
	w, err := New(restlessConfig(tb, s))
	if err != nil {
		tb.Fatal(err)
	}
	return w.Run()
}

// fataler is a testing.TB or a rapid.T.
type fataler interface{ Fatal(...any) }
