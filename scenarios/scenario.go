// Package scenarios holds the situations worth testing, as values without functions, and turns one into a world:
// stores, seats, persons, faults, checkers and what they must know of the truth.
package scenarios

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// Scenario is one situation. It prints to YAML and parses back strictly.
type Scenario struct {
	Name     string        `yaml:"name"`
	About    string        `yaml:"about"`
	Nodes    int           `yaml:"nodes"`    // how many hosts, unless the run says otherwise
	Duration time.Duration `yaml:"duration"` // how long persons work and faults strike; calm and liveness follow
	Sample   time.Duration `yaml:"sample"`   // how often checkers read state
	Network  Network       `yaml:"network"`
	Spaces   []string      `yaml:"spaces"`
	Groups   []Group       `yaml:"groups"`
	Work     []Work        `yaml:"work,omitempty"` // a plan needs none
	Faults   []Fault       `yaml:"faults,omitempty"`
	Node     Node          `yaml:"node,omitempty"`
	Disk     Disk          `yaml:"disk,omitempty"`
	Durable  float64       `yaml:"durable,omitempty"` // share of the requests that must become durable; 0 is all without faults and liars, else 0.8
	Waive    []Waiver      `yaml:"waive,omitempty"`
	Expect   []string      `yaml:"expect,omitempty"` // "fail CHECKER": passing is then the failure. Only a closed list may say so
}

// Group is a kind of hosts. The groups' sizes add up to the nodes of the run: counts first, then shares, and the rest
// goes to the one group that says neither.
type Group struct {
	Name   string   `yaml:"name"`
	Count  int      `yaml:"count,omitempty"`
	Share  float64  `yaml:"share,omitempty"`  // of the nodes of the run
	Kernel uint8    `yaml:"kernel,omitempty"` // the protocol of its released kernel: 1 or 2 (the default)
	Spaces []string `yaml:"spaces,omitempty"` // each host holds one of these, in turn; all the scenario's where none is named
	All    bool     `yaml:"all,omitempty"`    // each host holds all of them
	Beside []string `yaml:"beside,omitempty"` // each host holds these as well
	Role   string   `yaml:"role,omitempty"`   // guest, member, admin or owner in the spaces that it holds; empty is none
	Device string   `yaml:"device,omitempty"` // desktop, laptop, phone or hidden (a tab in the background): how fast its jobs run; empty has no runner
	Liar   *Liar    `yaml:"liar,omitempty"`
}

// Node is what the scenario says of every node's settings; zero fields are the kernel's own.
type Node struct {
	Fanout int           `yaml:"fanout,omitempty"` // pushes a new operation to so many neighbours
	Gossip time.Duration `yaml:"gossip,omitempty"` // compares heads so often
}

// Disk is what the scenario says of every host's disk; zero fields are the world's own.
type Disk struct {
	Strict time.Duration `yaml:"strict,omitempty"` // a commit that survives a loss of power takes so long
}

// profile completes it.
func (d Disk) profile() sim.DiskProfile {
	p := sim.DefaultDisk()
	if d.Strict > 0 {
		p.Strict = d.Strict
	}
	return p
}

// Network is what lies between the hosts.
type Network struct {
	Kind      string        `yaml:"kind"`                // regions, fixed, lognormal or matrix
	Latency   time.Duration `yaml:"latency,omitempty"`   // one way, of fixed
	File      string        `yaml:"file,omitempty"`      // of matrix: a file of measured round-trip times
	Unit      string        `yaml:"unit,omitempty"`      // of matrix: s or ms
	Jitter    float64       `yaml:"jitter,omitempty"`    // up to this share of the latency is added, drawn evenly
	Loss      float64       `yaml:"loss,omitempty"`      // share of packets
	Duplicate float64       `yaml:"duplicate,omitempty"` // share of packets
	Reorder   float64       `yaml:"reorder,omitempty"`   // share of packets
	Bandwidth bool          `yaml:"bandwidth,omitempty"` // links have the bandwidth of their regions, and queues
}

// Waiver excuses a checker from having had something to look at.
type Waiver struct {
	Checker string `yaml:"checker"`
	Why     string `yaml:"why"`
}

// Work, Fault and Liar are written as {kind, own fields}; each kind's file holds the fields.
type (
	Work  struct{ workload.Spec }
	Fault struct{ fault.Spec }
	Liar  struct{ byzantine.Spec }
)
