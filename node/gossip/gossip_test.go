package gossip

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// lax judges nothing.
type lax struct{}

func (lax) Judge(*journal.Log, *journal.Entry) string { return "" }

// signer is one person on one device.
type signer struct{ key ed25519.PrivateKey }

func newSigner(n byte) signer               { return signer{ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))} }
func (s signer) Device() ed25519.PrivateKey { return s.key }
func (s signer) Identity() op.Key           { return op.KeyOf(s.key) }
func (s signer) Certificate() [64]byte      { return op.Certify(s.key, op.KeyOf(s.key)) }

// newest speaks protocol 2.
type newest struct{}

func (newest) Hello(spaces []op.SpaceID) *wire.Hello {
	return &wire.Hello{Min: 1, Max: 2, Spaces: wire.IDsOf(spaces...)}
}
func (newest) Agree(*wire.Hello) (uint8, bool) { return 2, true }

// side is the gossip of one node; connection n leads to peer n. Its disk answers at once.
type side struct {
	*Gossip
	name    string
	journal *journal.Journal
	overlay *overlay.Overlay
	log     *journal.Log
	out     step.Effects
	now     time.Duration
	names   map[op.ID]string
	holder  wire.Holder
}

func newSide(name string, n byte, store *op.Store, names map[op.ID]string, peers int) *side {
	owner := newSigner(100)
	f := op.Founding{Name: "test", Members: []op.Membership{{Identity: owner.Identity(), Role: op.Owner}}}
	s := &side{name: name, names: names, journal: journal.New(journal.Config{Store: store}, lax{}, newSigner(n))}
	var err error
	if s.log, err = s.journal.Found(op.Genesis(f.Args(), owner.key, owner.key, 1, 0)); err != nil {
		panic(err)
	}
	s.journal.Boot(&step.Boot{Life: 1, Entropy: [32]byte{n}}, &s.out)
	s.overlay = overlay.New(overlay.Config{Versions: newest{}, Spaces: []op.SpaceID{s.log.ID}, Dials: 1, Degree: 40})
	for c := range step.Conn(peers) {
		s.overlay.ConnUp(&step.ConnUp{Conn: c + 1, Peer: step.Addr(c + 1)}, 0, &s.out)
		s.overlay.Hello(s.overlay.Link(c+1), newest{}.Hello([]op.SpaceID{s.log.ID}), &s.out)
	}
	s.Gossip = New(Config{Fanout: 2, Heads: 1}, s.journal, s.overlay)
	s.out.Reset()
	return s
}

// write signs operations that follow each other; apart begins from the genesis alone.
func (s *side) write(n int) (entries []*journal.Entry) {
	for range n {
		d := op.Draft{Kind: op.GraphEdit}
		d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
		id, err := s.journal.Author(s.log.ID, &d, 1, 0, &s.out)
		if err != nil {
			panic(err)
		}
		s.names[id] = fmt.Sprintf("%s%d", s.name, len(s.names))
		for _, e := range slices.Clone(s.out.List) {
			if c, ok := e.(*step.Commit); ok {
				saved, _, _ := s.journal.Committed(&step.Committed{ID: c.ID, Strict: true}, &s.out)
				for _, x := range saved {
					entries = append(entries, x.Entry)
				}
			}
		}
		s.out.Reset()
	}
	return entries
}

// sent takes the frames since the last call: who gets them, and the bytes.
func (s *side) sent() (to []step.Conn, frames [][]byte) {
	for _, e := range s.out.List {
		if e, ok := e.(*step.Send); ok {
			to, frames = append(to, e.Conn), append(frames, e.Bytes)
		}
	}
	s.out.Reset()
	return to, frames
}

// take hands a frame from a connection to the gossip, as a node does.
func (s *side) take(c step.Conn, b []byte) {
	f, err := wire.Decode(2, b, &s.holder)
	if err != nil {
		panic(err)
	}
	l := s.overlay.Link(c)
	switch f := f.(type) {
	case *wire.Push:
		before := s.log.Count()
		for _, b := range f.Ops {
			s.journal.Receive(l.Peer, b, &s.out)
		}
		s.Pushed(l, s.log.ID, len(f.Ops), s.log.Count()-before, s.now, &s.out)
	case *wire.Heads:
		s.Heads(l, f, s.now, &s.out)
	case *wire.Want:
		s.Want(l, f, &s.out)
	case *wire.Summary:
		s.Summary(l, f, s.now, &s.out)
	}
}

func describe(b []byte) string {
	var h wire.Holder
	f, err := wire.Decode(2, b, &h)
	if err != nil {
		panic(err)
	}
	switch f := f.(type) {
	case *wire.Push:
		return fmt.Sprintf("push of %d", len(f.Ops))
	case *wire.Heads:
		return fmt.Sprintf("heads %d of %d operations", f.Heads.Len(), f.Count)
	case *wire.Want:
		return fmt.Sprintf("want %d", f.IDs.Len())
	case *wire.Summary:
		return fmt.Sprintf("summary of %d chains", len(f.Chains))
	}
	return "frame"
}

// TestTranscripts lets two sides, a and b, compare what they hold.
func TestTranscripts(t *testing.T) {
	datadriven.RunTest(t, "testdata/compare", func(t *testing.T, d *datadriven.TestData) string {
		store, names := op.NewStore(8<<20), map[op.ID]string{}
		a, b := newSide("a", 1, store, names, 1), newSide("b", 2, store, names, 1)
		said := ""
		for _, line := range strings.Split(d.Input, "\n") {
			f := strings.Fields(line)
			var n int
			if len(f) > 1 {
				fmt.Sscan(f[1], &n)
			}
			switch f[0] {
			case "a":
				a.write(n)
			case "b":
				b.write(n)
			case "both": // a writes, b has it
				for _, e := range a.write(n) {
					b.journal.Receive(1, e.Op.Bytes, &b.out)
				}
				b.out.Reset()
			case "apart": // so many writers whose operations only a has, and each is a head
				for i := range n {
					w := newSide("w", byte(10+i), store, names, 0)
					a.journal.Receive(1, w.write(1)[0].Op.Bytes, &a.out)
				}
				a.out.Reset()
			case "deaf": // b gets the last of a, without its causes
				last := a.write(n)[n-1]
				b.journal.Receive(1, last.Op.Bytes, &b.out)
				b.out.Reset()
			case "greet":
				a.Greet(a.overlay.Link(1), &a.out)
			case "repair":
				b.Repair(0, &b.out)
			}
		}
		for range 100 {
			quiet := true
			for _, s := range []*side{a, b} {
				_, frames := s.sent()
				for _, x := range frames {
					said += s.name + ": " + describe(x) + "\n"
					map[string]*side{"a": b, "b": a}[s.name].take(1, x)
					quiet = false
				}
			}
			if quiet {
				break
			}
		}
		return said + fmt.Sprintf("a holds %d, b holds %d, level: %v\n", a.log.Count(), b.log.Count(), a.log.HeadsDigest() == b.log.HeadsDigest())
	})
}

func TestPushNotBack(t *testing.T) {
	s := newSide("a", 1, op.NewStore(1<<20), map[op.ID]string{}, 5)
	count := map[step.Conn]int{}
	entries := s.write(1)
	for range 40 {
		s.Push(s.log.ID, entries, 3, &s.out)
		to, _ := s.sent()
		if len(to) != 2 || to[0] == to[1] {
			t.Fatalf("pushed to %v", to)
		}
		for _, c := range to {
			count[c]++
		}
	}
	for c := range step.Conn(5) {
		if n := count[c+1]; (n == 0) != (c+1 == 3) {
			t.Errorf("connection %d got %d pushes of 40, and 3 had brought it", c+1, n)
		}
	}
}

// TestAmplification holds what a hostile neighbour draws over one connection without reading on: its credit and a frame,
// and by Summaries no more than one copy of the log in syncWait.
func TestAmplification(t *testing.T) {
	s := newSide("a", 1, op.NewStore(8<<20), map[op.ID]string{}, 2)
	entries := s.write(300)
	total := 0
	for _, e := range entries {
		total += len(e.Op.Bytes)
	}
	drawn := func(c step.Conn) (n int) {
		to, frames := s.sent()
		for i, b := range frames {
			if n += len(b); to[i] != c {
				t.Fatal("another neighbour was answered")
			}
		}
		return n
	}
	l := s.overlay.Link(1)
	empty := &wire.Summary{Space: s.log.ID}
	s.Summary(l, empty, 0, &s.out)
	once := drawn(1)
	if once == 0 || once > syncBytes+1000 {
		t.Fatalf("an answer of %d bytes", once)
	}
	for range 1000 {
		s.overlay.Drained(&step.Drained{Conn: 1}) // it even reads all
		s.Summary(l, empty, syncWait-1, &s.out)
	}
	if n := drawn(1); n != 0 {
		t.Errorf("a storm of Summaries drew %d bytes", n)
	}
	for _, tip := range s.log.Tips() { // one that goes on by single steps
		for seq := range tip.Seq {
			s.Summary(l, &wire.Summary{Space: s.log.ID, Chains: []wire.ChainTip{{Device: tip.Device, Incarnation: tip.Incarnation, Seq: seq}}}, syncWait-1, &s.out)
		}
	}
	if n := drawn(1); n+once > total+total/10+1000 {
		t.Errorf("by single steps it drew %d bytes of a log of %d", n+once, total)
	}
	s.Summary(l, empty, 10*syncWait, &s.out)
	if drawn(1) == 0 {
		t.Error("who lost an answer never gets another")
	}

	other := s.overlay.Link(2)
	same := make([]op.ID, wire.MaxIDs)
	for i := range same {
		same[i] = entries[0].Op.ID
	}
	s.Want(other, &wire.Want{Space: s.log.ID, IDs: wire.IDsOf(same...)}, &s.out)
	if n := drawn(2); n > len(entries[0].Op.Bytes)+100 {
		t.Errorf("one operation wanted often came as %d bytes", n)
	}
	var all []op.ID
	for _, e := range entries[:wire.MaxIDs] {
		all = append(all, e.Op.ID)
	}
	got := 0
	for range 1000 {
		s.Want(other, &wire.Want{Space: s.log.ID, IDs: wire.IDsOf(all...)}, &s.out)
		got += drawn(2)
	}
	if got > step.SendCredit+pushBytes+1000 {
		t.Errorf("a storm of Wants drew %d bytes beyond the credit", got-step.SendCredit)
	}
	for range 100 {
		s.Heads(other, &wire.Heads{Space: s.log.ID, Count: 1}, 0, &s.out)
	}
	if n := drawn(2); n != 0 {
		t.Errorf("a storm of Heads drew %d bytes beyond the credit", n)
	}
}

// TestBoaster: a neighbour that boasts and never answers does not keep a node from the others.
func TestBoaster(t *testing.T) {
	s := newSide("a", 1, op.NewStore(1<<20), map[op.ID]string{}, 2)
	boast := &wire.Heads{Space: s.log.ID, Count: 1 << 30, Digest: [16]byte{1}}
	asked := func(c step.Conn, now time.Duration) bool {
		s.Heads(s.overlay.Link(c), boast, now, &s.out)
		to, _ := s.sent()
		return len(to) == 1 && to[0] == c
	}
	if !asked(1, 0) || asked(2, 0) || asked(1, 0) {
		t.Fatal("one catch-up at a time, and with the first")
	}
	if asked(1, syncWait) {
		t.Error("who left a catch-up unanswered was asked again before the other")
	}
	if !asked(2, syncWait) {
		t.Error("the other was not asked")
	}
	s.overlay.ConnDown(&step.ConnDown{Conn: 2})
	if !asked(1, 2*syncWait) {
		t.Error("the only neighbour was not asked again")
	}
}

// TestCatchUpEnds: one that is answered with the last operation, or with none, makes way at once for other neighbours; and who
// answers so and boasts on is not asked more often than who leaves it unanswered.
func TestCatchUpEnds(t *testing.T) {
	for last := range 3 {
		store, names := op.NewStore(1<<20), map[op.ID]string{}
		s, w := newSide("a", 1, store, names, 2), newSide("b", 2, store, names, 1)
		if last > 0 {
			w.write(last)
		}
		boast := &wire.Heads{Space: s.log.ID, Count: 1 << 30, Digest: [16]byte{1}}
		asked := func(c step.Conn, now time.Duration) bool {
			s.Heads(s.overlay.Link(c), boast, now, &s.out)
			to, _ := s.sent()
			return len(to) == 1 && to[0] == c
		}
		s.Heads(s.overlay.Link(1), boast, 0, &s.out)
		for range 2 {
			for _, x := range []*side{s, w} {
				_, frames := x.sent()
				for _, b := range frames {
					map[*side]*side{s: w, w: s}[x].take(1, b)
				}
			}
		}
		if s.log.Count() != 1+last {
			t.Fatalf("%d of %d operations came", s.log.Count()-1, last)
		}
		again := 0
		for range 1000 {
			if asked(1, syncWait-1) {
				again++
				s.take(1, wire.Append(nil, wire.V2, &wire.Push{Space: s.log.ID}))
			}
		}
		if again > 0 {
			t.Errorf("%d operations left: who answers with nothing drew %d Summaries", last, again)
		}
		if !asked(2, 0) {
			t.Errorf("%d operations left: the catch-up never ended", last)
		}
		if s.take(2, wire.Append(nil, wire.V2, &wire.Push{Space: s.log.ID})); !asked(1, syncWait) {
			t.Errorf("%d operations left: who answered is passed over", last)
		}
	}
}

// TestLongGap: of 1,000 operations by one writer, or by two in turns, a node gets the last alone. It asks back, compares chains
// with who brought it, and has all after a few round trips; it once walked back one cause in 250 ms. Made-up causes draw no
// more Summaries than boasting does, and those to their maker.
func TestLongGap(t *testing.T) {
	for writers := 1; writers <= 2; writers++ {
		store, names := op.NewStore(8<<20), map[op.ID]string{}
		a, b, w := newSide("a", 1, store, names, 2), newSide("b", 2, store, names, 2), newSide("w", 3, store, names, 1)
		var last *journal.Entry
		for range 1000 / writers {
			last = a.write(1)[0]
			if w.journal.Receive(1, last.Op.Bytes, &w.out); writers == 2 {
				last = w.write(1)[0]
				a.journal.Receive(1, last.Op.Bytes, &a.out)
				a.out.Reset()
			}
			w.out.Reset()
		}
		b.journal.Receive(1, last.Op.Bytes, &b.out)
		b.out.Reset()
		trips := 0
		for ; b.log.Count() < a.log.Count() && trips < 2000; trips++ {
			if trips%2 == 0 { // a round trip is half of repairWait
				b.now += 250 * time.Millisecond
				b.Repair(b.now, &b.out)
			}
			for _, x := range []*side{b, a} {
				x.overlay.Drained(&step.Drained{Conn: 1})
				to, frames := x.sent()
				for i, f := range frames {
					if to[i] == 1 {
						map[*side]*side{a: b, b: a}[x].take(1, f)
					}
				}
			}
		}
		if trips > 14 {
			t.Errorf("%d writers: %d round trips", writers, trips)
		}
	}
	store, names := op.NewStore(8<<20), map[op.ID]string{}
	a, liar := newSide("a", 1, store, names, 3), newSide("b", 2, store, names, 1)
	lies := liar.write(900)
	for i := 1; i < len(lies); i += 50 { // operations that the liar keeps, but for the chain's last five each time
		for j := 5; j > 0; j-- {
			a.journal.Receive(1, lies[min(i+j, len(lies)-1)].Op.Bytes, &a.out)
		}
	}
	a.out.Reset()
	summaries := 0
	for now := time.Duration(0); now < 60*time.Second; now += 250 * time.Millisecond {
		a.Repair(now, &a.out)
		to, frames := a.sent()
		for i, f := range frames {
			if describe(f)[:4] == "summ" {
				if summaries++; to[i] != 1 {
					t.Fatal("another neighbour pays for the lie")
				}
			}
		}
	}
	if summaries == 0 || summaries > int(60*time.Second/syncWait) {
		t.Errorf("made-up causes drew %d Summaries in a minute", summaries)
	}
}

// TestUnknownSpace: frames about a space that is not held, or not shared over the link, draw nothing.
func TestUnknownSpace(t *testing.T) {
	s := newSide("a", 1, op.NewStore(1<<20), map[op.ID]string{}, 1)
	s.write(20)
	l := s.overlay.Link(1)
	id := s.log.Entry(1).Op.ID
	for _, unshared := range []bool{false, true} {
		space := [32]byte{9}
		if unshared {
			l.Shared, space = nil, s.log.ID
		}
		s.Heads(l, &wire.Heads{Space: space, Count: 99}, 0, &s.out)
		s.Want(l, &wire.Want{Space: space, IDs: wire.IDsOf(id)}, &s.out)
		s.Summary(l, &wire.Summary{Space: space}, 0, &s.out)
		s.Pushed(l, space, 9, 9, 0, &s.out)
		if to, _ := s.sent(); len(to) > 0 {
			t.Errorf("answered %d frames", len(to))
		}
	}
}
