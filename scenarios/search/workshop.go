package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// workshop builds and runs binaries in a folder of its own.
type workshop struct {
	ctx        context.Context
	root, temp string
	env        []string // of what it runs, besides its own
	limits
}

// limits of one run: a mutant may make a network that never rests, a loop without end, or a buffer that grows for ever. They
// count work, not wall time, so that a busy machine ends nothing.
type limits struct {
	events int           // of a simulation
	cpu    time.Duration // of a process
	memory int           // addressable by a process, MiB
}

func newWorkshop(ctx context.Context) (*workshop, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("mutants are built with the go command: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return nil, fmt.Errorf("mutants are built from the source: run this within the module")
	}
	temp, err := os.MkdirTemp("", "lgos-mutants-")
	return &workshop{ctx, filepath.Dir(mod), temp, nil, limits{20_000_000, 10 * time.Minute, 16 << 10}}, err
}

// build makes the command with some files replaced. A text says why it does not compile.
func (w *workshop) build(binary, name string, files map[string][]byte) (why string, err error) {
	return w.compile(binary, files, "build", "./cmd/lgos-sim", "-ldflags", "-s -w -X github.com/lifegraph-os/lgos-sim/scenarios.Mutant="+name)
}

// Plant builds the command with the bug of a mutant's file in it, and gives the mutant.
func Plant(ctx context.Context, file, binary string) (Mutant, error) {
	m, err := ReadMutant(file)
	if err != nil {
		return m, err
	}
	w, err := newWorkshop(ctx)
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(w.temp)
	source, why := m.apply(w.root)
	if why == "" {
		why, err = w.build(binary, m.Name, map[string][]byte{m.File: source})
	}
	if why != "" {
		err = fmt.Errorf("%s: %s", file, why)
	}
	return m, err
}

// compile calls the go command for a package, with some files of the module replaced or added.
func (w *workshop) compile(binary string, files map[string][]byte, verb, pkg string, flags ...string) (why string, err error) {
	args := append(strings.Fields(verb), "-o", binary, "-buildvcs=false")
	if len(files) > 0 {
		edited := binary + ".edited"
		defer os.RemoveAll(edited)
		replace := map[string]string{}
		err := os.Mkdir(edited, 0o755)
		for name, source := range files {
			file := filepath.Join(edited, strings.ReplaceAll(name, "/", "-"))
			replace[filepath.Join(w.root, filepath.FromSlash(name))] = file
			err = errors.Join(err, os.WriteFile(file, source, 0o644))
		}
		b, errJSON := json.Marshal(map[string]any{"Replace": replace})
		overlay := filepath.Join(edited, "overlay.json")
		if err := errors.Join(err, errJSON, os.WriteFile(overlay, b, 0o644)); err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(w.ctx, "go", append(append(args, flags...), pkg)...)
	cmd.Dir, cmd.Env = w.root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if errors.As(err, &failed) && w.ctx.Err() == nil {
		return strings.TrimSpace(string(out)), nil
	}
	return "", err
}

// ran is what a process left.
type ran struct {
	record *results.Record // nil where it wrote none
	said   string          // what it printed
	cpu    time.Duration
	err    error // how it ended
	hung   bool  // it was ended at a bound
}

// run carries out one run and reads its record.
func (w *workshop) run(binary string, args []string) ran {
	out, err := os.MkdirTemp(w.temp, "run-")
	if err != nil {
		return ran{said: err.Error(), err: err}
	}
	defer os.RemoveAll(out)
	args = append(args, "--device", "cpu", "--max-events", fmt.Sprint(w.events), "--out", out)
	r := w.process(w.root, binary, args...)
	if r.record, err = results.Load(out); err != nil {
		if r.said == "" {
			r.said = errors.Join(r.err, err).Error()
		}
		r.record = nil
	}
	return r
}

// process runs a binary within the bounds: the shell sets them, and becomes the binary. Windows has no such bounds.
func (w *workshop) process(dir, binary string, args ...string) (r ran) {
	ctx, cancel := context.WithTimeout(w.ctx, time.Hour) // of one that waits without computing
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	if shell, err := exec.LookPath("sh"); err == nil {
		bound := fmt.Sprintf(`ulimit -t %d 2>/dev/null; ulimit -v %d 2>/dev/null; exec "$0" "$@"`, int(w.cpu.Seconds()), w.memory<<10)
		cmd = exec.CommandContext(ctx, shell, append([]string{"-c", bound, binary}, args...)...)
	}
	cmd.Dir, cmd.Env = dir, append(os.Environ(), w.env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	r.err = cmd.Run()
	r.said = strings.TrimSpace(said.String())
	if cmd.ProcessState != nil {
		r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		status, ok := cmd.ProcessState.Sys().(interface{ Signaled() bool })
		r.hung = ok && status.Signaled() && w.ctx.Err() == nil && (r.cpu >= w.cpu/2 || ctx.Err() != nil) // the kernel counts in ticks
	}
	return r
}
