package journal

import (
	"math/rand/v2"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestShuffled delivers one author's operations in the worst order there is, twice as many as the buffer holds: work grows
// with n log n, the bounds hold, and what was forgotten is asked for again.
func TestShuffled(t *testing.T) {
	const n = 8000
	store := op.NewStore(64 << 20)
	h := newHost(t, store, 1000)
	w := newWriter(store, 1)
	byID := map[op.ID]*op.Operation{}
	var all []*op.Operation
	for range n {
		o := w.next(op.SendMessage, h.l.Entries[0].Op)
		all, byID[o.ID] = append(all, o), o
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, o := range all {
		h.receive(7, o)
		if len(h.l.buffer.waiting) > MaxWaiting || h.l.buffer.bytes > MaxWaitingBytes {
			t.Fatal("over the bound")
		}
	}
	rounds := 0
	for h.l.Count() <= n {
		if rounds++; rounds > n/64 {
			t.Fatalf("only %d after %d rounds", h.l.Count(), rounds)
		}
		for _, id := range h.l.Missing() {
			if o, ok := byID[id]; ok {
				h.receive(7, o)
			}
		}
	}
	if b := &h.l.buffer; len(b.waiting)+len(b.needs)+b.bytes > 0 {
		t.Fatalf("left over: %d waiting, %d needs, %d bytes", len(b.waiting), len(b.needs), b.bytes)
	}
	if steps := h.l.buffer.steps; steps > 12*n {
		t.Fatalf("%d steps for %d operations", steps, n)
	}
	t.Logf("%d rounds, %d steps", rounds, h.l.buffer.steps)
}
