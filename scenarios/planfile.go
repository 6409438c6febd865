package scenarios

import (
	"encoding/base64"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// planVersion is the layout of plan files that this build writes and reads.
const planVersion = 1

// PlanFile is a run written down before it happens: it replays alone.
type PlanFile struct {
	Scenario Scenario
	Settings Settings // seed, luck, nodes, hosts, set and device; the rest is the replayer's own
	Data     map[string]string
	Plan     sim.Plan
	Jobs     []sim.JobResult
}

// planYAML is its form on disk.
type planYAML struct {
	Version  int               `yaml:"lgos-sim-plan"`
	Seed     uint64            `yaml:"seed"`
	Luck     uint64            `yaml:"luck,omitempty"`
	Nodes    int               `yaml:"nodes"`
	Hosts    netsim.HostSet    `yaml:"hosts,omitempty"` // those that take part; all where none is named
	Device   string            `yaml:"device"`
	Set      map[string]string `yaml:"set,omitempty"`
	Data     map[string]string `yaml:"data,omitempty"` // file to SHA-256, in hexadecimal
	Scenario Scenario          `yaml:"scenario"`
	Plan     string            `yaml:"plan"` // the text form of sim.Plan
	Jobs     []jobYAML         `yaml:"jobs,omitempty"`
}

// jobYAML is the result of an inexact job, fed on replay.
type jobYAML struct {
	Device string `yaml:"device"`
	Kernel string `yaml:"kernel"`
	Input  string `yaml:"input"` // hash of the input, in hexadecimal
	Out    string `yaml:"out"`   // base64
	Work   uint64 `yaml:"work"`
	Err    string `yaml:"err,omitempty"`
}

// Bytes prints the plan file.
func (p *PlanFile) Bytes() ([]byte, error) {
	text, err := p.Plan.MarshalText()
	if err != nil {
		return nil, err
	}
	y := planYAML{
		Version: planVersion, Seed: p.Settings.Seed, Luck: p.Settings.Luck, Nodes: p.Settings.Nodes, Hosts: p.Settings.Hosts, Device: p.Settings.Device, Set: p.Settings.Set,
		Data: p.Data, Scenario: p.Scenario, Plan: string(text),
	}
	for _, j := range p.Jobs {
		y.Jobs = append(y.Jobs, jobYAML{j.Device, j.Kernel, fmt.Sprintf("%x", j.Input), base64.StdEncoding.EncodeToString(j.Out), j.Work, j.Err})
	}
	return yaml.MarshalWithOptions(y, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
}

// ReadPlan reads a plan file strictly. Errors name the file and what is wrong in it.
func ReadPlan(file string, b []byte) (*PlanFile, error) {
	fail := func(format string, args ...any) (*PlanFile, error) {
		return nil, fmt.Errorf("%s: %w", file, fmt.Errorf(format, args...))
	}
	if len(b) > maxPlan {
		return fail("over %d bytes", maxPlan)
	}
	var y planYAML
	if err := decode(b, &y); err != nil {
		return fail("%w", err)
	}
	if y.Version != planVersion {
		return fail("lgos-sim-plan: version %d, this build reads %d", y.Version, planVersion)
	}
	if err := y.Scenario.check(); err != nil {
		return fail("scenario: %w", err)
	}
	p := &PlanFile{Scenario: y.Scenario, Data: y.Data, Settings: Settings{Seed: y.Seed, Luck: y.Luck, Nodes: y.Nodes, Hosts: y.Hosts, Device: y.Device, Set: y.Set}}
	if err := p.Plan.UnmarshalText([]byte(y.Plan)); err != nil {
		return fail("plan: %w", err)
	}
	for i, j := range y.Jobs {
		r := sim.JobResult{Device: j.Device, Kernel: j.Kernel, Work: j.Work, Err: j.Err}
		var input []byte
		if _, err := fmt.Sscanf(j.Input, "%x", &input); err != nil || len(input) != len(r.Input) {
			return fail("jobs[%d].input: %q is not %d bytes in hexadecimal", i, j.Input, len(r.Input))
		}
		copy(r.Input[:], input)
		out, err := base64.StdEncoding.DecodeString(j.Out)
		if err != nil {
			return fail("jobs[%d].out: %w", i, err)
		}
		r.Out = out
		p.Jobs = append(p.Jobs, r)
	}
	return p, nil
}

// maxPlan bounds a plan file.
const maxPlan = 256 << 20

// Run carries the plan out as it is written. Settings add what does not change the digest: limits, observers, progress.
func (p *PlanFile) Run(set Settings) (*Outcome, error) {
	set.Seed, set.Luck, set.Nodes, set.Hosts, set.Set = p.Settings.Seed, p.Settings.Luck, p.Settings.Nodes, p.Settings.Hosts, p.Settings.Set
	if set.Device == "" {
		set.Device = "cpu"
	}
	return run(p.Scenario, set, p)
}
