package journal

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"pgregory.net/rapid"
)

// machine is a few journals that are handed the same history in every way that a network and a disk can.
type machine struct {
	writers []*writer
	all     []*op.Operation // the genesis, then what was written by hand, good or bad, causes first
	refused map[op.ID]bool  // by the model
	hosts   []*host
	own     map[op.ID]bool // operations of the hosts that were saved
}

func newMachine(t *rapid.T, tb testing.TB) *machine {
	store := op.NewStore(1 << 20)
	m := &machine{refused: map[op.ID]bool{}, own: map[op.ID]bool{}}
	genesis, err := store.Open(testGenesis())
	if err != nil {
		t.Fatal(err)
	}
	m.all = append(m.all, genesis)
	for i := range 3 {
		m.writers = append(m.writers, newWriter(store, uint64(i+1)))
		s := store
		if i == 2 {
			s = op.NewStore(4 << 10) // a private store that forgets nearly all, so that serials change
		}
		h := newHost(tb, s, uint64(100+i))
		h.most, h.l.buffer.most = 6, 6
		m.hosts = append(m.hosts, h)
	}
	return m
}

// write adds an operation to the history: mostly good; sometimes a fork, a wrong clock or link, something forbidden, or a
// consequence of such.
func (m *machine) write(t *rapid.T) {
	w := pick(t, "writer", m.writers)
	kind := rapid.SampledFrom([]string{op.SendMessage, op.SendMessage, op.SendMessage, op.SendMessage, op.RightsRevoke, op.RightsRevoke,
		op.AddReaction, "later", "forbidden", op.RightsGrant}).Draw(t, "kind")
	deps := []*op.Operation{pick(t, "dep", m.all), pick(t, "dep", m.all)}
	prev := w.last
	bad := kind == op.RightsGrant || kind == "forbidden" // a grant without arguments
	var edit func(*op.Header)
	switch rapid.IntRange(0, 15).Draw(t, "twist") {
	case 0: // a fork, from anywhere in the chain
		for prev != nil && rapid.Bool().Draw(t, "back") {
			prev = m.find(prev.Prev)
		}
	case 1:
		bad, edit = true, func(h *op.Header) { h.Clock += 3 }
	case 2:
		if prev != nil {
			bad, edit = true, func(h *op.Header) { h.Seq++ }
		}
	case 3:
		if other := m.writers[rapid.IntRange(0, 2).Draw(t, "other")]; other != w && other.last != nil {
			bad, prev = true, other.last
		}
	case 4: // a new chain, as after a boot
		w.incarnation++
		prev = nil
	}
	bad = bad || prev != nil && prev.Device != op.KeyOf(w.device)
	o := w.write(kind, prev, deps, edit)
	for _, c := range append([]*op.Operation{prev}, deps...) {
		bad = bad || c != nil && m.refused[c.ID]
	}
	m.all = append(m.all, o)
	m.refused[o.ID] = bad
	if !bad || rapid.Bool().Draw(t, "build on it") {
		w.last = o
	}
}

func (m *machine) find(id op.ID) *op.Operation {
	for _, o := range m.all {
		if o.ID == id {
			return o
		}
	}
	return nil
}

func (m *machine) host(t *rapid.T) *host { return pick(t, "host", m.hosts) }

// pick draws an index, which prints shorter than the thing.
func pick[T any](t *rapid.T, name string, from []T) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(t, name)]
}

func (m *machine) check(t *rapid.T) {
	for _, h := range m.hosts {
		l := h.l
		for _, e := range l.Entries {
			if m.refused[e.Op.ID] {
				t.Fatalf("admitted against the rules: %v", e.Op.ID)
			}
			for _, c := range e.Causes {
				if c >= e.Index || l.Entries[c].Op.Clock >= e.Op.Clock {
					t.Fatal("a cause is not before its effect")
				}
			}
			if len(e.Causes) != len(e.Op.Deps)+min(1, int(e.Op.Seq)-1) {
				t.Fatal("causes are missing")
			}
		}
		for i, s := range l.buffer.shares {
			if len(s.heap) > l.buffer.most || i > 0 && l.buffer.shares[i-1].peer >= s.peer || s.forgotten > l.buffer.most+1 {
				t.Fatalf("share of peer %d: %d wait, %d forgotten, at most %d", s.peer, len(s.heap), s.forgotten, l.buffer.most)
			}
		}
		for id := range m.own {
			if w := m.find(id); w == nil {
				t.Fatal("a saved operation is unknown")
			}
		}
		checkHeads(t, l)
	}
}

// checkHeads compares heads and Has with what the entries say.
func checkHeads(t *rapid.T, l *Log) {
	children := map[op.ID]bool{}
	for _, e := range l.Entries {
		for _, c := range e.Causes {
			children[l.Entries[c].Op.ID] = true
		}
	}
	var heads []op.ID
	for _, e := range l.Entries {
		if !children[e.Op.ID] {
			heads = append(heads, e.Op.ID)
		}
		if !l.Has(e.Op) {
			t.Fatal("has not what it holds")
		}
	}
	slices.SortFunc(heads, op.ID.Compare)
	if !slices.Equal(heads, l.Heads()) || l.headN != len(heads) {
		t.Fatal("wrong heads")
	}
}

// settle hands everything to everybody until nothing changes, as anti-entropy does in the end.
func (m *machine) settle(t *rapid.T) {
	for _, h := range m.hosts {
		h.idle()
	}
	for round := 0; ; round++ {
		if round > 100 {
			t.Fatal("does not settle")
		}
		before := 0
		for _, h := range m.hosts {
			before += h.l.Count()
			for range 50 {
				ids := h.l.Missing()
				for _, id := range ids {
					for _, other := range m.hosts {
						if e, ok := other.l.Get(id); ok {
							h.receive(50, e.Op)
						}
					}
					if o := m.find(id); o != nil {
						h.receive(51, o)
					}
				}
				if len(ids) == 0 {
					break
				}
			}
			for i := range m.all {
				h.receive(52, m.all[len(m.all)-1-i])
			}
			for _, other := range m.hosts {
				for _, e := range other.l.Since(h.l.Tips(), 1000, 1<<20) {
					h.receive(53, e.Op)
				}
			}
		}
		after := 0
		for _, h := range m.hosts {
			after += h.l.Count()
		}
		if before == after {
			return
		}
	}
}

// TestMachine: whatever the order, the duplicates, the forged copies, the failed commits, the damaged disks and the crashes,
// journals that were handed the same history hold the same sets with the same heads, forks and pasts, and all that the
// rules admit; nobody is blamed who did not equivocate; nothing is sent that is not on the disk.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt, t)
		request := uint64(0)
		some := func() *op.Operation { return pick(rt, "operation", m.all) }
		rt.Repeat(map[string]func(*rapid.T){
			"": m.check,
			"write": func(t *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(t, "n") {
					m.write(t)
				}
			},
			"deliver": func(t *rapid.T) {
				h := m.host(t)
				for range rapid.IntRange(1, 10).Draw(t, "n") {
					h.receive(step.Addr(rapid.IntRange(1, 3).Draw(t, "peer")), some())
				}
			},
			"forge": func(t *rapid.T) {
				b := bytes.Clone(some().Bytes)
				b[len(b)-1-rapid.IntRange(0, 300).Draw(t, "at")%len(b)] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
				h := m.host(t)
				if n := h.j.Receive(1, b, &h.out); len(n) > 0 {
					t.Fatal("forged copy admitted")
				}
				if notes := h.effects(); len(notes) != 1 || !strings.HasPrefix(notes[0], "refused ") {
					t.Fatal(notes)
				}
			},
			"author": func(t *rapid.T) {
				h := m.host(t)
				request++
				id, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, request, 0, &h.out)
				if h.effects(); err != nil {
					t.Fatal(err)
				}
				if _, ok := h.l.Get(id); ok {
					t.Fatal("admitted before its commit")
				}
			},
			"flush": func(t *rapid.T) {
				h := m.host(t)
				h.j.Flush(rapid.Bool().Draw(t, "strict"), &h.out)
				h.effects()
			},
			"answer": func(t *rapid.T) {
				h := m.host(t)
				if len(h.asked) == 0 {
					return
				}
				bad := step.CommitError(0)
				if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
					bad = step.QuotaExceeded
				}
				for len(h.asked) > 0 { // those behind a failed one fail too
					saved, _, _ := h.answer(bad)
					for _, s := range saved {
						onDisk := false
						for _, v := range h.disk {
							onDisk = onDisk || bytes.Equal(v, s.Entry.Op.Bytes)
						}
						if !onDisk || bad != 0 {
							t.Fatal("saved and not on the disk")
						}
						m.own[s.Entry.Op.ID] = true
						m.all = append(m.all, s.Entry.Op)
					}
					h.effects()
					if bad == 0 {
						break
					}
					bad = step.Aborted
				}
			},
			"crash": func(t *rapid.T) { m.host(t).boot() },
			"damage": func(t *rapid.T) {
				h := m.host(t)
				keys := make([]string, 0, len(h.disk))
				for k := range h.disk {
					keys = append(keys, k)
				}
				if len(keys) == 0 {
					return
				}
				slices.Sort(keys)
				k := rapid.SampledFrom(keys).Draw(t, "record")
				h.disk[k] = h.disk[k][:rapid.IntRange(0, len(h.disk[k])).Draw(t, "torn")]
				h.boot()
			},
		})
		m.settle(rt)
		m.check(rt)
		for _, h := range m.hosts {
			for _, o := range m.all {
				if _, ok := h.l.Get(o.ID); ok == m.refused[o.ID] {
					rt.Fatalf("%v admitted: %v, %q, waits: %v", o.ID, ok, h.l.refused.reasons[o.ID], h.l.Waiting(o.ID))
				}
			}
			if why := sameLogs(m.hosts[0].l, h.l); why != "" {
				rt.Fatal("different ", why)
			}
			if !slices.Equal(h.j.Blamed(), m.hosts[0].j.Blamed()) {
				rt.Fatal("different blame")
			}
			for _, k := range h.j.Blamed() {
				for _, other := range m.hosts {
					if k == op.KeyOf(other.who.device) {
						rt.Fatal("an honest host is blamed")
					}
				}
			}
			checkAncestry(rt, h.l)
		}
	})
}

// checkAncestry compares Before, In and Past with plain walks.
func checkAncestry(t *rapid.T, l *Log) {
	past := make([]map[uint32]bool, l.Count())
	for i, e := range l.Entries {
		past[i] = map[uint32]bool{}
		for _, c := range e.Causes {
			past[i][c] = true
			for p := range past[c] {
				past[i][p] = true
			}
		}
		rights := 0
		for x := range l.Rights(e.Past) {
			if rights++; !past[i][x.Index] {
				t.Fatal("a rights operation that is not in the past")
			}
		}
		for p := range past[i] {
			if l.Entries[p].Op.IsRights() {
				rights--
			}
		}
		if rights != 0 {
			t.Fatal("rights operations are missing from the past")
		}
	}
	for range 20 {
		a, b, c := l.Entries[rapid.IntRange(0, l.Count()-1).Draw(t, "a")], l.Entries[rapid.IntRange(0, l.Count()-1).Draw(t, "b")],
			l.Entries[rapid.IntRange(0, l.Count()-1).Draw(t, "c")]
		if l.Before(a.Index, b.Index) != past[b.Index][a.Index] {
			t.Fatal("Before")
		}
		in := a == b || a == c || past[b.Index][a.Index] || past[c.Index][a.Index]
		if l.In(a.Op, []op.ID{b.Op.ID, c.Op.ID}) != in {
			t.Fatal("In")
		}
	}
}
