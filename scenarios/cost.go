package scenarios

import (
	"runtime"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// meter holds what the process had taken when a run began.
type meter struct {
	started time.Time
	cpu     time.Duration
	peak    uint64
}

func startMeter() meter { return meter{time.Now(), cpuTime(), peakMemory()} }

// cost is what the run took. The system counts by process: where runs shared it, CPU and memory are nobody's, and a peak
// is of the run that raised it.
func (m meter) cost(alone bool) results.Cost {
	c := results.Cost{Wall: results.Seconds(time.Since(m.started)), Workers: runtime.GOMAXPROCS(0)}
	if !alone {
		return c
	}
	c.CPU = results.Seconds(cpuTime() - m.cpu)
	if peak := peakMemory(); peak > m.peak {
		c.Peak = peak
	}
	return c
}

// CPUTime is what the process has used of all cores; 0 where the system does not tell.
func CPUTime() time.Duration { return cpuTime() }
