package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/results"
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
		s := Draw(dice{t})
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

// dice lets rapid decide, so that it can cut a draw down.
type dice struct{ *rapid.T }

func (d dice) Int(what string, least, most int) int {
	return rapid.IntRange(least, most).Draw(d.T, what)
}
