package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindSlow = "slow"

func slow() []family {
	return []family{{kindSlow, func() Spec { return new(SlowSpec) }, func(a *args) thing {
		return &slower{links{a.hosts("hosts"), a.rule(netsim.Rule{Slow: a.number("factor"), Extra: a.duration("extra"), Bandwidth: a.number("bandwidth")})}}
	}}}
}

// rule checks a rule read from arguments.
func (a *args) rule(r netsim.Rule) netsim.Rule {
	if err := r.Check(); err != nil {
		a.check(false, "%v", err)
	}
	return r
}

// SlowSpec makes all links of some hosts slow: latency is multiplied by Factor, then Extra is added, and their uplinks
// take packets at Bandwidth bit/s at most.
type SlowSpec struct {
	Who       `yaml:",inline"`
	When      `yaml:",inline"`
	Spells    `yaml:",inline"`
	Factor    float64       `yaml:"factor,omitempty"` // 0 is 1
	Extra     time.Duration `yaml:"extra,omitempty"`
	Bandwidth float64       `yaml:"bandwidth,omitempty"` // 0 is as it was
}

func (*SlowSpec) Kind() string { return kindSlow }

func (s *SlowSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		l.rule.Slow, l.rule.Extra, l.rule.Bandwidth = s.Factor, s.Extra, s.Bandwidth
		if s.Factor == 0 {
			l.rule.Slow = 1
		}
		switch {
		case !(l.rule.Slow >= 1 && l.rule.Slow <= 1e6):
			return nil, fmt.Errorf("factor: %v is not in 1..1e6", s.Factor)
		case s.Extra < 0:
			return nil, fmt.Errorf("extra: %v is negative", s.Extra)
		case l.rule.Check() != nil:
			return nil, fmt.Errorf("bandwidth: %v bit/s is under 1000", s.Bandwidth)
		case l.rule.Slow == 1 && s.Extra == 0 && s.Bandwidth == 0:
			return nil, fmt.Errorf("factor: one of factor, extra and bandwidth must slow something")
		}
		return &slower{l}, nil
	})
}

type slower struct{ links }

func (f *slower) Name() string { return kindSlow }
func (f *slower) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), numberArg("factor", f.rule.Slow), durationArg("extra", f.rule.Extra), numberArg("bandwidth", f.rule.Bandwidth)}
}
