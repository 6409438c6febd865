package scenarios

import (
	"testing"
	"time"
)

// TestCost: the CPU of runs before and beside a run is not its own, nor is a peak that it did not raise.
func TestCost(t *testing.T) {
	spin := func(d time.Duration) {
		for begun := cpuTime(); begun > 0 && cpuTime()-begun < d; {
		}
	}
	spin(300 * time.Millisecond)
	m := startMeter()
	m.peak++ // a run before it took more
	spin(20 * time.Millisecond)
	c := m.cost(true)
	if cpuTime() > 0 && (time.Duration(c.CPU) < 20*time.Millisecond || time.Duration(c.CPU) > 250*time.Millisecond) {
		t.Errorf("CPU of %v, took 20 ms", c.CPU)
	}
	m.peak = 0
	if c := m.cost(true); c.Peak == 0 {
		t.Error("a run that raised the peak does not tell it")
	}
	if c := m.cost(false); c.CPU != 0 || c.Peak != 0 || c.Wall <= 0 {
		t.Errorf("runs that shared the process: %+v", c)
	}
}
