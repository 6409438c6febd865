package main

import (
	"runtime"
	"testing"
	"weak"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// TestSweepLetsGoOfOutcomes: what a sweep keeps of a run must not hold its world, or a thousand runs fill the memory.
func TestSweepLetsGoOfOutcomes(t *testing.T) {
	s, ok := scenarios.Find("calm-day")
	if !ok {
		t.Fatal("no calm-day")
	}
	o, err := scenarios.Run(s, scenarios.Settings{Seed: 1, Nodes: 12, Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	outcome := weak.Make(o)
	kept := (&runFlags{}).save(job{}, o, t.TempDir(), true)
	if kept.err != nil {
		t.Fatal(kept.err)
	}
	o = nil
	runtime.GC()
	if outcome.Value() != nil {
		t.Error("the outcome is still held")
	}
	runtime.KeepAlive(kept)
}
