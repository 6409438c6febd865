package scenarios_test

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// TestLiesAreDelivered reads the ledgers of small runs: each kind of lie was told, and those in packets reached hosts.
func TestLiesAreDelivered(t *testing.T) {
	kinds := map[string][]string{
		"equivocators": {"equivocation"},
		"forgers":      {"altered bytes", "bad signature", "stolen identity"},
		"trespassers":  {"trespass", "usurpation"},
		"withholders":  {"withheld"},
	}
	for _, s := range scenarios.All() {
		for _, kind := range kinds[s.Name] {
			t.Run(s.Name+"/"+kind, func(t *testing.T) {
				o, err := scenarios.Run(s, scenarios.Settings{Seed: 5, Nodes: 16})
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range o.Result.Ledger.Lies {
					if l.Kind == kind {
						if l.Told == 0 || (l.Delivered == 0) != (kind == "withheld") {
							t.Errorf("told %d, delivered %d", l.Told, l.Delivered)
						}
						return
					}
				}
				t.Errorf("the ledger knows only of %v", o.Result.Ledger.Lies)
			})
		}
	}
}
