package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestSameDigestEverywhere: one run comes to one digest on one core and on two, with a table of operations a node, with
// containers poisoned, built for 32 bits, and as WebAssembly under wazero; and one of its hosts, replayed alone by a build
// for the browser, comes to the digest that it had here.
func TestSameDigestEverywhere(t *testing.T) {
	args := []string{"run", "mixed-kernels", "--nodes", "16", "--seed", "7", "--device", "cpu"}
	t.Setenv("LGOS_SIM_AS_COMMAND", "1")
	home := t.TempDir()
	first := filepath.Join(home, "first")
	digest := func(t *testing.T, dir string) string {
		t.Helper()
		r, err := results.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.Events < 5000 || r.Grade().Outcome != results.Pass {
			t.Fatalf("%d events, %s: %s", r.Events, r.Outcome, r.Why)
		}
		return r.Digest
	}
	must(t, append(args, "--record", "5", "--out", first)...)
	want := digest(t, first)
	same := func(t *testing.T, dir string) {
		t.Helper()
		if got := digest(t, dir); got != want {
			t.Errorf("digest %s, want %s", got, want)
		}
	}
	for name, extra := range map[string][]string{"private stores": {"--set", "store=private"}, "poisoned": {"--poison"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, append(append(args, extra...), "--out", dir)...)
			same(t, dir)
		})
	}
	for _, procs := range []string{"1", "2"} {
		t.Run("GOMAXPROCS="+procs, func(t *testing.T) {
			dir := t.TempDir()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			start(t, []string{"GOMAXPROCS=" + procs}, self, append(args, "--out", dir)...)
			same(t, dir)
		})
	}
	t.Run("386", func(t *testing.T) {
		if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
			t.Skip("only linux/amd64 runs both")
		}
		dir := t.TempDir()
		start(t, nil, build(t, "linux", "386"), append(args, "--out", dir)...)
		same(t, dir)
	})
	t.Run("js", func(t *testing.T) {
		root := strings.TrimSpace(start(t, nil, "go", "env", "GOROOT"))
		text := start(t, nil, "node", "--stack-size=8192", filepath.Join(root, "lib", "wasm", "wasm_exec_node.js"), build(t, "js", "wasm"), "replay", first, "--host", "5")
		recorded, replayed, ok := strings.Cut(text, "\n")
		if a, b := strings.Fields(recorded), strings.Fields(replayed); !ok || len(a) != 4 || len(b) != 4 || a[3] != b[3] {
			t.Errorf("one host in JavaScript:\n%s", text)
		}
	})
	t.Run("wasip1", func(t *testing.T) {
		dir := t.TempDir()
		wasi(t, build(t, "wasip1", "wasm"), dir, append(args, "--out", dir))
		same(t, dir)
	})
}

// build makes the command for another target.
func build(t *testing.T, system, arch string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lgos-sim-"+system+"-"+arch)
	start(t, []string{"GOOS=" + system, "GOARCH=" + arch, "CGO_ENABLED=0"}, "go", "build", "-ldflags=-s -w", "-o", file, ".")
	return file
}

// start runs a program that must end well and gives what it printed.
func start(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// wasi runs a WebAssembly program with one folder of ours.
func wasi(t *testing.T, file, dir string, args []string) {
	t.Helper()
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(append([]string{"lgos-sim"}, args...)...).WithStdout(&out).WithStderr(&out).
		WithSysWalltime().WithSysNanotime().WithFSConfig(wazero.NewFSConfig().WithDirMount(dir, dir))
	if _, err := r.InstantiateWithConfig(ctx, code, config); err != nil && !strings.Contains(err.Error(), "exit_code(0)") {
		t.Fatalf("%v\n%s", err, out.String())
	}
}
