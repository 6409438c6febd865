package sim

import (
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
)

// CrashMode says what a crash takes with it.
type CrashMode uint8

const (
	TabCrash  CrashMode = iota // what was not committed
	PowerLoss                  // also what was committed relaxed and not yet flushed
)

func (m CrashMode) String() string {
	if m == TabCrash {
		return "tab crash"
	}
	return "power loss"
}

// Ringer is a Fault that asks for calls within its window: see World.After.
type Ringer interface{ Ring(w *World, arg uint64) }

// Now is the world's time.
func (w *World) Now() time.Duration { return w.now }

// Net is the network, for rules under Cause.
func (w *World) Net() *netsim.Network { return w.cfg.Net }

// Cause is the number of the window that begins, ends or rings now; 0 between windows.
func (w *World) Cause() int { return 0 }

// Rand gives the present window's generator of a name. It depends on the seed and the window's text alone, so that
// removing one fault does not reshuffle another.
func (w *World) Rand(name string) *rand.Rand { return w.cfg.Seed.Stream(name) }

// Count adds to what the present window did. The world itself counts packets that a rule lost, delayed, doubled, altered
// or reordered, crashes, lost records and bytes, torn steps, lost disks, and clocks that were moved.
func (w *World) Count(what string, n int64) {}

// After calls Ring of the present window's fault after a time, unless the window has ended by then.
func (w *World) After(d time.Duration, arg uint64) {}

// Crash stops a host. It tells whether the host was up. Only Boot brings it back (and the calm).
func (w *World) Crash(h HostID, mode CrashMode) bool { return false }

// Boot starts a host after a time, unless it is up by then. It does so even if the window has ended.
func (w *World) Boot(h HostID, after time.Duration) {}

// LoseDisk wipes a host's disk. If the host is up, its commits fail until the next boot.
func (w *World) LoseDisk(h HostID) {}

// FailDisk makes a host's commits fail until its next boot.
func (w *World) FailDisk(h HostID) {}

// TearNext makes the host's next step with at least two effects stop after a drawn prefix of them: the tab crashes there,
// and boots again after a time. The end of the window disarms it.
func (w *World) TearNext(h HostID, restart time.Duration) {}

// SkewWall sets how far a host's wall clock is from the world's time.
func (w *World) SkewWall(h HostID, d time.Duration) {}

// JumpWall moves a host's wall clock by d, back if negative.
func (w *World) JumpWall(h HostID, d time.Duration) {}

// Wall is how far a host's wall clock is from the world's time.
func (w *World) Wall(h HostID) time.Duration { return 0 }
