package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// shrunkName is what a shrunk plan is called beside the record of its run.
const shrunkName = "shrunk.yaml"

type shrinkFlags struct {
	search.Shrinking
	nodes     int
	set       []string
	out, json string
}

func newShrink() *cobra.Command {
	f := &shrinkFlags{}
	cmd := &cobra.Command{
		Use:   "shrink RUN",
		Short: "Cut a failing run down to a plan of a few lines that still fails",
		Long: `shrink cuts the plan of a failing run down: fewer hosts, liars, faults and requests, shorter windows, a
plainer network, one version; while the same checker fails for the same kind of reason (its words
without ids, numbers, times and hosts). What is left is written as a plan, which replay runs. A plan
that does not fail under each of 3 other lucks of the network is called fragile.

Ctrl-C keeps the least plan so far. Exit codes: 0 shrunk, 2 the run does not fail, or not again as
its record says, 3 usage or set-up.`,
		Example: `  lgos-sim shrink results/runs/partition-heal-7
  lgos-sim shrink partition-heal@7 --nodes 60 --checker durability --out least.yaml
  lgos-sim replay least.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fs := cmd.Flags()
	fs.IntVar(&f.Tries, "tries", 200, "runs that it may take in all")
	fs.IntVarP(&f.Jobs, "jobs", "j", 0, "runs side by side; 0 is one for each core. The result is the same")
	fs.StringVar(&f.Checker, "checker", "", "the `CHECKER` whose failure is to stay; the first that fails where none is named")
	fs.StringVar(&f.out, "out", "", "write the plan to `FILE` (default "+shrunkName+" beside the record, or in "+runsDir+"/NAME-SEED)")
	fs.StringVar(&f.json, "json", "", "also write what was done to `FILE`")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes, for NAME@SEED")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE`, for NAME@SEED")
	return cmd
}

func (f *shrinkFlags) run(cmd *cobra.Command, arg string) error {
	t, err := findRun(arg)
	if err != nil {
		return err
	}
	set, err := (&replayFlags{nodes: f.nodes, set: f.set, device: "cpu"}).settings(t)
	if err != nil {
		return err
	}
	if f.Tries <= 0 {
		return fmt.Errorf("--tries %d: write how many runs it may take, as in 200", f.Tries)
	}
	if t.plan == nil {
		set.Seed = t.seed
		if t.plan, err = scenarios.NewPlan(t.scenario, set); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("%s-%d", t.plan.Scenario.Name, t.plan.Settings.Seed)
	if f.out == "" && t.dir != "" {
		f.out = filepath.Join(t.dir, shrunkName)
	} else if f.out == "" {
		f.out = filepath.Join(runsDir, name, shrunkName)
	}
	w := cmd.OutOrStdout()
	f.Context, f.Was = cmd.Context(), t.record
	f.Say = shrinkProgress(cmd)
	s, err := search.Shrink(t.plan, f.Shrinking)
	if isTerminal(w) {
		fmt.Fprint(w, "\r\x1b[K")
	}
	switch {
	case errors.Is(err, search.ErrNotFailing):
		return exit{exitNotGreen, err.Error()}
	case err != nil:
		return err
	}
	b, err := s.Bytes(arg)
	if err != nil {
		return err
	}
	if err := writeInto(f.out, b); err != nil {
		return err
	}
	if f.json != "" {
		b, err := s.JSON()
		if err != nil {
			return err
		}
		if err := writeInto(f.json, b); err != nil {
			return err
		}
	}
	p := newPrinter(w)
	p.row("fails   ", s.Kind)
	p.row("before  ", s.Before.String())
	p.row("after   ", s.After.String())
	p.row("tries   ", s.Effort())
	if s.Fragile() {
		p.row("fragile ", s.Luck())
	} else {
		p.row("stable  ", s.Luck())
	}
	fmt.Fprintln(p, "replay  lgos-sim replay "+f.out)
	return nil
}

func writeInto(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return results.WriteFile(file, b)
}

// shrinkProgress is one line that is written over on a terminal; elsewhere a line now and then.
func shrinkProgress(cmd *cobra.Command) func(search.Step) {
	w := cmd.OutOrStdout()
	terminal, next := isTerminal(w), time.Now().Add(5*time.Second)
	return func(s search.Step) {
		text := fmt.Sprintf("try %d · %s · %s", s.Tries, s.Size.String(), s.Doing)
		switch {
		case terminal:
			fmt.Fprintf(w, "\r\x1b[K%.98s", text)
		case time.Now().After(next):
			next = time.Now().Add(5 * time.Second)
			fmt.Fprintln(w, "  "+strings.TrimSpace(text))
		}
	}
}
