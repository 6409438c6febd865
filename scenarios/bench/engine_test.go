package bench

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

func TestEngineMakesRows(t *testing.T) {
	table, err := Engine(EngineOptions{Hosts: []int{100}, MinCPU: time.Millisecond, Peers: []Row{{Tool: "other", Workload: "ties", Hosts: 100, Deliveries: 10, CPUSeconds: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != len(Workloads())+1 {
		t.Fatalf("%d rows", len(table.Rows))
	}
	for _, r := range table.Rows[:3] {
		if r.Deliveries < perFlood/2 || r.Rate() <= 0 || r.PeakBytes <= 0 || r.Allocs > 0.05 || len(r.Digest) != 16 {
			t.Errorf("%+v", r)
		}
	}
	for line := range strings.Lines(table.String()) {
		if len(line) > 101 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	b, err := table.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadRows(bytes.NewReader(b))
	if err != nil || len(back) != len(table.Rows) || back[0] != table.Rows[0] {
		t.Errorf("the rows came back as %+v, %v", back, err)
	}
	if _, err := ReadRows(strings.NewReader(`{"rows":[{"tool":"x"}]}`)); err == nil {
		t.Error("a row without figures is accepted")
	}
}

func TestFloodRefuses(t *testing.T) {
	for _, f := range []Flood{{}, {Hosts: 5, Broadcasts: 1, Gap: 1, Workload: "jitter"}, {Hosts: 50, Broadcasts: 1, Gap: 1, Workload: "x"}} {
		if _, _, err := f.World(); err == nil {
			t.Errorf("%+v is accepted", f)
		}
	}
}

// load is what a flood cost, in counts.
type load struct{ events, bytes, memory float64 }

func measure(t *testing.T, f Flood) load {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w, _, err := f.World()
	if err != nil {
		t.Fatal(err)
	}
	r := w.Run()
	if r.Outcome != sim.Pass {
		t.Fatal(r.Outcome, r.Why, r.Verdicts)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(w)
	sent := r.Ledger.Total().Sent
	return load{float64(r.Events), float64(sent.Bytes), float64(after.HeapAlloc) - float64(before.HeapAlloc)}
}

// TestDoubling: twice the hosts, or twice the broadcasts in twice the time, cost at most 2.2 times as much.
func TestDoubling(t *testing.T) {
	for _, workload := range Workloads() {
		base := Flood{Hosts: 2000, Broadcasts: 20, Gap: 300 * time.Millisecond, Workload: workload, Seed: 1}
		hosts, longer := base, base
		hosts.Hosts *= 2
		longer.Broadcasts *= 2
		one := measure(t, base)
		for name, f := range map[string]Flood{"hosts": hosts, "broadcasts": longer} {
			two := measure(t, f)
			if two.events > 2.2*one.events || two.bytes > 2.2*one.bytes || two.memory > 2.2*one.memory {
				t.Errorf("%s: with twice the %s %+v became %+v", workload, name, one, two)
			}
		}
	}
}

// TestFloodHasOneHistory: the same flood twice is the same, another seed is another.
func TestFloodHasOneHistory(t *testing.T) {
	digest := func(f Flood) [32]byte {
		w, _, err := f.World()
		if err != nil {
			t.Fatal(err)
		}
		return w.Run().Digest
	}
	for _, workload := range Workloads() {
		f := Flood{Hosts: 200, Broadcasts: 5, Gap: 100 * time.Millisecond, Workload: workload, Seed: 1}
		other := f
		other.Seed++
		again := digest(f)
		if digest(f) != again || digest(f) == digest(other) {
			t.Errorf("%s: digests are not those of the seed", workload)
		}
	}
}
