package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/bench"
)

// benchRounds are the flags of a benchmark that is repeated, to be kept or compared.
type benchRounds struct {
	save, compare string
	rounds        int
	failSlower    string
	share         float64 // of failSlower
}

const (
	roundsConfidence = 0.95
	apartConfidence  = 0.99 // of rounds that were not interleaved: the machine may have changed meanwhile
)

func (f *benchRounds) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.save, "save", "", "repeat in rounds and keep them in `FILE`, in place of this machine's")
	cmd.Flags().StringVar(&f.compare, "compare", "", "compare with `OTHER`: a lgos-sim binary, a git revision, or a baseline")
	cmd.Flags().IntVar(&f.rounds, "rounds", 10, fmt.Sprintf("rounds of each build for --save and --compare, at most %d", results.MaxRounds))
	cmd.Flags().StringVar(&f.failSlower, "fail-slower", "", "exit 1 where a row is slower by more than `SHARE`, as 10%, with confidence")
}

// asked tells whether the benchmark is repeated at all; an error is a flag that makes no sense.
func (f *benchRounds) asked(cmd *cobra.Command) (bool, error) {
	is := f.save != "" || f.compare != ""
	for _, name := range []string{"save", "compare"} {
		if cmd.Flags().Changed(name) && cmd.Flag(name).Value.String() == "" {
			return false, fmt.Errorf("--%s is empty: give a file", name)
		}
	}
	for _, name := range []string{"json", "peers"} {
		if is && cmd.Flags().Changed(name) {
			return false, fmt.Errorf("--%s is of a single table: leave it out of --save and --compare", name)
		}
	}
	switch {
	case !is && cmd.Flags().Changed("rounds"):
		return false, errors.New("--rounds is for --save and --compare: give one of them")
	case f.rounds < 1 || f.rounds > results.MaxRounds:
		return false, fmt.Errorf("--rounds %d is not in 1..%d", f.rounds, results.MaxRounds)
	case f.compare == "" && cmd.Flags().Changed("fail-slower"):
		return false, errors.New("--fail-slower is for --compare: give a binary or a revision to compare with")
	}
	if cmd.Flags().Changed("fail-slower") {
		percent, ok := strings.CutSuffix(f.failSlower, "%")
		v, err := strconv.ParseFloat(percent, 64)
		if !ok || err != nil || !(v >= 0 && v < 1000) {
			return false, fmt.Errorf("--fail-slower %s: write a share as 10%%", f.failSlower)
		}
		f.share = v / 100
	}
	return is, nil
}

// carryOut repeats a benchmark, keeps what was asked, and says what changed.
func (f *benchRounds) carryOut(cmd *cobra.Command, benchmark string, say func(string)) error {
	ctx := cmd.Context()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lgos-sim-other-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	now := bench.Baseline(benchmark, time.Now().UTC().Format(time.RFC3339))
	c := results.Comparison{Benchmark: benchmark, After: "this build", Confidence: roundsConfidence}
	o := bench.Rounds{Benchmark: benchmark, Args: passed(cmd), Binaries: []string{self}, N: f.rounds, Progress: say}
	other, err := f.other(ctx, dir, &c, &now, say)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	var kept *results.Baselines
	if f.save != "" { // a file that cannot be read is found before the work
		if kept, err = results.LoadBaselines(f.save, true); err != nil {
			return fmt.Errorf("--save %w", err)
		}
	}
	before := []results.Measure(nil)
	if other.rows != nil {
		before = other.rows
	} else if f.compare != "" {
		o.Binaries = []string{other.binary, self}
	}
	o.First = func(rows []results.Measure) error {
		if least := c.Least(rows); f.failSlower != "" && f.rounds < least {
			return fmt.Errorf("--rounds %d cannot tell whether any of so many rows is slower: give --rounds %d or more, or fewer rows", f.rounds, least)
		}
		return nil
	}
	rows, err := o.Repeat(ctx)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	now.Rows = rows[len(rows)-1]
	p := newPrinter(cmd.OutOrStdout())
	if f.save != "" {
		kept.Put(now)
		if err := kept.Save(f.save); err != nil {
			return err
		}
		p.row("saved   ", fmt.Sprintf("%d rows of %s, %d rounds each, in %s", len(now.Rows), benchmark, f.rounds, f.save))
	}
	if f.compare == "" {
		return nil
	}
	if len(rows) == 2 {
		before = rows[0]
	}
	if err := c.Compare(before, now.Rows); err != nil {
		return err
	}
	how := fmt.Sprintf("%d rounds each, in turn", f.rounds)
	if !c.Paired {
		how = fmt.Sprintf("%d rounds", f.rounds)
	}
	p.row(fmt.Sprintf("%-7s ", benchmark), fmt.Sprintf("%s, against %s: %s, load %.1f", c.After, c.Before, how, now.Load))
	fmt.Fprint(p, &c)
	if slower := c.SlowerThan(f.share); f.failSlower != "" && len(slower) > 0 {
		return exit{exitFail, fmt.Sprintf("slower by more than %s: %s", f.failSlower, strings.Join(slower, ", "))}
	}
	return nil
}

// otherBuild is what is compared with: a binary, or rows that were measured before.
type otherBuild struct {
	binary string
	rows   []results.Measure
}

// other finds out what OTHER is, and what that means for the comparison.
func (f *benchRounds) other(ctx context.Context, dir string, c *results.Comparison, now *results.Baseline, say func(string)) (otherBuild, error) {
	if f.compare == "" {
		return otherBuild{}, nil
	}
	c.Before, c.Paired = f.compare, true
	info, err := os.Stat(f.compare)
	if err != nil {
		binary, commit, err := bench.BuildRevision(ctx, f.compare, dir)
		if err != nil {
			return otherBuild{}, err
		}
		say("built " + f.compare)
		if !strings.HasPrefix(commit, f.compare) {
			c.Before += " (" + commit[:7] + ")"
		}
		return otherBuild{binary: binary}, nil
	}
	if !info.Mode().IsRegular() {
		return otherBuild{}, fmt.Errorf("--compare %s is not a plain file: give a lgos-sim binary, a git revision or a baseline", f.compare)
	}
	if info.Mode()&0o111 != 0 {
		binary, err := filepath.Abs(f.compare) // a bare name is not looked for in PATH
		return otherBuild{binary: binary}, err
	}
	if f.failSlower != "" {
		return otherBuild{}, errors.New("--fail-slower needs interleaved rounds, and a baseline has none: compare with a binary or a revision")
	}
	head := make([]byte, 4)
	if file, err := os.Open(f.compare); err == nil {
		_, _ = file.Read(head) // what cannot be read is said below
		file.Close()
	}
	if bytes.Equal(head, []byte("\x7fELF")) {
		return otherBuild{}, fmt.Errorf("--compare %s may not be executed: chmod +x it", f.compare)
	}
	list, err := results.LoadBaselines(f.compare, false)
	if err != nil {
		return otherBuild{}, fmt.Errorf("--compare %w", err)
	}
	saved := list.Find(now)
	if saved == nil {
		return otherBuild{}, fmt.Errorf("--compare %s has no baseline of %s", f.compare, now.Benchmark)
	}
	c.Against(saved, now)
	c.Confidence = apartConfidence
	return otherBuild{rows: saved.Rows}, nil
}

// passed are the flags that say what is measured, as the child process takes them.
func passed(cmd *cobra.Command) (args []string) {
	for _, name := range []string{"hosts", "load", "nodes", "loss", "seed"} {
		flag := cmd.Flag(name)
		if flag == nil || !flag.Changed {
			continue
		}
		value := flag.Value.String()
		if list, ok := flag.Value.(interface{ GetSlice() []string }); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		args = append(args, "--"+name+"="+value)
	}
	return args
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exit{exitNotGreen, "interrupted"}
	}
	return err
}
