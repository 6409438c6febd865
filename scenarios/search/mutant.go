// Package search looks for what single runs do not show. Mutants plants known bugs, one at a time, and demands that the
// checker which was predicted catches each: the checkers' own test.
package search

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/lifegraph-os/lgos-sim/checkers"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// What may catch a mutant besides a checker.
const (
	Ledger = "ledger" // the run is invalid, or an invariant of it broke, as that its bytes are conserved
	Panic  = "panic"  // a process or the simulator panics
)

const (
	seedBudget = 3   // seeds to be caught in, unless a mutant's file says otherwise
	maxSeeds   = 100 // that a file may ask for
)

// Mutant is one planted bug, as its file says.
type Mutant struct {
	Name     string            `yaml:"-"`
	File     string            `yaml:"file"`            // in the module, with slashes
	Find     string            `yaml:"find"`            // occurs in the file exactly once
	Replace  string            `yaml:"replace"`         // stands there instead
	About    string            `yaml:"about"`           // what it breaks, in a sentence
	Scenario string            `yaml:"scenario"`        // that shows it: a name, or a file in the module
	Set      map[string]string `yaml:"set,omitempty"`   // of the scenario
	Nodes    int               `yaml:"nodes,omitempty"` // 0 is the scenario's own number
	Seeds    int               `yaml:"seeds,omitempty"` // it must be caught within 1..Seeds; 0 is 3
	CaughtBy string            `yaml:"caught_by"`       // a checker, ledger or panic
	Silent   []string          `yaml:"silent"`          // checkers that must not fail
}

// maxMutant bounds a mutant's file.
const maxMutant = 64 << 10

// ReadMutant reads a mutant's file strictly. Errors name the file and the line.
func ReadMutant(path string) (Mutant, error) {
	m := Mutant{Name: strings.TrimSuffix(filepath.Base(path), ".yaml")}
	b, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if len(b) > maxMutant {
		return m, fmt.Errorf("%s: over %d bytes", path, maxMutant)
	}
	lines, err := decode(b, &m)
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	if field, why := m.check(); why != "" {
		if line, ok := lines[field]; ok {
			return m, fmt.Errorf("%s:%d: %s: %s", path, line, field, why)
		}
		return m, fmt.Errorf("%s: %s: %s", path, field, why)
	}
	return m, nil
}

// decode gives the line of each field. The parser's panics on broken input become errors.
func decode(b []byte, m *Mutant) (lines map[string]int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not YAML: %v", r)
		}
	}()
	f, err := scenarios.ParseYAML(b)
	if err != nil {
		return nil, err
	}
	if len(f.Docs) != 1 {
		return nil, fmt.Errorf("a file holds one document, this has %d", len(f.Docs))
	}
	body, ok := f.Docs[0].Body.(ast.MapNode)
	if !ok {
		return nil, fmt.Errorf("the document must be a mapping")
	}
	if err := yaml.NodeToValue(f.Docs[0].Body, m, yaml.Strict()); err != nil {
		return nil, err
	}
	lines = map[string]int{}
	for it := body.MapRange(); it.Next(); {
		lines[it.Key().String()] = it.Key().GetToken().Position.Line
	}
	return lines, nil
}

// check finds the field that says what it must not, and why.
func (m *Mutant) check() (field, why string) {
	s, known := scenarios.Find(m.Scenario)
	judges := Judges()
	switch {
	case m.File == "" || !filepath.IsLocal(filepath.FromSlash(m.File)) || !strings.HasSuffix(m.File, ".go") || strings.HasSuffix(m.File, "_test.go"):
		return "file", fmt.Sprintf("%q is no source file within the module", m.File)
	case m.Find == "":
		return "find", "there is nothing to find"
	case m.Find == m.Replace:
		return "replace", "it changes nothing"
	case strings.TrimSpace(m.About) == "":
		return "about", "what does it break?"
	case !known && !m.ownScenario():
		return "scenario", fmt.Sprintf("%q is neither a scenario nor a .yaml within the module", m.Scenario)
	case m.Nodes < 0 || m.Nodes == 1:
		return "nodes", fmt.Sprintf("%d are too few", m.Nodes)
	case m.Seeds < 0 || m.Seeds > maxSeeds:
		return "seeds", fmt.Sprintf("%d is not in 1..%d", m.Seeds, maxSeeds)
	case m.CaughtBy != Ledger && m.CaughtBy != Panic && !slices.Contains(judges, m.CaughtBy):
		return "caught_by", fmt.Sprintf("%q is none of %s, %s, %s", m.CaughtBy, strings.Join(judges, ", "), Ledger, Panic)
	case slices.Contains(s.Expect, "fail "+m.CaughtBy):
		return "caught_by", fmt.Sprintf("scenario %s makes %s fail without any bug", m.Scenario, m.CaughtBy)
	case len(m.Silent) == 0:
		return "silent", "name the checkers that must not fail"
	}
	for _, c := range m.Silent {
		if c == m.CaughtBy || !slices.Contains(judges, c) {
			return "silent", fmt.Sprintf("%q is no other checker: they are %s", c, strings.Join(judges, ", "))
		}
	}
	return "", ""
}

// ownScenario tells whether the scenario is a file.
func (m *Mutant) ownScenario() bool {
	return strings.HasSuffix(m.Scenario, ".yaml") && filepath.IsLocal(filepath.FromSlash(m.Scenario))
}

// Judges are the names of the checkers.
func Judges() []string {
	var names []string
	for _, c := range checkers.All(&checkers.Truth{}) {
		names = append(names, c.Name())
	}
	return names
}

// apply gives the source with the bug in it, or why that cannot be.
func (m *Mutant) apply(root string) (source []byte, why string) {
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return nil, err.Error()
	}
	if n := bytes.Count(b, []byte(m.Find)); n != 1 {
		return nil, fmt.Sprintf("what it replaces occurs %d times in %s", n, m.File)
	}
	return bytes.Replace(b, []byte(m.Find), []byte(m.Replace), 1), ""
}

func (m *Mutant) seeds() int {
	if m.Seeds == 0 {
		return seedBudget
	}
	return m.Seeds
}

// line is what follows `lgos-sim` to run the mutant's scenario.
func (m *Mutant) line(seed int) []string {
	args := []string{"run", m.Scenario, "--seed", fmt.Sprint(seed)}
	if m.Nodes > 0 {
		args = append(args, "--nodes", fmt.Sprint(m.Nodes))
	}
	for _, k := range sorted(m.Set) {
		args = append(args, "--set", k+"="+m.Set[k])
	}
	return args
}
