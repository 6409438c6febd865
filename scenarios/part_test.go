package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestPart: who does not take part leaves everybody else who, where and with whom he was; the plan keeps it, and the run
// passes without him.
func TestPart(t *testing.T) {
	s := calmDay()
	whole, err := prepare(s, Settings{Seed: 3, Nodes: 24}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var some netsim.HostSet
	var plan sim.Plan
	for _, h := range []sim.HostID{2, 3, 5, 7, 11, 13, 17} {
		some.Add(h)
	}
	plan = whole.config.Plan
	plan.Scripts = slices.DeleteFunc(slices.Clone(plan.Scripts), func(s sim.Script) bool { return !some.Has(s.Host) })
	part, err := prepare(s, Settings{Seed: 3, Nodes: 24, Hosts: some}, &plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	for h := sim.HostID(1); h <= 24; h++ {
		was, is := whole.truth.Hosts[h-1], part.truth.Hosts[h-1]
		if is.Identity != was.Identity || is.Honest != some.Has(h) || whole.config.Net.Latency(h, 2) != part.config.Net.Latency(h, 2) {
			t.Errorf("host %d is not who and where it was", h)
		}
	}
	if part.truth.Spaces[0].ID != whole.truth.Spaces[0].ID {
		t.Error("the space is another")
	}
	file := PlanFile{Scenario: part.scenario, Settings: Settings{Seed: 3, Nodes: 24, Hosts: some}, Plan: plan}
	b, err := file.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadPlan("part", b)
	if err != nil {
		t.Fatal(err)
	}
	read.Scenario.Waive = nil
	for _, c := range []string{"convergence", "policy", "compute", "delivery", "durability"} {
		read.Scenario.Waive = append(read.Scenario.Waive, Waiver{c, "a part of the network"})
	}
	o, err := read.Run(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Record.Outcome != results.Pass {
		t.Errorf("%s: %s", o.Record.Outcome, o.Record.Why)
	}
	if v, _ := o.Record.Verdict("delivery"); v.Checked == 0 {
		t.Error("nothing was delivered")
	}
	if _, err := prepare(s, Settings{Seed: 3, Nodes: 24, Hosts: netsim.Hosts(2, 25)}, &plan, nil); err == nil {
		t.Error("a host that there is not takes part")
	}
}

// lawless knows of no rights.
type lawless struct{ sim.Process }

func (l lawless) Inspect(query string) []byte {
	if strings.HasPrefix(query, step.InspectRights) {
		return nil
	}
	return l.Process.Inspect(query)
}

// TestEnough: a run may end once the checker that it was made for has failed, and says the same of it.
func TestEnough(t *testing.T) {
	set := Settings{Seed: 1, Nodes: 12, Seat: func(h sim.HostID, s sim.Seat) sim.Seat {
		if inner := s.New; h == 4 {
			s.New = func(life uint32) sim.Process { return lawless{inner(life)} }
		}
		return s
	}}
	whole, err := Run(calmDay(), set)
	if err != nil {
		t.Fatal(err)
	}
	set.Enough = "policy"
	short, err := Run(calmDay(), set)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := whole.Record.Verdict("policy")
	b, _ := short.Record.Verdict("policy")
	if a.Outcome != results.Fail || b.Outcome != results.Fail || b.At != a.At || 2*short.Record.Events >= whole.Record.Events || short.Record.Outcome != results.Fail {
		t.Errorf("%s at %v in %d events, and %s at %v in %d", a.Outcome, a.At, whole.Record.Events, b.Outcome, b.At, short.Record.Events)
	}
}
