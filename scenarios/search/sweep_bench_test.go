package search

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// BenchmarkObserver interleaves runs of calm-day, 60 nodes for about a virtual minute, with and without the sweep's
// observer. -cpuprofile says what bounds a sweep.
func BenchmarkObserver(b *testing.B) {
	s, _ := scenarios.Find("calm-day")
	set := scenarios.Settings{Nodes: 60, Set: map[string]string{"duration": "10s"}}
	var took [2]time.Duration
	for b.Loop() {
		set.Seed++
		for k := range took {
			k = (k + int(set.Seed)) % 2
			run := set
			seen := newBehaviour(fault.Kinds())
			if k == 1 {
				run.Observe = seen
			}
			began := scenarios.CPUTime()
			o, err := scenarios.Run(s, run)
			if err != nil {
				b.Fatal(err)
			}
			if k == 1 {
				signs(seen.features(o))
			}
			took[k] += scenarios.CPUTime() - began
		}
	}
	b.ReportMetric(float64(set.Seed)/took[0].Hours(), "bare-seeds/CPU-h")
	b.ReportMetric(float64(set.Seed)/took[1].Hours(), "seeds/CPU-h")
	b.ReportMetric(100*(took[1].Seconds()/took[0].Seconds()-1), "%overhead")
}
