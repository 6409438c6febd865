package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestPerturb: from the instant on all is other, and until then every host saw the same, to the bit.
func TestPerturb(t *testing.T) {
	s, ok := Find("crash-storm") // hosts boot again, so that entropy counts too
	if !ok {
		t.Fatal("there is no crash-storm")
	}
	run := func(p *sim.Perturb) *Outcome {
		t.Helper()
		o, err := Run(s, Settings{Seed: 3, Nodes: 12, LuckAt: p})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	base := run(nil)
	if same := run(&sim.Perturb{From: time.Second}); same.Record.Digest != base.Record.Digest {
		t.Error("luck 0 perturbs")
	}
	for _, from := range []time.Duration{0, 2500 * time.Millisecond, 20 * time.Second} {
		other, third := run(&sim.Perturb{Luck: 1, From: from}), run(&sim.Perturb{Luck: 2, From: from})
		for i, c := range base.Result.Checkpoints {
			same := slices.Equal(c.Hosts, other.Result.Checkpoints[i].Hosts)
			if c.At <= from && !same {
				t.Errorf("from %v: a host saw something else by %v", from, c.At)
			}
			if c.At > from+2*time.Second && same {
				t.Errorf("from %v: nothing is other by %v", from, c.At)
			}
		}
		if first, ok := base.Result.EventHashes.FirstDifference(other.Result.EventHashes); !ok || first.Key.At < from || first.Key.At > from+2*time.Second {
			t.Errorf("from %v: the first event that differs is %+v (%v)", from, first, ok)
		}
		if other.Record.Digest == third.Record.Digest {
			t.Errorf("from %v: two lucks are one", from)
		}
		if again := run(&sim.Perturb{Luck: 1, From: from}); again.Record.Digest != other.Record.Digest {
			t.Errorf("from %v: the same luck came to another digest", from)
		}
	}
}
