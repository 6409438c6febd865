package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// absent is what sits where a host does not take part. All else is drawn as if it did, so that leaving one out disturbs no
// other: not who is who, nor where, nor the luck of a packet.
const absent = "absent"

type nobody struct{}

func (nobody) Step(step.Now, step.Input, *step.Effects) {}
func (nobody) Inspect(string) []byte                    { return nil }

// attend marks the hosts that do not take part.
func (c *cast) attend(set *Settings) error {
	if set.Hosts.IsZero() {
		return nil
	}
	if top := set.Hosts.Max(); int(top) > len(c.members) {
		return fmt.Errorf("hosts: there is no host %d", top)
	}
	for i := range c.members {
		c.members[i].absent = !set.Hosts.Has(c.members[i].host)
	}
	return nil
}

// present leaves of the contacts of a host those that take part, and adds others, in an order of the host's own, where these
// are fewer than it would have been given.
func (c *cast) present(m *member, sp *space, drawn []step.Addr, seed sim.Seed) []step.Addr {
	gone := func(h sim.HostID) bool { return c.members[h-1].absent }
	if !slices.ContainsFunc(sp.hosts, gone) {
		return drawn
	}
	kept := slices.DeleteFunc(drawn, func(a step.Addr) bool {
		return slices.ContainsFunc(sp.hosts, func(h sim.HostID) bool { return gone(h) && sim.AddrOf(h) == a })
	})
	for _, k := range seed.Stream(fmt.Sprintf("contacts/%d/%s", m.host, sp.name)).Perm(len(sp.hosts)) {
		h := sp.hosts[k]
		if len(kept) < contacts && !gone(h) && h != m.host && !slices.Contains(kept, sim.AddrOf(h)) {
			kept = append(kept, sim.AddrOf(h))
		}
	}
	return kept
}

// NewPlan draws the plan of a run and leaves it at that.
func NewPlan(s Scenario, set Settings) (*PlanFile, error) {
	b, err := prepare(s, set, nil, nil)
	if err != nil {
		return nil, err
	}
	p := &PlanFile{Scenario: b.scenario, Settings: set, Data: b.data.hashes, Plan: b.config.Plan}
	p.Settings.Nodes = len(b.config.Seats)
	return p, nil
}

// Settled is the earliest end at which a run of the plan may be judged: it depends on the calm, the hosts and the network.
func (p *PlanFile) Settled() (sim.Plan, error) {
	b, err := prepare(p.Scenario, p.Settings, &p.Plan, nil)
	if err != nil {
		return p.Plan, err
	}
	plan := p.Plan
	plan.End = plan.Calm + max(minLong, b.truth.Settle())
	plan.Samples = slices.DeleteFunc(slices.Clone(plan.Samples), func(at time.Duration) bool { return at > plan.End })
	return plan, nil
}

// Liars counts the liars that take part.
func (p *PlanFile) Liars() (n int) {
	b, err := prepare(p.Scenario, p.Settings, &p.Plan, nil)
	if err != nil {
		return 0
	}
	for _, of := range b.cast.liars() {
		n += of
	}
	return n
}

// LeastDurable is the share of the requests that must become durable.
func (s Scenario) LeastDurable() float64 { return s.durable() }

// failer is a checker that can tell before its verdict that it has failed.
type failer interface{ Failed() bool }

// enough ends the run once the checker that the settings name has failed.
func (b *build) enough() {
	i := slices.IndexFunc(b.config.Checkers, func(c sim.Checker) bool { return c.Name() == b.settings.Enough })
	if i < 0 {
		return
	}
	f, ok := b.config.Checkers[i].(failer)
	if !ok {
		return
	}
	stop := b.config.Stop
	b.config.Stop = func() string {
		if f.Failed() {
			return b.settings.Enough + " has failed"
		}
		return stop()
	}
}
