package sim

import (
	"encoding/hex"
	"testing"

	"github.com/lifegraph-os/lgos-sim/netsim"
)

// One restless run gives one digest on every platform and in every build; a change here breaks old records.
func TestRunIsPortable(t *testing.T) {
	r := runRestless(t, restlessShape{seed: 3, hosts: 6, size: 3000, cost: 1e6, faults: allFaults,
		net: netsim.Config{Jitter: .3, Loss: .05, Up: 1e6, Down: 2e6, Queue: 100000, Dup: .05, Corrupt: .02}})
	if got, want := hex.EncodeToString(r.Digest[:8]), "ffa1e50d1ef71524"; got != want {
		t.Fatalf("got %s, want %s; %v %s", got, want, r.Outcome, r.Why)
	}
}
