package journal

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestFlood: a peer who sends operations whose causes do not exist fills its own share and nothing else; another peer's
// operations still wait, are asked for in turn, and come through.
func TestFlood(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	h.l.buffer.most = 50
	genesis := h.l.Entries[0].Op
	liar, honest := newWriter(store, 1), newWriter(store, 2)
	first := honest.next(op.SendMessage, genesis)
	second := honest.next(op.SendMessage)
	forgotten := 0
	flood := func() {
		for i := range 300 {
			o := liar.write(op.SendMessage, nil, nil, func(x *op.Header) {
				x.Space, x.Clock, x.Deps = genesis.Space, 2, []op.ID{{1, byte(i), byte(liar.n)}, {2, byte(i), byte(liar.n)}, {3, byte(i), byte(liar.n)}}
			})
			_, notes := h.receive(66, o)
			for _, n := range notes {
				if n == "forgotten" {
					forgotten++
				}
			}
		}
	}
	flood()
	held := 0
	for _, w := range h.l.buffer.shares[0].heap { // a few bytes that name many causes take what these take
		held += len(w.op.Bytes) + 128*w.missing
	}
	if h.l.buffer.bytes != held || len(h.l.buffer.shares) != 1 {
		t.Fatal("it holds", held, "bytes and counts", h.l.buffer.bytes)
	}
	h.receive(7, second)
	flood()
	if !h.l.Waiting(second.ID) || forgotten != 550 {
		t.Fatal("an honest peer's operation was forgotten, or the flood was not:", forgotten)
	}
	if n := len(h.l.buffer.needs); n > 4*50+50+8 {
		t.Fatal("needs without bound:", n)
	}
	asked := map[op.ID]bool{}
	for range 3 {
		for _, id := range h.l.Missing() {
			asked[id] = true
		}
	}
	if !asked[first.ID] {
		t.Fatal("not asked for")
	}
	if n, _ := h.receive(8, first); n != 2 {
		t.Fatal("admitted", n)
	}
}

// TestBytes: a share is bounded in bytes too.
func TestBytes(t *testing.T) {
	store := op.NewStore(1 << 24)
	h := newHost(t, store, 1000)
	w := newWriter(store, 1)
	big := op.Draft{Kind: op.SendMessage, Args: append([]byte{0x59, 0xea, 0x60}, make([]byte, 60000)...)}
	body := big.Body()
	for i := range 100 {
		hd := op.Header{Format: 1, Space: h.l.ID, Device: op.KeyOf(w.device), Incarnation: uint64(i), Seq: 2, Prev: op.ID{1}, Clock: uint64(1000 - i), Schema: 1}
		h.j.Receive(step.Addr(1), op.Sign(hd, body, w.device), &h.out)
		h.effects()
		if h.l.buffer.bytes > MaxWaitingBytes || h.l.buffer.bytes != h.l.buffer.shares[0].bytes {
			t.Fatal(h.l.buffer.bytes)
		}
	}
	if n := len(h.l.buffer.waiting); n < 60 || n > 70 {
		t.Fatal(n)
	}
	for _, w := range h.l.buffer.shares[0].heap {
		if w.op.Clock > 1000-30 {
			t.Fatal("kept one that is far from being admitted:", w.op.Clock)
		}
	}
}

// TestSinceFills: what is sent takes all of the room that there is, and not a byte more, but for the first operation.
func TestSinceFills(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 1000)
	w := newWriter(store, 1)
	for range 3 {
		h.receive(1, w.next(op.SendMessage, h.l.Entries[0].Op))
	}
	all := h.l.Since(nil, 10, 1<<20)
	if len(all) != 4 {
		t.Fatal(len(all))
	}
	room := len(all[0].Op.Bytes) + len(all[1].Op.Bytes)
	for _, c := range []struct{ room, want int }{{0, 1}, {room - 1, 1}, {room, 2}, {room + 1, 2}} {
		if got := h.l.Since(nil, 10, c.room); len(got) != c.want {
			t.Errorf("%d operations in %d bytes, want %d", len(got), c.room, c.want)
		}
	}
}

// TestLogsMeet: two journals with parts of one history, forks too, bring each other up to date by tips alone, in frames of
// bounded size.
func TestLogsMeet(t *testing.T) {
	store := op.NewStore(1 << 22)
	a, b := newHost(t, store, 1000), newHost(t, store, 1001)
	all := benchOps(t, store, 10, 300)
	w := newWriter(store, 50)
	stem := w.next(op.SendMessage, all[10])
	for range 20 {
		all = append(all, w.next(op.SendMessage))
	}
	w.last = stem
	for range 20 {
		all = append(all, w.next(op.SendMessage))
	}
	all = append(all, stem)
	for i, o := range all {
		if i%3 != 0 {
			a.receive(1, o)
		}
		if i < 100 || i%5 == 0 {
			b.receive(1, o)
		}
	}
	for round := 0; a.l.HeadsDigest() != b.l.HeadsDigest() || a.l.Count() != b.l.Count(); round++ {
		if round > 60 {
			t.Fatal(a.l.Count(), b.l.Count())
		}
		for _, x := range [][2]*host{{a, b}, {b, a}} {
			sent := x[0].l.Since(x[1].l.Tips(), 30, 1<<20)
			if len(sent) > 30 {
				t.Fatal("too many")
			}
			for _, e := range sent {
				x[1].receive(2, e.Op)
			}
			for _, id := range x[1].l.Missing() {
				if e, ok := x[0].l.Get(id); ok {
					x[1].receive(2, e.Op)
				}
			}
			for _, id := range x[0].l.Heads() {
				if e, ok := x[0].l.Get(id); ok && !x[1].l.Has(e.Op) {
					x[1].receive(2, e.Op)
				}
			}
		}
	}
	if why := sameLogs(a.l, b.l); why != "" {
		t.Fatal("different ", why)
	}
}
