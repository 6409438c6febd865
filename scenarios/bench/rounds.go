package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// Rounds measure builds in turn, each round in a process of its own, so that no heap, cache or order of one is the other's.
type Rounds struct {
	Benchmark string           // engine, gossip or gpu
	Args      []string         // its flags
	Binaries  []string         // one build, or two that are compared
	N         int              // rounds of each, at most results.MaxRounds
	Progress  func(say string) // called after each
	First     func(rows []results.Measure) error
}

// Repeat carries them out and gives the rows of each build. Two builds take turns as A B B A A B B A …: what drifts meanwhile
// slows either as much, and each is as often the first. First sees the rows of the first round and may end it.
func (o Rounds) Repeat(ctx context.Context) ([][]results.Measure, error) {
	dir, err := os.MkdirTemp("", "lgos-sim-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	rows := make([][]results.Measure, len(o.Binaries))
	for round := range o.N {
		order := make([]int, len(o.Binaries))
		for i := range order {
			order[i] = i
		}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, i := range order {
			got, err := o.once(ctx, o.Binaries[i], filepath.Join(dir, fmt.Sprintf("%d-%d.json", round, i)))
			if err == nil {
				rows[i], err = join(rows[i], got, round)
			}
			if err != nil {
				return nil, fmt.Errorf("round %d of %s: %w", round+1, o.Binaries[i], err)
			}
			if round == 0 && i == 0 && o.First != nil {
				if err := o.First(got); err != nil {
					return nil, err
				}
			}
			if o.Progress != nil {
				o.Progress(fmt.Sprintf("round %d of %d, %s", round+1, o.N, o.Binaries[i]))
			}
		}
	}
	return rows, nil
}

// once measures a build in a process of its own.
func (o Rounds) once(ctx context.Context, binary, file string) ([]results.Measure, error) {
	c := exec.CommandContext(ctx, binary, append(append([]string{"bench", o.Benchmark}, o.Args...), "--json", file)...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, bytes.TrimSpace(said.Bytes()))
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("it left no table: is this lgos-sim? It said\n%s", bytes.TrimSpace(said.Bytes()))
	}
	if err != nil {
		return nil, err
	}
	return Measures(o.Benchmark, b)
}

// join adds one round to those before it.
func join(rows, round []results.Measure, n int) ([]results.Measure, error) {
	if n == 0 {
		return round, nil
	}
	if len(rows) != len(round) {
		return nil, fmt.Errorf("it made %d rows, and %d before", len(round), len(rows))
	}
	for i := range rows {
		r, now := &rows[i], &round[i]
		if r.Name != now.Name || r.Kind != now.Kind {
			return nil, fmt.Errorf("its row %d is %s, and was %s before", i+1, now.Name, r.Name)
		}
		if r.Text != now.Text {
			return nil, fmt.Errorf("%s is %s, and was %s before: one seed has two histories", r.Name, now.Text, r.Text)
		}
		r.Values = append(r.Values, now.Values...)
	}
	return rows, nil
}

// Baseline describes where and what this process measures; the caller says when.
func Baseline(benchmark, made string) results.Baseline {
	b := results.Baseline{Benchmark: benchmark, Made: made, Build: scenarios.Build(), Load: loadAverage()}
	b.Machine.CPU, b.Machine.Memory, b.Machine.Kernel = describeMachine()
	b.Machine.Cores = runtime.NumCPU()
	return b
}

// Measures reads the table that --json wrote, by this build or another: fields that it does not know are let be.
func Measures(benchmark string, b []byte) ([]results.Measure, error) {
	var table interface{ measures() []results.Measure }
	switch benchmark {
	case "engine":
		table = new(Table)
	case "gossip":
		table = new(GossipTable)
	case "gpu":
		table = new(GPUTable)
	default:
		return nil, fmt.Errorf("bench: there is no benchmark %q", benchmark)
	}
	if err := json.Unmarshal(b, table); err != nil {
		return nil, fmt.Errorf("bench: its table: %w", err)
	}
	rows := table.measures()
	if len(rows) == 0 {
		return nil, errors.New("bench: its table has no row")
	}
	names := map[string]bool{}
	for _, r := range rows {
		if names[r.Name] {
			return nil, fmt.Errorf("bench: %s is measured twice: give each size and load once", r.Name)
		}
		names[r.Name] = true
	}
	return rows, nil
}
