package search

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// minutes are scenarios of about one virtual minute at 60 nodes: all of their people's work, in as short a time as their
// faults leave. Runs end when all must have settled, a minute after the work; all-at-once strikes for most of a minute first.
func minutes() []minute {
	return []minute{{"calm-day", "10s"}, {"chat-day", "10s"}, {"partition-heal", "18s"}, {"crash-storm", "26s"}, {"all-at-once", ""}}
}

type minute struct{ name, duration string }

// BenchmarkSweep runs whole scenarios as a sweep does, on one core: everything from drawing the plan to the features, with
// the sweep's observer and its garbage collection. It tells what CPU the process took by getrusage, collection included:
//
//   - seeds/CPU-h: runs an hour of one core makes;
//   - min/CPU-h: virtual minutes in them, each with all 60 hosts. A run of exactly one virtual minute is one of these;
//   - virtual-s: how long one run is.
//
// -cpuprofile says what bounds it.
func BenchmarkSweep(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(GCPercent))
	for _, m := range minutes() {
		b.Run(m.name, func(b *testing.B) {
			s, _ := scenarios.Find(m.name)
			set := scenarios.Settings{Nodes: 60, Set: map[string]string{}, NoHashes: true} // as the swarm sets it
			if m.duration != "" {
				set.Set["duration"] = m.duration
			}
			var virtual time.Duration
			began := scenarios.CPUTime()
			for b.Loop() {
				set.Seed++
				seen := newBehaviour(fault.Kinds())
				set.Observe = seen
				o, err := Do(s, set)
				if err != nil {
					b.Fatal(err)
				}
				signs(seen.features(o))
				virtual += time.Duration(o.Record.Virtual)
			}
			took := scenarios.CPUTime() - began
			b.ReportAllocs()
			b.ReportMetric(float64(set.Seed)/took.Hours(), "seeds/CPU-h")
			b.ReportMetric(virtual.Minutes()/took.Hours(), "min/CPU-h")
			b.ReportMetric(virtual.Seconds()/float64(set.Seed), "virtual-s")
		})
	}
}

// BenchmarkObserver interleaves runs of calm-day with and without the sweep's observer.
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
