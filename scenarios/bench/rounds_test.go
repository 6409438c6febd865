package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/results"
)

// stub is a program in place of lgos-sim: it writes its letter and its arguments into a log, and what the shell line makes of
// $out, the table's file, and $n, how often it was called.
func stub(t *testing.T, dir, letter, line string) string {
	t.Helper()
	file := filepath.Join(dir, letter)
	text := fmt.Sprintf("#!/bin/sh\ncd %q\necho %s >>log\necho \"$@\" >args\nn=$(grep -c %s log)\nfor out; do :; done\n%s\n", dir, letter, letter, line)
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

const stubTable = `echo '{"new": 1, "rows": [{"nodes": 8, "loss": "0", "seed": 1, "wall_s": '$n', "events": 5, "bytes": {"push": 3}, "digest": "ab"}]}' >"$out"`

// TestRoundsTakeTurns: A B B A A B, each by a process of its own, and every row keeps what each round measured.
func TestRoundsTakeTurns(t *testing.T) {
	dir := t.TempDir()
	firsts := 0
	o := Rounds{Benchmark: "gossip", Args: []string{"--nodes=8"}, Binaries: []string{stub(t, dir, "A", stubTable), stub(t, dir, "B", stubTable)}, N: 3,
		First: func(rows []results.Measure) error { firsts++; return nil }}
	rows, err := o.Repeat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	if got := strings.Join(strings.Fields(string(log)), ""); got != "ABBAAB" {
		t.Errorf("the order was %s", got)
	}
	if args, _ := os.ReadFile(filepath.Join(dir, "args")); !strings.HasPrefix(string(args), "bench gossip --nodes=8 --json /") {
		t.Errorf("it was called with %s", args)
	}
	if w := rows[1][0]; w.Name != "8/0/wall" || w.Kind != results.Timed || fmt.Sprint(w.Values) != "[1 2 3]" || firsts != 1 {
		t.Errorf("the wall clock's row is %+v; %d first rounds", w, firsts)
	}
}

func TestRoundsRefuse(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"no table":       {"echo good day", "it left no table: is this lgos-sim? It said\ngood day"},
		"no such flag":   {"echo what is bench; exit 3", "exit status 3\nwhat is bench"},
		"no JSON":        {`echo '<' >"$out"`, "its table: invalid character"},
		"no row":         {`echo '{}' >"$out"`, "its table has no row"},
		"two histories":  {`echo '{"rows": [{"wall_s": 1, "digest": "'$n'"}]}' >"$out"`, "/digest is 2, and was 1 before: one seed has two histories"},
		"other rows":     {`echo '{"rows": [{"wall_s": 1, "nodes": '$n'}]}' >"$out"`, "its row 1 is 2//seed 0/wall, and was 1//seed 0/wall before"},
		"fewer rows":     {`echo '{"rows": [{"wall_s": '$((2-n))'}]}' >"$out"`, "it made 8 rows, and 9 before"},
		"the same twice": {`echo '{"rows": [{}, {}]}' >"$out"`, "is measured twice"},
	} {
		dir := t.TempDir()
		_, err := Rounds{Benchmark: "gossip", Binaries: []string{stub(t, dir, "A", c.line)}, N: 2}.Repeat(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Rounds{Benchmark: "gossip", Binaries: []string{stub(t, t.TempDir(), "A", stubTable)}, N: 1}).Repeat(ctx); err == nil {
		t.Error("it goes on after it was interrupted")
	}
}

func TestMeasures(t *testing.T) {
	engine, err := (&Table{Rows: []Row{{Tool: "other", Hosts: 1, Deliveries: 1}, {Tool: ours, Workload: "ties", Hosts: 20, Deliveries: 2e6, CPUSeconds: 1, PeakBytes: 7, Allocs: 0.0021, Digest: "ab"}}}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	gpu, err := (&GPUTable{Rows: []GPURow{{Device: "cpu", Kernel: "k", Size: 3, Work: 9, Median: 2, Equal: true}}}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		table []byte
		want  string
	}{
		"engine": {engine, "ties/20/cpu time [500]; ties/20/peak memory [7]; ties/20/allocations count [2]; ties/20/digest digest []ab"},
		"gpu":    {gpu, "k/3/cpu/time time [2]; k/3/cpu/work count [9]; k/3/cpu/equal bits count [1]"},
	} {
		rows, err := Measures(name, c.table)
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%s %s %v%s", r.Name, r.Kind, r.Values, r.Text))
		}
		if err != nil || strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %s, %v", name, strings.Join(got, "; "), err)
		}
	}
	if _, err := Measures("abacus", gpu); err == nil {
		t.Error("there is a benchmark abacus")
	}
}

// TestBaselineOfThisProcess: it can be written and read back, whatever the system tells of itself.
func TestBaselineOfThisProcess(t *testing.T) {
	b := Baseline("engine", "2026-01-31T12:00:00Z")
	b.Rows = []results.Measure{{Name: "a", Kind: results.Hashed, Text: "b"}}
	list := results.Baselines{Entries: []results.Baseline{b}}
	text, err := list.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := results.ParseBaselines("b.json", text); err != nil || b.Machine.Cores < 1 || b.Build.Go == "" {
		t.Errorf("%v: %s", err, text)
	}
}

// TestBuildRevision builds two commits of a small repository: each is its own, and nothing stays behind.
func TestBuildRevision(t *testing.T) {
	repo := t.TempDir()
	t.Chdir(repo)
	git := func(args ...string) string {
		t.Helper()
		c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(says string) {
		t.Helper()
		if err := os.MkdirAll("cmd/lgos-sim", 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "cmd/lgos-sim/main.go": "package main\n\nfunc main() { print(" + says + ") }\n"} {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	git("init", "-q", "-b", "main")
	for _, says := range []string{`"old"`, `"new"`, "broken"} {
		write(says)
		git("add", ".")
		git("commit", "-q", "-m", "say")
	}
	for revision, want := range map[string]string{"HEAD~2": "old", "main~1": "new"} {
		binary, commit, err := BuildRevision(t.Context(), revision, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(binary).CombinedOutput(); err != nil || string(out) != want || commit != git("rev-parse", revision) {
			t.Errorf("%s is %s and says %s, %v", revision, commit, out, err)
		}
	}
	for revision, want := range map[string]string{"main": "undefined: broken", "nowhere": "nowhere is no file, and no revision", "--all": "--all is no file, and no revision", "main:go.mod": "no revision"} {
		if _, _, err := BuildRevision(t.Context(), revision, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", revision, err, want)
		}
	}
	if list := git("worktree", "list"); strings.Count(list, "\n") != 0 {
		t.Errorf("worktrees stay behind:\n%s", list)
	}
}
