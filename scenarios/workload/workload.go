// Package workload holds what persons do, one file a kind: the fields that a scenario writes, the drawing of scripts from
// them, and the person herself. A person sees only replies; she never looks into a node.
package workload

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// Spec is one piece of work as a scenario writes it.
type Spec interface {
	Kind() string
	// Deeds is how many things persons will do, of which a run bears so many. An error names a field over its bound.
	Deeds() (int, error)
	// Scripts draws who does what, and when. An error names the field at fault.
	Scripts(env *Env, r *rand.Rand) ([]sim.Script, error)
}

// Claimer is a Spec that says what persons must have tried for its scenario to test what it claims: names of counts in the
// ledger, of which none may be 0.
type Claimer interface{ Claims() []string }

// Counts of the ledger that work claims.
const (
	Withdrawn     = "consents withdrawn"
	AdminsRevoked = "admins revoked"
	TagsRemoved   = "tags removed that were seen"
	DraftsEdited  = "texts edited as an earlier edit left them"
	RolesReturned = "roles given back"
	OutOfReach    = "rights asked for of who is no less"

	PiecesTakenOut = "pieces taken out of a text"
)

// Env is what the drawing of scripts may know.
type Env struct {
	Duration time.Duration
	Groups   map[string][]Seat // by the scenario's name of the group
	Open     func(file string) ([]byte, error)
	Stop     func() error // polled: an error ends the drawing; nil is never
}

// poll asks Stop at every 64th of many things to be drawn.
func (e *Env) poll(i int) error {
	if i%64 == 0 && e.Stop != nil {
		return e.Stop()
	}
	return nil
}

// What one piece of work may ask at most. Of deeds it is also what all work of a scenario may ask together.
const (
	MaxDeeds    = 1_000_000
	maxPeople   = 100_000
	maxChannels = 10_000
	maxTasks    = 10_000
	maxSize     = 4096
)

// within holds a field to its bound; 0 is its default.
func within(field string, n, most int) error {
	if n < 0 || n > most {
		return fmt.Errorf("%s: %d is not in 0..%d", field, n, most)
	}
	return nil
}

// Seat is a host and its person.
type Seat struct {
	Host   sim.HostID
	Seed   [32]byte   // of the person's identity key
	Spaces [][32]byte // that the host holds
	Role   string
	Kernel uint8
	Liar   string
}

// kind is one row of the list below.
type kind struct {
	name   string
	spec   func() Spec
	person func(args) (sim.Person, error)
}

func kinds() []kind {
	return []kind{
		{"chat", func() Spec { return &Chat{} }, newChatter},
		{"graph", func() Spec { return &Graph{} }, newGrapher},
		{"roles", func() Spec { return &Roles{} }, newRoler},
		{"compute", func() Spec { return &Compute{} }, newComputer},
		{"trace", func() Spec { return &Trace{} }, newWriter},
		{"typing", func() Spec { return &Typing{} }, newTypist},
	}
}

// Kinds lists the names of all workloads.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// NewSpec makes an empty spec of a kind; nil where there is no such kind.
func NewSpec(name string) Spec {
	for _, k := range kinds() {
		if k.name == name {
			return k.spec()
		}
	}
	return nil
}

// New seats the person of a script.
func New(s sim.Script) (sim.Person, error) {
	for _, k := range kinds() {
		if k.name == s.Kind {
			p, err := k.person(args{s.Args})
			if err != nil {
				return nil, fmt.Errorf("script %s at host %d: %w", s.Kind, s.Host, err)
			}
			return p, nil
		}
	}
	return nil, fmt.Errorf("script at host %d: there is no person of kind %q", s.Host, s.Kind)
}

// group finds the seats of named groups, in host order.
func (e *Env) group(field string, names ...string) ([]Seat, error) {
	var seats []Seat
	for _, n := range names {
		g, ok := e.Groups[n]
		if !ok {
			return nil, fmt.Errorf("%s: the scenario has no group %q", field, n)
		}
		for _, s := range g {
			if len(s.Spaces) == 0 {
				return nil, fmt.Errorf("%s: host %d of group %q holds no space", field, s.Host, n)
			}
		}
		seats = append(seats, g...)
	}
	if len(seats) == 0 {
		return nil, fmt.Errorf("%s: no host is in %q", field, names)
	}
	return seats, nil
}
