package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// target is what RUN names: a plan to carry out, or a scenario and a seed; with the record to compare with where there is one.
type target struct {
	plan     *scenarios.PlanFile
	scenario scenarios.Scenario
	seed     uint64
	record   *results.Record
	dir      string // where the record lies
}

// run carries it out.
func (t *target) run(set scenarios.Settings) (*scenarios.Outcome, error) {
	if t.plan != nil {
		return t.plan.Run(set)
	}
	set.Seed = t.seed
	return scenarios.Run(t.scenario, set)
}

// nodes is how many hosts it has.
func (t *target) nodes(set scenarios.Settings) int {
	if t.plan != nil {
		return cmp.Or(t.plan.Settings.Nodes, t.plan.Scenario.Nodes)
	}
	return cmp.Or(set.Nodes, t.scenario.Nodes)
}

// readFile reads a file that has an end.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; give a scenario's name or file", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", name)
	}
	return os.ReadFile(name)
}

// findScenario takes a scenario's name or a file.
func findScenario(name string) (scenarios.Scenario, error) {
	if s, ok := scenarios.Find(name); ok {
		return s, nil
	}
	b, err := readFile(name)
	if os.IsNotExist(err) {
		return scenarios.Scenario{}, fmt.Errorf("there is no scenario and no file %q; lgos-sim list names the scenarios", name)
	}
	if err != nil {
		return scenarios.Scenario{}, err
	}
	if isPlan(b) {
		return scenarios.Scenario{}, fmt.Errorf("%s is a plan, not a scenario: lgos-sim replay %s", name, name)
	}
	return scenarios.Parse(name, b)
}

// splitNodes takes the size off NAME:NODES; 0 is none.
func splitNodes(arg string) (string, int) {
	if i := strings.LastIndexByte(arg, ':'); i > 0 {
		if n, err := strconv.Atoi(arg[i+1:]); err == nil && n > 0 {
			return arg[:i], n
		}
	}
	return arg, 0
}

// splitSeed takes NAME@SEED apart.
func splitSeed(arg string) (name string, seed uint64, ok bool) {
	i := strings.LastIndexByte(arg, '@')
	if i < 0 {
		return arg, 0, false
	}
	seed, err := strconv.ParseUint(arg[i+1:], 10, 64)
	if err != nil {
		return arg, 0, false
	}
	return arg[:i], seed, true
}

// ownSeed tells NAME@SEED, with a size or without.
func ownSeed(arg string) bool {
	name, _ := splitNodes(arg)
	_, _, own := splitSeed(name)
	return own
}

// findRun resolves RUN: a record, its folder, a plan, or NAME@SEED.
func findRun(arg string) (*target, error) {
	info, err := os.Stat(arg)
	if err != nil {
		if name, seed, ok := splitSeed(arg); ok {
			s, err := findScenario(name)
			return &target{scenario: s, seed: seed}, err
		}
		if _, ok := scenarios.Find(arg); ok {
			return nil, fmt.Errorf("%s is a scenario, not a run: say which seed, as in %s@1", arg, arg)
		}
		return nil, fmt.Errorf("%q is no run: give a record, its folder, a plan, or NAME@SEED", arg)
	}
	if info.IsDir() {
		file := filepath.Join(arg, results.FileName)
		if _, err := os.Stat(file); os.IsNotExist(err) {
			return nil, fmt.Errorf("%s holds no %s; give the folder of one run", arg, results.FileName)
		}
		return findRecord(file)
	}
	b, err := readFile(arg)
	if err != nil {
		return nil, err
	}
	switch {
	case isPlan(b):
		plan, err := scenarios.ReadPlan(arg, b)
		if err != nil {
			return nil, err
		}
		t := &target{plan: plan, dir: filepath.Dir(arg)}
		if r, err := results.Load(t.dir); err == nil && r.Plan.SHA256 == hash(b) {
			t.record = r // the record that this plan left
		}
		return t, nil
	case strings.HasPrefix(string(bytes.TrimSpace(b)), "{"):
		return findRecord(arg)
	}
	return nil, fmt.Errorf("%s is neither a record nor a plan; for a scenario say which seed, as in %s@1", arg, arg)
}

func findRecord(file string) (*target, error) {
	r, err := results.Load(file)
	if err != nil {
		return nil, err
	}
	t := &target{record: r, dir: filepath.Dir(file)}
	path := filepath.Join(t.dir, filepath.Base(r.Plan.Name))
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s names its plan %s: %w; without it the run is made anew by: %s", file, r.Plan.Name, err, r.Command())
	}
	if sum := hash(b); sum != r.Plan.SHA256 {
		return nil, fmt.Errorf("%s is not the plan of %s: its SHA-256 is %s, the record says %s", path, file, sum, r.Plan.SHA256)
	}
	t.plan, err = scenarios.ReadPlan(path, b)
	return t, err
}

// isPlan tells a plan file from a scenario by its first key.
func isPlan(b []byte) bool { return bytes.Contains(b[:min(len(b), 4096)], []byte("lgos-sim-plan:")) }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
