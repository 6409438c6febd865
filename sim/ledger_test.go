package sim

import (
	"slices"
	"testing"
	"time"
)

// TestLedgerWarnings: of a run that was cut short, only windows that had begun are said to have done nothing.
func TestLedgerWarnings(t *testing.T) {
	cause := func(n int, begin, end time.Duration, did int64) CauseCount {
		return CauseCount{Cause: n, Kind: "slow", Begin: begin * time.Second, End: end * time.Second, Counts: map[string]int64{"packets delayed": did}}
	}
	l := &Ledger{Causes: []CauseCount{cause(1, 1, 2, 5), cause(2, 2, 3, 0), cause(3, 7, 9, 0), cause(4, 8, 8, 0), cause(5, 20, 25, 0)}}
	l.causes = make([]lossCount, len(l.Causes)+1)
	l.close(8 * time.Second)
	want := []string{"fault 2 (slow, 2s..3s) had no effect", "fault 3 (slow, 7s..9s) had no effect"}
	if !slices.Equal(l.Warnings, want) {
		t.Errorf("%q, want %q", l.Warnings, want)
	}
}
