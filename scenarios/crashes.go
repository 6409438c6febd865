package scenarios

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// crashStorm crashes tabs while people work.
func crashStorm() Scenario {
	s := base("crash-storm", "Two fifths of all tabs crash, some again and again, and open again within seconds (VM-7, NODE-4, NODE-5).")
	s.Faults = []Fault{{&fault.TabCrashSpec{
		Who: fault.Who{Share: 0.4}, When: between(4*time.Second, 26*time.Second), Times: 2, Restart: restart(500*time.Millisecond, 4*time.Second),
	}}}
	return s
}

// lendersLeave has most lenders take their consent back, and all of them open their tabs anew.
func lendersLeave() Scenario {
	s := base("lenders-leave", "Lenders take their consent back and their tabs crash while tasks are given: nobody computes against her user's word (TASK-2, NODE-2).")
	s.Groups = append(s.Groups, Group{Name: "lenders", Share: 0.3, Role: "member", Device: "laptop"})
	s.Work = []Work{
		{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 20, Operations: 40}},
		{&workload.Compute{Lenders: []string{"lenders"}, Givers: []string{"people"}, Tasks: 70, Size: 64, Workers: 5, Withdraw: 0.8}},
	}
	s.Waive = nil
	s.Faults = []Fault{{&fault.TabCrashSpec{
		Who: fault.Who{Groups: []string{"lenders"}}, When: between(15*time.Second, 29*time.Second), Times: 3, Restart: restart(300*time.Millisecond, 1500*time.Millisecond),
	}}}
	return s
}

// powerLoss takes the power from a region: what was committed relaxed is lost.
func powerLoss() Scenario {
	s := base("power-loss", "A third of the hosts lose power at one instant, and again other hosts later: relaxed commits are lost (VM-7, NODE-4).")
	s.Faults = []Fault{{&fault.PowerLossSpec{
		Who: fault.Who{Share: 0.3}, When: between(6*time.Second, 26*time.Second), Times: 2, Restart: restart(time.Second, 4*time.Second),
	}}}
	return s
}

// blackout takes the power from everybody at once: what is durable has no neighbour to come back from.
func blackout() Scenario {
	s := base("blackout", "All hosts lose power at one instant, and what was durable is on their disks alone (REP-3, NODE-4).")
	s.Nodes, s.Duration, s.Sample = 20, 20*time.Second, 4*time.Second
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 12, Operations: 80}}}
	s.Faults = []Fault{{&fault.PowerLossSpec{
		Who: fault.Who{Share: 1}, When: between(9*time.Second, 12*time.Second), Times: 1, Restart: restart(time.Second, 2*time.Second),
	}}}
	return s
}

// tornWrite stops hosts in the middle of a step.
func tornWrite() Scenario {
	s := base("torn-write", "Hosts stop in the middle of a step, after some of its effects: what happened then was never acknowledged (VM-7, NODE-4).")
	s.Faults = []Fault{{&fault.TornStepSpec{
		Who: fault.Who{Share: 0.5}, When: between(4*time.Second, 26*time.Second), Restart: restart(500*time.Millisecond, 3*time.Second),
	}}}
	return s
}

// lostDisk wipes whole origins, never more at once than the promise of durability covers.
func lostDisk() Scenario {
	s := base("lost-disk", "Hosts lose their whole disk, one at a time, and come back with a new device key: nothing durable is lost (VM-7, REP-3).")
	s.Faults = []Fault{{&fault.LostDiskSpec{
		When: between(5*time.Second, 27*time.Second), Times: 5, AtOnce: 1, Restart: restart(500*time.Millisecond, 2*time.Second),
	}}}
	return s
}

// clockJump makes wall clocks wrong, and wrong again.
func clockJump() Scenario {
	s := base("clock-jump", "Wall clocks are days off, and jump both ways: order is logical, and nobody loses a write to a clock (VM-4, SIM-3).")
	s.Faults = []Fault{
		{&fault.ClockSkewSpec{Who: fault.Who{Share: 0.5}, When: between(time.Second, 28*time.Second)}},
		{&fault.ClockJumpSpec{Who: fault.Who{Share: 0.4}, When: between(4*time.Second, 26*time.Second), Times: 2, Most: 72 * time.Hour, Back: 0.5}},
	}
	return s
}
