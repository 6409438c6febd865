package sim

import (
	"fmt"
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

// window is a fault of the plan in motion.
type window struct {
	Window
	fault Fault
	name  string // what its chance is drawn by
	on    bool
	over  bool
}

// hangWindows makes the faults of the plan.
func (w *World) hangWindows() error {
	nth := map[string]int{}
	for i, f := range w.cfg.Plan.Faults {
		if w.cfg.Catalog.Fault == nil {
			return fmt.Errorf("sim: Catalog.Fault is missing, and the plan has faults")
		}
		fault, err := w.cfg.Catalog.Fault(f)
		if err != nil {
			return fmt.Errorf("sim: Plan.Faults[%d]: %w", i, err)
		}
		name := f.line()
		nth[name]++
		w.windows = append(w.windows, window{Window: f, fault: fault, name: fmt.Sprintf("%s#%d", name, nth[name])})
	}
	return nil
}

// Now is the world's time.
func (w *World) Now() time.Duration { return w.now }

// Net is the network, for rules under Cause.
func (w *World) Net() *netsim.Network { return w.net }

// Cause is the number of the window that begins, ends or rings now; 0 between windows.
func (w *World) Cause() int { return w.window }

// Rand gives the present window's generator of a name, the same one at every call. It depends on the seed and the
// window's text alone, so that removing one fault does not reshuffle another.
func (w *World) Rand(name string) *rand.Rand {
	if w.window == 0 {
		return w.cfg.Seed.Stream("world/" + name)
	}
	return w.cfg.Seed.Stream("fault/" + w.windows[w.window-1].name + "/" + name)
}

// Count adds to what the present window did. The world itself counts packets that a rule lost, delayed, doubled, altered
// or reordered, crashes, lost records and bytes, torn steps, lost and failed disks, and clocks that were moved.
func (w *World) Count(what string, n int64) {
	if w.window > 0 {
		w.ledger.Causes[w.window-1].Counts[what] += n
	}
}

// After calls Ring of the present window's fault after a time, unless the window has ended by then.
func (w *World) After(d time.Duration, arg uint64) {
	if w.window > 0 {
		w.world(entry{at: later(w.now, max(0, d)), kind: evRing, arg: uint32(w.window - 1), ref: w.errand(errand{id: arg})})
	}
}

// Crash stops a host. It tells whether the host was up. Only Boot brings it back (and the calm).
func (w *World) Crash(h HostID, mode CrashMode) bool {
	host := &w.hosts[h]
	if !host.up {
		return false
	}
	w.crash(h, host, mode, w.cur)
	return true
}

// Boot starts a host after a time, unless it is up by then. It does so even if the window has ended.
func (w *World) Boot(h HostID, after time.Duration) {
	w.world(entry{at: later(w.now, max(0, after)), kind: evBoot, to: uint32(h)})
}

// LoseDisk wipes a host's disk. If the host is up, its commits fail until the next boot.
func (w *World) LoseDisk(h HostID) {
	x := w.hosts[h].more()
	x.disk.broken = w.hosts[h].up
	records, bytes := x.disk.wipe()
	w.ledger.LostRecords += records
	w.ledger.LostBytes += bytes
	w.Count("disks lost", 1)
	w.Count("records lost", records)
}

// FailDisk makes a host's commits fail until its next boot.
func (w *World) FailDisk(h HostID) {
	w.hosts[h].more().disk.broken = true
	w.Count("disks failed", 1)
}

// TearNext makes the host's next step with at least two effects stop after a drawn prefix of them: the tab crashes there,
// and boots again after a time. The end of the window disarms it.
func (w *World) TearNext(h HostID, restart time.Duration) {
	x := w.hosts[h].more()
	w.hosts[h].tear = true
	x.tear = tear{w.window, restart, w.Rand(fmt.Sprintf("tear/%d/%d", h, w.now)).Uint64()}
}

// SkewWall sets how far a host's wall clock is from the world's time.
func (w *World) SkewWall(h HostID, d time.Duration) {
	if w.hosts[h].skew != d {
		w.hosts[h].skew = d
		w.Count("clocks moved", 1)
	}
}

// JumpWall moves a host's wall clock by d, back if negative.
func (w *World) JumpWall(h HostID, d time.Duration) { w.SkewWall(h, w.hosts[h].skew+d) }

// Skew is how far a host's wall clock is from the world's time.
func (w *World) Skew(h HostID) time.Duration { return w.hosts[h].skew }

// worldEvent is an event of the world's own.
func (w *World) worldEvent(e *entry) {
	switch e.kind {
	case evSecond:
		w.checkpoint()
		w.progress()
		if next := w.now + time.Second; next <= w.cfg.Plan.End {
			w.world(entry{at: int64(next), kind: evSecond})
		}
	case evSample:
		for _, c := range w.cfg.Checkers {
			c.Sample(w.now, w)
		}
	case evFaultBegin:
		f := &w.windows[e.arg]
		w.within(int(e.arg), "begins", func() { f.on = true; f.fault.Begin(w) })
		if f.Begin == f.Window.End {
			w.endWindow(int(e.arg))
		}
	case evFaultEnd:
		w.endWindow(int(e.arg))
	case evRing:
		arg := w.takeErrand(e.ref).id
		if r, ok := w.windows[e.arg].fault.(Ringer); ok && w.windows[e.arg].on {
			w.within(int(e.arg), "", func() { r.Ring(w, arg) })
		}
	case evCalm:
		w.calm()
	case evEnd:
		w.done = true
	case evPerturb:
		w.events-- // no event of the run
		w.perturbed = true
		w.net.Perturb(w.cfg.Perturb.Luck)
	}
}

// within calls a fault under its cause.
func (w *World) within(i int, what string, call func()) {
	w.window = i + 1
	if what != "" && w.wants&OnFault != 0 {
		w.ev = Event{Key: w.cur, Index: -1, What: w.windows[i].Kind + " " + what}
		w.observe(OnFault)
	}
	call()
	w.window = 0
}

func (w *World) endWindow(i int) {
	f := &w.windows[i]
	if !f.on {
		return
	}
	w.within(i, "ends", func() { f.fault.End(w) })
	f.on, f.over = false, true
	for id := range w.hosts {
		if h := &w.hosts[id]; h.tear && h.extra.tear.cause == i+1 {
			h.tear = false
		}
	}
}

// calm ends every fault that is still on and boots every host that a fault took down.
func (w *World) calm() {
	for i := range w.windows {
		w.endWindow(i)
	}
	for id := 1; id < len(w.hosts); id++ {
		if h := &w.hosts[id]; !h.up && h.life > 0 {
			w.Boot(HostID(id), 0)
		}
	}
}
