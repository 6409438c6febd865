package fault

import (
	"fmt"
	"math/rand/v2"

	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindLossy = "lossy"

func lossy() []family {
	return []family{{kindLossy, func() Spec { return new(LossySpec) }, func(a *args) thing {
		f := &loser{links{hosts: a.hosts("hosts")}}
		f.rule.Loss = a.share("loss")
		return f
	}}}
}

// LossySpec loses packets on all links of some hosts.
type LossySpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
	Loss   float64 `yaml:"loss"` // the share of packets
}

func (*LossySpec) Kind() string { return kindLossy }

func (s *LossySpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		if !(s.Loss > 0 && s.Loss <= 1) {
			return nil, fmt.Errorf("loss: %v is not above 0 and up to 1", s.Loss)
		}
		l.rule.Loss = s.Loss
		return &loser{l}, nil
	})
}

type loser struct{ links }

func (f *loser) Name() string { return kindLossy }
func (f *loser) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), numberArg("loss", f.rule.Loss)}
}
