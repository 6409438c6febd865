package scenarios

import (
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestTwoWriters holds the run to what it claims: where the writers sit close, or the trace has nothing concurrent, it is no
// pass.
func TestTwoWriters(t *testing.T) {
	set := func(more ...string) Settings {
		s := Settings{Seed: 5, Nodes: 8, Set: map[string]string{"trace": generated, "limit": "700", "duration": "2m"}}
		for i := 0; i < len(more); i += 2 {
			s.Set[more[i]] = more[i+1]
		}
		return s
	}
	apart, err := Run(twoWriters(), set())
	if err != nil {
		t.Fatal(err)
	}
	if apart.Record.Outcome != results.Pass || !strings.Contains(apart.Record.Why, "recorded merges were truly concurrent") {
		t.Errorf("writers apart: %s: %s", apart.Record.Outcome, apart.Record.Why)
	}
	t.Log(apart.Record.Why)
	close, err := Run(twoWriters(), set("near", "0s", "far", "20ms"))
	if err != nil {
		t.Fatal(err)
	}
	if close.Record.Outcome != results.Invalid || !strings.Contains(close.Record.Why, "recorded merges were truly concurrent") {
		t.Errorf("writers close: %s: %s", close.Record.Outcome, close.Record.Why)
	}
	t.Log(close.Record.Why)
	if _, err := Run(twoWriters(), set("limit", "5")); err == nil || !strings.Contains(err.Error(), "nothing in them is concurrent") {
		t.Errorf("a trace without merges: %v", err)
	}
	if _, err := Run(twoWriters(), set("near", "1h", "far", "0s")); err == nil || !strings.Contains(err.Error(), "never so far apart") {
		t.Errorf("writers an hour apart: %v", err)
	}
}
