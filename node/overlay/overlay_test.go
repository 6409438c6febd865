package overlay

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// speaker speaks the protocols from min to max.
type speaker struct{ min, max uint8 }

func (s speaker) Hello(spaces []op.SpaceID) *wire.Hello {
	return &wire.Hello{Min: s.min, Max: s.max, Spaces: wire.IDsOf(spaces...)}
}

func (s speaker) Agree(h *wire.Hello) (uint8, bool) {
	p := min(s.max, h.Max)
	return p, p >= max(s.min, h.Min)
}

func spaces(names string) (ids []op.SpaceID) {
	for _, c := range names {
		ids = append(ids, op.SpaceID{byte(c)})
	}
	return ids
}

func hello(lowest, highest uint8, names string) *wire.Hello {
	return speaker{lowest, highest}.Hello(spaces(names))
}

// rig is an overlay and what it wanted.
type rig struct {
	*Overlay
	out step.Effects
}

func newRig(cfg Config) *rig {
	if cfg.Versions == nil {
		cfg.Versions = speaker{1, 2}
	}
	r := &rig{Overlay: New(cfg)}
	r.out.NextConn = 1
	return r
}

func contacts(n int, names string) (all []Contact) {
	for i := range n {
		all = append(all, Contact{Peer: step.Addr(i + 1), Spaces: spaces(names)})
	}
	return all
}

// wants lists the dials and closes since the last call.
func (r *rig) wants() (dials []step.Addr, closed []step.Conn) {
	for _, e := range r.out.List {
		switch e := e.(type) {
		case *step.Dial:
			dials = append(dials, e.Peer)
		case *step.Close:
			closed = append(closed, e.Conn)
		}
	}
	r.out.Reset()
	return dials, closed
}

// meet opens a connection that the peer dialled, and takes its greeting.
func (r *rig) meet(c step.Conn, p step.Addr, h *wire.Hello) bool {
	r.ConnUp(&step.ConnUp{Conn: c, Peer: p}, 0, &r.out)
	l := r.Link(c)
	return l != nil && r.Hello(l, h, &r.out)
}

func TestHello(t *testing.T) {
	for _, c := range []struct {
		name    string
		ours    speaker
		hello   *wire.Hello
		version uint8 // 0 is a closed connection
		shared  string
	}{
		{"newest of both", speaker{1, 2}, hello(1, 2, "a"), 2, "a"},
		{"they are old", speaker{1, 2}, hello(1, 1, "a"), 1, "a"},
		{"we are old", speaker{1, 1}, hello(1, 2, "a"), 1, "a"},
		{"they are from the future", speaker{1, 2}, hello(1, 200, "a"), 2, "a"},
		{"too new for us", speaker{1, 2}, hello(3, 9, "a"), 0, ""},
		{"too old for us", speaker{2, 2}, hello(1, 1, "a"), 0, ""},
		{"no version at all", speaker{1, 2}, hello(0, 0, "a"), 0, ""},
		{"least over greatest", speaker{1, 2}, hello(2, 1, "a"), 0, ""},
		{"no space shared", speaker{1, 2}, hello(1, 2, "xyz"), 0, ""},
		{"no space at all", speaker{1, 2}, hello(1, 2, ""), 0, ""},
		{"a part of the spaces", speaker{1, 2}, hello(1, 2, "xcb"), 2, "bc"},
		{"unsorted", speaker{1, 2}, hello(1, 2, "cab"), 2, "abc"},
		{"repeated", speaker{1, 2}, hello(1, 2, "aabaa"), 2, "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(Config{Versions: c.ours, Spaces: spaces("bca"), Dials: 2, Degree: 8})
			ok := r.meet(1, 9, c.hello)
			_, closed := r.wants()
			if ok != (c.version != 0) || (len(closed) == 1) == ok || (r.Link(1) != nil) != ok {
				t.Fatalf("greeted: %v, closed: %v, link: %v", ok, closed, r.Link(1))
			}
			if ok && (r.Link(1).Version != c.version || !slices.Equal(r.Link(1).Shared, spaces(c.shared))) {
				t.Errorf("version %d, shared %v", r.Link(1).Version, r.Link(1).Shared)
			}
		})
	}
}

func TestSecondHelloChangesNothing(t *testing.T) {
	r := newRig(Config{Spaces: spaces("ab"), Dials: 2, Degree: 8})
	r.meet(1, 9, hello(1, 2, "a"))
	if r.Hello(r.Link(1), hello(1, 1, "b"), &r.out) {
		t.Error("a second greeting was taken")
	}
	if l := r.Link(1); l.Version != 2 || !l.Open(op.SpaceID{'a'}) || l.Open(op.SpaceID{'b'}) {
		t.Errorf("%+v", l)
	}
}

// TestUnsortedSpacesKeepTheirLinks: the spaces were looked up in the order in which they were handed over, and a node of
// several closed good links.
func TestUnsortedSpacesKeepTheirLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.Permutation([]rune("abcdef")).Draw(t, "ours")
		theirs := rapid.SliceOfNDistinct(rapid.SampledFrom([]rune("abcdefxyz")), 0, 9, rapid.ID[rune]).Draw(t, "theirs")
		r := newRig(Config{Spaces: spaces(string(names)), Dials: 1, Degree: 8})
		want := 0
		for _, c := range theirs {
			if slices.Contains(names, c) {
				want++
			}
		}
		if ok := r.meet(1, 9, hello(1, 2, string(theirs))); ok != (want > 0) || ok && len(r.Link(1).Shared) != want {
			t.Fatalf("shared %d of %d spaces", len(r.Link(1).Shared), want)
		}
	})
}

// TestGlare has two peers dial each other at once: both ends keep both connections, each uses one of them first, and each
// takes what comes over the other. They once refused it, and each had chosen the other's spare.
func TestGlare(t *testing.T) {
	a := newRig(Config{Spaces: spaces("s"), Contacts: []Contact{{Peer: 2, Spaces: spaces("s")}}, Dials: 1, Degree: 8})
	b := newRig(Config{Spaces: spaces("s"), Contacts: []Contact{{Peer: 1, Spaces: spaces("s")}}, Dials: 1, Degree: 8})
	a.Maintain(&a.out)
	b.Maintain(&b.out)
	s := op.SpaceID{'s'}
	// The dialled connection is 1 at both, the other's is 2. Each greets the own one first, which is the other's second.
	for _, r := range []*rig{a, b} {
		peer := r.Link(1).Peer
		r.ConnUp(&step.ConnUp{Conn: 1, Peer: peer, Dialed: true}, 0, &r.out)
		r.ConnUp(&step.ConnUp{Conn: 2, Peer: peer}, 0, &r.out)
		for c := step.Conn(1); c <= 2; c++ {
			if !r.Hello(r.Link(c), hello(1, 2, "s"), &r.out) {
				t.Fatal("a connection was refused")
			}
		}
		if _, closed := r.wants(); len(closed) > 0 {
			t.Fatalf("closed %v", closed)
		}
		for c := step.Conn(1); c <= 2; c++ {
			if l := r.Link(c); !l.Open(s) || l.First(s) != (c == 1) {
				t.Errorf("connection %d: open %v, first %v", c, l.Open(s), l.First(s))
			}
		}
	}
	if !a.ConnDown(&step.ConnDown{Conn: 1}) {
		t.Error("an open connection went, and was not told so")
	}
	if !a.Link(2).First(s) {
		t.Error("the spare did not take the place of the first")
	}
	if r := a.Maintain(&a.out); r == 0 {
		t.Error("whoever lost its dial does not look for another")
	}
	if dials, _ := a.wants(); len(dials) > 0 {
		t.Errorf("dialled %v, which is a neighbour", dials)
	}
}

// TestFailedDialFreesNoSpare has a dial fail after its peer came in by two connections: only the end of the first makes the
// spare the first. The end of one that never greeted once did so too, and everything was sent to the peer twice.
func TestFailedDialFreesNoSpare(t *testing.T) {
	r := newRig(Config{Spaces: spaces("s"), Contacts: contacts(1, "s"), Dials: 1, Degree: 8})
	r.Maintain(&r.out) // connection 1
	s := op.SpaceID{'s'}
	for c := step.Conn(2); c <= 3; c++ {
		if !r.meet(c, 1, hello(1, 2, "s")) {
			t.Fatal("a connection was refused")
		}
	}
	if r.ConnDown(&step.ConnDown{Conn: 1}) {
		t.Error("a failed dial was open")
	}
	if !r.Link(2).First(s) || r.Link(3).First(s) {
		t.Errorf("after a failed dial the first is first: %v, and the spare: %v", r.Link(2).First(s), r.Link(3).First(s))
	}
}

func TestStrangers(t *testing.T) {
	r := newRig(Config{Spaces: spaces("a"), Contacts: contacts(30, "a"), Dials: 4, Degree: 10})
	for p := range 30 {
		r.meet(step.Conn(100+p), step.Addr(200+p), hello(1, 2, "a"))
	}
	if len(r.Links()) != 6 {
		t.Fatalf("%d strangers were let in", len(r.Links()))
	}
	if _, closed := r.wants(); len(closed) != 24 {
		t.Errorf("%d were closed", len(closed))
	}
	r.Maintain(&r.out)
	if dials, _ := r.wants(); len(dials) != 4 {
		t.Errorf("strangers left room for %d dials", len(dials))
	}
	one := newRig(Config{Spaces: spaces("a"), Dials: 4, Degree: 24})
	for c := range step.Conn(10) {
		one.meet(c+1, 7, hello(1, 2, "a"))
	}
	if len(one.Links()) != perPeer {
		t.Errorf("one peer holds %d connections", len(one.Links()))
	}
}

// TestMute has strangers, and contacts that were dialled, open connections and say nothing: in a stated time their places are
// others' again.
func TestMute(t *testing.T) {
	r := newRig(Config{Spaces: spaces("a"), Contacts: contacts(9, "a"), Dials: 4, Degree: 10})
	r.Maintain(&r.out)
	for _, l := range slices.Clone(r.Links()) {
		r.ConnUp(&step.ConnUp{Conn: l.Conn, Peer: l.Peer, Dialed: true}, 0, &r.out)
	}
	for p := range step.Conn(6) {
		r.ConnUp(&step.ConnUp{Conn: 100 + p, Peer: step.Addr(200 + p)}, 0, &r.out)
	}
	if r.wants(); r.meet(200, 300, hello(1, 2, "a")) || len(r.Links()) != 10 {
		t.Fatal("there is room, so that this test proves nothing")
	}
	r.Hello(r.Link(100), hello(1, 2, "a"), &r.out)
	r.out.Reset()
	if r.Expire(greetWait-1, &r.out) || len(r.Links()) != 10 {
		t.Fatal("dropped too early")
	}
	dropped := r.Expire(greetWait, &r.out)
	notes := 0
	for _, e := range r.out.List {
		if n, ok := e.(*step.Note); ok && n.Kind == step.NoteDropped {
			notes++
		}
	}
	if _, closed := r.wants(); !dropped || len(r.Links()) != 1 || r.Link(100) == nil || len(closed) != 9 || notes != 9 {
		t.Fatalf("%d links, %d closed, %d counted", len(r.Links()), len(closed), notes)
	}
	if !r.meet(201, 300, hello(1, 2, "a")) {
		t.Error("the places are not free")
	}
	r.Maintain(&r.out)
	if dials, _ := r.wants(); !slices.Equal(dials, []step.Addr{5, 6, 7, 8}) {
		t.Errorf("then dialled %v", dials)
	}
}

// TestBackoff has every dial fail: the waits double, so that a network that is gone is not stormed.
func TestBackoff(t *testing.T) {
	for _, n := range []int{1, 3, 16} {
		t.Run(fmt.Sprint(n, " contacts"), func(t *testing.T) {
			r := newRig(Config{Spaces: spaces("a"), Contacts: contacts(n, "a"), Dials: 4, Degree: 24})
			var now time.Duration
			dials := 0
			for now < time.Minute {
				wait := r.Maintain(&r.out)
				for _, l := range slices.Clone(r.Links()) {
					if r.ConnDown(&step.ConnDown{Conn: l.Conn}) {
						t.Fatal("a dial that failed was open")
					}
				}
				d, _ := r.wants()
				dials += len(d)
				now += max(wait, r.Wait())
			}
			if dials > 4*20 {
				t.Errorf("%d dials in a minute", dials)
			}
			r.Maintain(&r.out)
			l := r.Links()[0]
			r.ConnUp(&step.ConnUp{Conn: l.Conn, Peer: l.Peer, Dialed: true}, 0, &r.out)
			if r.Hello(l, hello(1, 2, "a"), &r.out); r.Wait() != backoffMin {
				t.Errorf("waits %v after a greeting", r.Wait())
			}
		})
	}
}

func TestContactsInTurn(t *testing.T) {
	r := newRig(Config{Spaces: spaces("ab"), Contacts: append(contacts(3, "a"), Contact{Peer: 9, Spaces: spaces("b")}), Dials: 2, Degree: 24})
	r.Maintain(&r.out)
	if dials, _ := r.wants(); !slices.Equal(dials, []step.Addr{1, 2, 9}) {
		t.Fatalf("dialled %v", dials)
	}
	r.ConnDown(&step.ConnDown{Conn: 1})
	r.Maintain(&r.out)
	if dials, _ := r.wants(); !slices.Equal(dials, []step.Addr{1}) && !slices.Equal(dials, []step.Addr{3}) {
		t.Errorf("then dialled %v", dials)
	}
}

func TestCredit(t *testing.T) {
	r := newRig(Config{Spaces: spaces("a"), Dials: 1, Degree: 8})
	r.meet(1, 9, hello(1, 2, "a"))
	l := r.Link(1)
	r.out.Reset()
	push := &wire.Push{Space: op.SpaceID{'a'}, Ops: [][]byte{make([]byte, 10_000)}}
	handed, drained := 0, 0
	for range 100 {
		for l.Roomy() {
			r.Broadcast([]*Link{l}, step.Unreliable, push, &r.out)
		}
		for _, e := range r.out.List {
			if s, ok := e.(*step.Send); ok {
				handed += len(s.Bytes)
			}
		}
		r.out.Reset()
		if handed-drained > step.SendCredit+11_000 {
			t.Fatalf("%d bytes wait", handed-drained)
		}
		for handed-drained >= step.SendCredit {
			drained += step.SendCredit
			r.Drained(&step.Drained{Conn: 1})
		}
	}
	r.Drained(&step.Drained{Conn: 77}) // of a connection that is gone
}

// TestBroadcast makes the bytes once a version, and never a frame that the neighbour cannot decode.
func TestBroadcast(t *testing.T) {
	r := newRig(Config{Spaces: spaces("a"), Dials: 1, Degree: 8})
	for c := range step.Conn(4) {
		r.meet(c+1, step.Addr(c+1), hello(1, uint8(1+c%2), "a"))
	}
	r.out.Reset()
	r.Broadcast(r.Links(), step.Reliable, &wire.Push{Space: op.SpaceID{'a'}, Ops: [][]byte{{1, 2, 3}}}, &r.out)
	var bytesOf [3]*byte
	var h wire.Holder
	for i, e := range r.out.List {
		s, version := e.(*step.Send), r.Links()[i].Version
		if _, err := wire.Decode(version, s.Bytes, &h); err != nil || s.Bytes[0] != version {
			t.Errorf("version %d: % x: %v", version, s.Bytes[:2], err)
		}
		if bytesOf[version] != nil && bytesOf[version] != &s.Bytes[0] {
			t.Error("bytes were made twice")
		}
		bytesOf[version] = &s.Bytes[0]
	}
}

// TestLaws throws everything at an overlay and holds it to its bounds.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const degree = 6
		r := newRig(Config{Spaces: spaces("cab"), Contacts: contacts(9, "abc"), Dials: 2, Degree: degree})
		t.Repeat(map[string]func(*rapid.T){
			"maintain": func(*rapid.T) { r.Maintain(&r.out) },
			"expire":   func(*rapid.T) { r.Expire(greetWait, &r.out) },
			"up": func(t *rapid.T) {
				for _, l := range r.Links() {
					if l.dialed && !l.up {
						r.ConnUp(&step.ConnUp{Conn: l.Conn, Peer: l.Peer, Dialed: true}, 0, &r.out)
						return
					}
				}
			},
			"stranger": func(t *rapid.T) {
				c := r.out.NextConn // the world counts both ends' dials in one row
				r.out.NextConn++
				r.ConnUp(&step.ConnUp{Conn: c, Peer: step.Addr(rapid.IntRange(1, 12).Draw(t, "peer"))}, 0, &r.out)
			},
			"hello": func(t *rapid.T) {
				if n := len(r.Links()); n > 0 {
					l := r.Links()[rapid.IntRange(0, n-1).Draw(t, "link")]
					if l.up {
						v := rapid.Uint8Range(0, 3)
						names := rapid.StringOfN(rapid.RuneFrom([]rune("abcx")), 0, 5, -1).Draw(t, "spaces")
						r.Hello(l, hello(v.Draw(t, "min"), v.Draw(t, "max"), names), &r.out)
					}
				}
			},
			"down": func(t *rapid.T) {
				if n := len(r.Links()); n > 0 {
					r.ConnDown(&step.ConnDown{Conn: r.Links()[rapid.IntRange(0, n-1).Draw(t, "link")].Conn})
				}
			},
			"": func(t *rapid.T) {
				r.out.Reset()
				if len(r.Links()) > degree {
					t.Fatalf("%d links", len(r.Links()))
				}
				if !slices.IsSortedFunc(r.Links(), func(a, b *Link) int { return int(a.Conn) - int(b.Conn) }) {
					t.Fatal("links are not in order")
				}
				first, open := map[step.Addr]int{}, map[step.Addr]int{}
				for _, l := range r.Links() {
					if l.Version != 0 {
						open[l.Peer]++
						if !l.spare {
							first[l.Peer]++
						}
					}
					if l.Version == 0 && (l.Open(op.SpaceID{'a'}) || l.First(op.SpaceID{'a'})) {
						t.Fatal("a link is open before its greeting")
					}
				}
				for p, n := range open {
					if first[p] != 1 {
						t.Fatalf("%d of %d open links to peer %d are its first", first[p], n, p)
					}
				}
				if w := r.Wait(); w < backoffMin || w > backoffMax {
					t.Fatalf("waits %v", w)
				}
			},
		})
	})
}
