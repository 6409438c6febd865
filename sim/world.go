package sim

import (
	"fmt"
	"math"
	"math/bits"
	"time"
	"unsafe"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// World runs a plan. Its exported methods are for faults (within Begin, End and Ring) and, as a View, for checkers.
type World struct {
	cfg   Config
	net   *netsim.Network
	now   time.Duration
	queue queue
	hosts []host // by HostID; 0 is unused
	n     uint32 // of the world's own keys

	downlinks bool // some have a bound
	cur       Key  // of what happens now

	payloads payloads
	own      uint8 // the class of the world's own packets
	buf      []netsim.Arrival
	errands  []errand
	spare    []uint32 // free errands
	persons  []*Hands
	windows  []window
	window   int // that begins, ends or rings now, from 1; 0 none
	jobs     map[string]*job

	out      *step.Effects // of the step being made
	outs     []*step.Effects
	in       inputs
	taken    Taken
	tags     []uint8 // the lies of a step, by place in its effects
	scratch  []byte
	wants    Kinds
	watchers [][]Checker // by bit of Kinds
	ev       Event
	stepping HostID // whose process runs, so that a panic is known to be its own

	warmed     uint32 // keeps the reads of warm from being left out
	ledger     *Ledger
	result     *Result
	deliveries uint64
	events     uint64
	look       uint64 // at this event the bounds of the run are looked at
	cut        string
	broke      string // the invariant that broke, which makes the run fail
	done       bool
	perturbed  bool
}

// inputs holds one container of each kind, used again for every step.
type inputs struct {
	boot      step.Boot
	up        step.ConnUp
	down      step.ConnDown
	packet    step.Packet
	drained   step.Drained
	timer     step.Timer
	request   step.Request
	committed step.Committed
	loaded    step.Loaded
	done      step.JobDone
}

// errand is what an entry needs beyond its handles.
type errand struct {
	id   uint64
	body []byte
	text string
	work uint64
}

// New makes a world. Its errors name the field at fault.
func New(cfg Config) (*World, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	w := &World{cfg: cfg, net: cfg.Net, own: uint8(len(cfg.Classes)), out: &step.Effects{}, jobs: map[string]*job{}, result: &Result{}}
	w.downlinks = cfg.Net.Downlinks()
	w.payloads = newPayloads(w.own)
	w.hosts = make([]host, len(cfg.Seats)+1)
	for i := range cfg.Seats {
		h := &w.hosts[i+1]
		h.liar, h.skew = cfg.Seats[i].Liar != "", cfg.Seats[i].Skew
		if cfg.Seats[i].Quota > 0 {
			h.more().disk.quota = cfg.Seats[i].Quota
		}
	}
	for _, id := range cfg.Record {
		w.hosts[id].watched = true
		w.hosts[id].more().tape = &Recording{Host: id}
	}
	for i := range w.hosts[1:] {
		if h := &w.hosts[i+1]; cfg.Tape != nil && !h.watched {
			h.watched = true
			h.more().tape = cfg.Tape
		}
	}
	w.ledger = newLedger(&cfg)
	w.result.Ledger = w.ledger
	w.result.EventHashes.Stride = 1
	w.watchers = make([][]Checker, 64)
	for _, c := range cfg.Checkers {
		w.wants |= c.Wants()
		for i := range w.watchers {
			if c.Wants()&(1<<i) != 0 {
				w.watchers[i] = append(w.watchers[i], c)
			}
		}
	}
	if err := w.seatPersons(); err != nil {
		return nil, err
	}
	for _, j := range cfg.Jobs {
		w.jobs[jobKey(j.Device, j.Kernel, j.Input)] = &job{out: j.Out, work: j.Work, err: j.Err, result: j}
	}
	if err := w.hangWindows(); err != nil {
		return nil, err
	}
	return w, nil
}

// Run carries the plan out. It can be called once.
func (w *World) Run() *Result {
	w.begin()
	for !w.done {
		w.turn()
	}
	return w.finish()
}

// begin schedules what is known beforehand. What lies at one instant happens in this order.
func (w *World) begin() {
	w.look = w.nextLook()
	w.world(entry{at: int64(time.Second), kind: evSecond})
	for i := range w.windows {
		w.world(entry{at: int64(w.windows[i].End), kind: evFaultEnd, arg: uint32(i)})
	}
	w.world(entry{at: int64(w.cfg.Plan.Calm), kind: evCalm})
	for i := range w.windows {
		w.world(entry{at: int64(w.windows[i].Begin), kind: evFaultBegin, arg: uint32(i)})
	}
	for i, at := range w.cfg.Plan.Samples {
		w.world(entry{at: int64(at), kind: evSample, arg: uint32(i)})
	}
	w.world(entry{at: int64(w.cfg.Plan.End), kind: evEnd})
	if p := w.cfg.Perturb; p.Luck != 0 { // under a key that takes none of the world's numbers
		w.queue.push(&entry{at: int64(p.From), kind: evPerturb, n: math.MaxUint32})
	}
	for i, s := range w.cfg.Seats {
		id := HostID(i + 1)
		w.schedule(id, id, 0, entry{at: int64(s.Late), kind: evBoot})
	}
}

// turn handles events until the run is done or a process panics.
func (w *World) turn() {
	defer func() {
		if w.stepping != 0 {
			if r := recover(); r != nil {
				w.panicked(fmt.Sprint(r))
			}
		}
	}()
	until := w.cfg.Until
	for !w.done {
		e := w.queue.pop()
		if e == nil {
			w.stop("nothing is left to happen")
			return
		}
		if until != nil && until.Compare(Key{time.Duration(e.at), HostID(e.src), e.n}) < 0 {
			over := *e
			w.queue.push(&over)
			w.stop("the event asked for was reached")
			return
		}
		w.cur = Key{time.Duration(e.at), HostID(e.src), e.n}
		to := e.to
		w.now = w.cur.At
		w.events++
		if w.queue.head&(warmAhead-1) == 1 && e != &w.queue.late {
			w.warm()
		}
		w.dispatch(e)
		if w.cfg.KeepEvents > 0 && to != 0 && w.events&(w.result.EventHashes.Stride-1) == 0 {
			w.result.EventHashes.add(w.events, w.cfg.KeepEvents, EventHash{w.cur, HostID(to), w.hosts[to].sum.a})
		}
		if w.events == w.look {
			w.poll()
		}
	}
}

const warmAhead = 16

// warm reads from the hosts that come next, some at once, so that the processor fetches them side by side instead of one
// after the other: with many hosts nearly each event finds its host in main memory only. First the hosts, and for those
// read the time before, their processes.
func (w *World) warm() {
	var sum uint32
	run := w.queue.run[w.queue.head:]
	for i := range run[:min(2*warmAhead, len(run))] {
		h := &w.hosts[run[i].to]
		if i >= warmAhead {
			sum += uint32(h.sum.a) + uint32(h.conn)
		} else if p := (*[2]*byte)(unsafe.Pointer(&h.process))[1]; p != nil {
			sum += uint32(*p)
		}
	}
	w.warmed = sum
}

// warmConns reads from a host's connections side by side, as warm does from hosts, before it sends over many of them.
func (w *World) warmConns(h *host) {
	sum := uint32(0)
	for i := range h.conns[:min(len(h.conns), 16)] {
		sum += h.conns[i].n
	}
	w.warmed = sum
}

// lookEvery is after how many events the bounds of the run are looked at: a power of two.
const lookEvery = 4096

// nextLook is the next multiple of lookEvery, or the last event that may happen.
func (w *World) nextLook() uint64 {
	next := w.events&^(lookEvery-1) + lookEvery
	if w.cfg.MaxEvents > w.events {
		next = min(next, w.cfg.MaxEvents)
	}
	return next
}

// poll looks at the bounds of the run.
func (w *World) poll() {
	w.look = w.nextLook()
	if w.cfg.MaxEvents > 0 && w.events >= w.cfg.MaxEvents {
		w.stop(fmt.Sprintf("%d events are the bound", w.cfg.MaxEvents))
	}
	if w.cfg.Stop != nil {
		if why := w.cfg.Stop(); why != "" {
			w.stop(why)
		}
	}
	if w.cfg.Progress != nil && w.events&0xffff == 0 {
		w.progress()
	}
}

func (w *World) progress() {
	if w.cfg.Progress != nil {
		w.cfg.Progress(Progress{w.now, w.cfg.Plan.End, w.events, w.deliveries})
	}
}

// stop ends the run before its plan does.
func (w *World) stop(why string) {
	if !w.done {
		w.done, w.cut = true, why
	}
}

// schedule gives an entry the next key of a host and queues it for a life of another.
func (w *World) schedule(src, to HostID, life uint32, e entry) {
	h := &w.hosts[src]
	e.src, e.n, e.to, e.life = uint32(src), h.n, uint32(to), uint16(life)
	h.n++
	w.queue.push(&e)
}

// world queues an entry under the world's own next key.
func (w *World) world(e entry) {
	e.n = w.n
	w.n++
	w.queue.push(&e)
}

func (w *World) errand(x errand) uint32 {
	if n := len(w.spare); n > 0 {
		ref := w.spare[n-1]
		w.spare = w.spare[:n-1]
		w.errands[ref] = x
		return ref
	}
	w.errands = append(w.errands, x)
	return uint32(len(w.errands) - 1)
}

func (w *World) takeErrand(ref uint32) errand {
	x := w.errands[ref]
	w.errands[ref] = errand{}
	w.spare = append(w.spare, ref)
	return x
}

// nowAt is what a host may know of time.
func (w *World) nowAt(h *host) step.Now {
	return step.Now{Mono: w.now - h.boot, Wall: w.cfg.Wall0 + w.now + h.skew}
}

// observe shows w.ev to the checkers that want its kind.
func (w *World) observe(kind Kinds) {
	w.ev.Kind = kind
	for _, c := range w.watchers[bits.TrailingZeros64(uint64(kind))] {
		c.Observe(&w.ev)
	}
}
