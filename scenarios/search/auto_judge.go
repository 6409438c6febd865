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
	return []Mutant{
		{Scenario: "calm-day", Nodes: 20}, {Scenario: "revoked"}, {Scenario: "crowd"}, {Scenario: "devices"},
		{Scenario: "mixed-kernels", Nodes: 30}, {Scenario: "forgers", Nodes: 12}, {Scenario: "crash-storm", Nodes: 30}, {Scenario: "roles-change", Nodes: 30},
		{Scenario: "equivocators", Nodes: 30}, {Scenario: "trespassers", Nodes: 30}, {Scenario: "lending"}, {Scenario: "power-loss", Nodes: 30},
		{Scenario: "partition-heal", Nodes: 20}, {Scenario: "bad-links", Nodes: 20}, {Scenario: "halved"}, {Scenario: "lying-workers", Nodes: 30},
		{Scenario: "chat-day", Nodes: 20}, {Scenario: "lost-disk", Nodes: 20}, {Scenario: "slow-gossip", Nodes: 20}, {Scenario: "demoted"},
		{Scenario: "late-twins", Nodes: 30}, {Scenario: "editing-sprint", Nodes: 20}, {Scenario: "offline", Nodes: 20}, {Scenario: "severed", Nodes: 30},
		{Scenario: "second-round"}, {Scenario: "lenders-leave", Nodes: 30}, {Scenario: "torn-write", Nodes: 30}, {Scenario: "blackout"},
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
	s := a.sets[f.Package]
	k := s.switches[f.Site]
	if k == 0 {
		return a.alone(f, s)
	}
	w := *a.workshop
	w.env = []string{fmt.Sprintf("%s=%d", switchOn, k)}
	if s.test != "" && a.tested(f, &w, s, s.test) || a.ctx.Err() != nil {
		return nil
	}
	if err := s.recorded(); err != nil {
		return err
	}
	a.scenes(f, &w, s.command, s.reached[k])
	return nil
}

// alone judges an edit that must be compiled by itself.
func (a *auto) alone(f *AutoFate, s *set) error {
	text, err := os.ReadFile(filepath.Join(a.root, filepath.FromSlash(f.File)))
	if err != nil {
		return err
	}
	files := map[string][]byte{f.File: f.apply(text)}
	binary := filepath.Join(a.temp, f.Key)
	defer os.Remove(binary)
	if s.test != "" {
		why, err := a.compile(binary, files, "test -c", "./"+f.Package)
		if err != nil {
			return err
		} else if why != "" {
			f.Status, f.Why = Broken, why
			return nil
		}
		if a.tested(f, a.workshop, s, binary) || a.ctx.Err() != nil {
			return nil
		}
	}
	if _, err := a.measured(); err != nil {
		return err
	}
	why, err := a.build(binary, "auto", files)
	if err != nil {
		return err
	} else if why != "" {
		f.Status, f.Why = Broken, why
		return nil
	}
	a.scenes(f, a.workshop, binary, a.lines())
	return nil
}

// tested runs the unit tests. It tells whether they notice.
func (a *auto) tested(f *AutoFate, w *workshop, s *set, binary string) bool {
	bound := *w
	bound.cpu = 20*time.Second + 5*s.cpu
	r := bound.test(f.Package, binary)
	f.CPU += r.cpu.Seconds()
	switch {
	case a.ctx.Err() != nil:
		return false
	case r.hung:
		f.Status, f.By = Hung, []string{UnitTests}
		f.Why = fmt.Sprintf("the tests take over %s of CPU, without it %s", bound.cpu.Round(time.Second), s.cpu.Round(time.Millisecond))
	case r.err != nil:
		f.Status, f.By, f.Why = Killed, []string{UnitTests}, firstFailure(r.said)
	default:
		return false
	}
	return true
}

// scenes runs the scenarios until a checker fails.
func (a *auto) scenes(f *AutoFate, w *workshop, binary string, lines []Mutant) {
	for _, m := range lines {
		r := w.run(binary, m.line(m.Seeds))
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
			f.Status, f.Why = Hung, fmt.Sprintf("the run takes over %d events or %s of CPU", w.events, w.cpu)
		default:
			f.Status, f.By, f.Why = Killed, []string{"command"}, clip(r.said, 500)
		}
		return
	}
	f.Status, f.Why = Survived, fmt.Sprintf("%d runs pass; in %d of them it may change something", len(a.lines()), len(lines))
	if !a.SkipTests {
		f.Why = "the unit tests and " + f.Why
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
