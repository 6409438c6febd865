package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu/device"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/runner"
)

// Outcome is what a run leaves.
type Outcome struct {
	Record results.Record
	Plan   []byte // the plan file
	Result *sim.Result
	World  *sim.World
}

// Run draws a plan for the scenario and carries it out. An error is a mistake in the scenario or the settings; whatever
// happens in the run is in the outcome.
func Run(s Scenario, set Settings) (*Outcome, error) { return run(s, set, nil) }

func run(s Scenario, set Settings, p *PlanFile) (*Outcome, error) {
	m := startMeter()
	set.Stop = limits(set, m.started)
	var plan *sim.Plan
	var jobs []sim.JobResult
	if p != nil {
		plan, jobs = &p.Plan, p.Jobs
	}
	b, err := prepare(s, set, plan, jobs)
	if err != nil {
		return nil, err
	}
	if p != nil {
		for file, sum := range sortedPairs(p.Data) {
			if _, err := b.data.open(file); err != nil {
				return nil, fmt.Errorf("data of the plan: %w", err)
			}
			if b.data.hashes[file] != sum {
				return nil, fmt.Errorf("data of the plan: %s is not the file that the run read (SHA-256 %s, expected %s)", file, b.data.hashes[file], sum)
			}
		}
	}
	kind := set.Device
	if kind == "" {
		kind = "cpu"
	}
	dev, err := device.Open(kind, device.Options{Say: set.Say})
	if err != nil {
		return nil, fmt.Errorf("--device %s: %w", kind, err)
	}
	defer dev.Close()
	b.config.Devices = profiles(runner.New(dev))
	w, err := sim.New(b.config)
	if err != nil {
		return nil, err
	}
	if set.Ready != nil {
		set.Ready(len(b.config.Seats))
	}
	res := w.Run()
	b.countMerges(res.Ledger)
	file := PlanFile{Scenario: b.scenario, Settings: set, Data: b.data.hashes, Plan: b.config.Plan, Jobs: res.Jobs}
	file.Settings.Nodes = len(b.config.Seats)
	text, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	out := &Outcome{Plan: text, Result: res, World: w}
	out.Record = b.record(res, m)
	out.Record.Device = deviceOf(kind, dev)
	sum := sha256.Sum256(text)
	out.Record.Plan = results.File{Name: "plan.yaml", SHA256: hex.EncodeToString(sum[:])}
	return out, nil
}

// limits turns bounds of wall time and memory into the world's Stop.
func limits(set Settings, started time.Time) func() string {
	return func() string {
		if set.Stop != nil {
			if why := set.Stop(); why != "" {
				return why
			}
		}
		if m := set.Limits.MaxWall; m > 0 && time.Since(started) > m {
			return fmt.Sprintf("it took longer than --max-wall %v", m)
		}
		if m := set.Limits.MaxMem; m > 0 {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			if int64(stats.HeapAlloc) > m {
				return fmt.Sprintf("its heap outgrew --max-mem %s", results.Bytes(uint64(m)))
			}
		}
		return ""
	}
}

// Expected tells whether a run went as its scenario says it must.
func Expected(o *Outcome) (bool, string) {
	g := o.Record.Grade()
	return g.Outcome == results.Pass, strings.TrimSpace(g.Name + ": " + g.Why)
}

// Check runs a scenario and returns what did not go as it expects, with the line that replays it: a test of one's own in
// one call.
func Check(s Scenario, set Settings) error {
	o, err := Run(s, set)
	if err != nil {
		return err
	}
	if ok, why := Expected(o); !ok {
		return fmt.Errorf("%s: %s; %s", o.Record.Outcome, why, o.Record.Command())
	}
	return nil
}

// waived finds the scenario's excuse for a checker.
func (s *Scenario) waived(checker string) string {
	i := slices.IndexFunc(s.Waive, func(w Waiver) bool { return w.Checker == checker })
	if i < 0 {
		return ""
	}
	return s.Waive[i].Why
}
