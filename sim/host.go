package sim

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// host is a seat in motion. What every packet touches comes first; the rest hangs off extra.
type host struct {
	sum     digest
	process Process
	boot    time.Duration // when this life began
	until   time.Duration // it is busy until then
	n       uint32        // of keys: this host's n-th
	life    uint32
	up      bool
	busy    bool // until the event that carries out detained effects
	liar    bool
	tear    bool // the next step is to be torn
	watched bool // it has a tape

	conn  step.Conn     // the next connection's number
	opens uint32        // connections that are open
	steps uint32        // inputs handled
	skew  time.Duration // of the wall clock

	slot  []uint32 // of each connection of this life: its place in conns, counted from 1, and flags; 0 is none
	conns []conn
	links []link // connections to each peer ever
	extra *extra
	free  uint32 // a free place in conns, counted from 1; chained by conn.n

	_ [16]byte // three cache lines
}

// link counts the connections to a peer.
type link struct {
	peer   HostID
	opened uint32 // but the first
}

// extra is what many hosts never need.
type extra struct {
	disk      disk
	timers    []timer
	armed     uint32 // counts settings of timers, so that a stale one is told from its successor
	inbox     []entry
	detained  *detained
	committed []step.Committed // not yet handed over
	persons   []uint32
	tape      Tape
	jobs      time.Duration // when the runner is done with all jobs
	tear      tear
	downBy    int // the cause of its last crash
}

type timer struct {
	id    step.TimerID
	armed uint32 // 0 is free
}

// tear is what TearNext asked for.
type tear struct {
	cause   int
	restart time.Duration
	cut     uint64 // chance
}

// detained are the effects of a step that takes the host's time.
type detained struct {
	out *step.Effects
	key Key
}

func (h *host) more() *extra {
	if h.extra == nil {
		h.extra = &extra{}
	}
	return h.extra
}

// arm sets a timer and gives its place and setting.
func (x *extra) arm(id step.TimerID) (place, armed uint32) {
	x.armed++
	spare := -1
	for i := range x.timers {
		t := &x.timers[i]
		if t.armed != 0 && t.id == id {
			t.armed = x.armed
			return uint32(i), x.armed
		}
		if t.armed == 0 && spare < 0 {
			spare = i
		}
	}
	if spare < 0 {
		x.timers = append(x.timers, timer{})
		spare = len(x.timers) - 1
	}
	x.timers[spare] = timer{id, x.armed}
	return uint32(spare), x.armed
}

func (x *extra) disarm(id step.TimerID) {
	for i := range x.timers {
		if x.timers[i].armed != 0 && x.timers[i].id == id {
			x.timers[i].armed = 0
		}
	}
}
