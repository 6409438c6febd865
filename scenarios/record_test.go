package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestWarnings: of a run that was cut short, only windows that had begun are said to have done nothing.
func TestWarnings(t *testing.T) {
	cause := func(n int, begin, end time.Duration, did int64) sim.CauseCount {
		return sim.CauseCount{Cause: n, Kind: "slow", Begin: begin * time.Second, End: end * time.Second, Counts: map[string]int64{"packets delayed": did}}
	}
	r := &sim.Result{End: 8 * time.Second, Ledger: &sim.Ledger{Causes: []sim.CauseCount{cause(1, 1, 2, 5), cause(2, 2, 3, 0), cause(3, 7, 9, 0), cause(4, 8, 8, 0), cause(5, 20, 25, 0)}}}
	want := []string{"fault 2 (slow, 2s..3s) had no effect", "fault 3 (slow, 7s..9s) had no effect"}
	if got := warnings(r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
