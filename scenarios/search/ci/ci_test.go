package ci

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/sim"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// broken is the canary without its expectation: a scenario that fails, by compute alone.
func broken(t *testing.T) Source {
	t.Helper()
	s, ok := scenarios.Find("canary")
	if !ok {
		t.Fatal("there is no canary")
	}
	s.Name, s.Expect, s.Duration = "broken", nil, 8*time.Second
	return Source{"broken.yaml", s}
}

func calm() Source {
	s, _ := scenarios.Find("calm-day")
	s.Duration = 8 * time.Second
	return Source{"calm-day", s}
}

// options are those of a run of a second or two.
func options(t *testing.T, list ...Source) Options {
	return Options{Context: t.Context(), Commit: commit, Runs: 2, Nodes: 12, Out: filepath.Join(t.TempDir(), "out"), Scenarios: list, Own: true,
		Today: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Line: func(seed uint64, r search.Recipe) string {
			return "lgos-sim sweep --seed " + fmt.Sprint(seed) + " --only " + r.String()
		}}
}

func do(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(o.Out); err != nil {
		t.Fatal(err)
	}
	return r
}

func excuse(checker, expiry string) Known {
	day, _ := time.Parse(time.DateOnly, expiry)
	return Known{Scenario: "broken", Seeds: allSeeds(), Checker: checker, Reason: "liars collude", Expiry: day, File: "known.yaml", Line: 1}
}

// TestFind: a failure is told once, shrunk and explained, however many runs show it; two runs of one commit find the same.
func TestFind(t *testing.T) {
	var plans []string
	for _, jobs := range []int{1, 2} {
		o := options(t, broken(t), calm())
		o.Jobs = jobs
		told := 0
		o.Tell = func(*Find) { told++ }
		r := do(t, o)
		if len(r.Finds) != 1 || told != 1 || r.Outcome() != results.Fail || r.Interrupted {
			t.Fatalf("%s: %d finds, %d told\n%s", r.Outcome(), len(r.Finds), told, r.Text())
		}
		f := r.Finds[0]
		if f.Kind.Checker != "compute" || f.Phase != "a scenario" || f.Times < 2 || f.Shrunk == nil || f.Shrunk.After.Entries >= f.Shrunk.Before.Entries || !strings.Contains(f.Story, "<- the first wrong step") {
			t.Errorf("%+v\n%s", f, f.Text())
		}
		if !strings.HasPrefix(f.Line, "lgos-sim run broken.yaml --seed ") {
			t.Errorf("it is made again by %s", f.Line)
		}
		for _, name := range []string{results.PlanName, results.FileName, explainName, storyName, wholeName} {
			if _, err := os.Stat(filepath.Join(f.Dir, name)); err != nil {
				t.Error(err)
			}
		}
		text, err := os.ReadFile(filepath.Join(f.Dir, results.PlanName))
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, string(text))
		p, err := scenarios.ReadPlan("plan", text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := p.Run(scenarios.Settings{})
		kept, err2 := results.Load(f.Dir)
		if err != nil || err2 != nil || again.Record.Digest != kept.Digest || !slices.Contains(search.Failures(&again.Record), f.Kind) {
			t.Errorf("what is kept replays otherwise (%v, %v)", err, err2)
		}
		junit, err := os.ReadFile(filepath.Join(o.Out, JUnitName))
		if err != nil {
			t.Fatal(err)
		}
		var suites struct {
			Failures int `xml:"failures,attr"`
			Suites   []struct {
				Name  string `xml:"name,attr"`
				Cases []struct {
					Name    string `xml:"name,attr"`
					Failure string `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(junit, &suites); err != nil || suites.Failures != 1 || len(suites.Suites) != 3 {
			t.Errorf("%v, %d failures in %d suites", err, suites.Failures, len(suites.Suites))
		}
		if !strings.Contains(string(junit), "the first wrong step") || !strings.Contains(string(junit), f.Replay) {
			t.Errorf("JUnit tells no story:\n%s", junit)
		}
	}
	if plans[0] != plans[1] {
		t.Errorf("two runs of one commit keep two plans:\n%s\n%s", plans[0], plans[1])
	}
}

// TestRounds: what a scenario shows at other seeds alone is found, shrunk and told like what it shows at once; the rounds of
// one commit are the same.
func TestRounds(t *testing.T) {
	o := options(t, broken(t), calm())
	o.Own, o.Runs = false, 4
	at, err := Seed(commit)
	if err != nil {
		t.Fatal(err)
	}
	first := sim.Seed(at).Stream("ci/broken").Uint64()>>12 + 1
	k := excuse("compute", "2026-12-31")
	k.Seeds = Seeds{first, first}
	o.Known = []Known{k}
	var lines []string
	for range 2 {
		o.Out = filepath.Join(t.TempDir(), "out")
		r := do(t, o)
		if len(r.Rounds) != 4 || len(r.Scenarios) != 2 || r.Sweep.Runs != 4 || len(r.Finds) != 1 || !r.Scenarios[0].Excused() {
			t.Fatalf("%d runs in rounds, %d finds\n%s", len(r.Rounds), len(r.Finds), r.Text())
		}
		f := r.Finds[0]
		if f.Phase != roundsPhase || f.Times != 2 || f.Shrunk == nil || f.Story == "" || r.Outcome() != results.Fail || !strings.Contains(r.Text(), "rounds  of scenarios, with other seeds: 4: 2 as expected, 2 fail") {
			t.Errorf("%+v\n%s", f, r.Text())
		}
		junit, err := os.ReadFile(filepath.Join(o.Out, JUnitName))
		if err != nil || !strings.Contains(string(junit), `<testcase classname="lgos-sim.rounds" name="`+f.Name+`"`) || !strings.Contains(r.Markdown(), "| rounds of scenarios, with other seeds | 4: ") {
			t.Errorf("%v\n%s", err, junit)
		}
		lines = append(lines, f.Line)
	}
	if lines[0] != lines[1] {
		t.Errorf("one commit, two rounds: %q", lines)
	}
}

// TestSimulatorPanics: a panic that no host owns is of the kind that the shrinker finds too.
func TestSimulatorPanics(t *testing.T) {
	rec, err := attempt(func(scenarios.Settings) (*scenarios.Outcome, error) { panic("oops") }, scenarios.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if kinds := kindsOf(rec); len(kinds) != 1 || kinds[0].Checker != search.Panic || !strings.Contains(rec.Grade().Why, "oops") {
		t.Errorf("%v: %s", kinds, rec.Grade().Why)
	}
}

// TestKnownFailures: a known one is skipped, an expired one is not, and one that passes is told.
func TestKnownFailures(t *testing.T) {
	o := options(t, broken(t))
	o.Runs, o.Known = 1, []Known{excuse("compute", "2026-01-01"), excuse("policy", "2026-12-31")}
	r := do(t, o)
	if len(r.Finds) != 0 || r.Outcome() != results.Pass || !r.Scenarios[0].Excused() || r.Excused != 1 {
		t.Errorf("%s\n%s", r.Outcome(), r.Text())
	}
	if a, b := r.Known[0], r.Known[1]; a.Failed != 2 || a.Stale() || !b.Stale() || b.Passed != 2 {
		t.Errorf("%+v", r.Known)
	}
	var said []string
	for _, a := range r.Annotations() {
		said = append(said, a.Level+" "+a.Title)
	}
	if strings.Join(said, ", ") != "notice known: compute of broken, warning known: policy of broken" {
		t.Errorf("%s", said)
	}
	b, err := os.ReadFile(filepath.Join(o.Out, JUnitName))
	if err != nil || !strings.Contains(string(b), `<skipped message="known until 2026-01-01: liars collude (known.yaml:1)">`) || strings.Contains(string(b), "<failure") {
		t.Errorf("%v\n%s", err, b)
	}

	o = options(t, broken(t))
	o.Runs, o.Known = 1, []Known{excuse("compute", "2025-12-31")}
	r = do(t, o)
	if len(r.Finds) != 1 || r.Outcome() != results.Fail || !strings.Contains(r.Finds[0].Text(), "expired known until 2025-12-31: liars collude") || !strings.Contains(r.Text(), "it is excused no more") {
		t.Errorf("%s\n%s", r.Outcome(), r.Text())
	}
}

// TestGreen: kept plans are replayed and green; what an earlier ci left is taken away, what is another's is not.
func TestGreen(t *testing.T) {
	o := options(t, calm())
	o.Runs = 1
	var err error
	if o.Plans, err = ReadPlans(""); err != nil || len(o.Plans) == 0 {
		t.Fatalf("%d kept plans, %v", len(o.Plans), err)
	}
	if onDisk, err := ReadPlans(filepath.Join("..", "..", "testdata", "plans")); err != nil || len(onDisk) != len(o.Plans) {
		t.Errorf("%d plans on the disk, %d in the build, %v", len(onDisk), len(o.Plans), err)
	}
	stale := filepath.Join(o.Out, findsName, "old")
	if err := os.MkdirAll(stale, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(o); err == nil || !strings.Contains(err.Error(), "name a new or empty folder") {
		t.Errorf("another's files: %v", err)
	}
	if err := os.WriteFile(filepath.Join(o.Out, SummaryName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := do(t, o)
	if r.Outcome() != results.Pass || len(r.Plans) != len(o.Plans) || r.Sweep.Runs != 1 {
		t.Errorf("%s\n%s", r.Outcome(), r.Text())
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("an old find stays: %v", err)
	}
}

// TestInterrupted: what was not done is unknown, not green, and all files are there.
func TestInterrupted(t *testing.T) {
	o := options(t, calm(), broken(t))
	ctx, stop := context.WithCancel(t.Context())
	o.Context = ctx
	o.Phase = func(_ *Report, what string) {
		if what == "scenarios" {
			stop()
		}
	}
	r := do(t, o)
	if r.Outcome() != results.Unknown || !r.Interrupted || len(r.Left) != 3 || !strings.Contains(r.Markdown(), "calm-day@") {
		t.Errorf("%s, %q\n%s", r.Outcome(), r.Left, r.Text())
	}
}

// TestSeed: all draws follow from the commit, its abbreviations included.
func TestSeed(t *testing.T) {
	whole, err := Seed(commit)
	short, err2 := Seed(strings.ToUpper(commit[:7]))
	other, err3 := Seed("1" + commit[1:])
	if err != nil || err2 != nil || err3 != nil || whole != short || whole == other {
		t.Errorf("%d %d %d: %v %v %v", whole, short, other, err, err2, err3)
	}
	for _, bad := range []string{"", "HEAD", "012345", strings.Repeat("0", 65)} {
		if _, err := Seed(bad); err == nil || !strings.Contains(err.Error(), "is no commit") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
