package fault

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindLostDisk = "lost-disk"

func lostDisk() []family {
	return []family{{kindLostDisk, func() Spec { return new(LostDiskSpec) }, func(a *args) thing { return &wiper{a.hosts("hosts")} }}}
}

// LostDiskSpec wipes the disks of drawn hosts, AtOnce of them together, Times times between Begin and End: never more than
// AtOnce are down or bare within one of the equal parts of that time. The hosts boot again before End.
type LostDiskSpec struct {
	When    `yaml:",inline"`
	Times   int     `yaml:"times,omitempty"`   // 0 is 1
	AtOnce  int     `yaml:"at_once,omitempty"` // 0 is 1
	Restart Restart `yaml:"restart"`
}

func (*LostDiskSpec) Kind() string { return kindLostDisk }

func (s *LostDiskSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	if err := s.check(env); err != nil {
		return nil, err
	}
	able := everyone(env.Hosts).Without(env.Spare)
	times, atOnce := max(1, s.Times), max(1, s.AtOnce)
	switch {
	case s.Times < 0 || s.Times > maxWindows:
		return nil, fmt.Errorf("times: %d is not in 0..%d", s.Times, maxWindows)
	case s.AtOnce < 0 || atOnce > able.Len():
		return nil, fmt.Errorf("at_once: %d is not in 0..%d", s.AtOnce, able.Len())
	}
	if err := cmp.Or(s.Restart.check(s.When), draws("times", s.Times, env)); err != nil {
		return nil, err
	}
	if time.Duration(times) > (s.End-s.Begin)/s.Restart.longest() {
		return nil, fmt.Errorf("times: %d of up to %v do not fit between %v and %v", times, s.Restart.longest(), s.Begin, s.End)
	}
	parts, err := Spells{times, s.Restart.longest()}.draw(s.When, env, r)
	if err != nil {
		return nil, err
	}
	var out []sim.Window
	for _, t := range parts {
		t.End = t.Begin + s.Restart.draw(r)
		out = append(out, window(t, &wiper{some(able, atOnce, r)}))
	}
	return out, nil
}

type wiper struct{ hosts netsim.HostSet }

func (f *wiper) Name() string    { return kindLostDisk }
func (f *wiper) args() []sim.Arg { return []sim.Arg{hostsArg("hosts", f.hosts)} }

func (f *wiper) Begin(w *sim.World) {
	for h := range f.hosts.All() {
		w.Crash(h, sim.PowerLoss)
		w.LoseDisk(h)
	}
}

func (f *wiper) End(w *sim.World) { bootAll(w, f.hosts) }
