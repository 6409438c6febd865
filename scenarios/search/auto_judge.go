package search

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// judging are the scenarios that judge an edit that the unit tests let pass, cheap and general ones first: what this folder's
// planted bugs were seen by, at a few nodes, about 0.7 CPU-seconds each.
func judging() []Mutant {
	const own = "checkers/mutants/scenarios/"
	return []Mutant{
		{Scenario: "calm-day", Nodes: 20}, {Scenario: own + "revoked.yaml"}, {Scenario: own + "crowd.yaml"}, {Scenario: own + "devices.yaml"},
		{Scenario: "mixed-kernels", Nodes: 30}, {Scenario: "forgers", Nodes: 12}, {Scenario: "crash-storm", Nodes: 30}, {Scenario: "roles-change", Nodes: 30},
		{Scenario: "equivocators", Nodes: 30}, {Scenario: "trespassers", Nodes: 30}, {Scenario: own + "lending.yaml"}, {Scenario: "power-loss", Nodes: 30},
		{Scenario: "partition-heal", Nodes: 20}, {Scenario: "bad-links", Nodes: 20}, {Scenario: own + "halved.yaml"}, {Scenario: "lying-workers", Nodes: 30},
		{Scenario: "chat-day", Nodes: 20}, {Scenario: "lost-disk", Nodes: 20}, {Scenario: "slow-gossip", Nodes: 20},
	}
}

// lines are all runs, seed by seed: Seeds is the seed here.
func (a *auto) lines() (list []Mutant) {
	for seed := 1; seed <= a.Seeds; seed++ {
		for _, m := range a.judges {
			m.Seeds = seed
			list = append(list, m)
		}
	}
	return list
}

// judge judges one edit by the unit tests, then by the scenarios. An error means that there is no judging.
func (a *auto) judge(f *AutoFate) error {
	f.Status, f.Why = Undone, "interrupted"
	text, err := os.ReadFile(filepath.Join(a.root, filepath.FromSlash(f.File)))
	if err != nil {
		return err
	}
	source := f.apply(text)
	binary := filepath.Join(a.temp, f.Key)
	defer os.Remove(binary)
	if u := a.tests[f.Package]; u != nil && !u.none {
		why, err := a.compile(binary, f.File, source, "test -c", "./"+f.Package)
		if err != nil {
			return err
		} else if why != "" {
			f.Status, f.Why = Broken, why
			return nil
		}
		w := *a.workshop
		w.cpu = 20*time.Second + 5*u.cpu
		r := w.test(f.Package, binary)
		f.CPU += r.cpu.Seconds()
		switch {
		case a.ctx.Err() != nil:
			return nil
		case r.hung:
			f.Status, f.By = Hung, []string{UnitTests}
			f.Why = fmt.Sprintf("the tests take over %s of CPU, without it %s", w.cpu.Round(time.Second), u.cpu.Round(time.Millisecond))
			return nil
		case r.err != nil:
			f.Status, f.By, f.Why = Killed, []string{UnitTests}, firstFailure(r.said)
			return nil
		}
	}
	if err := a.measured(); err != nil {
		return err
	}
	why, err := a.build(binary, "auto", f.File, source)
	if err != nil {
		return err
	} else if why != "" {
		f.Status, f.Why = Broken, why
		return nil
	}
	a.scenes(f, binary)
	return nil
}

// scenes runs the scenarios until a checker fails.
func (a *auto) scenes(f *AutoFate, binary string) {
	for _, m := range a.lines() {
		r := a.run(binary, m.line(m.Seeds))
		f.CPU += r.cpu.Seconds()
		if a.ctx.Err() != nil {
			return
		}
		by, reasons := failures(r.record, r.said)
		hung := r.hung || r.record != nil && r.record.Outcome == results.Unknown
		if len(by) == 0 && !hung && r.record != nil {
			continue
		}
		f.Scenario, f.Nodes, f.Seed, f.By = m.Scenario, m.Nodes, m.Seeds, by
		switch {
		case len(by) > 0:
			f.Status, f.Why = Killed, reasons[by[0]]
		case hung:
			f.Status, f.Why = Hung, fmt.Sprintf("the run takes over %d events or %s of CPU", a.events, a.cpu)
		default:
			f.Status, f.By, f.Why = Killed, []string{"command"}, clip(r.said, 500)
		}
		return
	}
	f.Status, f.Why = Survived, fmt.Sprintf("the unit tests and %d runs pass", len(a.lines()))
	if a.SkipTests {
		f.Why = fmt.Sprintf("%d runs pass", len(a.lines()))
	}
}

// test runs a package's test binary.
func (w *workshop) test(dir, binary string) ran {
	return w.process(filepath.Join(w.root, filepath.FromSlash(dir)), binary, "-test.failfast", "-test.timeout=50m")
}

// firstFailure finds in what tests printed the first that failed, or the panic.
func firstFailure(said string) string {
	if m := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`).FindStringSubmatch(said); m != nil {
		return m[1]
	}
	if m := regexp.MustCompile(`(?m)^(panic|fatal error|runtime): .*`).FindString(said); m != "" {
		return m
	}
	return clip(said, 200)
}
