package scenarios

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// base is what most scenarios share: one space of people who chat and edit for half a minute over the internet's regions.
func base(name, about string) Scenario {
	return Scenario{
		Name: name, About: about, Nodes: 60, Duration: 30 * time.Second, Sample: 5 * time.Second,
		Network: Network{Kind: "regions", Jitter: 0.2, Loss: 0.005},
		Spaces:  []string{"project"},
		Groups:  []Group{owners(), {Name: "people", Role: "member"}},
		Work: []Work{
			{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 40, Operations: 120, Channels: 2}},
			{&workload.Graph{Groups: []string{"people"}, Operations: 80}},
		},
		Waive: []Waiver{{"compute", "nobody gives tasks here"}},
	}
}

func owners() Group { return Group{Name: "owners", Count: 2, Role: "owner", All: true} }

// lending adds people who lend their devices and people who give tasks, and takes back the excuse of the compute checker.
func (s Scenario) lending(tasks int, givers string, lenders ...string) Scenario {
	s.Work = append(s.Work, Work{&workload.Compute{Lenders: lenders, Givers: []string{givers}, Tasks: tasks}})
	s.Waive = nil
	return s
}

// lying makes a share of the hosts liars of a strategy, with a role like anybody's.
func lying(name, role string, share float64, s byzantine.Spec) Group {
	return Group{Name: name, Share: share, Role: role, Device: "laptop", Liar: &Liar{s}}
}

// between is when a fault strikes.
func between(begin, end time.Duration) fault.When { return fault.When{Begin: begin, End: end} }

func restart(least, most time.Duration) fault.Restart { return fault.Restart{Least: least, Most: most} }
