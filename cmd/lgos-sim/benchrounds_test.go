package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
)

// tiny is a benchmark that takes a fraction of a second.
var tiny = []string{"bench", "gossip", "--nodes", "8", "--loss", "0"}

// TestBenchCompare: a build compared with itself has the same counts, from every form of OTHER.
func TestBenchCompare(t *testing.T) {
	t.Setenv("LGOS_SIM_AS_COMMAND", "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, elsewhere := filepath.Join(dir, "b.json"), filepath.Join(dir, "elsewhere.json")
	both := must(t, append(tiny, "--rounds", "2", "--compare", self, "--save", file)...)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := results.ParseBaselines(file, b)
	if err != nil || len(list.Entries) != 1 || len(list.Entries[0].Rows) < 12 || len(list.Entries[0].Rows[0].Values) != 2 {
		t.Fatalf("%v: %s", err, b)
	}
	list.Entries[0].Machine.Cores++
	if err := list.Save(elsewhere); err != nil {
		t.Fatal(err)
	}
	saved := must(t, append(tiny, "--rounds", "1", "--compare", file)...)
	other := must(t, append(tiny, "--rounds", "1", "--compare", elsewhere)...)
	rows := len(list.Entries[0].Rows) // two of them timings
	counts := fmt.Sprintf("%d same count", rows-2)
	for text, wants := range map[string][]string{
		both:  {fmt.Sprintf("saved   %d rows of gossip, 2 rounds each, in %s", rows, file), "2 rounds each, in turn", "8/0/cpu ", "too few rounds", "in all  2 too few rounds, " + counts},
		saved: {"was measured apart", "in all  2 too few rounds, " + counts},
		other: {"timings and memory are not comparable", "in all  " + counts},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(line) > results.Columns+1 && !strings.Contains(line, dir) {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
	if strings.Contains(other, "8/0/cpu") {
		t.Errorf("timings of another machine are shown:\n%s", other)
	}
}

// TestBenchFailSlower: a row that is slower than another build's ends with exit 1, and another history is told.
func TestBenchFailSlower(t *testing.T) {
	t.Setenv("LGOS_SIM_AS_COMMAND", "1")
	fast := filepath.Join(t.TempDir(), "fast")
	script := "#!/bin/sh\nfor out; do :; done\necho '{\"rows\": [{\"nodes\": 8, \"loss\": \"0\", \"seed\": 1, \"wall_s\": 1e-9, \"digest\": \"ab\"}]}' >\"$out\"\n"
	if err := os.WriteFile(fast, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, append(tiny, "--rounds", "6", "--compare", fast, "--fail-slower", "10%")...)
	for _, want := range []string{"  slower\n", "8/0/digest     different count: ab became "} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != exitFail || !strings.Contains(errs, "slower by more than 10%: 8/0/wall") {
		t.Errorf("exit %d: %s", code, errs)
	}
	code, out, errs = command(t, append(tiny, "--rounds", "5", "--compare", fast, "--fail-slower", "10%")...)
	if code != exitUsage || !strings.Contains(errs, "give --rounds 6 or more") || out != "" {
		t.Errorf("5 rounds: exit %d\n%s%s", code, out, errs)
	}
}

func TestBenchRoundsMistakes(t *testing.T) {
	dir := t.TempDir()
	empty, binary, engine := filepath.Join(dir, "empty"), filepath.Join(dir, "binary"), filepath.Join(dir, "engine.json")
	for file, text := range map[string]string{empty: "", binary: "\x7fELF"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`{"schema": 1, "entries": [{"benchmark": "engine", "made": "2026-01-31T12:00:00Z", "machine": {"cpu": "a", "cores": 1, "memory_bytes": 0}, "build": {"version": "", "commit": "", "go": "", "target": ""}, "rows": [{"name": "a", "kind": "digest", "text": "%s"}]}]}`, "b")
	if err := os.WriteFile(engine, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"gossip --rounds 3", "--rounds is for --save and --compare"}, {"gossip --rounds 0 --save x", "--rounds 0 is not in 1..100"}, {"gossip --rounds 101 --save x", "--rounds 101 is not in 1..100"},
		{"gossip --save x --json y", "--json is of a single table"}, {"engine --compare x --peers y", "--peers is of a single table"}, {"gossip --save=", "--save is empty"},
		{"gossip --fail-slower 10%", "--fail-slower is for --compare"}, {"gossip --compare x --fail-slower 10", "--fail-slower 10: write a share as 10%"}, {"gossip --compare x --fail-slower -1%", "write a share"},
		{"gossip --compare nowhere", "nowhere is no file, and no revision"}, {"gossip --compare " + dir, "is not a plain file"}, {"gossip --compare " + empty, empty + ":1: the file ends in the middle"},
		{"gossip --compare " + binary, "may not be executed: chmod +x"}, {"gossip --save " + binary, "--save " + binary + ":1: not JSON"}, {"gossip --save " + dir, dir + ": is a directory"},
		{"gossip --compare " + engine, "has no baseline of gossip"}, {"engine --compare " + engine + " --fail-slower 1%", "--fail-slower needs interleaved rounds"},
		{"engine --load fog --compare " + engine, "--load fog: there is no such load"}, {"gossip --nodes 1 --save x", "--nodes 1 is not in 3.."}, {"gossip --nodes 8,8 --loss 0 --save x", "is measured twice"},
		{"gossip --compare /bin/true --nodes 8 --loss 0", "it left no table: is this lgos-sim?"},
	} {
		t.Setenv("LGOS_SIM_AS_COMMAND", "1")
		code, out, errs := command(t, append([]string{"bench"}, strings.Fields(c.args)...)...)
		if joined := strings.Join(strings.Fields(errs), " "); code != exitUsage || !strings.Contains(joined, c.want) || out != "" {
			t.Errorf("lgos-sim bench %s: exit %d, %q %q; want %q", c.args, code, errs, out, c.want)
		}
	}
}
