package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script runs one of the scripts with other commands in place of its own: what is in stubs comes first in PATH.
func script(t *testing.T, stubs map[string]string, name string, args ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	for stub, text := range stubs {
		if err := os.WriteFile(filepath.Join(bin, stub), []byte("#!/usr/bin/env bash\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join("..", "..", "scripts", name)
	if _, err := os.Stat(file); err != nil { // what a test looks at itself, go test does not take from its cache once it changed
		t.Fatal(err)
	}
	cmd := exec.Command("bash", append([]string{file}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestEachScript holds each.sh to leaving every run under the one folder that it is given.
func TestEachScript(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "scripts", "each.sh"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir() // the script works beside its own folder
	for file, text := range map[string]string{
		"scripts/each.sh": string(b),
		"bin/lgos-sim":    "#!/usr/bin/env bash\nif [ $1 = list ]; then printf 'a  x\\ntwo-writers  y\\nb  z\\n'; else echo \"$@\"; [ $2 != two-writers ]; fi\n",
	} {
		file = filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]string{
		"run 60 --seeds 1..2 --out o": "run a b two-writers:8 --nodes 60 --seeds 1..2 --out o\n",
		"twice 60 --seed 1":           "twice a b --nodes 60 --seed 1\ntwice two-writers --nodes 8 --seed 1 --set limit=1500 --set duration=4m\n",
	} {
		out, err := exec.Command("bash", append([]string{filepath.Join(root, "scripts", "each.sh")}, strings.Fields(args)...)...).CombinedOutput()
		if string(out) != want || (err != nil) != strings.HasPrefix(args, "twice") {
			t.Errorf("each.sh %s: %v\n%swant\n%s", args, err, out, want)
		}
	}
}

// TestMakeStamps: records know their commit whatever GOFLAGS says.
func TestMakeStamps(t *testing.T) {
	root := t.TempDir()
	b, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "Makefile"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ git, want string }{
		{"[ $1 = status ] || echo 0123abcd", "scenarios.Commit=0123abcd'"},
		{"echo 0123abcd", "scenarios.Commit=0123abcd-dirty'"},
		{"exit 128", "scenarios.Commit='"}, // no checkout
	} {
		if err := os.WriteFile(filepath.Join(root, "git"), []byte("#!/bin/sh\n"+c.git+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		make := exec.Command("make", "-n", "build")
		make.Dir, make.Env = root, append(os.Environ(), "PATH="+root+string(os.PathListSeparator)+os.Getenv("PATH"))
		if out, err := make.CombinedOutput(); err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%v\n%swant %s", err, out, c.want)
		}
	}
}

// TestFuzzScript holds fuzz.sh to telling a late end of Go's fuzzer from a crash, and to one build a package.
func TestFuzzScript(t *testing.T) {
	const late = `echo "--- FAIL: $4 (1.0s)"; echo "    context deadline exceeded"; echo FAIL; exit 1`
	for name, c := range map[string]struct {
		binary string // what the built tests do
		ok     bool
		fate   string
	}{
		"green":     {`echo PASS`, true, ": pass\n"},
		"late":      {late, true, ": pass (its end was told late)\n"},
		"crash":     {`echo "    Failing input written to testdata/fuzz/x"; ` + late, false, ": FAIL\n"},
		"failure":   {`echo "--- FAIL: seed#3"; exit 1`, false, ": FAIL\n"},
		"mentioned": {`echo "    x_test.go:9: context deadline exceeded"; exit 1`, false, ": FAIL\n"},
	} {
		t.Run(name, func(t *testing.T) {
			built := filepath.Join(t.TempDir(), "built")
			binary := "cat >\"$6\" <<'END'\n#!/usr/bin/env bash\necho 'fuzz: elapsed: 0s, execs: 7 (7/sec)'\necho 'fuzz: elapsed: 1s, execs: 4321 (9/sec)'\n" + c.binary + "\nEND\nchmod +x \"$6\"\n"
			stub := "case \"$1\" in\n env) echo /nowhere ;;\n list) echo example ;;\n test) echo >>'" + built + "'\n" + binary + " ;;\nesac\n"
			out, err := script(t, map[string]string{"go": stub}, "fuzz.sh", "1s", "^node/op ")
			if (err == nil) != c.ok {
				t.Fatalf("%v\n%s", err, out)
			}
			_, list, found := strings.Cut(out, "fuzz: executions of each target\n")
			if !found || strings.Count(list, "        4321  node/op Fuzz") != 2 || strings.Count(list, c.fate) != 2 {
				t.Errorf("the list at the end:\n%s", out)
			}
			if b, _ := os.ReadFile(built); len(b) != 1 {
				t.Errorf("built %d times", len(b))
			}
		})
	}
	if out, err := script(t, nil, "fuzz.sh", "1s", "no such target"); err == nil {
		t.Errorf("a filter that picks nothing is no mistake:\n%s", out)
	}
}
