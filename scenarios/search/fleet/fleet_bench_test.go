//go:build linux

package fleet

import (
	"context"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// used is the CPU time of this process and of those that it started and that have ended.
func used(b *testing.B) time.Duration {
	var sum int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += u.Utime.Nano() + u.Stime.Nano()
	}
	return time.Duration(sum)
}

// BenchmarkFleet does the same sweep of calm-day, 60 nodes for about a virtual minute, in one process and over the embedded
// server with two workers, in turn.
func BenchmarkFleet(b *testing.B) {
	const runs = 40
	var cpu, wall [2]time.Duration
	seed := uint64(0)
	for b.Loop() {
		seed++
		for k := range 2 {
			k = (k + int(seed)) % 2
			o := search.SweepOptions{Swarm: search.Swarm{Seed: seed, Nodes: 60, Set: map[string]string{"duration": "10s"}}, Fresh: 1, Runs: runs, Jobs: 2, Out: b.TempDir()}
			o.Bases = append(o.Bases, func() (scenarios.Scenario, error) {
				s, _ := scenarios.Find("calm-day")
				text, err := s.YAML()
				if err != nil {
					return s, err
				}
				return scenarios.Parse(s.Name, text)
			})
			if k == 1 {
				c, err := New(Options{Jobs: 2, Spawn: func(env []string) *exec.Cmd { return asProcess("work", env) }})
				if err != nil {
					b.Fatal(err)
				}
				o.Crew = c
			}
			began, at := used(b), time.Now()
			if s, err := search.Sweep(context.Background(), o); err != nil || s.Runs != runs {
				b.Fatal(err, s.Runs)
			}
			cpu[k] += used(b) - began
			wall[k] += time.Since(at)
		}
	}
	n := float64(seed) * runs
	b.ReportMetric(n/cpu[0].Hours(), "seeds/CPU-h-in-process")
	b.ReportMetric(n/cpu[1].Hours(), "seeds/CPU-h-fleet")
	b.ReportMetric(100*(cpu[1].Seconds()/cpu[0].Seconds()-1), "%CPU-over-in-process")
	b.ReportMetric(100*(wall[1].Seconds()/wall[0].Seconds()-1), "%wall-over-in-process")
}
