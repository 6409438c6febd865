package fault

import (
	"fmt"
	"math/rand/v2"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// The ways to cut: all others off from some hosts, one way only, two groups that the rest still bridges, and each of some
// hosts off from everybody.
const (
	kindPartition = "partition"
	kindOneWay    = "one-way-cut"
	kindPartial   = "partial-partition"
	kindOffline   = "offline"
)

func partition() []family {
	open := func(kind string) func(a *args) thing {
		return func(a *args) thing { return &cut{kind, a.hosts("from"), a.hosts("to")} }
	}
	return []family{
		{kindPartition, func() Spec { return new(PartitionSpec) }, open(kindPartition)},
		{kindOneWay, func() Spec { return new(OneWaySpec) }, open(kindOneWay)},
		{kindPartial, func() Spec { return new(PartialSpec) }, open(kindPartial)},
		{kindOffline, func() Spec { return new(OfflineSpec) }, open(kindOffline)},
	}
}

// PartitionSpec parts some hosts from all others.
type PartitionSpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
}

func (*PartitionSpec) Kind() string { return kindPartition }

func (s *PartitionSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawCuts(kindPartition, env, r, s.Who, s.When, s.Spells, nil)
}

// OneWaySpec lets nothing from some hosts reach the others, or with Inward nothing reach them.
type OneWaySpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
	Inward bool `yaml:"inward,omitempty"`
}

func (*OneWaySpec) Kind() string { return kindOneWay }

func (s *OneWaySpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawCuts(kindOneWay, env, r, s.Who, s.When, s.Spells, func(c *cut) error {
		if s.Inward {
			c.from, c.to = c.to, c.from
		}
		return nil
	})
}

// PartialSpec parts two groups from each other; hosts of neither hear both, as a bridge. Other is the share of the hosts
// left that makes the second group.
type PartialSpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
	Other  float64 `yaml:"other"`
}

func (*PartialSpec) Kind() string { return kindPartial }

func (s *PartialSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawCuts(kindPartial, env, r, s.Who, s.When, s.Spells, func(c *cut) error {
		if !(s.Other > 0 && s.Other < 1) {
			return fmt.Errorf("other: %v is not between 0 and 1", s.Other)
		}
		n := int(s.Other*float64(c.to.Len()) + 0.5)
		if n == 0 || n == c.to.Len() {
			return fmt.Errorf("other: %v of %d hosts leaves no second group, or no bridge", s.Other, c.to.Len())
		}
		c.to = some(c.to, n, r)
		return nil
	})
}

// OfflineSpec takes some hosts off the network, each by itself.
type OfflineSpec struct {
	Who    `yaml:",inline"`
	When   `yaml:",inline"`
	Spells `yaml:",inline"`
}

func (*OfflineSpec) Kind() string { return kindOffline }

func (s *OfflineSpec) Windows(env DrawEnv, r *rand.Rand) ([]sim.Window, error) {
	return drawLinks(env, r, s.Who, s.When, s.Spells, func(l links) (thing, error) {
		return &cut{kindOffline, l.hosts, everyone(env.Hosts)}, nil
	})
}

func drawCuts(kind string, env DrawEnv, r *rand.Rand, who Who, when When, spells Spells, shape func(c *cut) error) ([]sim.Window, error) {
	return drawLinks(env, r, who, when, spells, func(l links) (thing, error) {
		c := &cut{kind, l.hosts, everyone(env.Hosts).Without(l.hosts)}
		if c.to.Len() == 0 {
			return nil, fmt.Errorf("share: no host is left on the other side")
		}
		if shape != nil {
			if err := shape(c); err != nil {
				return nil, err
			}
		}
		return c, nil
	})
}

// cut lets nothing pass from one set of hosts to another; only a one-way cut lets the other direction live.
type cut struct {
	kind     string
	from, to netsim.HostSet
}

func (c *cut) Name() string    { return c.kind }
func (c *cut) args() []sim.Arg { return []sim.Arg{hostsArg("from", c.from), hostsArg("to", c.to)} }

// Parts implements Cutter.
func (c *cut) Parts(a, b sim.HostID) bool {
	return c.from.Has(a) && c.to.Has(b) || c.from.Has(b) && c.to.Has(a)
}

func (c *cut) Begin(w *sim.World) {
	w.Net().Add(w.Cause(), netsim.Rule{From: c.from, To: c.to, Both: c.kind != kindOneWay, Cut: true, Key: w.Rand("rule").Uint64()})
}

func (c *cut) End(w *sim.World) { w.Net().Remove(w.Cause()) }
