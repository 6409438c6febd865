package node

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// everyQuery is all that Inspect answers about one space.
func everyQuery(g *stage) []string {
	all := []string{step.InspectSpaces, step.InspectVersion, step.InspectBlamed, step.InspectQueues, "rubbish", "op zz", "ops 00"}
	for _, q := range []string{step.InspectOps, step.InspectState, step.InspectRights, step.InspectVoid, step.InspectHeads} {
		all = append(all, fmt.Sprintf("%s %x", q, g.space[:]))
	}
	genesis := g.ids["genesis"]
	return append(all, fmt.Sprintf("%s %x", step.InspectOp, genesis[:]))
}

// life lets two nodes write, meet and lose each other as drawn; after each move, look is called with both. It returns all
// that they said, sent, and hold.
func life(t *rapid.T, moves []int, look func(*peer)) (said []string, sent [][]byte) {
	g := newStage(&testing.T{}, "ann:owner", "bob:member")
	ann := g.add("ann", 2)
	bob := g.add("bob", 1, "ann")
	for _, p := range g.peers {
		p.boot()
		p.signIn(p.name)
	}
	g.settle()
	ann.ask(2, "create_channel", map[string]any{"name": "hall"})
	ann.ask(3, "graph_create", map[string]any{"type": "note"})
	g.settle()
	for i, m := range moves {
		p := []*peer{ann, bob}[m&1]
		id := uint64(10 + i)
		if p.node != nil {
			switch m / 2 {
			case 0:
				p.ask(id, "send_message", map[string]any{"channel": g.element("op1"), "text": fmt.Sprint("message ", i)})
			case 1:
				p.ask(id, "graph_set", map[string]any{"element": g.element("op2"), "prop": "title", "value": i})
			case 2:
				p.ask(id, "edit_text", map[string]any{"element": g.element("op2"), "prop": "body", "patches": []any{[]any{0, 0, "x"}}})
			case 3:
				p.ask(id, "view_chat", map[string]any{"channel": g.element("op1"), "subscribe": true})
			case 4:
				g.tick(250 * time.Millisecond)
			case 5:
				if g.cut {
					g.mend()
				} else {
					g.cut = true
				}
			case 6:
				ann.ask(id, []string{"grant", "revoke"}[i%2], map[string]any{"who": [][]byte{slices.Clone(keyBytes("bob"))}, "role": 2})
			case 7:
				p.held = !p.held
			case 8:
				g.settle()
			case 9:
				p.crash()
				p.boot()
				p.signIn(p.name)
			}
		}
		look(ann)
		look(bob)
	}
	ann.held, bob.held = false, false
	g.mend()
	g.tick(10 * time.Second)
	look(ann)
	look(bob)
	for _, q := range everyQuery(g)[7:] {
		a, b := ann.node.Inspect(q), bob.node.Inspect(q)
		if !bytes.Equal(a, b) || len(a) == 0 {
			t.Fatalf("the nodes never agreed on %s", q)
		}
	}
	return g.said, append(ann.sent, bob.sent...)
}

func keyBytes(name string) []byte {
	k := keyOf(name)
	return k[:]
}

// TestInspectChangesNothing plays each story twice: once nobody looks; once, after each move, everything is asked twice,
// with one answer. All that the nodes did must be the same.
func TestInspectChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moves := rapid.SliceOfN(rapid.IntRange(0, 19), 1, 25).Draw(t, "moves")
		said, sent := life(t, moves, func(*peer) {})
		asked, asent := life(t, moves, func(p *peer) {
			for _, q := range everyQuery(p.g) {
				first := bytes.Clone(p.node.Inspect(q))
				if !bytes.Equal(first, p.node.Inspect(q)) {
					t.Fatalf("%s: %s is answered in two ways", p.name, q)
				}
			}
		})
		if d := cmp.Diff(said, asked); d != "" {
			t.Fatalf("Inspect changed what was said:\n%s", d)
		}
		if d := cmp.Diff(sent, asent); d != "" {
			t.Fatal("Inspect changed what was sent")
		}
	})
}

// TestOldKernel: protocol 1 neither sends nor takes a frame of protocol 2, and keeps bytes that it does not know.
func TestOldKernel(t *testing.T) {
	g := newStage(t, "ann:owner", "old:member", "cid:member")
	old := g.add("old", 1)
	ann, cid := g.add("ann", 2, "old"), g.add("cid", 2, "old")
	for _, p := range g.peers {
		p.boot()
		p.signIn(p.name)
	}
	g.settle()
	ann.ask(2, "create_channel", map[string]any{"name": "hall"})
	g.settle()
	ann.ask(3, "send_message", map[string]any{"channel": g.element("op1"), "text": "hello"})
	g.settle()
	ann.ask(4, "add_reaction", map[string]any{"message": g.element("op2"), "emoji": "x"})
	g.settle()
	g.tick(2 * time.Second)
	for _, b := range append(old.sent, append(ann.sent, cid.sent...)...) {
		if b[0] > wire.V1 {
			t.Fatalf("a frame of version %d: % x", b[0], b[:2])
		}
	}
	id := g.ids["op3"]
	want := ann.node.Inspect(fmt.Sprintf("op %x", id[:]))
	for _, p := range []*peer{old, cid} {
		if got := p.node.Inspect(fmt.Sprintf("op %x", id[:])); len(want) < 100 || !bytes.Equal(got, want) {
			t.Errorf("%s does not hold the reaction byte for byte", p.name)
		}
	}
	g.said = nil
	frame := wire.Append(nil, wire.V2, &wire.Heads{Space: g.space})
	old.step(&step.Packet{Conn: 1, Bytes: frame})
	if len(g.said) != 1 || !strings.Contains(g.said[0], wire.ErrVersion.Error()) {
		t.Errorf("a frame of version 2 was met with %q", g.said)
	}
}

// TestSpacesOfOneLink: three spaces are shared over one link, whatever the order of the invitations; and an operation that
// is pushed in another space's name is refused, so that it cannot reach those who do not share its space.
func TestSpacesOfOneLink(t *testing.T) {
	g := newStage(t, "ann:owner", "bob:member")
	ann, bob := g.add("ann", 2), g.add("bob", 2, "ann")
	others := []*stage{newStageNamed(t, 2), newStageNamed(t, 3)}
	for i, p := range []*peer{ann, bob} {
		for _, o := range others {
			p.cfg.Spaces = append(p.cfg.Spaces, Space{Genesis: o.genesis, Contacts: p.cfg.Spaces[0].Contacts})
		}
		if i == 1 {
			slices.Reverse(p.cfg.Spaces)
		}
		p.boot()
		p.signIn(p.name)
	}
	g.tick(time.Second)
	for _, p := range g.peers {
		links := p.node.Insides().Links
		if len(links) != 1 || len(links[0].Shared) != 3 {
			t.Fatalf("%s has %d links", p.name, len(links))
		}
	}
	g.cut = true
	ann.ask(2, "create_channel", map[string]any{"name": "hall"})
	g.settle()
	id := g.ids["op1"]
	b := ann.node.Inspect(fmt.Sprintf("op %x", id[:]))[1:]
	g.said, bob.sent = nil, nil
	frame := wire.Append(nil, wire.V2, &wire.Push{Space: others[0].space, Receipt: true, Ops: [][]byte{b}})
	bob.step(&step.Packet{Conn: 1, Bytes: frame})
	if want := []string{"bob: refuses op1: " + step.RefuseSpace}; !slices.Equal(g.said, want) || len(bob.sent) > 0 {
		t.Errorf("bob said %q and sent %d frames", g.said, len(bob.sent))
	}
	bob.step(&step.Packet{Conn: 1, Bytes: wire.Append(nil, wire.V2, &wire.Push{Space: g.space, Ops: [][]byte{b}})})
	if !slices.Contains(g.said, "bob: applies op1") {
		t.Error("the good copy was shut out")
	}
}

// TestMuteContacts: contacts that take a connection and never greet do not keep a node from those that do.
func TestMuteContacts(t *testing.T) {
	g := newStage(t, "ann:owner", "bob:member")
	names := []string{}
	for i := range dials {
		names = append(names, fmt.Sprint("mute", i))
		p := g.add(names[i], 2)
		p.mute = true
		p.boot()
	}
	bob := g.add("bob", 2)
	ann := g.add("ann", 2, append(names, "bob")...)
	ann.boot()
	bob.boot()
	g.tick(15 * time.Second)
	if !slices.Contains(g.said, "ann: speaks 2 with peer 5") {
		t.Errorf("ann never met bob: %q", g.said)
	}
	if !slices.Contains(g.said, "ann: drops 0 bytes: no greeting") {
		t.Error("the silence was not counted")
	}
}

// TestSubscriptionsAreBounded: a page that subscribes without end is refused in the end, and told why; those that it has are
// still answered.
func TestSubscriptionsAreBounded(t *testing.T) {
	for _, c := range []struct{ do, of string }{{"watch_text", "element"}, {"view_chat", "channel"}} {
		t.Run(c.do, func(t *testing.T) {
			g := newStage(t, "ann:owner")
			ann := g.add("ann", 2)
			ann.boot()
			ann.signIn("ann")
			ann.ask(2, "create_channel", map[string]any{"name": "hall"})
			g.settle()
			watch := map[string]any{c.of: g.element("op1"), "prop": "body"}
			if c.of == "channel" {
				watch = map[string]any{c.of: g.element("op1"), "subscribe": true}
			}
			refused := 0
			for i := range 1000 {
				g.said = nil
				if ann.ask(uint64(10+i), c.do, watch); len(g.said) == 1 && strings.HasSuffix(g.said[0], "denied: "+c.do+": too many subscriptions: this node answers 256") {
					refused++
				}
			}
			if refused != 1000-256 {
				t.Errorf("%d of 1000 subscriptions were refused, the last answer %q", refused, g.said)
			}
			g.said = nil
			ann.ask(3, "edit_text", map[string]any{"element": g.element("op1"), "prop": "body", "patches": []any{[]any{0, 0, "x"}}})
			ann.ask(4, "send_message", map[string]any{"channel": g.element("op1"), "text": "hello"})
			g.tick(time.Second)
			if n := len(slices.DeleteFunc(g.said, func(s string) bool { return !strings.Contains(s, "shown") })); n != 256 {
				t.Errorf("%d of 256 subscriptions were answered", n)
			}
		})
	}
}

// TestReceiptsAfterACrash: what was accepted and found no receipts before a crash finds them in the next life; so many are asked
// about at once, and none that had them.
func TestReceiptsAfterACrash(t *testing.T) {
	g := newStage(t, "ann:owner", "bob:member")
	bob := g.add("bob", 2)
	ann := g.add("ann", 2, "bob")
	bob.boot()
	ann.boot()
	ann.signIn("ann")
	g.tick(time.Second)
	write := func(n int) {
		for range n {
			ann.ask(2, "graph_create", map[string]any{"type": "note"})
			g.settle()
		}
	}
	asked := func() (n int) {
		for _, b := range ann.sent {
			var h wire.Holder
			if f, err := wire.Decode(wire.V2, b, &h); err == nil {
				if p, ok := f.(*wire.Push); ok && p.Receipt {
					n++
				}
			}
		}
		ann.sent = nil
		return n
	}
	write(10)
	g.tick(3 * time.Second) // for the mark
	write(1)                // takes it to the disk
	g.cut = true
	const lost = 300
	write(lost)
	g.said = nil
	ann.crash()
	ann.boot()
	g.settle()
	if g.stalled = nil; asked() == 0 {
		t.Fatal("nothing was asked about before the crash")
	}
	g.mend()
	most := 0
	for range 20 {
		g.tick(retry)
		most = max(most, asked())
	}
	durable, replies := 0, 0
	for _, s := range g.said {
		if strings.HasPrefix(s, "ann: op") && strings.HasSuffix(s, "is durable") {
			durable++
		}
		if strings.Contains(s, "request") {
			replies++
		}
	}
	if durable < lost || durable > lost+1 {
		t.Errorf("%d of %d operations found their receipts", durable, lost)
	}
	if most > 2*64 || most == 0 { // over a new link, and at the next try
		t.Errorf("asked about %d operations at once", most)
	}
	if replies > 0 {
		t.Error("somebody was answered who asked in a former life")
	}
	ann.signIn("ann")
	write(1) // takes the mark to the disk
	ann.crash()
	asked()
	ann.boot()
	g.tick(5 * time.Second)
	if n := asked(); n > 2 {
		t.Errorf("asked again about %d operations that are durable", n)
	}
}

// newStageNamed founds another space of the same people.
func newStageNamed(t testing.TB, nonce byte) *stage {
	g := newStage(t, "ann:owner", "bob:member", fmt.Sprintf("nobody%d:guest", nonce))
	return g
}

// FuzzStep hands a node rubbish as frames, as operations within good frames, and as requests: it must live on.
func FuzzStep(f *testing.F) {
	g := newStage(f, "ann:owner", "bob:member")
	space := [32]byte(g.space)
	for _, v := range []uint8{wire.V1, wire.V2} {
		for _, fr := range []wire.Frame{
			&wire.Push{Space: space, Receipt: true, Ops: [][]byte{g.genesis, {}, {1}}},
			&wire.Heads{Space: space, Count: 99, Heads: wire.IDsOf(op.ID{1})},
			&wire.Want{Space: space, IDs: wire.IDsOf(g.ids["genesis"], op.ID{2})},
			&wire.Summary{Space: space, Reply: true, Chains: []wire.ChainTip{{Seq: 1 << 60}}},
			&wire.Receipt{Space: space, IDs: wire.IDsOf(op.ID{3})},
			&wire.Hello{Min: 1, Max: 2, Spaces: wire.IDsOf(space)},
		} {
			f.Add(uint8(0), wire.Append(nil, v, fr))
		}
	}
	f.Add(uint8(1), g.genesis)
	for _, do := range []string{"sign_in", "create_channel", "send_message", "edit_text", "graph_set", "graph_move", "grant", "consent",
		"submit_task", "watch_text", "view_chat", "find"} {
		f.Add(uint8(2), g.request(1, do, map[string]any{"seed": make([]byte, 32), "element": make([]byte, 33), "prop": "p", "value": 1,
			"patches": []any{[]any{-1, 1 << 40, "x"}}, "version": [][]byte{make([]byte, 32)}, "who": [][]byte{make([]byte, 32)},
			"role": 2, "kernel": "k", "input": []byte{1}, "quorum": 2, "workers": 3, "on": true, "max": 1}).Body)
	}
	f.Fuzz(func(t *testing.T, way uint8, b []byte) {
		g := newStage(t, "ann:owner", "bob:member")
		ann, bob := g.add("ann", 2), g.add("bob", 2, "ann")
		for _, p := range g.peers {
			p.boot()
			p.signIn(p.name)
		}
		g.settle()
		switch way % 3 {
		case 0:
			bob.step(&step.Packet{Conn: 1, Bytes: b})
		case 1:
			if len(b) < 1<<16 {
				bob.step(&step.Packet{Conn: 1, Bytes: wire.Append(nil, wire.V2, &wire.Push{Space: g.space, Receipt: true, Ops: [][]byte{b}})})
			}
		case 2:
			n := len(g.said)
			bob.step(&step.Request{ID: 7, Body: b})
			bob.ask(8, "graph_create", map[string]any{"type": "note"})
			if len(g.said) == n {
				t.Fatal("no answer to a request")
			}
		}
		g.settle()
		g.tick(300 * time.Millisecond)
		g.said = nil
		ann.ask(9, "create_channel", map[string]any{"name": "hall"})
		g.settle()
		if !slices.ContainsFunc(g.said, func(s string) bool { return strings.HasPrefix(s, "bob: applies") }) {
			t.Fatalf("the nodes no longer work: %q", g.said)
		}
	})
}
