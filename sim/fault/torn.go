package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindTornStep = "torn-step"

func tornStep() []family {
	return []family{{kindTornStep, func() Spec { return new(TornStepSpec) }, func(a *args) thing {
		t := &torn{a.hosts("hosts"), a.duration("restart")}
		a.check(t.restart > 0, "restart: %v is not positive", t.restart)
		return t
	}}}
}

// TornStepSpec stops some hosts in the middle of a step: its first effects happen, the others do not, and the tab crashes.
// Each host is armed Times times, at instants drawn between Begin and End, and tears at its next step of two effects or
// more, unless the window's Length passes first.
type TornStepSpec struct {
	Who     `yaml:",inline"`
	When    `yaml:",inline"`
	Times   int           `yaml:"times,omitempty"`  // 0 is 1
	Length  time.Duration `yaml:"length,omitempty"` // 0 is half of its share of Begin..End
	Restart Restart       `yaml:"restart"`
}

func (*TornStepSpec) Kind() string { return kindTornStep }

func (s *TornStepSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	if s.Length < 0 {
		return nil, fmt.Errorf("length: %v is negative", s.Length)
	}
	length := s.Length
	if length == 0 {
		length = max(1, (s.End-s.Begin)/time.Duration(2*max(1, s.Times)))
	}
	return drawEach(env, r, s.Who, s.When, s.Times, length, s.Restart.check, func(h netsim.HostSet) (thing, time.Duration) {
		return &torn{h, s.Restart.draw(r)}, length
	})
}

type torn struct {
	hosts   netsim.HostSet
	restart time.Duration
}

func (t *torn) Name() string { return kindTornStep }
func (t *torn) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", t.hosts), durationArg("restart", t.restart)}
}

func (t *torn) Begin(w *sim.World) {
	for h := range t.hosts.All() {
		w.TearNext(h, t.restart)
	}
}

func (t *torn) End(*sim.World) {} // the world disarms what has not torn
