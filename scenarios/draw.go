package scenarios

import (
	"fmt"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// Dice decide what is drawn: a seed's stream in sweeps, a property test's own bits in tests, which it can cut down.
type Dice interface {
	Int(what string, least, most int) int // both bounds included
}

// Draw draws one situation: which kinds of faults, liars, workloads, versions and settings exist at all (swarm testing,
// Groce et al. 2012), and how much of each, within what the promises of the house cover.
func Draw(d Dice) Scenario {
	coin := func(what string) bool { return d.Int(what, 0, 1) == 1 }
	share := func(what string, least, most int) float64 { return float64(d.Int(what, least, most)) / 100 }
	s := Scenario{Name: "drawn", About: "A situation that nobody thought of.", Nodes: 16, Sample: 5 * time.Second, Durable: 0.6, Spaces: []string{"project"}}
	s.Duration = time.Duration(d.Int("duration", 10, 24)) * time.Second
	s.Network = DrawNetwork(d)
	if coin("two spaces") {
		s.Spaces = append(s.Spaces, "guild")
	}
	s.Groups = []Group{owners(), {Name: "people", Role: "member", All: true, Device: "laptop"}}
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people"}, Operations: d.Int("chat", 20, 80), Channels: d.Int("channels", 1, 2), Watch: coin("watch")}}}
	if coin("graph") {
		s.Work = append(s.Work, Work{&workload.Graph{Groups: []string{"people"}, Operations: d.Int("edits", 10, 60), Drafts: share("drafts", 0, 60)}})
	}
	if coin("typing") {
		s.Work = append(s.Work, Work{&workload.Typing{Groups: []string{"people"}, Authors: d.Int("typists", 2, 6), Edits: d.Int("typed", 10, 150)}})
	}
	if coin("roles") {
		s.Groups = append(s.Groups, Group{Name: "guests", Share: 0.12, Role: "guest", All: true})
		changes := d.Int("changes", 2, 10)
		if d.Int("many changes", 0, 4) == 0 {
			changes += 64
		}
		s.Work = append(s.Work, Work{&workload.Roles{By: []string{"owners"}, Of: []string{"guests", "people"}, Changes: changes, Revoke: 0.5, Return: share("return", 0, 90)}})
	}
	if coin("old kernels") {
		s.Groups = append(s.Groups, Group{Name: "old", Share: share("old", 5, 40), Kernel: 1, Role: "member", All: true})
	}
	s.Waive = []Waiver{{"compute", "perhaps nobody gives tasks"}}
	if coin("tasks") {
		withdraw := share("withdraw", -60, 60)
		if withdraw < 0.3 { // so few might be nobody
			withdraw = 0
		}
		s.Work = append(s.Work, Work{&workload.Compute{Lenders: []string{"people"}, Givers: []string{"people"}, Tasks: d.Int("tasks given", 1, 12), Withdraw: withdraw}})
	}
	DrawLiars(d, &s)
	for range d.Int("faults", 0, 5) {
		s.Faults = append(s.Faults, DrawFault(d, s.Duration))
	}
	return s
}

// DrawNetwork draws what lies between the hosts.
func DrawNetwork(d Dice) Network {
	kinds := []string{"regions", "fixed", "lognormal"}
	n := Network{Kind: kinds[d.Int("network", 0, len(kinds)-1)]}
	n.Jitter, n.Loss = float64(d.Int("jitter", 0, 40))/100, float64(d.Int("loss", 0, 2))/100
	if n.Kind == "fixed" {
		n.Latency = 30 * time.Millisecond
	}
	return n
}

// DrawLiars draws a strategy and adds a group that follows it, or none.
func DrawLiars(d Dice, s *Scenario) {
	name := fmt.Sprintf("liars-%d", len(s.Groups))
	switch d.Int("liars", 0, 5) {
	case 1:
		s.Groups = append(s.Groups, lying(name, "member", 0.12, &byzantine.Equivocator{Late: time.Duration(d.Int("late", 0, 4)) * time.Second}))
		s.Work = append(s.Work, Work{&workload.Chat{Groups: []string{name}, Operations: 10}}, Work{&workload.Graph{Groups: []string{name}, Operations: 10, Drafts: 0.5}})
	case 2:
		s.Groups = append(s.Groups, lying(name, "", 0.12, &byzantine.Forger{Every: d.Int("every", 2, 16)}))
	case 3:
		s.Groups = append(s.Groups, lying(name, "", 0.12, &byzantine.Trespasser{}))
	case 4:
		s.Groups = append(s.Groups, lying(name, "member", 0.12, &byzantine.Withholder{}))
	case 5:
		s.Groups = append(s.Groups, Group{Name: name, Count: 1, Role: "member", All: true, Device: "laptop", Liar: &Liar{&byzantine.LyingWorker{}}})
		s.Work = append(s.Work, Work{&workload.Compute{Lenders: []string{"people", name}, Givers: []string{"people"}, Tasks: d.Int("tasks lied about", 4, 10), Workers: 5}})
	}
}

// DrawFault draws one kind of fault in a window that ends before the calm.
func DrawFault(d Dice, calm time.Duration) Fault {
	begin := time.Duration(d.Int("begin", 2, 5)) * time.Second
	when := between(begin, min(calm-time.Second, begin+time.Duration(d.Int("length", 2, 12))*time.Second))
	who := fault.Who{Share: float64(d.Int("share", 15, 50)) / 100}
	again := restart(200*time.Millisecond, 1500*time.Millisecond)
	strength := float64(d.Int("strength", 2, 30)) / 100
	all := []fault.Spec{
		&fault.PartitionSpec{Who: who, When: when},
		&fault.OneWaySpec{Who: who, When: when},
		&fault.LossySpec{Who: who, When: when, Loss: strength},
		&fault.SlowSpec{Who: who, When: when, Factor: 1 + 10*strength, Extra: 50 * time.Millisecond},
		&fault.DuplicateSpec{Who: who, When: when, Dup: strength},
		&fault.ReorderSpec{Who: who, When: when, Reorder: strength},
		&fault.CorruptSpec{Who: who, When: when, Corrupt: strength / 4},
		&fault.TabCrashSpec{Who: who, When: when, Restart: again},
		&fault.PowerLossSpec{Who: who, When: when, Restart: again},
		&fault.TornStepSpec{Who: who, When: when, Restart: again},
		&fault.LostDiskSpec{When: when, Times: 1, AtOnce: 1, Restart: again},
		&fault.ClockSkewSpec{Who: who, When: when},
		&fault.ClockJumpSpec{Who: who, When: when, Most: 24 * time.Hour, Back: 0.5},
		&fault.PartialSpec{Who: fault.Who{Share: who.Share / 2}, When: when, Other: 0.3},
		&fault.OfflineSpec{Who: fault.Who{Share: who.Share / 3}, When: when},
	}
	return Fault{all[d.Int("fault", 0, len(all)-1)]}
}
