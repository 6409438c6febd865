package scenarios

import (
	"fmt"
	"testing"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestAll runs every scenario at a small size and holds it to its expectation, and to reading back what it printed.
func TestAll(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			text, err := s.YAML()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(s.Name+".yaml", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if twice, _ := again.YAML(); string(twice) != string(text) {
				t.Fatalf("printed:\n%s\nread back and printed again:\n%s", text, twice)
			}
			set := Settings{Seed: 3, Nodes: 60}
			if s.Name == "two-writers" {
				set.Nodes, set.Set = 8, map[string]string{"trace": generated, "limit": "400", "duration": "2m"}
			}
			o, err := Run(again, set)
			if err != nil {
				t.Fatal(err)
			}
			if ok, why := Expected(o); !ok {
				t.Errorf("%s: %s\n%v", o.Record.Outcome, why, o.Result.Ledger)
			}
			for _, v := range o.Record.Verdicts {
				if v.Outcome == results.Pass && v.Checked == 0 {
					t.Errorf("%s passed and looked at nothing", v.Checker)
				}
			}
		})
	}
}

// TestExpectFailIsClosed holds the list of scenarios in which passing is the failure.
func TestExpectFailIsClosed(t *testing.T) {
	for _, s := range All() {
		want := s.Name == "canary" || s.Name == "colluding-workers"
		if got := len(s.Expect) > 0; got != want {
			t.Errorf("%s expects %q", s.Name, s.Expect)
		}
		if want && fmt.Sprint(s.Expect) != "[fail compute]" {
			t.Errorf("%s expects %q", s.Name, s.Expect)
		}
	}
}
