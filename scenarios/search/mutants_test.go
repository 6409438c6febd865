package search

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

const root, folder = "../..", "../../checkers/mutants"

// TestMutantsApply holds the folder to its rules without building anything: each mutant fits the source, and at most one in
// three does nothing but take code away.
func TestMutantsApply(t *testing.T) {
	list, err := Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	deletions := 0
	for i := range list {
		m := &list[i]
		if _, why := m.apply(root); why != "" {
			t.Errorf("%s: %s", m.Name, why)
		}
		if deletes(m) {
			deletions++
		}
		if m.ownScenario() {
			b, err := os.ReadFile(filepath.Join(root, m.Scenario))
			if err == nil {
				_, err = scenarios.Parse(m.Scenario, b)
			}
			if err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
	if 3*deletions > len(list) {
		t.Errorf("%d of %d mutants only take code away; at most one in three may", deletions, len(list))
	}
	layers := []string{"node/op", "node/wire", "node/journal", "node/crdt", "node/graph", "node/rights", "node/gossip", "node/kernel", "node/replica", "node/compute", "gpu/device", "sim/fault"}
	for _, layer := range layers {
		if !slices.ContainsFunc(list, func(m Mutant) bool { return strings.HasPrefix(m.File, layer+"/") }) {
			t.Errorf("no mutant breaks %s", layer)
		}
	}
}

// TestDrawnMutants holds the list of edits that operators drew to the folder: each is told what became of, those that were
// planted stand in the folder, and nothing is called drawn that was not. At least 40 of at least 80 planted bugs are drawn.
func TestDrawnMutants(t *testing.T) {
	list, err := Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(folder + "/auto/drawn.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var drawn []struct{ At, Edit, Fate, Mutant, Why string }
	if err := yaml.UnmarshalWithOptions(b, &drawn, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	planted := map[string]bool{}
	for _, d := range drawn {
		i := slices.IndexFunc(list, func(m Mutant) bool { return m.Name == d.Mutant })
		switch d.Fate {
		case "planted":
			if i < 0 || planted[d.Mutant] || !strings.Contains(list[i].Replace, d.Edit) || !strings.HasPrefix(d.At, list[i].File+":") {
				t.Errorf("%s: no mutant %q makes this edit, or two do", d.At, d.Mutant)
			}
			planted[d.Mutant] = true
		case "scenario", "tests", "survived", "equivalent", "open":
			if d.Mutant != "" || d.Why == "" && d.Fate != "open" {
				t.Errorf("%s: %s, as mutant %q, because %q", d.At, d.Fate, d.Mutant, d.Why)
			}
		default:
			t.Errorf("%s: fate %q", d.At, d.Fate)
		}
	}
	for i := range list {
		if drawn := strings.HasPrefix(list[i].Name, "auto-"); drawn != planted[list[i].Name] {
			t.Errorf("%s: its name says that it was drawn: %t; the list: %t", list[i].Name, drawn, !drawn)
		}
	}
	if len(list) < 80 || len(planted) < 40 {
		t.Errorf("%d bugs are planted, %d of them drawn; want 80 and 40", len(list), len(planted))
	}
	kept, err := ReadDetections(folder + "/detections.json")
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })
	for i, m := range list {
		if i >= len(kept.Mutants) || kept.Mutants[i].Name != m.Name {
			t.Fatalf("detections.json does not hold the mutants of the folder: %s is where it differs; run mutants checkers/mutants --keep checkers/mutants/detections.json", m.Name)
		}
		if !slices.Contains(kept.Mutants[i].By, m.CaughtBy) {
			t.Errorf("%s was once caught by %v, and is to be by %s", m.Name, kept.Mutants[i].By, m.CaughtBy)
		}
	}
	if len(kept.Mutants) != len(list) {
		t.Errorf("detections.json holds %d mutants, the folder %d", len(kept.Mutants), len(list))
	}
	if _, err := ReadExplained(root, filepath.Join(folder, "auto/equivalent.yaml")); err != nil {
		t.Error(err)
	}
}

// deletes tells whether what stands instead is what stood there with a part taken out.
func deletes(m *Mutant) bool {
	a, b := strings.Join(strings.Fields(m.Find), ""), strings.Join(strings.Fields(m.Replace), "")
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	return strings.HasSuffix(a, b[same:]) && len(b) < len(a)
}

func TestReadMutant(t *testing.T) {
	good := "file: node/op/op.go\nfind: a\nreplace: b\nabout: It breaks.\nscenario: calm-day\ncaught_by: policy\nsilent: [compute]\n"
	for _, c := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"set", good + "set: {gossip: 10s}\nnodes: 20\nseeds: 5\n", ""},
		{"unknown field", good + "colour: red\n", `[8:1] unknown field "colour"`},
		{"wrong type", strings.Replace(good, "[compute]", "{a: b}", 1), "[7:"},
		{"no checker", strings.Replace(good, "by: policy", "by: police", 1), `:6: caught_by: "police" is none of`},
		{"nobody silent", strings.Replace(good, "[compute]", "[]", 1), ":7: silent: name the checkers"},
		{"silent killer", strings.Replace(good, "[compute]", "[policy]", 1), ":7: silent:"},
		{"changes nothing", strings.Replace(good, "replace: b", "replace: a", 1), ":3: replace: it changes nothing"},
		{"a file outside", strings.Replace(good, "node/op", "../op", 1), ":1: file:"},
		{"a test", strings.Replace(good, "op.go", "op_test.go", 1), ":1: file:"},
		{"no scenario", strings.Replace(good, "calm-day", "calm-night", 1), ":5: scenario:"},
		{"fails anyway", strings.Replace(strings.Replace(good, "calm-day", "canary", 1), "by: policy", "by: compute", 1), ":6: caught_by: scenario canary"},
		{"missing", strings.Replace(good, "find: a\n", "", 1), "find: there is nothing to find"},
		{"no mapping", "- a\n", "must be a mapping"},
		{"two documents", good + "---\n" + good, "one document"},
		{"not YAML", "a: [\n", "[1:"},
		{"empty", "", "document"},
	} {
		file := filepath.Join(t.TempDir(), "x.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadMutant(file)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	record := func(o results.Outcome, why string, failed ...string) *results.Record {
		r := &results.Record{Outcome: o, Why: why}
		for _, c := range Judges() {
			v := results.Verdict{Checker: c, Outcome: results.Pass}
			if slices.Contains(failed, c) {
				v.Outcome, v.Why = results.Fail, "bad "+c
			}
			r.Verdicts = append(r.Verdicts, v)
		}
		return r
	}
	broken := func(why string) *results.Record {
		r := record(results.Fail, why)
		r.Broke = why
		return r
	}
	for _, c := range []struct {
		name, by string
		r        *results.Record
		said     string
		want     Status
		why      string
	}{
		{"predicted", "policy", record(results.Fail, "", "policy"), "", Killed, "bad policy"},
		{"and one more", "policy", record(results.Fail, "", "policy", "delivery"), "", Killed, "bad policy"},
		{"another", "policy", record(results.Fail, "", "delivery"), "", Wrong, "delivery: bad delivery"},
		{"a silent one too", "policy", record(results.Fail, "", "policy", "compute"), "", Wrong, "compute must be silent"},
		{"nobody", "policy", record(results.Pass, ""), "", Survived, "every checker passed"},
		{"cut", "policy", record(results.Unknown, "too long"), "", Survived, "cut: too long"},
		{"invalid", Ledger, record(results.Invalid, "no effect at all: partition"), "", Killed, "no effect"},
		{"bytes lost", Ledger, broken("packets of class push are not conserved: 1"), "", Killed, "not conserved"},
		{"a rule is broken", Ledger, broken("host 3: a packet over a connection of another"), "", Killed, "of another"},
		{"invalid unforeseen", "policy", record(results.Invalid, "no effect"), "", Wrong, "ledger: no effect"},
		{"process panics", Panic, broken("host 3 panicked at 1s/3/4: oops"), "", Killed, "oops"},
		{"simulator panics", Panic, nil, "lgos-sim: the simulator itself panicked: oops", Killed, "oops"},
		{"no record", "policy", nil, "lgos-sim: no such scenario", Undone, "no such scenario"},
	} {
		m := Mutant{CaughtBy: c.by, Silent: []string{"compute"}}
		if got, _, why := verdict(&m, c.r, c.said); got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, got, why, c.want, c.why)
		}
	}
}

// TestShare goes round: all shares together are the whole, and each day another is the first.
func TestShare(t *testing.T) {
	var list []Mutant
	for i := range 11 {
		list = append(list, Mutant{Name: fmt.Sprint("m", i)})
	}
	var all []string
	for i := 7; i < 11; i++ {
		part, err := choose(slices.Clone(list), Options{Share: fmt.Sprintf("%d/4", i)})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range part {
			all = append(all, m.Name)
		}
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != len(list) {
		t.Errorf("the shares hold %v", all)
	}
	for _, share := range []string{"1", "1/0", "a/2", "-1/2"} {
		if _, err := choose(list, Options{Share: share}); err == nil {
			t.Errorf("share %q passes", share)
		}
	}
	if _, err := choose(list, Options{Only: []string{"m12"}}); err == nil {
		t.Error("an unknown name passes")
	}
}

func TestReportFitsAndExits(t *testing.T) {
	killed := Fate{Name: "gossip-first-neighbour-alone-and-more", Scenario: "a/b/some-scenario.yaml", CaughtBy: "delivery", Status: Killed, By: []string{"convergence", "delivery"}, Seed: 1}
	lived := Fate{Name: "x", Scenario: "calm-day", CaughtBy: "policy", Status: Survived, Seed: 3, Why: strings.Repeat("every checker passed ", 40)}
	for _, c := range []struct {
		r    Report
		code int
	}{
		{Report{Runs: 3, Mutants: []Fate{killed}}, 0},
		{Report{Runs: 3, Mutants: []Fate{killed, lived}}, 1},
		{Report{Runs: 3, Red: []string{"lgos-sim run calm-day --seed 1: policy: " + strings.Repeat("no ", 80)}}, 1},
		{Report{Mutants: []Fate{killed}, Interrupted: true}, 2},
		{Report{}, 2},
	} {
		if got := c.r.ExitCode(); got != c.code {
			t.Errorf("exit code %d, want %d:\n%s", got, c.code, c.r.Text())
		}
		for _, line := range strings.Split(c.r.Text(), "\n") {
			if utf8.RuneCountInString(line) > results.Columns {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
}
