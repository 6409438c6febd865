package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// TestMain lets the test binary be the command itself, for what runs in processes of their own.
func TestMain(m *testing.M) {
	fuzzes := slices.Contains(os.Args, "-test.fuzzworker") // Go starts its fuzz workers in the environment of the test
	if os.Getenv("LGOS_SIM_AS_COMMAND") != "" && !fuzzes {
		main()
	}
	if err := os.Setenv("LGOS_SIM_AS_COMMAND", "1"); err != nil { // the command starts itself: workers, second processes
		panic(err)
	}
	os.Exit(m.Run())
}

// small is a run that takes a fraction of a second.
var small = []string{"--nodes", "12", "--device", "cpu", "--set", "duration=8s"}

// command runs a command line in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// must is command where it must end well.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := command(t, args...)
	if code != exitPass {
		t.Fatalf("lgos-sim %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func run(t *testing.T, out string, args ...string) string {
	t.Helper()
	return must(t, append(append([]string{"run"}, args...), append(small, "--out", out)...)...)
}

// TestRunAndReplay: what a run leaves replays to the same digest, from every form of RUN.
func TestRunAndReplay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	text := run(t, dir, "calm-day", "--seed", "5", "--record", "3")
	r, err := results.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{r.Digest, "replay  lgos-sim run calm-day --seed 5 --nodes 12 --set duration=8s --device cpu", "convergence", "pass "} {
		if !strings.Contains(text, want) {
			t.Errorf("the run does not say %q:\n%s", want, text)
		}
	}
	for _, name := range []string{results.PlanName, results.ReportName, hashesName, "host-3.recording"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, form := range [][]string{{dir}, {filepath.Join(dir, results.FileName)}, {filepath.Join(dir, results.PlanName)}} {
		if text := must(t, append([]string{"replay"}, form...)...); !strings.Contains(text, "same    digest and verdicts as recorded") {
			t.Errorf("replay %v says\n%s", form, text)
		}
	}
	if text := must(t, "replay", "calm-day@5", "--nodes", "12", "--set", "duration=8s"); !strings.Contains(text, r.Digest) {
		t.Errorf("the same run by name came to another digest\n%s", text)
	}
	if text := must(t, "replay", dir, "--host", "3"); strings.Count(text, "host 3 re") != 2 {
		t.Errorf("one host alone:\n%s", text)
	}
	if text := must(t, "replay", dir, "--host", "4"); strings.Count(text, "host 4 re") != 2 { // recorded on demand
		t.Errorf("another host alone:\n%s", text)
	}
}

// TestReplayTellsADifference: a record with another digest, or another verdict, is told from its replay.
func TestReplayTellsADifference(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run(t, dir, "calm-day")
	file := filepath.Join(dir, results.FileName)
	r, err := results.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(r *results.Record)) {
		t.Helper()
		c := *r
		c.Checkpoints = append([]results.Checkpoint(nil), r.Checkpoints...)
		c.Verdicts = append([]results.Verdict(nil), r.Verdicts...)
		change(&c)
		b, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit(func(r *results.Record) {
		r.Digest = strings.Repeat("0", 64)
		r.Checkpoints[4].Digest = r.Digest
		r.Build.Commit, r.Build.Go = "0123456789", "go1.0"
	})
	hashes, err := loadHashes(dir)
	if err != nil || len(hashes.List) < 100 {
		t.Fatalf("%d hashes (%v)", len(hashes.List), err)
	}
	hashes.List[77].Sum++
	if err := saveHashes(dir, hashes); err != nil {
		t.Fatal(err)
	}
	code, out, _ := command(t, "replay", dir)
	for _, want := range []string{"commit: recorded with 0123456789", "Go: recorded with go1.0", "first in the virtual second that ends at 5 s", "first at event " + hashes.List[77].Key.String()} {
		if code != exitFail || !strings.Contains(out, want) {
			t.Errorf("exit %d, and it does not say %q:\n%s", code, want, out)
		}
	}
	edit(func(r *results.Record) { r.Build.Commit = "" })
	if text := must(t, "replay", dir); !strings.Contains(text, "commit not recorded: not compared") || strings.Contains(text, "commit: recorded") {
		t.Errorf("no commit to compare with:\n%s", text)
	}
	edit(func(r *results.Record) { r.Verdicts[0].Outcome = results.Fail })
	if code, _, errs := command(t, "replay", dir); code != exitFail || !strings.Contains(errs, "same digest, but convergence said fail") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, results.PlanName), []byte("lgos-sim-plan: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "replay", dir); code != exitUsage || !strings.Contains(errs, "is not the plan of") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestLooking: trace filters, and until stops at an event and prints its host.
func TestLooking(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run(t, dir, "calm-day")
	text := must(t, "trace", dir, "--host", "3", "--from", "2s", "--to", "4s", "--kind", "applied")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	op := regexp.MustCompile(`op ([0-9a-f]{8})`).FindStringSubmatch(text)
	for _, l := range lines {
		if !strings.Contains(l, "host 3.") || !strings.Contains(l, "note applied") {
			t.Fatalf("a line passed the filters: %s", l)
		}
	}
	if op == nil {
		t.Fatalf("no operation was applied at host 3:\n%s", text)
	}
	about := must(t, "trace", dir, "--op", op[1])
	for _, want := range []string{"note authored", "-> send", "<- packet", "-> commit"} {
		if !strings.Contains(about, want) {
			t.Errorf("the story of operation %s has no %q", op[1], want)
		}
	}
	some := must(t, "trace", dir, "--host", "2-4,6", "--to", "1s")
	for host, want := range map[string]bool{"1": false, "2": true, "3": true, "4": true, "5": false, "6": true} {
		if strings.Contains(some, "host "+host+".") != want {
			t.Errorf("hosts 2-4,6: host %s is there: %v", host, !want)
		}
	}
	if code, out, errs := command(t, "replay", dir, "--until", "2.5s/3/4000000"); code != exitFail || !strings.Contains(errs, "no event of a host has this key") || !strings.Contains(out, "host 3   up") {
		t.Errorf("until an event that there is not: exit %d: %s%s", code, out, errs)
	}
	event, _, _ := strings.Cut(lines[0], " ")
	for _, want := range []string{"host 3   up, life 1", "head   ", "rights ", "state  ", "queues"} {
		if text := must(t, "replay", dir, "--until", event); !strings.Contains(text, want) {
			t.Errorf("until %s does not show %q:\n%s", event, want, text)
		}
	}
}

// TestSweep: several runs leave folders of their own, JUnit and one report, and a scenario from a file is a scenario.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(file, []byte(must(t, "describe", "calm-day")), 0o644); err != nil {
		t.Fatal(err)
	}
	junit := filepath.Join(dir, "reports", "junit.xml")
	text := run(t, dir, "canary@9", file, "--seeds", "1..2", "--jobs", "2", "--junit", junit)
	if !strings.Contains(text, "3 runs: 3 as expected") {
		t.Errorf("the sweep says\n%s", text)
	}
	for _, run := range []string{"canary-9", "calm-day-1", "calm-day-2"} {
		if r, err := results.Load(filepath.Join(dir, run)); err != nil || r.Cost.CPU != 0 || r.Cost.Peak != 0 {
			t.Errorf("%s: %v, CPU or memory of a process with two runs at once in %+v", run, err, r)
		}
	}
	again := run(t, dir, "calm-day:10", "--seeds", "2..3")
	index, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil || !strings.Contains(again, indexName) {
		t.Errorf("no index (%v):\n%s", err, again)
	}
	for run, nodes := range map[string]int{"canary-9": 12, "calm-day-1": 12, "calm-day-2": 10, "calm-day-3": 10} {
		r, err := results.Load(filepath.Join(dir, run))
		if err != nil || r.Nodes != nodes {
			t.Errorf("%s: %v, want %d nodes in %+v", run, err, nodes, r)
			continue
		}
		for _, name := range []string{results.PlanName, results.ReportName} {
			if b, err := os.ReadFile(filepath.Join(dir, run, name)); err != nil || len(b) < 100 {
				t.Errorf("%s leaves no %s (%v)", run, name, err)
			}
		}
		if line := fmt.Sprintf("%-28s  %6d  %.12s  %s\n", r.Name(), r.Nodes, r.Digest, run); strings.Count(string(index), line) != 1 {
			t.Errorf("the index does not say %q:\n%s", line, index)
		}
	}
	b, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name string `xml:"name,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &suites); err != nil || len(suites.Suites) != 3 || suites.Failures+suites.Errors != 0 {
		t.Errorf("JUnit: %+v (%v)", suites, err)
	}
}

// TestLimits: a run that is cut short is unknown, exits 2, keeps its record, and replays as far as it went.
func TestLimits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := append([]string{"run", "calm-day", "--max-events", "3000", "--out", dir}, small...)
	code, out, errs := command(t, args...)
	r, err := results.Load(dir)
	if err != nil || code != exitNotGreen || r.Outcome != results.Unknown || r.Events != 3000 {
		t.Fatalf("exit %d, record %+v (%v)\n%s%s", code, r, err, out, errs)
	}
	if strings.Count(out, "3000 events are the bound; busiest were host") != 1 || strings.Contains(out, "  cut ") || !strings.Contains(out, "replay  "+r.Command()) || !strings.Contains(r.Command(), "--max-events 3000") {
		t.Errorf("the bound, the busiest once and the bound in the replay line (%s):\n%s", r.Command(), out)
	}
	if text := must(t, "replay", dir); !strings.Contains(text, "digest and verdicts as recorded") {
		t.Errorf("its replay says\n%s", text)
	}
	again := filepath.Join(t.TempDir(), "again")
	line := append(strings.Fields(r.Command())[1:], "--out", again)
	if code, out, _ := command(t, line...); code != exitNotGreen || !strings.Contains(out, r.Digest) {
		t.Errorf("exit %d of the line that it gives, which comes to another digest than %s\n%s", code, r.Digest, out)
	}
	if code, _, errs := command(t, append([]string{"run", "calm-day", "--max-mem", "1kB"}, small...)...); code != exitNotGreen || !strings.Contains(errs, "its heap outgrew --max-mem 1 kB") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	dir = filepath.Join(t.TempDir(), "run")
	s, _ := scenarios.Find("calm-day")
	polls := 0
	o, err := scenarios.Run(s, scenarios.Settings{Seed: 1, Nodes: 12, Stop: func() string {
		if polls++; polls > 12 {
			return "enough"
		}
		return ""
	}})
	if err != nil || o.Record.Events%4096 != 0 {
		t.Fatalf("%+v (%v)", o, err)
	}
	if err := o.Record.Save(dir, o.Plan); err != nil {
		t.Fatal(err)
	}
	if text := must(t, "replay", dir); !strings.Contains(text, "where the recorded run was cut short") {
		t.Errorf("the replay of what no count ended says\n%s", text)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var b bytes.Buffer
	if code := execute(ctx, args, &b, &b); code != exitNotGreen || !strings.Contains(b.String(), "interrupted") {
		t.Errorf("interrupted before it began: exit %d\n%s", code, b.String())
	}
}

func TestTwice(t *testing.T) {
	if text := must(t, append([]string{"twice", "calm-day", "--seed", "3"}, small...)...); !strings.Contains(text, "same digest") {
		t.Errorf("twice says\n%s", text)
	}
}

// TestMistakes: each is exit 3 with a message that says what to do.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("name: x\nabout: y\nnodez: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty, comment := filepath.Join(dir, "empty.yaml"), filepath.Join(dir, "comment.yaml")
	for file, text := range map[string]string{empty: "", comment: "# nothing\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"run calm-day --set duration=999999h --max-wall 1s", "duration: 999999h0m0s is not in"}, {"run calm-day --set sample=1ns", "samples"},
		{"run calm-day@3 --seeds 1..2", "calm-day@3 has a seed of its own: leave --seeds away"}, {"run calm-day@3:12 canary@4 --seed 1", "leave --seed away"},
		{"run calm-day --jobs -3", "--jobs -3"}, {"mutants . --jobs -3", "--jobs -3"}, {"run " + empty, "the file is empty"}, {"run " + comment, "the file is empty"},
		{"run " + dir, "is a folder"}, {"run /dev/zero", "not a plain file"}, {"replay /dev/zero", "not a plain file"}, {"replay " + dir, "holds no record.json; give the folder of one run"},
		{"mutants . --sample 3", "--sample needs --auto"}, {"mutants --auto node/op --only x", "--only is of no use with --auto"}, {"mutants --auto node/op --score 101", "--score 101 is not in 0..100"},
		{"mutants --auto node/op --sample 0", "--sample 0"}, {"mutants --auto ../x", `package "../x": name a folder within the module`}, {"mutants --auto node/none", "there are no Go files in node/none"},
		{"mutants --auto node/kernel --explained /nowhere", "/nowhere"}, {"mutants . x", `"x" is one folder too many`}, {"mutants /nowhere", `there is no folder "/nowhere"`}, {"run calm-day --max-wall soon", "--max-wall soon is not a time such as 30s"},
		{"bench nosuch", "there are engine, gossip and gpu"}, {"bench engine --hosts 0", "--hosts 0 is not in 17.."}, {"bench engine --hosts 20,x", "--hosts 20,x is not a whole number"},
		{"bench gossip --nodes 0", "--nodes 0 is not in 3.."}, {"bench gossip --loss 7", "--loss 7: give a share"},
		{"replay calm-day@1 --nodes 16 --until 5s/17/3", "--until 5s/17/3: there is no host 17; the run has 16"}, {"replay calm-day@1 --nodes 16 --host 17", "there is no host 17; the run has 16"},
		{"trace calm-day@1 --nodes 16 --host 2,99", "--host 99: there is no host 99; the run has 16"}, {"trace calm-day@1 --host 4-2", "does not rise"}, {"trace calm-day@1 --host 0", "no host number"},
		{"trace calm-day@1 --from -1s", "--from -1s"}, {"run calm-day --nodes 16 --record 3,12-17", "--record 12-17: there is no host 17; the run has 16"},
		{"run", "run what?"}, {"run nowhere", `no scenario and no file "nowhere"`}, {"run --all calm-day", "exclude each other"},
		{"run calm-day --seeds 5..1", "write A..B"}, {"run calm-day --seeds x", "write A..B"}, {"run calm-day --seed -1", "--seed -1 is not a whole number from 0 on\n"},
		{"run calm-day --set pi=3", "no such key; it has"}, {"run calm-day --set store", "write KEY=VALUE"}, {"run calm-day --set loss=2", "is not a share"},
		{"run calm-day --set loss=0 --set loss=0", "given twice"}, {"run calm-day --max-mem lots", "write a size"}, {"run calm-day --device abacus", "cpu, webgpu or auto"},
		{"run calm-day --nodes 1", "--nodes 1"}, {"run " + bad, "nodez"}, {"replay nowhere", "is no run"}, {"replay calm-day", "say which seed, as in calm-day@1"}, {"replay " + dir, results.FileName},
		{"replay calm-day@1 --until noon", "no key"}, {"trace calm-day@1 --kind gossip", "known are boot"}, {"trace calm-day@1 --op xyz", "hexadecimal"},
		{"trace calm-day@1 --from 5s --to 1s", "is before"}, {"describe nowhere", "nowhere"}, {"dance", "unknown command"}, {"bench engine --peers nowhere", "nowhere"},
	} {
		args := strings.Fields(c.args)
		if args[0] == "run" {
			args = append(args, "--out", filepath.Join(dir, "out"))
		}
		code, out, errs := command(t, args...)
		if code != exitUsage || !strings.Contains(errs, c.want) || strings.Contains(errs, "strconv") || out != "" {
			t.Errorf("lgos-sim %s: exit %d, %q %q; want %q", c.args, code, errs, out, c.want)
		}
	}
}

// TestWidth: what people read fits into 100 columns.
func TestWidth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	for _, text := range []string{must(t, "list"), must(t, "version"), must(t, "help"), must(t, "run", "--help"), must(t, "trace", "--help"), must(t, "run", "crash-storm", "--nodes", "12", "--device", "cpu", "--out", dir)} {
		for _, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > results.Columns && !strings.Contains(line, dir) {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
}
