package scenarios

import (
	"fmt"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// calmDay is the scenario without faults: every request must become durable.
func calmDay() Scenario {
	return base("calm-day", "People chat and edit, and nothing goes wrong: every request becomes durable (VM-5, VM-6, VM-9).")
}

// partitionHeal cuts the network in two and heals it.
func partitionHeal() Scenario {
	s := base("partition-heal", "A partition cuts the network in two for 12 s; both sides go on, and agree once it heals (SEC-5, VM-5, VM-9).")
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.4}, When: between(6*time.Second, 18*time.Second)}}}
	return s
}

// severed cuts the network for longer than a connection outlasts. Nobody writes once it heals: what is still missing then must
// be asked for by those who are waiting.
func severed() Scenario {
	s := base("severed", "A partition outlasts every connection across it, and nobody writes once it heals: all becomes durable, and is everywhere (REP-3, SEC-5, VM-6).")
	s.Duration = 55 * time.Second
	s.Work = []Work{{&workload.Graph{Groups: []string{"owners", "people"}, Operations: 150, Until: 30 * time.Second}}}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.5}, When: between(4*time.Second, 45*time.Second)}}}
	return s
}

// halved leaves half of the neighbours whom an author asks for receipts behind a partition for most of the time: a promise
// depends on asking the others. What was asked of those behind it comes through when it heals, so that all is durable in the end.
func halved() Scenario {
	s := base("halved", "A partition halves the network for 24 s, and people go on writing on both sides (REP-3, SEC-5).")
	s.Nodes, s.Network = 40, Network{Kind: "fixed", Latency: 40 * time.Millisecond, Jitter: 0.2, Loss: 0.005}
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 30, Operations: 300}}}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.5}, When: between(4*time.Second, 28*time.Second)}}}
	return s
}

// offline takes some people's hosts off the network while they write more than a host asks receipts for at once. They close their
// tabs and open them again before they are back, and write nothing more.
func offline() Scenario {
	s := base("offline", "People write on without a network, open their tabs anew, come back and write nothing more: all becomes durable, and is everywhere (VM-9, REP-3, NODE-4).")
	s.Duration, s.Durable = 45*time.Second, 0.15 // whoever is away is not there any more to be told
	away := fault.Who{Groups: []string{"travellers"}}
	s.Groups = append(s.Groups, Group{Name: "travellers", Count: 3, Role: "member"})
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 30, Operations: 60}},
		{&workload.Graph{Groups: []string{"travellers"}, Operations: 300, Until: 24 * time.Second}},
	}
	s.Faults = []Fault{
		{&fault.OfflineSpec{Who: away, When: between(3*time.Second, 36*time.Second)}},
		{&fault.TabCrashSpec{Who: away, When: between(25*time.Second, 34*time.Second), Restart: restart(time.Second, 3*time.Second)}},
	}
	return s
}

// oneWayCut lets some hosts speak but not hear.
func oneWayCut() Scenario {
	s := base("one-way-cut", "A fifth of the hosts hear the rest but are not heard, for 10 s (SIM-2, SEC-5).")
	s.Faults = []Fault{{&fault.OneWaySpec{Who: fault.Who{Share: 0.2}, When: between(6*time.Second, 16*time.Second)}}}
	return s
}

// badLinks loses, slows, doubles, reorders and alters packets.
func badLinks() Scenario {
	s := base("bad-links", "Links lose, slow, double, reorder and alter packets, each in a window of its own (SIM-2, VM-6).")
	who := fault.Who{Share: 0.5}
	s.Faults = []Fault{
		{&fault.LossySpec{Who: who, When: between(3*time.Second, 10*time.Second), Loss: 0.25}},
		{&fault.SlowSpec{Who: who, When: between(6*time.Second, 14*time.Second), Factor: 4, Extra: 100 * time.Millisecond}},
		{&fault.DuplicateSpec{Who: who, When: between(10*time.Second, 20*time.Second), Dup: 0.2}},
		{&fault.ReorderSpec{Who: who, When: between(12*time.Second, 22*time.Second), Reorder: 0.2}},
		{&fault.CorruptSpec{Who: who, When: between(16*time.Second, 26*time.Second), Corrupt: 0.05}},
	}
	return s
}

// slowGossip leaves nearly everything to the comparing of heads: a new operation is pushed to one neighbour alone, and most
// hosts learn of it in one of the periods that follow. People write for long enough that most operations are due by the
// spread time alone, not by the settle time after the first boot, so that a node which compares heads too rarely is late.
func slowGossip() Scenario {
	s := base("slow-gossip", "Operations are pushed to one neighbour alone and spread by comparing heads, every 5 s: all is there within the rounds that rumours take (VM-6, VM-9).")
	s.Network = Network{Kind: "fixed", Latency: 40 * time.Millisecond, Jitter: 0.2}
	s.Node = Node{Fanout: 1, Gossip: 5 * time.Second}
	s.Duration, s.Sample = 200*time.Second, 20*time.Second
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 20, Operations: 200}},
		{&workload.Graph{Groups: []string{"people"}, Operations: 150}},
	}
	return s
}

// editingSprint has few people type into one text while a partition parts some of them.
func editingSprint() Scenario {
	s := base("editing-sprint", "Six people type into one text at once, some of them behind a partition for 8 s: all see one text in the end (VM-3, VM-5, APP-EDITOR).")
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Share: 0.4}, When: between(8*time.Second, 16*time.Second)}}}
	s.Work = []Work{
		{&workload.Typing{Groups: []string{"people"}, Authors: 6, Edits: 240}},
		{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 12, Operations: 30}},
	}
	return s
}

// households are many small spaces instead of a large one: everybody has the same four neighbours, whoever comes back finds
// those again whom it lost, and nobody else passes on what these have not.
func households() Scenario {
	s := base("households", "Twelve spaces of five people, one of each without a network for longer than connections outlast, while tabs of the others crash (VM-6, VM-9, REP-3).")
	s.Duration, s.Durable, s.Spaces = 50*time.Second, 0.6, homes(12)
	s.Groups = []Group{{Name: "owners", Count: 12, Role: "owner"}, {Name: "people", Role: "member"}, {Name: "travellers", Count: 12, Role: "member"}}
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "people", "travellers"}, Operations: 120, Watch: true, Rename: 0.1, Twice: 0.3}},
		{&workload.Graph{Groups: []string{"people", "travellers"}, Operations: 150, Until: 30 * time.Second}},
	}
	s.Faults = []Fault{
		{&fault.OfflineSpec{Who: fault.Who{Groups: []string{"travellers"}}, When: between(4*time.Second, 40*time.Second)}},
		{&fault.TabCrashSpec{Who: fault.Who{Share: 0.4}, When: between(8*time.Second, 45*time.Second), Times: 2, Restart: restart(500*time.Millisecond, 4*time.Second)}},
	}
	return s
}

// halves cuts small spaces through the middle. So little is written that both halves of some come to have equally much, and
// nothing once they are one again.
func halves() Scenario {
	s := base("halves", "Ten spaces of six people, cut in halves for longer than connections outlast; each half writes a little, and nobody once they are one again (VM-6, SEC-5).")
	s.Duration, s.Spaces = 50*time.Second, homes(10)
	s.Groups = []Group{{Name: "here", Count: 30, Role: "owner"}, {Name: "there", Role: "member"}}
	s.Work = []Work{{&workload.Graph{Groups: []string{"here", "there"}, Operations: 40, Until: 30 * time.Second}}}
	s.Faults = []Fault{{&fault.PartitionSpec{Who: fault.Who{Groups: []string{"there"}}, When: between(4*time.Second, 45*time.Second)}}}
	return s
}

// pairs are the smallest spaces, within a larger one. Whoever has neighbours enough in the larger one must still dial for the
// small one: all hosts of the company are told of each other. What two write among themselves never has its receipts, and
// what they write to the company stands behind it, while tabs crash that were to give receipts.
func pairs() Scenario {
	s := base("pairs", "A company of sixteen, and within it eight spaces of two people, too few for any operation to become durable, while tabs crash (VM-6, VM-9, REP-3).")
	s.Duration, s.Durable = 40*time.Second, 0.6
	small := homes(8)
	s.Spaces = append([]string{"company", "fair"}, small...)
	s.Groups = []Group{
		{Name: "leads", Count: 8, Spaces: small, Beside: []string{"company", "fair"}, Role: "owner"},
		{Name: "mates", Count: 8, Spaces: small, Beside: []string{"company"}, Role: "member"},
		{Name: "visitors", Spaces: []string{"fair"}, Role: "member"},
	}
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"leads", "mates", "visitors"}, Operations: 120, Watch: true}},
		{&workload.Graph{Groups: []string{"leads", "mates"}, Operations: 120}},
	}
	s.Faults = []Fault{
		{&fault.TabCrashSpec{Who: fault.Who{Share: 0.4}, When: between(6*time.Second, 36*time.Second), Times: 3, Restart: restart(500*time.Millisecond, 4*time.Second)}},
	}
	return s
}

func homes(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("home-%d", i+1))
	}
	return names
}
