package scenarios

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// equivocators tell different neighbours different things. However many there are, so few of them write that some write
// twice: every second operation has a twin.
func equivocators() Scenario {
	s := base("equivocators", "Members sign two operations for one place in their chain and show each to half of the network (SEC-2, I14, I15).")
	s.Groups = append(s.Groups, lying("liars", "member", 0.15, &byzantine.Equivocator{}))
	s.Work = append(s.Work, Work{&workload.Chat{Groups: []string{"liars"}, Authors: 20, Operations: 40}})
	return s
}

// lateTwins show the other side of a fork long after the first, when a part of the network is cut off and nobody writes any
// more in that space: the twins are more heads than one frame names, nothing is built on them, and the space is at peace only
// once everybody has them all. In the other space people go on from single edits of texts of which some have twins.
func lateTwins() Scenario {
	s := base("late-twins", "Forks come to light late, in a silent space, while a part of the network is cut off; and people edit versions of texts that hold one side of a fork (SEC-2, VM-4, I14, I15).")
	s.Spaces = []string{"project", "archive"}
	liars := lying("liars", "member", 0.1, &byzantine.Equivocator{})
	late := lying("late", "member", 0.12, &byzantine.Equivocator{Every: 1, Late: 12 * time.Second})
	liars.Spaces, late.Spaces = []string{"project"}, []string{"archive"}
	s.Groups = []Group{owners(), {Name: "people", Role: "member", Spaces: []string{"project"}},
		{Name: "readers", Share: 0.3, Role: "member", Spaces: []string{"archive"}}, liars, late}
	s.Work = []Work{
		{&workload.Graph{Groups: []string{"people"}, Operations: 100, Drafts: 0.5}},
		{&workload.Graph{Groups: []string{"liars"}, Authors: 15, Operations: 30, Drafts: 0.8}},
		{&workload.Graph{Groups: []string{"late"}, Authors: 20, Operations: 40, Until: 12 * time.Second}},
	}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.4}, When: between(13*time.Second, 26*time.Second)}}}
	return s
}

// forgers alter what they pass on, and sign in the names of others.
func forgers() Scenario {
	s := base("forgers", "Peers pass on altered copies, and sign in the names of others: nobody takes them, and no good copy is shut out (SEC-2, I12).")
	s.Groups = append(s.Groups, lying("liars", "", 0.2, &byzantine.Forger{}))
	return s
}

// trespassers write without the right to.
func trespassers() Scenario {
	s := base("trespassers", "Strangers with good signatures write without a right, and give themselves one: nothing of it shows (SEC-1, I18, I20).")
	s.Groups = append(s.Groups, lying("liars", "", 0.2, &byzantine.Trespasser{}), lying("guests", "guest", 0.1, &byzantine.Trespasser{Gap: 3 * time.Second}))
	return s
}

// withholders pass nothing on.
func withholders() Scenario {
	s := base("withholders", "A quarter of the peers take everything and pass nothing on: operations find their way around them (VM-6, SIM-3).")
	s.Groups = append(s.Groups, lying("liars", "member", 0.25, &byzantine.Withholder{}))
	return s
}

// lyingWorkers return wrong results, each his own.
func lyingWorkers() Scenario {
	s := base("lying-workers", "A fifth of the lenders return wrong results, each another: a quorum of equal results keeps them out (TASK-2, TASK-3, SEC-3, I23).")
	s.Groups = []Group{owners(), {Name: "people", Role: "member"}, {Name: "lenders", Share: 0.3, Role: "member", Device: "laptop"},
		lying("liars", "member", 0.1, &byzantine.LyingWorker{})}
	return s.lending(24, "people", "lenders", "liars")
}

// devices has colluders lose their disks again and again, and come back as other devices of the same people. Two of them are
// one short of the quorum of 3, whatever number of devices they have.
func devices() Scenario {
	s := base("devices", "Lenders lose their disks and lend on with new device keys, liars among them (SEC-3, I23).")
	s.Nodes, s.Duration, s.Sample, s.Waive = 24, 40*time.Second, 10*time.Second, nil
	liars := lying("liars", "member", 0, &byzantine.Colluder{})
	liars.Count = 2
	s.Groups = append(s.Groups, Group{Name: "lenders", Count: 4, Role: "member", Device: "laptop"}, liars)
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 6, Operations: 40}},
		{&workload.Compute{Lenders: []string{"lenders", "liars"}, Givers: []string{"owners", "people"}, Tasks: 60, Quorum: 3, Workers: 4}},
	}
	s.Faults = []Fault{{&fault.LostDiskSpec{
		When: between(4*time.Second, 38*time.Second), Times: 24, AtOnce: 1, Restart: restart(200*time.Millisecond, 500*time.Millisecond),
	}}}
	return s
}

// secondRound draws as many workers at first as must agree, and some of them lie.
func secondRound() Scenario {
	s := base("second-round", "A quorum needs every worker who is drawn at first, so that a liar among them sends the requester to others (TASK-2, I23).")
	s.Nodes, s.Waive = 24, nil
	s.Groups = append(s.Groups, Group{Name: "lenders", Share: 0.4, Role: "member", Device: "laptop"}, lying("liars", "member", 0.2, &byzantine.LyingWorker{}))
	s.Work = []Work{{&workload.Compute{Lenders: []string{"lenders", "liars"}, Givers: []string{"people"}, Tasks: 20, Quorum: 2, Workers: 2}}}
	return s
}

// colludingWorkers are so many that a wrong result is accepted all but certainly.
func colludingWorkers() Scenario {
	s := base("colluding-workers", "Most lenders give the same wrong result: a quorum of two must fall, and the compute checker must see it (SEC-3, I23).")
	s.Groups = []Group{owners(), {Name: "people", Role: "member"}, {Name: "lenders", Share: 0.1, Role: "member", Device: "laptop"},
		lying("liars", "member", 0.4, &byzantine.Colluder{})}
	s = s.lending(24, "people", "lenders", "liars")
	s.Expect = []string{"fail compute"}
	return s
}
