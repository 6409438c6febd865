//go:build !unix

package scenarios

import (
	"runtime"
	"time"
)

// cpuTime is unknown here.
func cpuTime() time.Duration { return 0 }

// peakMemory is what the runtime has taken from the system, in bytes.
func peakMemory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
