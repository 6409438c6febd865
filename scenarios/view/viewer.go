package view

import (
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Viewer is a run that was carried out, ready to be looked into. Its methods may be called side by side.
type Viewer struct {
	index   *index
	stage   *scenarios.Stage
	digests []sim.HostDigest
	person  map[[32]byte]int // host by the identity of its person
	end     time.Duration
	run     runAnswer

	mu    sync.Mutex // of what follows
	seats seats
	ops   *op.Store // opens operations to show them
}

// ErrInterrupted is what Open returns where the settings' Stop ended the run.
var ErrInterrupted = errors.New("interrupted: the run was not carried out to its end")

// Open carries a run out, given what does so, and makes it ready to be looked into. The name is how the run is called.
func Open(name string, run func(scenarios.Settings) (*scenarios.Outcome, error), set scenarios.Settings) (*Viewer, error) {
	x, err := newIndex()
	if err != nil {
		return nil, err
	}
	ready, stop, stopped := set.Ready, set.Stop, false
	set.Observe, set.Tape = x, x
	set.Ready = func(nodes int) {
		x.begin(nodes)
		if ready != nil {
			ready(nodes)
		}
	}
	set.Stop = func() string {
		if err := x.tape.err; err != nil {
			return err.Error()
		}
		if stop == nil {
			return ""
		}
		why := stop()
		stopped = stopped || why != ""
		return why
	}
	v, err := open(name, run, set, x)
	if err == nil && stopped {
		err = ErrInterrupted
	}
	if err != nil {
		x.close()
		return nil, err
	}
	return v, nil
}

func open(name string, run func(scenarios.Settings) (*scenarios.Outcome, error), set scenarios.Settings, x *index) (*Viewer, error) {
	o, err := run(set)
	if err != nil {
		return nil, err
	}
	defer debug.FreeOSMemory() // the world is not needed any more, and may have been large
	if err := x.finish(); err != nil {
		return nil, err
	}
	plan, err := scenarios.ReadPlan("plan", o.Plan)
	if err != nil {
		return nil, err
	}
	v := &Viewer{index: x, digests: o.Result.Hosts, end: o.Result.End, ops: op.NewStore(64 << 20), person: map[[32]byte]int{}}
	if v.stage, err = plan.Stage(); err != nil {
		return nil, err
	}
	for i := range v.stage.Hosts {
		v.person[v.stage.Hosts[i].Identity] = i + 1
	}
	return v, v.describe(name, &o.Record, plan)
}

// Close gives up the file of recorded inputs.
func (v *Viewer) Close() { v.index.close() }

// Inputs is how many inputs hosts took in the run; Tape how many bytes their record takes.
func (v *Viewer) Inputs() uint64 { return v.index.tape.inputs }
func (v *Viewer) Tape() int64    { return v.index.tape.size }

// seat gives a host right after its n-th input.
func (v *Viewer) seat(h sim.HostID, n uint32) (*seat, error) {
	return v.seats.get(v.index, h, n, v.stage.New(h))
}
