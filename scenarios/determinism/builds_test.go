package determinism

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// module is the module's root, from this folder.
var module = filepath.Join("..", "..")

// workshop builds the command in many ways and runs what it built. Everything lies in one temporary folder.
type workshop struct {
	*testing.T
	dir string
}

func newWorkshop(t *testing.T) workshop {
	t.Helper()
	// A test's result is cached by what the test itself opens and imports; the command is neither.
	files, err := filepath.Glob(filepath.Join(module, "cmd", "lgos-sim", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the command's sources are not where they were: %v", err)
	}
	for _, f := range files {
		if _, err := os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return workshop{t, t.TempDir()}
}

// build compiles the command, with environment variables (NAME=value) and flags of go build.
func (w workshop) build(name string, env []string, flags ...string) string {
	w.Helper()
	out := filepath.Join(w.dir, "bin", name)
	c := exec.Command("go", append(append([]string{"build", "-buildvcs=false", "-o", out}, flags...), "./cmd/lgos-sim")...)
	c.Dir, c.Env = module, append(os.Environ(), env...)
	if text, err := c.CombinedOutput(); err != nil {
		w.Fatalf("%s %v: %v\n%s", strings.Join(env, " "), c.Args, err, text)
	}
	return out
}

// said is what a command printed and how long it took.
type said struct {
	text string
	wall time.Duration
}

// exec runs a binary in the workshop's folder. That a run is not green is an error: all runs here are.
func (w workshop) exec(env []string, args ...string) said {
	w.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Env = w.dir, append(os.Environ(), env...)
	started := time.Now()
	text, err := c.CombinedOutput()
	if err != nil {
		w.Fatalf("%s %v: %v\n%s", strings.Join(env, " "), c.Args, err, text)
	}
	return said{string(text), time.Since(started)}
}

// browser runs the js build under Node with Go's own glue. The glue passes on few bytes of environment, so it gets little.
func (w workshop) browser(binary string, args ...string) said {
	w.Helper()
	root := w.exec(nil, "go", "env", "GOROOT").text
	glue := filepath.Join(strings.TrimSpace(root), "lib", "wasm", "wasm_exec_node.js")
	c := exec.Command("node", append([]string{"--stack-size=8192", glue, binary}, args...)...)
	c.Dir, c.Env = w.dir, []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + w.dir}
	started := time.Now()
	text, err := c.CombinedOutput()
	if err != nil {
		w.Fatalf("node %v: %v\n%s", args, err, text)
	}
	return said{string(text), time.Since(started)}
}

// wasi runs a wasip1 build under wazero, in this process, with the workshop's folder as its root. Compiling takes longer
// than running, so what was compiled is kept in bin/wazero, the newest binary's only.
func (w workshop) wasi(binary string, args ...string) said {
	w.Helper()
	code, err := os.ReadFile(binary)
	if err != nil {
		w.Fatal(err)
	}
	cache, err := wazero.NewCompilationCacheWithDir(cacheFor(w.T, code))
	if err != nil {
		w.Fatal(err)
	}
	ctx := experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0))
	defer cache.Close(ctx)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	compiled, err := r.CompileModule(ctx, code)
	if err != nil {
		w.Fatal(err)
	}
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(append([]string{"lgos-sim"}, args...)...).WithEnv("PWD", "/").
		WithFSConfig(wazero.NewFSConfig().WithDirMount(w.dir, "/")).
		WithStdout(&out).WithStderr(&out).WithStdin(strings.NewReader("")).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(io.Reader(rand.Reader))
	started := time.Now()
	_, err = r.InstantiateModule(ctx, compiled, config)
	var ended *sys.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == 0 {
		err = nil
	}
	if err != nil {
		w.Fatalf("wasip1 %v: %v\n%s", args, err, out.Bytes())
	}
	return said{out.String(), time.Since(started)}
}

// cacheFor gives the folder of what was compiled of a binary, and removes those of others.
func cacheFor(t *testing.T, code []byte) string {
	t.Helper()
	sum := sha256.Sum256(code)
	root, name := filepath.Join(module, "bin", "wazero"), hex.EncodeToString(sum[:8])
	old, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range old {
		if e.Name() != name {
			if err := os.RemoveAll(filepath.Join(root, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(root, name)
}

// lacks says why a build cannot be made or run on this machine; empty if it can.
func (w workshop) lacks(what string) string {
	switch what {
	case "race":
		if strings.TrimSpace(w.exec(nil, "go", "env", "CGO_ENABLED").text) != "1" {
			return "-race needs cgo"
		}
	case "386":
		if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
			return fmt.Sprintf("%s/%s runs no 386", runtime.GOOS, runtime.GOARCH)
		}
	case "node":
		if _, err := exec.LookPath("node"); err != nil {
			return "no Node.js is installed"
		}
	}
	return ""
}
