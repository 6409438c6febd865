package gossip

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestBatches: frames hold all operations in order, none too many and, where there is more than one, none too long.
func TestBatches(t *testing.T) {
	for _, size := range []int{100, pushBytes / pushOps, 600, 3000, pushBytes / 2, pushBytes/2 + 1, pushBytes + 1} {
		var entries []*journal.Entry
		for n := range 150 {
			entries = append(entries, &journal.Entry{Op: &op.Operation{Bytes: append(make([]byte, size-1), byte(n))}})
		}
		next := byte(0)
		(&Gossip{}).batches(entries, func(ops [][]byte) {
			bytes := 0
			for _, b := range ops {
				if bytes += len(b); b[size-1] != next {
					t.Fatalf("%d bytes each: operation %d comes when it is the turn of %d", size, b[size-1], next)
				}
				next++
			}
			if len(ops) > pushOps || bytes > pushBytes && len(ops) > 1 {
				t.Errorf("%d bytes each: a frame of %d operations, %d bytes", size, len(ops), bytes)
			}
		})
		if int(next) != len(entries) {
			t.Errorf("%d bytes each: %d of %d were sent", size, next, len(entries))
		}
	}
}

// TestUnsent: what one neighbour was sent of one space says nothing of another, and nobody is sent his last operation again
// before the wait is over.
func TestUnsent(t *testing.T) {
	entries := func(from, to uint32) (list []*journal.Entry) {
		for i := from; i <= to; i++ {
			list = append(list, &journal.Entry{Index: i})
		}
		return list
	}
	g := &Gossip{}
	a, b := op.SpaceID{1}, op.SpaceID{2}
	for i, c := range []struct {
		conn     step.Conn
		space    op.SpaceID
		from, to uint32
		now      time.Duration
		ok       bool
	}{
		{1, a, 1, 5, 0, true},
		{1, a, 1, 5, 0, false},
		{1, a, 5, 5, 0, false},
		{1, b, 1, 5, 0, true},
		{2, a, 1, 5, 0, true},
		{2, b, 1, 5, 0, true},
		{1, a, 6, 6, 1, true},
		{1, a, 6, 6, 1, false},
		{1, a, 6, 6, syncWait, false},
		{1, a, 6, 6, syncWait + 1, true},
		{2, a, 1, 5, syncWait + 1, true},
	} {
		if got, ok := g.unsent(c.conn, c.space, entries(c.from, c.to), c.now); ok != c.ok || ok && len(got) != int(c.to-c.from+1) {
			t.Errorf("question %d (%+v): %v, %d operations", i, c, ok, len(got))
		}
	}
}

// TestOneCatchUp: a catch-up that is begun again takes the place of the one before, and leaves those of other spaces alone.
func TestOneCatchUp(t *testing.T) {
	s := newSide("a", 1, op.NewStore(1<<20), map[op.ID]string{}, 1)
	l := s.overlay.Link(1)
	s.syncs = []sync{{space: op.SpaceID{9}, peer: l.Peer, until: time.Hour, again: time.Hour}}
	for _, now := range []time.Duration{0, syncWait, 3 * syncWait} {
		s.catchUp(l, s.log, now, &s.out)
		if to, _ := s.sent(); len(to) != 1 || len(s.syncs) != 2 {
			t.Errorf("at %v: %d Summaries, %d catch-ups are open", now, len(to), len(s.syncs))
		}
	}
}
