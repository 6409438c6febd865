package journal

import (
	"bytes"
	"slices"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestInspectKeepsUp: whenever it is asked, a log names exactly what it holds, and answers given before stay as they were.
func TestInspectKeepsUp(t *testing.T) {
	store := op.NewStore(1 << 20)
	h, w := newHost(t, store, 1000), newWriter(store, 1)
	var said [][]byte
	for i := range 40 {
		if i%3 != 1 { // at times two come between two questions, at times none
			h.receive(7, w.next(op.SendMessage, h.l.Entries[0].Op))
		}
		if i%4 == 3 {
			continue
		}
		var ids []op.ID
		for _, e := range h.l.Entries {
			ids = append(ids, e.Op.ID)
		}
		slices.SortFunc(ids, op.ID.Compare)
		want := []byte{step.InspectLayout}
		for _, id := range ids {
			want = append(want, id[:]...)
		}
		for _, b := range [][]byte{h.l.Inspect(), h.l.Inspect()} {
			if !bytes.Equal(b, want) {
				t.Fatalf("with %d operations it answers %d bytes, other ones than it should", len(ids), len(b))
			}
		}
		said = append(said, h.l.Inspect(), bytes.Clone(want))
	}
	for i := 0; i < len(said); i += 2 {
		if !bytes.Equal(said[i], said[i+1]) {
			t.Fatalf("answer %d was altered later", i/2)
		}
	}
}
