//go:build !linux

package bench

import "runtime/debug"

func resetPeak() { debug.FreeOSMemory() }

func peakMemory() int64 { return heldMemory() }
