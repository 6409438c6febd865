package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const (
	kindClockSkew = "clock-skew"
	kindClockJump = "clock-jump"
)

func clock() []family {
	return []family{
		{kindClockSkew, func() Spec { return new(ClockSkewSpec) }, func(a *args) thing { return &skewer{a.hosts("hosts"), a.move("skew"), nil} }},
		{kindClockJump, func() Spec { return new(ClockJumpSpec) }, func(a *args) thing { return &jumper{a.hosts("hosts"), a.move("jump")} }},
	}
}

const maxMove = 10 * 365 * 24 * time.Hour

func (a *args) move(name string) time.Duration {
	d := a.duration(name)
	a.check(d != 0 && d.Abs() <= maxMove, "%s: %v is 0 or over %v", name, d, maxMove)
	return d
}

// ClockSkewSpec sets the wall clocks of some hosts wrong from Begin to End, each by a skew of its own: up to Most either
// way, or without Most as clients' clocks are (RESEARCH §8: 90 % within 2 s, 8 % within 5 min, 1.5 % off by whole hours,
// 0.5 % by days).
type ClockSkewSpec struct {
	Who  `yaml:",inline"`
	When `yaml:",inline"`
	Most time.Duration `yaml:"most,omitempty"`
}

func (*ClockSkewSpec) Kind() string { return kindClockSkew }

func (s *ClockSkewSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	if s.Most < 0 || s.Most > maxMove {
		return nil, fmt.Errorf("most: %v is not in 0..%v", s.Most, maxMove)
	}
	length := s.End - s.Begin
	return drawEach(env, r, s.Who, s.When, 1, length, func(When) error { return nil }, func(h netsim.HostSet) (thing, time.Duration) {
		if s.Most == 0 {
			return &skewer{h, clientSkew(r), nil}, length
		}
		return &skewer{h, either(r, netsim.Between(r, 1, s.Most+1)), nil}, length
	})
}

// either gives d forwards or backwards.
func either(r *rand.Rand, d time.Duration) time.Duration {
	if r.Uint64()&1 == 0 {
		return -d
	}
	return d
}

// clientSkew draws how wrong a client's clock is.
func clientSkew(r *rand.Rand) time.Duration {
	const day = 24 * time.Hour
	u, part := netsim.Unit(r), netsim.Unit(r)
	within := func(low, high time.Duration) time.Duration { return low + time.Duration(part*float64(high-low)) }
	switch {
	case u < 0.90:
		return either(r, within(1, 2*time.Second))
	case u < 0.98:
		return either(r, within(2*time.Second, 5*time.Minute))
	case u < 0.995:
		return either(r, within(1, 13)*time.Hour)
	}
	return either(r, within(1, 30)*day)
}

type skewer struct {
	hosts  netsim.HostSet
	skew   time.Duration
	before []time.Duration
}

func (f *skewer) Name() string { return kindClockSkew }
func (f *skewer) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), durationArg("skew", f.skew)}
}

func (f *skewer) Begin(w *sim.World) {
	f.before = f.before[:0]
	for h := range f.hosts.All() {
		f.before = append(f.before, w.Skew(h))
		w.SkewWall(h, f.skew)
	}
}

// End moves the clocks back by what Begin moved them, so that a jump in between stays.
func (f *skewer) End(w *sim.World) {
	i := 0
	for h := range f.hosts.All() {
		w.JumpWall(h, f.before[i]-f.skew)
		i++
	}
}

// ClockJumpSpec moves the wall clocks of some hosts, each Times times between Begin and End by Least..Most, and back with
// the chance Back. They stay moved.
type ClockJumpSpec struct {
	Who   `yaml:",inline"`
	When  `yaml:",inline"`
	Times int           `yaml:"times,omitempty"` // 0 is 1
	Least time.Duration `yaml:"least,omitempty"` // 0 is 1 ns
	Most  time.Duration `yaml:"most"`
	Back  float64       `yaml:"back,omitempty"`
}

func (*ClockJumpSpec) Kind() string { return kindClockJump }

func (s *ClockJumpSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	switch {
	case s.Least < 0 || s.Most < max(1, s.Least) || s.Most > maxMove:
		return nil, fmt.Errorf("most: %v is not in %v..%v", s.Most, max(1, s.Least), maxMove)
	case !(s.Back >= 0 && s.Back <= 1):
		return nil, fmt.Errorf("back: %v is not in 0..1", s.Back)
	}
	return drawEach(env, r, s.Who, s.When, s.Times, 0, func(When) error { return nil }, func(h netsim.HostSet) (thing, time.Duration) {
		d := netsim.Between(r, max(1, s.Least), s.Most+1)
		if netsim.Unit(r) < s.Back {
			d = -d
		}
		return &jumper{h, d}, 0
	})
}

type jumper struct {
	hosts netsim.HostSet
	jump  time.Duration
}

func (f *jumper) Name() string { return kindClockJump }
func (f *jumper) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), durationArg("jump", f.jump)}
}

func (f *jumper) Begin(w *sim.World) {
	for h := range f.hosts.All() {
		w.JumpWall(h, f.jump)
	}
}

func (f *jumper) End(*sim.World) {}
