package checkers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// crowd is a sim.View of many hosts of three spaces, in which nearly every host holds another set at every sample.
type crowd struct {
	hosts  int
	spaces []*town
	behind func(host int) int // how many of the last operations a host lacks
	oracle *book
	answer map[string][]byte
	at     int // operations of each space by now
}

type town struct {
	id  key
	ops []*written
	raw map[key][]byte
}

func (c *crowd) Hosts() int                    { return c.hosts }
func (c *crowd) Up(sim.HostID) bool            { return true }
func (c *crowd) Life(sim.HostID) uint32        { return 1 }
func (c *crowd) Liar(sim.HostID) bool          { return false }
func (c *crowd) Disk(sim.HostID) []step.Record { return nil }
func (c *crowd) town(h sim.HostID) *town       { return c.spaces[int(h)%len(c.spaces)] }
func (c *crowd) Inspect(h sim.HostID, q string) []byte {
	t := c.town(h)
	name, arg, _ := strings.Cut(q, " ")
	switch name {
	case step.InspectBlamed:
		return []byte{1}
	case step.InspectOp:
		for id, raw := range t.raw {
			if hexOf(id) == arg {
				return append([]byte{1}, raw...)
			}
		}
		return nil
	}
	n, lacks := c.at, c.behind(int(h))
	k := fmt.Sprintf("%d/%d/%d/%s", int(h)%len(c.spaces), n, lacks, name)
	if a, ok := c.answer[k]; ok {
		return a
	}
	s := c.set(t, n, lacks)
	a := []byte{1}
	switch name {
	case step.InspectOps:
		a = append(a, s.ids...)
	case step.InspectHeads:
		a = append(a, s.frontier()...)
	case step.InspectVoid:
		a = append(a, s.voids()...)
	case step.InspectRights:
		a = append(a, s.ruling.rights()...)
	case step.InspectState:
		st := s.stateOf(1, s.voids())
		_ = s.fold(st)
		a = append(a, st.want...)
	}
	c.answer[k] = a
	return a
}

// set lacks some of the last 16 operations of n, by the bits of a number; these name nobody of each other.
func (c *crowd) set(t *town, n, lacks int) *set {
	var ids [][]byte
	for i, w := range t.ops[:n] {
		if i < n-16 || i == 0 || lacks>>(n-1-i)&1 == 0 {
			ids = append(ids, w.id[:])
		}
	}
	slices.SortFunc(ids, bytes.Compare)
	k := &set{space: c.oracle.byID[t.id], ids: slices.Concat(ids...)}
	c.oracle.fill(c, 0, k)
	return k
}

// BenchmarkThousandHosts is the judges' whole work in a run of 1,000 hosts and 1,000 operations with 15 samples.
func BenchmarkThousandHosts(b *testing.B) {
	const hosts, each, samples, authors = 1000, 334, 15, 66
	truth := &Truth{Receipts: 2}
	c := &crowd{hosts: hosts, answer: map[string][]byte{}}
	people := map[*written]sim.HostID{}
	for i := range hosts {
		truth.Hosts = append(truth.Hosts, Host{Honest: true, Schema: 1, Identity: newPen(fmt.Sprint(i + 1)).who()})
	}
	for n := range 3 {
		var pens []*pen
		roles := map[*pen]int{}
		for i := range authors {
			p := newPen(fmt.Sprint(i*3 + n + 3)) // host i*3+n+3 belongs to space n
			pens = append(pens, p)
			roles[p] = member
		}
		roles[pens[0]] = owner
		id, genesis := pens[0].found(fmt.Sprint("town ", n), roles)
		t := &town{id: id, ops: []*written{genesis}, raw: map[key][]byte{genesis.id: genesis.bytes}}
		for i := 1; i < each; i++ {
			p := pens[i%authors]
			var deps []*written
			if i >= 40 {
				deps = append(deps, t.ops[i-17-i%16], t.ops[i-17])
			} else {
				deps = append(deps, genesis)
			}
			if deps = slices.Compact(deps); len(deps) == 2 && deps[0] == p.prev {
				deps = deps[1:]
			}
			w := p.write(id, "send_message", nil, []any{[]any{0, "Message"}, []any{3, 0, "text", fmt.Sprintf("message %d of a thousand, as long as people write", i)}}, deps...)
			people[w] = sim.HostID(i%authors*3 + n + 3)
			t.ops, t.raw[w.id] = append(t.ops, w), w.bytes
		}
		c.spaces = append(c.spaces, t)
		truth.Spaces = append(truth.Spaces, Space{id, genesis.bytes})
	}
	for i := range truth.Hosts {
		truth.Hosts[i].Spaces = [][32]byte{c.town(sim.HostID(i + 1)).id}
	}
	truth.Node = NodeFigures{GossipPeriod: time.Second, DiskStrict: time.Second}
	truth.Net.Latency, truth.Calm = time.Second, time.Hour
	c.oracle = newBook(truth)
	for _, t := range c.spaces {
		for _, w := range t.ops {
			c.oracle.learn(w.bytes)
		}
	}
	for b.Loop() {
		judges := All(truth)
		n := uint32(0)
		now := time.Duration(0)
		show := func(h sim.HostID, kind sim.Kinds, in step.Input, out step.Effect) {
			n++
			e := &sim.Event{Key: sim.Key{At: now, Src: h, N: n}, Kind: kind, Host: h, Life: 1, Input: in, Effect: out}
			for _, j := range judges {
				if j.Wants()&kind != 0 {
					j.Observe(e)
				}
			}
		}
		body := encode(map[string]any{"do": "send_message"})
		written := 1
		for s := range samples {
			for ; written < min(each, (s+1)*each/samples+1); written++ {
				for _, t := range c.spaces {
					now += time.Millisecond
					w := t.ops[written]
					h := people[w]
					reply := encode(map[string]any{"op": w.id[:]})
					show(h, sim.OnRequest, &step.Request{ID: uint64(written), Body: body}, nil)
					show(h, sim.OnNote, nil, &step.Note{Kind: step.NoteAuthored, Op: w.id, N: int64(written), Data: w.bytes})
					put := []step.Record{{Value: w.bytes}}
					for i := range hosts {
						if to := sim.HostID(i + 1); c.town(to) == t {
							show(to, sim.OnNote, nil, &step.Note{Kind: step.NoteApplied, Op: w.id})
							show(to, sim.OnCommit, nil, &step.Commit{ID: uint64(written), Strict: to == h || i < 12, Put: put})
							show(to, sim.OnCommitted, &step.Committed{ID: uint64(written), Strict: to == h || i < 12}, nil)
						}
					}
					show(h, sim.OnNote, nil, &step.Note{Kind: step.NoteSaved, Op: w.id})
					show(h, sim.OnReply, nil, &step.Reply{Request: uint64(written), Status: step.Accepted, Body: reply})
				}
			}
			c.at = written
			c.behind = func(h int) int { return h * 2654435761 >> 4 & 0xffff }
			for _, j := range judges {
				j.Sample(now, c)
			}
		}
		c.behind = func(int) int { return 0 }
		for _, j := range judges {
			if v := j.Verdict(sim.End{At: now, View: c}); v.Outcome == sim.Fail {
				b.Fatalf("%s: %s", v.Checker, v.Why)
			}
		}
	}
}
