// Package fault is the ways things go wrong, one file a family: what a scenario writes, the windows drawn from it before
// the run, and the thing itself, opened from a window. It misleads no process: peers that lie are in sim/byzantine.
package fault

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Spec is what a scenario writes about one kind of fault: a struct of plain fields with yaml tags.
type Spec interface {
	Kind() string
	// Windows draws what will happen. An error names the field at fault.
	Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error)
}

// DrawEnv is what windows are drawn for.
type DrawEnv struct {
	Hosts int            // 1..Hosts
	Calm  time.Duration  // no window ends later
	Spare netsim.HostSet // hosts that a draw leaves alone; where a spec names hosts or groups it means them

	Groups map[string]netsim.HostSet // of the scenario, by name
}

// Who says which hosts a fault hits: a drawn share, hosts by number, or all of some groups.
type Who struct {
	Share  float64        `yaml:"share,omitempty"`
	Hosts  netsim.HostSet `yaml:"hosts,omitempty"`
	Groups []string       `yaml:"groups,omitempty"`
}

// draw gives at least one host.
func (w Who) draw(env DrawEnv, r *rand.Rand) (netsim.HostSet, error) {
	if w.Hosts.Len() > 0 && w.Share != 0 {
		return w.Hosts, fmt.Errorf("share and hosts exclude each other")
	}
	if len(w.Groups) > 0 {
		return w.members(env)
	}
	if w.Hosts.Len() > 0 {
		if top := w.Hosts.Max(); int(top) > env.Hosts {
			return w.Hosts, fmt.Errorf("hosts: there is no host %d", top)
		}
		return w.Hosts, nil
	}
	if !(w.Share > 0 && w.Share <= 1) {
		return w.Hosts, fmt.Errorf("share: %v is not above 0 and up to 1", w.Share)
	}
	able := everyone(env.Hosts).Without(env.Spare)
	if able.Len() == 0 {
		return able, fmt.Errorf("share: every host is spared")
	}
	return some(able, max(1, int(w.Share*float64(able.Len())+0.5)), r), nil
}

// members are the hosts of the groups.
func (w Who) members(env DrawEnv) (all netsim.HostSet, err error) {
	if w.Share != 0 || w.Hosts.Len() > 0 {
		return all, fmt.Errorf("groups: they exclude share and hosts")
	}
	for _, name := range w.Groups {
		hosts, ok := env.Groups[name]
		if !ok {
			return all, fmt.Errorf("groups: there is no group %q", name)
		}
		for h := range hosts.All() {
			all.Add(h)
		}
	}
	if all.Len() == 0 {
		return all, fmt.Errorf("groups: they have no hosts")
	}
	return all, nil
}

func everyone(hosts int) netsim.HostSet { return netsim.HostRange(1, netsim.HostID(hosts)) }

// some draws n hosts of a set. Each host's luck is its own, so that one more host or a larger share moves few others.
func some(of netsim.HostSet, n int, r *rand.Rand) netsim.HostSet {
	type ticket struct {
		luck uint64
		host netsim.HostID
	}
	var tickets []ticket
	for h := range of.Max() + 1 {
		if luck := r.Uint64(); of.Has(h) {
			tickets = append(tickets, ticket{luck, h})
		}
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.luck, b.luck), cmp.Compare(a.host, b.host)) })
	var out netsim.HostSet
	for _, t := range tickets[:min(n, len(tickets))] {
		out.Add(t.host)
	}
	return out
}

// When says in which time a fault happens.
type When struct {
	Begin time.Duration `yaml:"begin"`
	End   time.Duration `yaml:"end"`
}

func (w When) check(env DrawEnv) error {
	switch {
	case w.Begin < 0:
		return fmt.Errorf("begin: %v is negative", w.Begin)
	case w.End <= w.Begin:
		return fmt.Errorf("end: %v is not after begin at %v", w.End, w.Begin)
	case w.End > env.Calm:
		return fmt.Errorf("end: %v is after the calm begins at %v", w.End, env.Calm)
	}
	return nil
}

// Spells splits a time into Count windows of Length each, drawn one in each equal part; a Count of 0 is one window that
// fills the time.
type Spells struct {
	Count  int           `yaml:"count,omitempty"`
	Length time.Duration `yaml:"length,omitempty"`
}

func (s Spells) draw(w When, env DrawEnv, r *rand.Rand) ([]When, error) {
	if err := w.check(env); err != nil {
		return nil, err
	}
	switch {
	case s.Count == 0 && s.Length == 0:
		return []When{w}, nil
	case s.Count < 1 || s.Count > maxWindows:
		return nil, fmt.Errorf("count: %d is not in 1..%d", s.Count, maxWindows)
	}
	part := (w.End - w.Begin) / time.Duration(s.Count)
	if s.Length <= 0 || s.Length > part {
		return nil, fmt.Errorf("length: %d times %v do not fit between %v and %v", s.Count, s.Length, w.Begin, w.End)
	}
	var out []When
	for i := range s.Count {
		from := w.Begin + time.Duration(i)*part
		begin := netsim.Between(r, from, from+part-s.Length+1)
		out = append(out, When{begin, begin + s.Length})
	}
	return out, nil
}

const (
	maxWindows = 100_000
	maxDraws   = 10_000_000 // of hosts, for windows that draw them anew
)

// draws bounds windows that each draw hosts of their own.
func draws(field string, times int, env DrawEnv) error {
	if times > maxDraws/max(1, env.Hosts) {
		return fmt.Errorf("%s: %d draws among %d hosts are over %d", field, times, env.Hosts, maxDraws)
	}
	return nil
}

// thing is a fault that can say what it was opened from.
type thing interface {
	sim.Fault
	args() []sim.Arg
}

// Cutter is a fault that parts hosts: nothing that one of two sends reaches the other, in one direction at least.
type Cutter interface {
	sim.Fault
	Parts(a, b sim.HostID) bool
}

func window(w When, t thing) sim.Window {
	return sim.Window{Kind: t.Name(), Begin: w.Begin, End: w.End, Args: t.args()}
}

// New opens a window of any kind. Errors name the argument at fault.
func New(w sim.Window) (sim.Fault, error) {
	for _, f := range families() {
		if f.kind == w.Kind {
			a := &args{list: w.Args}
			t := f.open(a)
			if err := a.end(); err != nil {
				return nil, fmt.Errorf("fault %s: %w", w.Kind, err)
			}
			return t, nil
		}
	}
	return nil, fmt.Errorf("fault: there is no kind %q", w.Kind)
}

// Kinds lists all kinds, in the order of families.
func Kinds() []string {
	var out []string
	for _, f := range families() {
		out = append(out, f.kind)
	}
	return out
}

// NewSpec gives an empty spec of a kind, to decode into; nil for an unknown kind.
func NewSpec(kind string) Spec {
	for _, f := range families() {
		if f.kind == kind {
			return f.spec()
		}
	}
	return nil
}

// family is one entry of the list: how a kind is called, written, and opened from a window's arguments.
type family struct {
	kind string
	spec func() Spec
	open func(a *args) thing
}
