package search

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestAuto judges real edits of a small package: one that its unit tests kill, one that they let pass and a scenario kills,
// one that nothing notices, and the last again with an explanation. What is known is not judged twice.
func TestAuto(t *testing.T) {
	w, err := newWorkshop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(w.temp)
	p, err := w.open("node/kernel")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(text string) AutoFate {
		for _, e := range p.places {
			if e.Text == text {
				return AutoFate{Site: e.Site, Package: p.dir}
			}
		}
		t.Fatalf("no edit gives %q", text)
		return AutoFate{}
	}
	const killed, equal = "if protocol != 1 {", "x := (s.entropy - uint64(j)) * 0x9e3779b97f4a7c15"
	edits := []AutoFate{edit(killed), edit(equal)}
	a := auto{workshop: w, packs: map[string]*pack{p.dir: p}, judges: []Mutant{{Scenario: "calm-day", Nodes: 8}}}
	a.Seeds, a.Jobs, a.History = 1, 1, filepath.Join(t.TempDir(), "history", "auto.jsonl")
	a.measured = sync.OnceValues(a.measure)
	r := AutoReport{Packages: []AutoScore{{Package: p.dir, Sites: len(p.places)}}, Edits: edits, Score: 100, Sample: 2}
	if err := a.describe(edits); err != nil {
		t.Fatal(err)
	}
	if err := a.all(edits); err != nil {
		t.Fatal(err)
	}
	r.score()
	t.Log(r.Text())
	if f := edits[0]; f.Status != Killed || !slices.Equal(f.By, []string{UnitTests}) || !strings.HasPrefix(f.Why, "Test") {
		t.Errorf("%s: %s by %v (%s)", f.Site, f.Status, f.By, f.Why)
	}
	if f := edits[1]; f.Status != Survived || r.Packages[0].Score != 50 || r.ExitCode() != 1 {
		t.Errorf("%s: %s by %v (%s), score %v, exit code %d", f.Site, f.Status, f.By, f.Why, r.Packages[0].Score, r.ExitCode())
	}
	if text := r.Text(); !strings.Contains(text, "survived node/kernel/scheduler.go:") || !strings.Contains(text, equal) {
		t.Errorf("the survivor is not told:\n%s", text)
	}

	again := []AutoFate{edit(killed), edit(equal)}
	a.measured = func() ([]string, error) { t.Error("it is judged again"); return nil, nil }
	a.explained = []Explained{{File: edits[1].File, Why: "any draw is as good"}}
	text, err := os.ReadFile(filepath.Join(w.root, edits[1].File))
	if err != nil {
		t.Fatal(err)
	}
	a.explained[0].source = edits[1].apply(text)
	torn, err := os.OpenFile(a.History, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	torn.WriteString(`{"file": "node/ke`)
	torn.Close()
	if err := a.all(again); err != nil {
		t.Fatal(err)
	}
	if !again[0].Known || again[0].Status != Killed || again[1].Status != Equivalent || again[1].Why != "any draw is as good" {
		t.Errorf("again: %+v", again)
	}
	r.Edits = again
	r.Packages = []AutoScore{{Package: p.dir}}
	if r.score(); r.ExitCode() != 0 || r.Packages[0].Score != 100 {
		t.Errorf("again: score %v, exit code %d", r.Packages[0].Score, r.ExitCode())
	}
}

// TestAutoScenes has a scenario kill an edit, and one that never rests ended at its bound.
func TestAutoScenes(t *testing.T) {
	w, err := newWorkshop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(w.temp)
	script := filepath.Join(w.temp, "endless")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nwhile :; do :; done\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.cpu = 1e9
	if r := w.process(w.temp, script); !r.hung || r.cpu < 5e8 {
		t.Errorf("an endless loop: hung %t after %s: %v", r.hung, r.cpu, r.err)
	}
	a := auto{workshop: w, judges: []Mutant{{Scenario: "calm-day", Nodes: 8}}}
	a.Seeds = 1
	f := AutoFate{}
	if a.scenes(&f, w, script, a.lines()); f.Status != Hung {
		t.Errorf("an endless command: %s (%s)", f.Status, f.Why)
	}
}

func TestAutoHistoryIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("hello\nworld\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openAutoHistory(t.TempDir(), file, ""); err == nil || !strings.Contains(err.Error(), file+":1: this is no history") {
		t.Errorf("any text is a history: %v", err)
	}
}

func TestReadExplained(t *testing.T) {
	good := "- file: node/kernel/kernel.go\n  find: \"if protocol == 1 {\"\n  replace: \"if protocol != 1 {\"\n  why: It is a test.\n"
	for _, c := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"empty", "# nothing yet\n", ""},
		{"gone", strings.Replace(good, "if protocol == 1", "if protocol == 9", 1), "x.yaml:1: find: what it replaces occurs 0 times in node/kernel/kernel.go"},
		{"no operator", strings.Replace(good, "!= 1", ">= 1", 1), "x.yaml:1: replace: no operator makes this edit"},
		{"second", good + strings.Replace(good, "It is a test.", "\" \"", 1), "x.yaml:5: why: why can nobody see it?"},
		{"no file", strings.Replace(good, "kernel.go", "none.go", 1), "x.yaml:1: find: open"},
		{"a file outside", strings.Replace(good, "node/kernel", "../kernel", 1), "x.yaml:1: file:"},
		{"unknown field", strings.Replace(good, "why:", "because:", 1), `unknown field "because"`},
		{"no list", "file: a\n", "one list of"},
		{"not YAML", "- [\n", "[1:"},
	} {
		file := filepath.Join(t.TempDir(), "x.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadExplained(root, file)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAutoReportFits(t *testing.T) {
	long := strings.Repeat("a long line of code ", 20)
	r := AutoReport{Packages: []AutoScore{{Package: "node/a-package-of-a-long-name", Sites: 1234, Broken: 1}}, Edits: []AutoFate{
		{Site: Site{File: "node/a/" + strings.Repeat("long", 30) + ".go", Operator: "REMOVE_SELF_ASSIGNMENTS", Text: long}, Status: Survived}}}
	for _, r := range []AutoReport{r, {DryRun: true, Edits: r.Edits}} {
		for _, line := range strings.Split(r.Text(), "\n") {
			if utf8.RuneCountInString(line) > results.Columns {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
}
