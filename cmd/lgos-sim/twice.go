package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
)

func newTwice() *cobra.Command {
	var seed uint64
	var nodes int
	var set []string
	var device string
	cmd := &cobra.Command{
		Use:   "twice NAME|FILE…",
		Short: "Run a scenario in two processes, on one core and on two, and compare",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := os.MkdirTemp("", "lgos-sim-twice-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			p := newPrinter(cmd.OutOrStdout())
			var failed error
			for i, name := range args {
				s, err := findScenario(name)
				if err != nil {
					return err
				}
				flags := []string{"run", name, "--seed", strconv.FormatUint(seed, 10), "--nodes", strconv.Itoa(nodes), "--device", device}
				for _, kv := range set {
					flags = append(flags, "--set", kv)
				}
				var records [2]*results.Record
				for k := range records {
					out := filepath.Join(dir, fmt.Sprintf("%d-%d", i, k))
					if records[k], err = runApart(cmd.Context(), out, k+1, flags); err != nil {
						return err
					}
				}
				if why := unequal(records[0], records[1]); why != "" {
					p.row(fmt.Sprintf("%s %-18s ", p.mark(results.Fail, 7), s.Name), why)
					failed = exit{exitFail, "two processes came to different ends"}
					continue
				}
				p.row(fmt.Sprintf("%s %-18s ", p.mark(results.Pass, 7), s.Name), fmt.Sprintf("same digest %s, %s events", records[0].Digest, results.Integer(records[0].Events)))
			}
			return failed
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of everything that is drawn")
	cmd.Flags().IntVar(&nodes, "nodes", 0, "nodes; 0 is the scenario's own number")
	cmd.Flags().StringArrayVar(&set, "set", nil, "set `KEY=VALUE` of the scenario")
	cmd.Flags().StringVar(&device, "device", "cpu", "what computes jobs: cpu, webgpu or auto")
	return cmd
}

// runApart runs in a process of its own at a GOMAXPROCS and reads what it left. That a run was not green is no error here.
func runApart(ctx context.Context, out string, procs int, flags []string) (*results.Record, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, append(flags, "--out", out)...)
	c.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", procs))
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err = c.Run()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() == exitUsage || ended.ExitCode() < 0) {
		return nil, fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	return results.Load(out)
}

// unequal says in what two records differ that must not.
func unequal(a, b *results.Record) string {
	switch {
	case a.Digest != b.Digest:
		for i, c := range a.Checkpoints {
			if i >= len(b.Checkpoints) || b.Checkpoints[i] != c {
				return fmt.Sprintf("digests %.12s and %.12s; they part in the virtual second that ends at %s", a.Digest, b.Digest, results.Span(c.At))
			}
		}
		return fmt.Sprintf("digests %.12s and %.12s", a.Digest, b.Digest)
	case a.Plan.SHA256 != b.Plan.SHA256:
		return "same digest, different plans"
	case a.Events != b.Events:
		return fmt.Sprintf("same digest, %d and %d events", a.Events, b.Events)
	}
	for i, v := range a.Verdicts {
		if w := b.Verdicts[i]; w.Outcome != v.Outcome || w.Why != v.Why || w.Checked != v.Checked {
			return fmt.Sprintf("same digest, but %s says %q and %q", v.Checker, v.Why, w.Why)
		}
	}
	return ""
}
