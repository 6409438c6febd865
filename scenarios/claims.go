package scenarios

import (
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// unmet names what the scenario's work claims that persons try and none tried: like a fault without effect, it tests nothing.
func (b *build) unmet(l *sim.Ledger) string {
	for _, w := range b.scenario.Work {
		if c, ok := w.Spec.(workload.Claimer); ok {
			for _, claim := range c.Claims() {
				if l.Counts[claim] == 0 {
					return claim
				}
			}
		}
	}
	return ""
}
