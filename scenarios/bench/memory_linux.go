package bench

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
)

// resetPeak returns what memory it can and forgets the greatest resident size so far.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it is not allowed, peaks are those of the whole process
}

// peakMemory is the greatest resident size since resetPeak, in bytes.
func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return heldMemory()
	}
	for line := range bytes.Lines(b) {
		var kB int64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %d kB", &kB); n == 1 {
			return kB << 10
		}
	}
	return heldMemory()
}
