package fault

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

const kindReorder = "reorder"

func reorder() []family {
	return []family{{kindReorder, func() Spec { return new(ReorderSpec) }, func(a *args) thing {
		f := &shuffler{links{hosts: a.hosts("hosts")}}
		f.rule.Reorder, f.rule.Hold = a.share("reorder"), a.duration("hold")
		a.check(f.rule.Hold > 0, "hold: %v is not positive", f.rule.Hold)
		return f
	}}}
}

// ReorderSpec holds packets back on all links of some hosts, so that later ones overtake them.
type ReorderSpec struct {
	Who     `yaml:",inline"`
	When    `yaml:",inline"`
	Spells  `yaml:",inline"`
	Reorder float64       `yaml:"reorder"`        // the share of packets
	Hold    time.Duration `yaml:"hold,omitempty"` // at most; 0 is 200 ms
}

func (*ReorderSpec) Kind() string { return kindReorder }

func (s *ReorderSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		if !(s.Reorder > 0 && s.Reorder <= 1) {
			return nil, fmt.Errorf("reorder: %v is not above 0 and up to 1", s.Reorder)
		}
		if s.Hold < 0 {
			return nil, fmt.Errorf("hold: %v is negative", s.Hold)
		}
		l.rule.Reorder, l.rule.Hold = s.Reorder, s.Hold
		if s.Hold == 0 {
			l.rule.Hold = 200 * time.Millisecond
		}
		return &shuffler{l}, nil
	})
}

type shuffler struct{ links }

func (f *shuffler) Name() string { return kindReorder }
func (f *shuffler) args() []sim.Arg {
	return []sim.Arg{hostsArg("hosts", f.hosts), numberArg("reorder", f.rule.Reorder), durationArg("hold", f.rule.Hold)}
}
