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

// peakMemory is the greatest resident size since resetPeak, in bytes, less the mapped files' pages. How many of the binary's
// own pages are resident is the page cache's doing: of two copies of one binary it holds one in larger pieces than the other.
func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return heldMemory()
	}
	var peak, files, tmpfs int64 // kB
	for line := range bytes.Lines(b) {
		_, _ = fmt.Sscanf(string(line), "VmHWM: %d kB", &peak)
		_, _ = fmt.Sscanf(string(line), "RssFile: %d kB", &files)
		_, _ = fmt.Sscanf(string(line), "RssShmem: %d kB", &tmpfs)
	}
	if peak <= files+tmpfs {
		return heldMemory()
	}
	return (peak - files - tmpfs) << 10
}
