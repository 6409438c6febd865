package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestShrink: a failing run is cut down from its name, its record and its plan to the same least plan, which replays; a run
// that passes, and mistakes, are told apart.
func TestShrink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run(t, dir, "canary", "--seed", "2")
	var least []string
	for _, form := range [][]string{{dir}, {"canary@2", "-j", "1", "--nodes", "12", "--set", "duration=8s"}} {
		file := filepath.Join(t.TempDir(), "new", "least.yaml")
		text := must(t, append([]string{"shrink", "--out", file, "--json", file + ".json"}, form...)...)
		for _, want := range []string{"fails   compute: acceptance # by host #", "before  12 hosts", "after   ", "runs, ", "other lucks of the network", "replay  lgos-sim replay " + file} {
			if !strings.Contains(text, want) {
				t.Errorf("shrink %s does not say %q:\n%s", form[0], want, text)
			}
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file + ".json"); err != nil {
			t.Error(err)
		}
		_, plan, _ := strings.Cut(string(b), "lgos-sim-plan")
		least = append(least, plan)
		if n := len(regexp.MustCompile(`(?m)^  (script|fault) `).FindAllString(plan, -1)); n == 0 || n > 5 {
			t.Errorf("%d entries are left:\n%s", n, plan)
		}
		if text := must(t, "replay", file); !strings.Contains(text, "as expected: compute") {
			t.Errorf("the least plan replays otherwise:\n%s", text)
		}
	}
	if least[0] != least[1] {
		t.Errorf("one run has several least plans:\n%s", strings.Join(least, "\n"))
	}
	must(t, "shrink", filepath.Join(dir, results.PlanName), "--tries", "8")
	if _, err := os.Stat(filepath.Join(dir, shrunkName)); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"calm-day@1", "--nodes", "6", "--set", "duration=4s"}, exitNotGreen, "the run does not fail: "},
		{[]string{dir, "--checker", "policy"}, exitNotGreen, "policy does not fail"},
		{[]string{"canary"}, exitUsage, "say which seed"},
		{[]string{"canary@1", "--tries", "0"}, exitUsage, "--tries 0"},
		{[]string{"canary@1", "--tries", "4"}, exitUsage, "too few"},
		{[]string{dir, "--nodes", "9"}, exitUsage, "the plan fixes nodes"},
		{[]string{"nowhere"}, exitUsage, "is no run"},
	} {
		if code, _, errs := command(t, append([]string{"shrink"}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("shrink %s: exit %d, %q; want %d, %q", strings.Join(c.args, " "), code, errs, c.code, c.want)
		}
	}
}
