package replica

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestRecovered: receipts for operations of former lives are asked for in order, no more than maxRecovered at once, beside those
// of this life; as some become durable the next have their turn, until all are.
func TestRecovered(t *testing.T) {
	h := newHost(1, op.NewStore(1<<20), 3)
	var own []*journal.Entry
	for range 2*maxRecovered + 5 {
		own = append(own, h.write())
	}
	h.Recovered(own)
	h.Saved(h.log.ID, h.write(), 7, 0, &h.out)
	h.carry()
	for now, left := time.Duration(0), own; len(left) > 0; now += time.Second {
		h.Retry(now, &h.out)
		h.carry()
		turn := min(maxRecovered, len(left))
		if h.Oldest() != left[0] || len(h.own) > turn+1 || h.own[left[turn-1].Op.ID] == nil {
			t.Fatalf("%d are left: operation %v is the oldest, and %d wait for receipts", len(left), h.Oldest(), len(h.own))
		}
		for _, e := range left[:min(10, turn)] {
			h.receipt(1, e.Op.ID)
			h.receipt(2, e.Op.ID)
		}
		left = left[min(10, turn):]
	}
	if n, _ := h.Queues(); n != 1 || len(h.durable) > 0 {
		t.Errorf("%d wait for receipts, requests %v were answered; nobody of this life asked for what was recovered", n, h.durable)
	}
}
