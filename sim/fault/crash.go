package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const (
	kindTabCrash  = "tab-crash"
	kindPowerLoss = "power-loss"
)

func crash() []family {
	return []family{
		{kindTabCrash, func() Spec { return new(TabCrashSpec) }, func(a *args) thing { return &crasher{kindTabCrash, a.hosts("hosts")} }},
		{kindPowerLoss, func() Spec { return new(PowerLossSpec) }, func(a *args) thing { return &crasher{kindPowerLoss, a.hosts("hosts")} }},
	}
}

// Restart says how long a host that went down stays down: drawn from Least..Most.
type Restart struct {
	Least time.Duration `yaml:"least"`
	Most  time.Duration `yaml:"most,omitempty"` // 0 is Least
}

func (s Restart) longest() time.Duration { return max(s.Least, s.Most) }

func (s Restart) check(w When) error {
	switch {
	case s.Least <= 0:
		return fmt.Errorf("restart.least: %v is not positive", s.Least)
	case s.Most != 0 && s.Most < s.Least:
		return fmt.Errorf("restart.most: %v is less than least", s.Most)
	case s.longest() > w.End-w.Begin:
		return fmt.Errorf("restart: %v is longer than the time from %v to %v", s.longest(), w.Begin, w.End)
	}
	return nil
}

func (s Restart) draw(r *rand.Rand) time.Duration { return netsim.Between(r, s.Least, s.longest()+1) }

// TabCrashSpec is a crash storm: the tabs of some hosts crash, each by itself Times times at instants drawn between Begin
// and End, and open again before End.
type TabCrashSpec struct {
	Who     `yaml:",inline"`
	When    `yaml:",inline"`
	Times   int     `yaml:"times,omitempty"` // 0 is 1
	Restart Restart `yaml:"restart"`
}

func (*TabCrashSpec) Kind() string { return kindTabCrash }

func (s *TabCrashSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawEach(env, r, s.Who, s.When, s.Times, s.Restart.longest(), s.Restart.check, func(h netsim.HostSet) (thing, time.Duration) {
		return &crasher{kindTabCrash, h}, s.Restart.draw(r)
	})
}

// PowerLossSpec takes the power from some hosts at one instant, Times times with other hosts each, between Begin and End.
type PowerLossSpec struct {
	Who     `yaml:",inline"`
	When    `yaml:",inline"`
	Times   int     `yaml:"times,omitempty"` // 0 is 1
	Restart Restart `yaml:"restart"`
}

func (*PowerLossSpec) Kind() string { return kindPowerLoss }

func (s *PowerLossSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	if err := s.check(env); err != nil {
		return nil, err
	}
	if err := s.Restart.check(s.When); err != nil {
		return nil, err
	}
	if s.Times < 0 || s.Times > maxWindows {
		return nil, fmt.Errorf("times: %d is not in 0..%d", s.Times, maxWindows)
	}
	if err := draws("times", s.Times, env); err != nil {
		return nil, err
	}
	var out []sim.Window
	for range max(1, s.Times) {
		hosts, err := s.Who.draw(env, r)
		if err != nil {
			return nil, err
		}
		begin, down := netsim.Between(r, s.Begin, s.End-s.Restart.longest()+1), s.Restart.draw(r)
		out = append(out, window(When{begin, begin + down}, &crasher{kindPowerLoss, hosts}))
	}
	return out, nil
}

// drawEach draws, for each host hit, windows of its own, none longer than longest.
func drawEach(env DrawEnv, r *rand.Rand, who Who, when When, times int, longest time.Duration, check func(When) error,
	make func(h netsim.HostSet) (thing, time.Duration)) ([]sim.Window, error) {
	if err := when.check(env); err != nil {
		return nil, err
	}
	if err := check(when); err != nil {
		return nil, err
	}
	hosts, err := who.draw(env, r)
	if err != nil {
		return nil, err
	}
	if times < 0 {
		return nil, fmt.Errorf("times: %d is negative", times)
	}
	times = max(1, times)
	part := (when.End - when.Begin) / time.Duration(times)
	switch {
	case hosts.Len()*times > maxWindows:
		return nil, fmt.Errorf("times: %d for %d hosts are over %d windows", times, hosts.Len(), maxWindows)
	case part < longest:
		return nil, fmt.Errorf("times: %d of up to %v do not fit between %v and %v", times, longest, when.Begin, when.End)
	}
	var out []sim.Window
	for h := range hosts.All() {
		for i := range times {
			from := when.Begin + time.Duration(i)*part
			begin := netsim.Between(r, from, from+part-longest+1)
			f, length := make(netsim.Hosts(h))
			out = append(out, window(When{begin, begin + length}, f))
		}
	}
	return out, nil
}

// crasher stops hosts when its window begins and boots them when it ends.
type crasher struct {
	kind  string
	hosts netsim.HostSet
}

func (c *crasher) Name() string    { return c.kind }
func (c *crasher) args() []sim.Arg { return []sim.Arg{hostsArg("hosts", c.hosts)} }

func (c *crasher) Begin(w *sim.World) {
	mode := sim.TabCrash
	if c.kind == kindPowerLoss {
		mode = sim.PowerLoss
	}
	for h := range c.hosts.All() {
		w.Crash(h, mode)
	}
}

func (c *crasher) End(w *sim.World) { bootAll(w, c.hosts) }

func bootAll(w *sim.World, hosts netsim.HostSet) {
	for h := range hosts.All() {
		w.Boot(h, 0)
	}
}
