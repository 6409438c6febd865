package fault

import (
	"fmt"
	"math/rand/v2"

	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindDuplicate = "duplicate"

func duplicate() []family {
	return []family{{kindDuplicate, func() Spec { return new(DuplicateSpec) }, func(a *args) thing {
		f := &doubler{links{hosts: a.hosts("hosts")}}
		f.rule.Dup = a.share("dup")
		return f
	}}}
}

// DuplicateSpec doubles packets of unreliable channels on all links of some hosts.
type DuplicateSpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
	Dup    float64 `yaml:"dup"` // the share of packets
}

func (*DuplicateSpec) Kind() string { return kindDuplicate }

func (s *DuplicateSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		if !(s.Dup > 0 && s.Dup <= 1) {
			return nil, fmt.Errorf("dup: %v is not above 0 and up to 1", s.Dup)
		}
		l.rule.Dup = s.Dup
		return &doubler{l}, nil
	})
}

type doubler struct{ links }

func (f *doubler) Name() string { return kindDuplicate }
func (f *doubler) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), numberArg("dup", f.rule.Dup)}
}
