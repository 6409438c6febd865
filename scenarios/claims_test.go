package scenarios

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
)

// TestUnmetClaims: a run in which nobody tried what its work claims is invalid.
func TestUnmetClaims(t *testing.T) {
	s := base("unmet", "Nobody lends for long enough to take it back.")
	s.Duration = 8 * time.Second
	s.Groups[1].Device = "laptop"
	s = s.lending(4, "people", "people")
	work := *s.Work[len(s.Work)-1].Spec.(*workload.Compute)
	s.Work[len(s.Work)-1] = Work{&work}
	for _, c := range []struct {
		withdraw float64
		want     results.Outcome
	}{{0, results.Pass}, {0.5, results.Pass}, {1e-12, results.Invalid}} {
		work.Withdraw = c.withdraw
		o, err := Run(s, Settings{Seed: 1, Nodes: 16})
		if err != nil {
			t.Fatal(err)
		}
		if o.Record.Outcome != c.want {
			t.Errorf("withdraw %v: %s: %s", c.withdraw, o.Record.Outcome, o.Record.Why)
		}
	}
}
