package fault

import (
	"fmt"
	"math/rand/v2"

	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindCorrupt = "corrupt"

func corrupt() []family {
	return []family{{kindCorrupt, func() Spec { return new(CorruptSpec) }, func(a *args) thing {
		f := &spoiler{links{hosts: a.hosts("hosts")}}
		f.rule.Corrupt = a.share("corrupt")
		return f
	}}}
}

// CorruptSpec flips a bit in packets on all links of some hosts; a reliable channel finds it out and repeats.
type CorruptSpec struct {
	Who     `yaml:",inline"`
	When    `yaml:",inline"`
	Spells  `yaml:",inline"`
	Corrupt float64 `yaml:"corrupt"` // the share of packets
}

func (*CorruptSpec) Kind() string { return kindCorrupt }

func (s *CorruptSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		if !(s.Corrupt > 0 && s.Corrupt <= 1) {
			return nil, fmt.Errorf("corrupt: %v is not above 0 and up to 1", s.Corrupt)
		}
		l.rule.Corrupt = s.Corrupt
		return &spoiler{l}, nil
	})
}

type spoiler struct{ links }

func (f *spoiler) Name() string { return kindCorrupt }
func (f *spoiler) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), numberArg("corrupt", f.rule.Corrupt)}
}
