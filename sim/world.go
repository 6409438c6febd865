package sim

import (
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// World runs a plan. Its exported methods are for faults (within Begin, End and Ring) and, as a View, for checkers.
type World struct {
	cfg    Config
	now    time.Duration
	ledger *Ledger
}

// New makes a world. Its errors name the field at fault.
func New(cfg Config) (*World, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &World{cfg: cfg}, nil
}

// Run carries the plan out. It can be called once.
func (w *World) Run() *Result { return &Result{} }

func (w *World) ask(h *Hands, body []byte) (uint64, bool) { return 0, false }
func (w *World) wakeLater(h *Hands, after time.Duration)  {}

// Hosts is how many hosts there are: 1..Hosts().
func (w *World) Hosts() int { return len(w.cfg.Seats) }

// Up tells whether a host runs.
func (w *World) Up(h HostID) bool { return false }

// Life is how often a host has booted.
func (w *World) Life(h HostID) uint32 { return 0 }

// Liar tells whether a host's seat says that it lies.
func (w *World) Liar(h HostID) bool { return w.cfg.Seats[h-1].Liar != "" }

// Inspect asks a host's process; nil while it is down.
func (w *World) Inspect(h HostID, query string) []byte { return nil }

// Disk is what a host's disk holds, sorted by key.
func (w *World) Disk(h HostID) []step.Record { return nil }

var _ View = (*World)(nil)
var _ = netsim.Kept
var _ rand.Source
