package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
)

// broken writes the canary without its expectation: a scenario that fails nearly every time.
func broken(t *testing.T) string {
	t.Helper()
	text := strings.Replace(must(t, "describe", "canary"), "name: canary", "name: broken", 1)
	text = regexp.MustCompile(`(?m)^expect:\n(  - .*\n|- .*\n)+`).ReplaceAllString(text, "")
	file := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSweepCommand: a find is printed with a line that replays it, and the line that is printed does.
func TestSweepCommand(t *testing.T) {
	out := t.TempDir()
	args := []string{"sweep", broken(t), "--nodes", "12", "--set", "duration=8s", "--repeat", "0", "--out", out}
	code, text, errs := command(t, append(args, "--seeds", "3")...)
	line := regexp.MustCompile(`(?m)^        replay  lgos-sim (.*)$`).FindStringSubmatch(text)
	if code != exitFail || line == nil || !strings.Contains(text, "compute") {
		t.Fatalf("exit %d\n%s%s", code, text, errs)
	}
	digest := regexp.MustCompile(`(?m)^digest  (.*)$`)
	code, byPlan, errs := command(t, strings.Fields(line[1])...)
	if code != exitPass || !strings.Contains(byPlan, "same    digest and verdicts") {
		t.Errorf("%s: exit %d\n%s%s", line[1], code, byPlan, errs)
	}
	only := regexp.MustCompile(`(?m)--only ([0-9+]+)`).FindStringSubmatch(strings.ReplaceAll(text, "\n", " "))
	if only == nil {
		t.Fatalf("no recipe in\n%s", text)
	}
	code, alone, errs := command(t, append(args, "--only", only[1])...)
	if code != exitFail || fmt.Sprint(digest.FindStringSubmatch(alone)) != fmt.Sprint(digest.FindStringSubmatch(byPlan)) {
		t.Errorf("alone: exit %d\n%s%s\nby its plan:\n%s", code, alone, errs, byPlan)
	}
	if past := must(t, "sweep", "--history", "--out", out); !strings.Contains(past, "3 runs: ") || !strings.Contains(past, "find  ") || !strings.Contains(past, "1 sweeps of commit") {
		t.Errorf("the history says\n%s", past)
	}
}

// TestSweepKilled: what a killed sweep had told is kept, and the same line goes on from there to the same end.
func TestSweepKilled(t *testing.T) {
	file, dir := broken(t), t.TempDir()
	args := func(out string) []string {
		return []string{"sweep", file, "--nodes", "12", "--set", "duration=8s", "--seeds", "8", "--jobs", "2", "--repeat", "0", "--out", filepath.Join(dir, out)}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args("killed")...)
	said, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for lines := bufio.NewScanner(said); told < 3 && lines.Scan(); {
		if strings.Contains(lines.Text(), " replay  ") {
			told++
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed
	code, text, errs := command(t, args("killed")...)
	before := 0
	if at := strings.Index(text, "resumed "); at >= 0 {
		fmt.Sscan(text[at+len("resumed "):], &before)
	}
	if code != exitFail || told < 3 || before < told || before >= 8 {
		t.Fatalf("%d finds were told, %d runs were kept, exit %d\n%s%s", told, before, code, text, errs)
	}
	_, whole, _ := command(t, args("whole")...)
	for _, line := range []string{`(?m)^(fail|pass) +[0-9]+ runs: .*$`, `(?m)^search .*$`, `(?m)^  find .*$`} {
		a, b := regexp.MustCompile(line).FindString(text), regexp.MustCompile(line).FindString(whole)
		if a != b || a == "" {
			t.Errorf("killed and resumed: %s\nwhole: %s", a, b)
		}
	}
	if again, _, _ := command(t, append(args("killed"), "--resume")...); again != exitFail {
		t.Errorf("a sweep that is done exits %d", again)
	}
}

// TestSweepGreen: a sweep without a find exits 0 after every run was repeated in a second process; one that is interrupted
// exits 2 and says how to go on.
func TestSweepGreen(t *testing.T) {
	args := []string{"sweep", "calm-day", "--nodes", "12", "--set", "duration=8s", "--seeds", "2", "--repeat", "1", "--out"}
	if text := must(t, append(args, t.TempDir())...); !strings.Contains(text, "2 runs: 2 pass") || !strings.Contains(strings.Join(strings.Fields(text), " "), "2 repeated in a second process") || !strings.Contains(text, "seeds per CPU-hour") {
		t.Errorf("it says\n%s", text)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var b bytes.Buffer
	if code := execute(ctx, append(args, t.TempDir()), &b, &b); code != exitNotGreen || !strings.Contains(b.String(), "goes on from here") {
		t.Errorf("interrupted: exit %d\n%s", code, b.String())
	}
}

// TestSweepMistakes: each is exit 3 with a message that says what to do.
func TestSweepMistakes(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]string{
		"nowhere": `no scenario and no file "nowhere"`, "--only x": "is no recipe", "--seeds -1": "give a count", "--for -1s": "give a time",
		"--fresh 2": "shares in 0..1", "--nodes 3": "8 or more", "--set x": "write KEY=VALUE", "--history": "holds no history", "calm-day --resume": "--resume",
		"calm-day --set pi=3": "no such key", "--seeds 1..5": "is not a whole number", "--nats x": "write nats://HOST:4222", "--ahead -1": "--ahead -1 is negative", "--replicas 9": "1 to 5",
	} {
		code, out, errs := command(t, append(append([]string{"sweep"}, strings.Fields(args)...), "--out", filepath.Join(dir, results.PlanName))...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("sweep %s: exit %d, %q %q; want %q", args, code, errs, out, want)
		}
		if err := os.RemoveAll(filepath.Join(dir, results.PlanName)); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(must(t, "help", "sweep")) {
		if utf8.RuneCountInString(line) > results.Columns+1 {
			t.Errorf("over %d columns: %s", results.Columns, line)
		}
	}
}
