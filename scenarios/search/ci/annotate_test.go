package ci

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// TestGitHub holds annotations to the escapes of GitHub's toolkit: % and line ends in all, : and , in properties too.
func TestGitHub(t *testing.T) {
	for _, c := range []struct {
		a    Annotation
		want string
	}{
		{Annotation{Level: "error", Title: "compute fails", Text: "50 % wrong\nsee: a,b\r"}, "::error title=compute fails::50 %25 wrong%0Asee: a,b%0D"},
		{Annotation{Level: "warning", Title: "a: b, c\n100 %", File: "x,y:z.yaml", Line: 7, Text: "t"}, "::warning title=a%3A b%2C c%0A100 %25,file=x%2Cy%3Az.yaml,line=7::t"},
	} {
		if got := c.a.GitHub(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// report is one with something of everything.
func report(t *testing.T) *Report {
	day := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	known := func(line int, checker string) *Known {
		return &Known{Scenario: "canary", Seeds: allSeeds(), Checker: checker, Reason: "a | b", Expiry: day, File: "known.yaml", Line: line}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	f := &Find{Name: "delivery-drawn-7", Kind: search.Kind{Checker: "delivery", Reason: "operation # never reached host #"}, Outcome: results.Fail, Phase: sweepPhase, Run: "drawn@7",
		Why: "operation 0a1b2c3d4e5f never reached host 3", Line: "lgos-sim sweep --seed 1 --only 4", Runs: 9, Times: 2, Unshrunk: "spent", Untold: "spent",
		Dir: filepath.Join(here, "out", "finds", "delivery-drawn-7"), Replay: "lgos-sim replay out/finds/delivery-drawn-7/plan.yaml"}
	return &Report{
		Commit: "0123456789", Seed: 5, Nodes: 60, Finds: []*Find{f}, Untold: 1, Swept: true,
		Plans:     []Trial{{Name: "a-plan.yaml", File: "a-plan.yaml", Outcome: results.Fail, Why: "x", Known: map[string]string{"compute": "known"}}},
		Scenarios: []Trial{{Name: "canary@1", Outcome: results.Pass}, {Name: "late@2", Outcome: results.Unknown, Why: cutBudget}},
		Sweep:     search.SweepSummary{Runs: 3, Tally: map[results.Outcome]int{results.Pass: 2, results.Fail: 1}},
		Known:     []Fate{{Known: known(2, "compute"), Failed: 1}, {Known: known(7, "policy"), Passed: 3}, {Known: known(12, "delivery"), Expired: true, Failed: 1}},
		Left:      []string{"late@2: " + cutBudget},
	}
}

// TestQuality holds GitLab's report to what GitLab asks of each entry.
func TestQuality(t *testing.T) {
	r := report(t)
	b, err := r.quality()
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Description, Fingerprint, Severity string
		Check                              string `json:"check_name"`
		Location                           struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	var said []string
	prints := map[string]bool{}
	for _, e := range list {
		prints[e.Fingerprint] = true
		said = append(said, e.Severity+" "+e.Location.Path)
		if e.Description == "" || e.Check == "" || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(e.Fingerprint) || e.Location.Lines.Begin < 1 || filepath.IsAbs(e.Location.Path) {
			t.Errorf("%+v", e)
		}
	}
	want := "critical out/finds/delivery-drawn-7/plan.yaml, critical summary.md, info known.yaml, minor known.yaml, minor known.yaml, minor summary.md"
	if got := strings.Join(said, ", "); got != want || len(prints) != len(list) {
		t.Errorf("%d fingerprints of %d; got\n%s, want\n%s", len(prints), len(list), got, want)
	}
	again := *r
	f := *r.Finds[0]
	f.Why, f.Run = "operation ffffffffffff never reached host 44", "drawn@9"
	again.Finds = []*Find{&f}
	b2, _ := again.quality()
	if first := regexp.MustCompile(`"fingerprint": "[0-9a-f]*"`); first.FindString(string(b)) != first.FindString(string(b2)) {
		t.Error("one failure in two commits has two fingerprints")
	}
}

// TestMarkdown: the summary says what was done and what not, and its tables hold.
func TestMarkdown(t *testing.T) {
	r := report(t)
	text := r.Markdown()
	for _, want := range []string{"# lgos-sim: fail", "2: 1 as expected, 1 cut or not begun", "1: 1 known", "## Find 1: delivery", "lgos-sim sweep --seed 1 --only 4", "2 runs failed so",
		"fails in 1 of 1 runs, as is known until 2026-03-31", "no longer fails (in 3 runs): remove it", "expired after 2026-03-31, and it still fails", `a \| b`, "## Not done", "1 more distinct"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.HasPrefix(line, "|") && cells != 3 && cells != 5 {
			t.Errorf("a row of %d bars: %s", cells, line)
		}
	}
	for line := range strings.Lines(r.Text()) {
		if results.Width(strings.TrimSuffix(line, "\n")) > results.Columns {
			t.Errorf("over %d columns: %s", results.Columns, line)
		}
	}
}
