package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// plansDir keeps plans that once failed, and replays them for ever.
const plansDir = "testdata/plans"

// TestDraw draws whole scenarios and expects each to pass, or to be invalid because a fault of it had no effect. A draw
// that fails is cut down, and what is left is written to testdata/plans as a plan file. LGOS_DRAWS=200 draws so many, each
// time others; else a few are drawn, always the same.
func TestDraw(t *testing.T) {
	checks, seed := "16", "7"
	if n := os.Getenv("LGOS_DRAWS"); n != "" {
		checks, seed = n, "0"
	}
	for name, v := range map[string]string{"rapid.checks": checks, "rapid.seed": seed, "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		was := f.Value.String()
		if err := f.Value.Set(v); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
	var passed, inert int
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		o, err := Run(s, Settings{Seed: rapid.Uint64Range(1, 1e6).Draw(t, "seed"), Nodes: rapid.IntRange(8, 24).Draw(t, "nodes")})
		if err != nil {
			t.Fatalf("%v", err)
		}
		switch o.Record.Outcome {
		case results.Pass:
			passed++
		case results.Invalid:
			inert++
		default:
			file := filepath.Join(plansDir, "drawn.yaml")
			if err := os.MkdirAll(plansDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, o.Plan, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Fatalf("%s: %s; kept as %s: give it the name of the bug", o.Record.Outcome, o.Record.Why, file)
		}
	})
	t.Logf("%d passed, %d had a fault without effect", passed, inert)
	if passed == 0 {
		t.Error("no draw passed: the generator draws nothing worth running")
	}
}

// TestKeptPlans replays every plan that once failed.
func TestKeptPlans(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(plansDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ReadPlan(file, b)
			if err != nil {
				t.Fatal(err)
			}
			o, err := p.Run(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if ok, why := Expected(o); !ok {
				t.Errorf("%s: %s", o.Record.Outcome, why)
			}
		})
	}
}

// drawScenario draws one situation: a network, people, liars, work and up to three faults, each within what the promises of
// the house cover.
func drawScenario(t *rapid.T) Scenario {
	seconds := func(name string, least, most int) time.Duration {
		return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Second
	}
	share := func(name string, least, most int) float64 {
		return float64(rapid.IntRange(least, most).Draw(t, name)) / 100
	}
	s := Scenario{Name: "drawn", About: "A situation that nobody thought of.", Nodes: 16, Sample: 5 * time.Second, Durable: 0.6, Spaces: []string{"project"}}
	s.Duration = seconds("duration", 10, 24)
	s.Network = Network{Kind: rapid.SampledFrom([]string{"regions", "fixed", "lognormal"}).Draw(t, "network"), Jitter: share("jitter", 0, 40), Loss: share("loss", 0, 2)}
	if s.Network.Kind == "fixed" {
		s.Network.Latency = 30 * time.Millisecond
	}
	if rapid.Bool().Draw(t, "two spaces") {
		s.Spaces = append(s.Spaces, "guild")
	}
	s.Groups = []Group{owners(), {Name: "people", Role: "member", All: true, Device: "laptop"}}
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people"}, Operations: rapid.IntRange(20, 80).Draw(t, "chat"), Channels: rapid.IntRange(1, 2).Draw(t, "channels")}}}
	if rapid.Bool().Draw(t, "graph") {
		s.Work = append(s.Work, Work{&workload.Graph{Groups: []string{"people"}, Operations: rapid.IntRange(10, 60).Draw(t, "edits")}})
	}
	if rapid.Bool().Draw(t, "roles") {
		s.Groups = append(s.Groups, Group{Name: "guests", Share: 0.12, Role: "guest", All: true})
		s.Work = append(s.Work, Work{&workload.Roles{By: []string{"owners"}, Of: []string{"guests", "people"}, Changes: rapid.IntRange(2, 10).Draw(t, "changes"), Revoke: 0.5}})
	}
	if rapid.Bool().Draw(t, "old kernels") {
		s.Groups = append(s.Groups, Group{Name: "old", Share: 0.15, Kernel: 1, Role: "member", All: true})
	}
	s.Waive = []Waiver{{"compute", "perhaps nobody gives tasks"}}
	if rapid.Bool().Draw(t, "tasks") {
		s.Work = append(s.Work, Work{&workload.Compute{Lenders: []string{"people"}, Givers: []string{"people"}, Tasks: rapid.IntRange(1, 6).Draw(t, "tasks given")}})
	}
	switch rapid.IntRange(0, 4).Draw(t, "liars") {
	case 1:
		s.Groups = append(s.Groups, lying("liars", "member", 0.12, &byzantine.Equivocator{}))
		s.Work = append(s.Work, Work{&workload.Chat{Groups: []string{"liars"}, Operations: 10}})
	case 2:
		s.Groups = append(s.Groups, lying("liars", "", 0.12, &byzantine.Forger{Every: rapid.IntRange(2, 16).Draw(t, "every")}))
	case 3:
		s.Groups = append(s.Groups, lying("liars", "", 0.12, &byzantine.Trespasser{}))
	case 4:
		s.Groups = append(s.Groups, lying("liars", "member", 0.12, &byzantine.Withholder{}))
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		s.Faults = append(s.Faults, Fault{drawFault(t, s.Duration)})
	}
	return s
}

// drawFault draws one kind of fault in a window that ends before the calm.
func drawFault(t *rapid.T, calm time.Duration) fault.Spec {
	begin := time.Duration(rapid.IntRange(2, 5).Draw(t, "begin")) * time.Second
	when := between(begin, min(calm-time.Second, begin+time.Duration(rapid.IntRange(2, 12).Draw(t, "length"))*time.Second))
	who := fault.Who{Share: float64(rapid.IntRange(15, 50).Draw(t, "share")) / 100}
	again := restart(200*time.Millisecond, 1500*time.Millisecond)
	strength := float64(rapid.IntRange(2, 30).Draw(t, "strength")) / 100
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
	}
	return rapid.SampledFrom(all).Draw(t, "fault")
}
