package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// greed is what looks legal and asks for more than any machine carries out, each with what is said of it.
var greed = []struct {
	name, want string
	set        map[string]string // the same by --set, where it has the key
	ask        func(*Scenario)
}{
	{"duration", "duration: 999999h0m0s is not in 1ns..720h0m0s", map[string]string{"duration": "999999h"}, func(s *Scenario) { s.Duration = 999999 * time.Hour }},
	{"sample", "sample: one every 1ns in 30s is over 100000 samples", map[string]string{"sample": "1ns"}, func(s *Scenario) { s.Sample = 1 }},
	{"samples", "sample: one every 1s in 700h0m0s is over 100000 samples", map[string]string{"duration": "700h", "sample": "1s"}, func(s *Scenario) { s.Duration, s.Sample = 700*time.Hour, time.Second }},
	{"operations", "in 1..1000000", map[string]string{"operations": "100000000"}, nil},
	{"overflow", "in 1..1000000", map[string]string{"operations": "9223372036854775807"}, nil},
	{"gossip", "node.gossip: 1ns is not in 1ms..1h0m0s", map[string]string{"gossip": "1ns"}, func(s *Scenario) { s.Node.Gossip = 1 }},
	{"long gossip", "node.gossip: 999999h0m0s is not in", map[string]string{"gossip": "999999h"}, func(s *Scenario) { s.Node.Gossip = 999999 * time.Hour }},
	{"chat", "work[0]: operations: 100000000 is not in 0..1000000", nil, func(s *Scenario) { s.Work = []Work{{&workload.Chat{Groups: []string{"people"}, Operations: 1e8}}} }},
	{"graph", "work[0]: operations: 100000000 is not in 0..1000000", nil, func(s *Scenario) { s.Work = []Work{{&workload.Graph{Groups: []string{"people"}, Operations: 1e8}}} }},
	{"authors", "work[0]: authors: 1000000000 is not in 0..100000", nil, func(s *Scenario) {
		s.Work = []Work{{&workload.Chat{Groups: []string{"people"}, Operations: 1, Authors: 1e9}}}
	}},
	{"channels", "work[0]: channels: 1000000000 is not in 0..10000", nil, func(s *Scenario) {
		s.Work = []Work{{&workload.Chat{Groups: []string{"people"}, Operations: 1, Channels: 1e9}}}
	}},
	{"changes", "work[0]: changes: 1000000000 is not in 0..1000000", nil, func(s *Scenario) {
		s.Work = []Work{{&workload.Roles{By: []string{"owners"}, Of: []string{"people"}, Changes: 1e9}}}
	}},
	{"tasks", "work[0]: tasks: 1000000000 is not in 0..10000", nil, func(s *Scenario) {
		s.Work = []Work{{&workload.Compute{Lenders: []string{"people"}, Givers: []string{"people"}, Tasks: 1e9}}}
	}},
	{"size", "work[0]: size: 1000000000 is not in 0..4096", nil, func(s *Scenario) {
		s.Work = []Work{{&workload.Compute{Lenders: []string{"people"}, Givers: []string{"people"}, Tasks: 1, Size: 1e9}}}
	}},
	{"together", "work: with work[2] it is 1200000 deeds, over 1000000", nil, func(s *Scenario) {
		s.Work = nil
		for range 3 {
			s.Work = append(s.Work, Work{&workload.Graph{Groups: []string{"people"}, Operations: 400_000}})
		}
	}},
	{"nodes", "nodes: 1000000000 is not in 2..100000", nil, func(s *Scenario) { s.Nodes = 1e9 }},
	{"groups", "groups[0].count: 1000000000 is not in 0..100000", nil, func(s *Scenario) { s.Groups[0].Count = 1e9 }},
	{"spaces", "spaces: 2000 is not in 1..1000", nil, func(s *Scenario) {
		for i := range 1999 {
			s.Spaces = append(s.Spaces, fmt.Sprint("s", i))
		}
	}},
	{"latency", "network.latency: 999999h0m0s is not in 0s..1h0m0s", nil, func(s *Scenario) { s.Network = Network{Kind: "fixed", Latency: 999999 * time.Hour} }},
	{"disk", "disk.strict: 999999h0m0s is not in 0s..1h0m0s", nil, func(s *Scenario) { s.Disk.Strict = 999999 * time.Hour }},
	{"fanout", "node.fanout: 1000000000 is not in 0..64", nil, func(s *Scenario) { s.Node.Fanout = 1e9 }},
}

// Greedy figures are refused before anything is drawn, whether a file says them, --set or a program.
func TestBounds(t *testing.T) {
	fresh := func() Scenario { s, _ := Find("partition-heal"); return s }
	for _, g := range greed {
		refused := func(how string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), g.want) {
				t.Errorf("%s by %s: %v, want %s", g.name, how, err, g.want)
			}
		}
		if g.set != nil {
			_, err := prepare(fresh(), Settings{Nodes: 5, Set: g.set}, nil, nil)
			refused("--set", err)
		}
		if g.ask != nil {
			s := fresh()
			g.ask(&s)
			_, err := prepare(s, Settings{Nodes: 5}, nil, nil)
			refused("a program", err)
			text, err := s.YAML()
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse("greedy.yaml", text)
			refused("a file", err)
		}
	}
}

// Drawing ends soon after Stop gives a reason, whatever it draws.
func TestDrawingStops(t *testing.T) {
	s, _ := Find("partition-heal")
	for after := range 20 {
		polls := 0
		_, err := prepare(s, Settings{Nodes: 1400, Set: map[string]string{"operations": "3000"}, Stop: func() string {
			if polls++; polls > after {
				return "enough"
			}
			return ""
		}}, nil, nil)
		var stopped Stopped
		if !errors.As(err, &stopped) || polls != after+1 {
			t.Fatalf("after %d polls of %d: %v", after, polls, err)
		}
	}
}

// Windows that draw hosts of their own, and those of all faults together, are bounded.
func TestBoundsOfFaults(t *testing.T) {
	s, _ := Find("partition-heal")
	s.Faults = []Fault{{&fault.PowerLossSpec{Who: fault.Who{Share: 0.1}, When: between(2*time.Second, 20*time.Second), Times: 100_000, Restart: restart(time.Second, time.Second)}}}
	if _, err := prepare(s, Settings{Nodes: 1000}, nil, nil); err == nil || !strings.Contains(err.Error(), "times: 100000 draws among 1000 hosts are over") {
		t.Error(err)
	}
	one := Fault{&fault.LossySpec{Who: fault.Who{Hosts: netsim.Hosts(1)}, When: between(2*time.Second, 20*time.Second), Spells: fault.Spells{Count: 90_000, Length: time.Microsecond}, Loss: 0.1}}
	s.Faults = []Fault{one, one, one}
	if _, err := prepare(s, Settings{Nodes: 5}, nil, nil); err == nil || !strings.Contains(err.Error(), "faults[2] they are 270000 windows, over 200000") {
		t.Error(err)
	}
}
