package journal

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestMissing: peers whose operations wait for many causes share the ids that are asked for, in turns, and together they are
// never more than maxMissing.
func TestMissing(t *testing.T) {
	store := op.NewStore(1 << 24)
	h := newHost(t, store, 1000)
	w := newWriter(store, 1)
	d := op.Draft{Kind: op.SendMessage}
	body := d.Body()
	of := map[op.ID]step.Addr{}
	for n := range 900 {
		prev, peer := op.ID{1, byte(n >> 8), byte(n)}, step.Addr(1+n%3)
		hd := op.Header{Format: 1, Space: h.l.ID, Device: op.KeyOf(w.device), Incarnation: uint64(n), Seq: 2, Prev: prev, Clock: 2, Schema: 1}
		h.j.Receive(peer, op.Sign(hd, body, w.device), &h.out)
		h.effects()
		of[prev] = peer
	}
	asked := map[op.ID]bool{}
	for turn := 1; len(asked) < len(of); turn++ {
		shares := map[step.Addr]int{}
		ids := h.l.Missing()
		for _, id := range ids {
			shares[of[id]]++
			asked[id] = true
		}
		if len(ids) > maxMissing || turn > 4 {
			t.Fatalf("turn %d: %d ids are asked for; %d of %d had their turn", turn, len(ids), len(asked), len(of))
		}
		for peer := step.Addr(1); peer <= 3; peer++ {
			if shares[peer] < maxMissing/3 {
				t.Errorf("turn %d: %d of %d ids are what peer %d's operations wait for", turn, shares[peer], len(ids), peer)
			}
		}
	}
}

// TestPlaceOf: a key of the journal names a place that is a number of ten digits, above 0 and below 2^31.
func TestPlaceOf(t *testing.T) {
	for rest, want := range map[string]uint32{
		"01234567/0000000001": 1, "01234567/2147483647": 1<<31 - 1,
		"01234567/0000000000": 0, "01234567/2147483648": 0, "01234567/4294967296": 0, "01234567/00000000x1": 0, "01234567/-000000001": 0,
		"01234567/000000001": 0, "01234567/00000000011": 0, "01234567-0000000001": 0, "": 0,
	} {
		if place, ok := placeOf(rest); ok != (want != 0) || ok && place != want {
			t.Errorf("%q: place %d, %v", rest, place, ok)
		}
	}
}
