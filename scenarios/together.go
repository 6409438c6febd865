package scenarios

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// mixedKernels runs two released kernels side by side.
func mixedKernels() Scenario {
	s := base("mixed-kernels", "Two fifths of the hosts run the older kernel, which cannot decode the newer frames and does not know reactions (VER-4, I26).")
	s.Groups = append(s.Groups, Group{Name: "old", Share: 0.4, Kernel: 1, Role: "member"})
	s.Work = append(s.Work, Work{&workload.Chat{Groups: []string{"old"}, Operations: 60}})
	return s
}

// rolesChange gives and takes rights while people write. Most roles that are taken come back, those of admins too, who then
// give roles again: so rights rest on rights that were lost and returned. There are more than 64 changes, the last of them
// while people on other continents have not heard of those before.
func rolesChange() Scenario {
	s := base("roles-change", "Owners give, take and give back rights while people write: revocations win over what is concurrent, alike everywhere (SEC-1, APP-SUB, I19).")
	s.Groups = append(s.Groups, Group{Name: "guests", Share: 0.2, Role: "guest"}, Group{Name: "admins", Share: 0.1, Role: "admin"})
	s.Work = append(s.Work,
		Work{&workload.Roles{By: []string{"owners"}, Of: []string{"admins"}, Changes: 14, Revoke: 1, Return: 1, Heirs: []string{"guests"}, Admins: true}},
		Work{&workload.Roles{By: []string{"admins"}, Of: []string{"guests"}, Changes: 6}},
		Work{&workload.Graph{Groups: []string{"admins"}, Operations: 30}},
		Work{&workload.Roles{By: []string{"owners"}, Of: []string{"people"}, Changes: 28, Revoke: 0.5, Return: 0.6}},
		Work{&workload.Chat{Groups: []string{"guests"}, Operations: 60}})
	return s
}

// revoked takes rights on one side of a partition while people write on the other, admins among them: when it heals, writes of
// every value type turn void after they were applied, and so does what rested on the grants of admins.
func revoked() Scenario {
	s := base("revoked", "People and admins lose their rights behind a partition while they go on writing and granting (SEC-1, VM-4, I19).")
	s.Nodes, s.Duration, s.Sample = 24, 14*time.Second, 2*time.Second
	owners := owners()
	owners.Count = 3
	s.Groups = []Group{owners, {Name: "admins", Count: 6, Role: "admin"}, {Name: "guests", Count: 5, Role: "guest"}, {Name: "people", Role: "member"}}
	s.Work = []Work{
		{&workload.Graph{Groups: []string{"people", "admins", "guests"}, Operations: 500}},
		{&workload.Roles{By: []string{"admins"}, Of: []string{"guests"}, Changes: 16}},
		{&workload.Roles{By: []string{"owners"}, Of: []string{"people", "admins"}, Changes: 24, Revoke: 0.7}},
	}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.5}, When: between(3*time.Second, 12*time.Second)}}}
	return s
}

// overreach has people who ask for what they have no right to or no kernel for, beside the work that goes on: admins who would
// take and give the rights of admins and owners, members who would change anybody's, reactions by who cannot see them.
func overreach() Scenario {
	s := base("overreach", "Admins reach for owners, members for admins, and old kernels for reactions; nothing comes of it (SEC-1, VER-4, I12).")
	s.Nodes, s.Duration = 24, 16*time.Second
	s.Groups = append(s.Groups, Group{Name: "admins", Count: 4, Role: "admin"}, Group{Name: "old", Count: 4, Kernel: 1, Role: "member"})
	s.Work = append(s.Work,
		Work{&workload.Roles{By: []string{"admins"}, Of: []string{"owners", "admins"}, Changes: 14, Revoke: 0.7, Beyond: true}},
		Work{&workload.Roles{By: []string{"people"}, Of: []string{"owners", "admins", "people"}, Changes: 10, Revoke: 0.5, Beyond: true}},
		Work{&workload.Roles{By: []string{"owners"}, Of: []string{"owners", "admins"}, Changes: 6, Revoke: 0.5, Beyond: true}},
		Work{&workload.Chat{Groups: []string{"old"}, Operations: 100, Ahead: true}})
	return s
}

// comebacks are revoked with two lives behind them: their tabs crash, so that they write on in another chain, and of the first one
// the revokers know all.
func comebacks() Scenario {
	s := base("comebacks", "People lose their rights behind a partition while they write on there, in another life than before (SEC-1, VM-4, I19).")
	s.Nodes, s.Duration, s.Sample = 24, 16*time.Second, 2*time.Second
	s.Work = []Work{
		{&workload.Graph{Groups: []string{"owners", "people"}, Operations: 500}},
		{&workload.Roles{By: []string{"owners"}, Of: []string{"people"}, Changes: 24, Revoke: 0.8}},
	}
	s.Faults = []Fault{
		{&fault.TabCrashSpec{Who: fault.Who{Groups: []string{"people"}}, When: between(2*time.Second, 4*time.Second), Times: 1, Restart: restart(100*time.Millisecond, 500*time.Millisecond)}},
		{&fault.PartitionSpec{Who: fault.Who{Share: 0.5}, When: between(5*time.Second, 14*time.Second)}},
	}
	return s
}

// coAuthors lets people write on behind what others wrote whose rights are taken meanwhile: what these wrote goes, what follows
// it stays, whichever of both a host heard of first.
func coAuthors() Scenario {
	s := base("co-authors", "People on both sides of a partition type one text, and owners take their rights (VM-3, VM-4, SEC-1, APP-EDITOR).")
	s.Nodes, s.Duration, s.Sample = 24, 16*time.Second, 2*time.Second
	s.Groups = append(s.Groups, Group{Name: "authors", Count: 12, Role: "member"})
	s.Work = []Work{
		{&workload.Typing{Groups: []string{"owners", "authors"}, Edits: 600}},
		{&workload.Roles{By: []string{"owners"}, Of: []string{"authors"}, Changes: 16, Revoke: 0.8}},
	}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.5}, When: between(3*time.Second, 12*time.Second)}}}
	return s
}

// demoted lets people go on from what a text once was while their rights are taken: what they may do now counts, not what they
// might then.
func demoted() Scenario {
	s := base("demoted", "Owners take and give rights all the time, and people edit named versions of texts (SEC-1, VM-4).")
	s.Nodes, s.Sample = 24, time.Second
	s.Work = []Work{
		{&workload.Graph{Groups: []string{"people"}, Operations: 200, Drafts: 0.8}},
		{&workload.Roles{By: []string{"owners"}, Of: []string{"people"}, Changes: 40, Revoke: 0.7, Return: 0.3}},
	}
	return s
}

// crowd makes so many edits of so few elements within a second that ties and conflicts of every type are certain.
func crowd() Scenario {
	s := base("crowd", "Everybody edits the same few elements at once (VM-3, VM-4).")
	s.Nodes, s.Duration, s.Sample = 24, 5*time.Second, time.Second
	s.Work = []Work{{&workload.Graph{Groups: []string{"owners", "people"}, Operations: 300}}}
	return s
}

// lendingDay gives tasks that fill tiles and ranges, to lenders who change their mind.
func lendingDay() Scenario {
	s := base("lending", "Tasks large enough for blocked and parallel code, and lenders who withdraw their consent (TASK-1, TASK-2).")
	s.Nodes, s.Waive = 24, nil
	s.Groups = append(s.Groups, Group{Name: "lenders", Share: 0.5, Role: "member", Device: "laptop"})
	s.Work = []Work{{&workload.Compute{Lenders: []string{"lenders"}, Givers: []string{"people"}, Tasks: 40, Size: 400, Withdraw: 0.6}}}
	return s
}

// slowLenders has tabs in the background among the lenders: a quorum stands before they are done, and other tasks wait for them
// by then.
func slowLenders() Scenario {
	s := base("slow-lenders", "Tasks that take tabs in the background a second and others a moment: who is late begins the next at once (TASK-1, TASK-3).")
	s.Nodes, s.Waive = 24, nil
	s.Groups = append(s.Groups, Group{Name: "hidden", Count: 4, Role: "member", Device: "hidden"}, Group{Name: "lenders", Count: 3, Role: "member", Device: "laptop"})
	s.Work = []Work{{&workload.Compute{Lenders: []string{"hidden", "lenders"}, Givers: []string{"people"}, Tasks: 60, Workers: 5, Withdraw: 0.4}}}
	return s
}

// chatDay is many people in many channels, who watch them.
func chatDay() Scenario {
	s := base("chat-day", "People chat in threads of several channels of two spaces, watch them, and give tasks to the network (APP-CHAT, TASK-4).")
	s.Spaces = []string{"project", "guild"}
	s.Groups = []Group{owners(), {Name: "people", Role: "member", Device: "laptop"}, {Name: "old", Share: 0.15, Kernel: 1, Role: "member", Device: "phone"}}
	s.Duration = 40 * time.Second
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people", "old"}, Operations: 300, Channels: 3, Watch: true}}}
	s.Work = append(s.Work, Work{&workload.Compute{Lenders: []string{"people", "old"}, Givers: []string{"people"}, Tasks: 12, Withdraw: 0.3}})
	s.Waive = nil
	return s
}

// twoWriters types a recorded text again. Its writers sit 130 to 400 ms apart, also by way of a third host: at 25 ms one would
// hear the other before writing in a third of the merges, and at a second the text would take a quarter of an hour. So it
// takes three to eight minutes.
func twoWriters() Scenario {
	s := base("two-writers", "Two people type a recorded text at once, each transaction against exactly its recorded parents (VM-4, I7).")
	s.Nodes = 8
	s.Duration = 10 * time.Minute
	s.Sample = time.Minute
	s.Network = Network{Kind: "matrix", File: best, Jitter: 0.1}
	s.Node = Node{Fanout: 8} // all of them: a detour now and then would bring a writer bursts instead of a stream
	s.Disk = Disk{Strict: 2 * time.Millisecond}
	s.Groups = []Group{{Name: "writers", Count: 2, Role: "owner"}, {Name: "readers"}}
	s.Work = []Work{{&workload.Trace{Writers: []string{"writers"}, File: best, Near: 130 * time.Millisecond, Far: 400 * time.Millisecond}}}
	return s
}

// allAtOnce is the main job: everything at once, at a thousand nodes.
//
// Who lends is counted, not a share, since the tasks are: at every size each space has 4 honest lenders, 1 lying worker and
// 2 colluders. Of these 7 a task draws 5: it misses the lying worker at 2 chances in 7, and all 20 tasks do at 1 in 10^11;
// were a third of the tasks lost to faults, at 1 in 10^7. Colluders are missed by a task at 1 in 21. Two of them are one
// short of the quorum of 3 wherever they meet, while the honest ones make it with one of them down. The power fails twice:
// at 60 nodes it strikes 2 hosts at once, and 1 host in 40 is down already at any moment.
func allAtOnce() Scenario {
	s := Scenario{
		Name: "all-at-once", Nodes: 1000, Duration: 60 * time.Second, Sample: 10 * time.Second,
		About:   "Three spaces, liars of every strategy, old kernels, a partition, crashes, lost disks, bad links and wrong clocks, all at once (SIM-1..4).",
		Network: Network{Kind: "regions", Jitter: 0.2, Loss: 0.005},
		Spaces:  []string{"project", "guild", "town"},
	}
	s.Groups = []Group{
		{Name: "owners", Count: 6, Role: "owner", All: true},
		{Name: "readers", Role: "member"},
		{Name: "authors", Share: 0.2, Role: "member", Device: "laptop"},
		{Name: "lenders", Count: 12, Role: "member", Device: "desktop"},
		{Name: "old", Share: 0.2, Kernel: 1, Role: "member", Device: "phone"},
		lying("equivocators", "member", 0.02, &byzantine.Equivocator{}),
		lying("forgers", "", 0.03, &byzantine.Forger{Every: 16}),
		lying("trespassers", "", 0.02, &byzantine.Trespasser{Gap: 8 * time.Second}),
		lying("withholders", "member", 0.03, &byzantine.Withholder{}),
		{Name: "lying-workers", Count: 3, Role: "member", Device: "laptop", Liar: &Liar{&byzantine.LyingWorker{}}},
		{Name: "colluders", Count: 6, Role: "member", Device: "laptop", Liar: &Liar{&byzantine.Colluder{}}},
	}
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "authors"}, Operations: 620, Channels: 3}},
		{&workload.Graph{Groups: []string{"authors", "lenders"}, Operations: 180}},
		{&workload.Chat{Groups: []string{"old"}, Authors: 60, Operations: 100}},
		{&workload.Chat{Groups: []string{"equivocators"}, Authors: 20, Operations: 40}},
		{&workload.Compute{Lenders: []string{"lenders", "lying-workers", "colluders"}, Givers: []string{"authors"}, Tasks: 20, Quorum: 3, Workers: 5, Withdraw: 0.4}},
		{&workload.Roles{By: []string{"owners"}, Of: []string{"readers"}, Changes: 12, Revoke: 0.4}},
	}
	s.Faults = []Fault{
		{&fault.PartitionSpec{Who: fault.Who{Share: 0.35}, When: between(15*time.Second, 30*time.Second)}},
		{&fault.TabCrashSpec{Who: fault.Who{Share: 0.1}, When: between(5*time.Second, 55*time.Second), Restart: restart(time.Second, 8*time.Second)}},
		{&fault.PowerLossSpec{Who: fault.Who{Share: 0.03}, When: between(32*time.Second, 50*time.Second), Times: 2, Restart: restart(time.Second, 5*time.Second)}},
		{&fault.LostDiskSpec{When: between(8*time.Second, 56*time.Second), Times: 4, Restart: restart(time.Second, 4*time.Second)}},
		{&fault.TornStepSpec{Who: fault.Who{Share: 0.03}, When: between(5*time.Second, 55*time.Second), Restart: restart(time.Second, 3*time.Second)}},
		{&fault.LossySpec{Who: fault.Who{Share: 0.2}, When: between(35*time.Second, 50*time.Second), Loss: 0.2}},
		{&fault.CorruptSpec{Who: fault.Who{Share: 0.2}, When: between(40*time.Second, 55*time.Second), Corrupt: 0.02}},
		{&fault.DuplicateSpec{Who: fault.Who{Share: 0.2}, When: between(5*time.Second, 20*time.Second), Dup: 0.1}},
		{&fault.ClockJumpSpec{Who: fault.Who{Share: 0.2}, When: between(5*time.Second, 55*time.Second), Most: 48 * time.Hour, Back: 0.5}},
	}
	return s
}

// canary must fail: it keeps the pipeline honest. All its lenders collude.
func canary() Scenario {
	s := base("canary", "Every lender colludes: if this passes, the judges are asleep.")
	s.Groups = []Group{owners(), {Name: "people", Role: "member"}, lying("liars", "member", 0.3, &byzantine.Colluder{})}
	s = s.lending(12, "people", "liars")
	s.Expect = []string{"fail compute"}
	return s
}
