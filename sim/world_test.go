package sim

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"pgregory.net/rapid"
)

var allFaults = []string{"crash", "tear", "lose", "jump", "cut", "ring", "crash", "tear", "cut", "crash"}

func drawShape(t *rapid.T) restlessShape {
	s := restlessShape{seed: Seed(rapid.Uint64().Draw(t, "seed")), hosts: rapid.IntRange(2, 9).Draw(t, "hosts"),
		size: rapid.SampledFrom([]int{2, 100, 30000}).Draw(t, "size"), cost: rapid.SampledFrom([]time.Duration{0, 1e6, 1e8}).Draw(t, "cost")}
	s.net = netsim.Config{Jitter: 0.3, Loss: rapid.SampledFrom([]float64{0, 0.01, 0.3}).Draw(t, "loss"), Dup: 0.05, Corrupt: 0.02, Reorder: 0.05}
	if rapid.Bool().Draw(t, "bandwidth") {
		s.net.Up, s.net.Down, s.net.Queue = 1e6, 2e6, 100000
	}
	s.faults = rapid.SliceOfN(rapid.SampledFrom(allFaults), 0, 8).Draw(t, "faults")
	return s
}

// Whatever happens: packets are conserved, a second run and a poisoned one give the same digest, and every host replayed
// alone gives its own.
func TestRunsRepeatAndConserve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		one := runRestless(t, s)
		if one.Outcome == Fail {
			t.Fatal(one.Why)
		}
		s.poison = true
		two := runRestless(t, s)
		if one.Digest != two.Digest {
			d, _ := one.EventHashes.FirstDifference(two.EventHashes)
			t.Fatalf("poison changed the digest, first seen at %v of host %d", d.Key, d.Host)
		}
		if one.Ledger.String() != two.Ledger.String() {
			t.Fatalf("ledgers differ:\n%s\n%s", one.Ledger, two.Ledger)
		}
		for id, rec := range one.Recordings {
			replayAlone(t, s, id, rec)
		}
	})
}

func replayAlone(t *rapid.T, s restlessShape, id HostID, rec *Recording) {
	b, err := rec.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Recording
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	seat := restlessConfig(t, s).Seats[id-1]
	digest, differs, err := ReplayHost(&again, seat.New)
	if err != nil || differs != "" || digest != rec.Digest {
		t.Fatalf("host %d alone gives %v, want %v; differs at %s; %v", id, digest, rec.Digest, differs, err)
	}
}
