package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/bench"
)

// benchTable is what each benchmark comes to.
type benchTable interface {
	fmt.Stringer
	JSON() ([]byte, error)
}

func newBench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the engine, the gossip or the devices",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("bench %s: there is no such benchmark; there are engine, gossip and gpu", args[0])
			}
			return cmd.Help()
		},
	}
	var peers string
	var hosts []int
	var loads []string
	engine := benchCommand("engine", "Deliveries per CPU-second of a flood through the engine", func() error {
		for _, l := range loads {
			if !slices.Contains(bench.Workloads(), l) {
				return fmt.Errorf("--load %s: there is no such load; there are %s", l, strings.Join(bench.Workloads(), ", "))
			}
		}
		return eachWithin("--hosts", hosts, 17, 1_000_000)
	}, func(_ context.Context, say func(string)) (benchTable, error) {
		o := bench.EngineOptions{Hosts: hosts, Workloads: loads, Progress: func(r bench.Row) { say(fmt.Sprintf("%s, %d hosts", r.Workload, r.Hosts)) }}
		if peers != "" {
			f, err := os.Open(peers)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			if o.Peers, err = bench.ReadRows(f); err != nil {
				return nil, fmt.Errorf("--peers %s: %w", peers, err)
			}
		}
		return bench.Engine(o)
	})
	engine.Flags().StringVar(&peers, "peers", "", "join the rows of other simulators that sim/bench wrote to `FILE`")
	engine.Flags().IntSliceVar(&hosts, "hosts", nil, "hosts (default 1000,10000,100000)")
	engine.Flags().StringSliceVar(&loads, "load", nil, "loads: jitter, ties, queues, lan (default all)")
	var nodes []int
	var loss []string
	var seed uint64
	gossip := benchCommand("gossip", "Times to 50, 99 and 100 % of hosts, copies and bytes of an operation", func() error {
		for _, l := range loss {
			if p, err := strconv.ParseFloat(l, 64); err != nil || !(p >= 0 && p < 1) {
				return fmt.Errorf("--loss %s: give a share from 0 to below 1", l)
			}
		}
		return eachWithin("--nodes", nodes, 3, 100_000)
	}, func(ctx context.Context, say func(string)) (benchTable, error) {
		return bench.Gossip(bench.GossipOptions{Nodes: nodes, Loss: loss, Seed: seed, Stop: interrupted(ctx), Progress: func(r bench.GossipRow) { say(fmt.Sprintf("%d nodes, loss %s", r.Nodes, r.Loss)) }})
	})
	gossip.Flags().IntSliceVar(&nodes, "nodes", nil, "nodes (default 100,1000)")
	gossip.Flags().StringSliceVar(&loss, "loss", nil, "share of packets lost (default 0,0.05)")
	gossip.Flags().Uint64Var(&seed, "seed", 1, "seed of everything that is drawn")
	gpu := benchCommand("gpu", "Every kernel on every device, compared with the Reference", func() error { return nil }, func(_ context.Context, say func(string)) (benchTable, error) {
		return bench.GPU(bench.GPUOptions{Progress: func(r bench.GPURow) { say(fmt.Sprintf("%s of %d on %s", r.Kernel, r.Size, r.Device)) }})
	})
	cmd.AddCommand(engine, gossip, gpu)
	return cmd
}

// eachWithin holds the numbers of a flag to a range.
func eachWithin(flag string, list []int, least, most int) error {
	for _, n := range list {
		if n < least || n > most {
			return fmt.Errorf("%s %d is not in %d..%d", flag, n, least, most)
		}
	}
	return nil
}

// benchCommand is a benchmark: check looks at its flags before any work.
func benchCommand(name, short string, check func() error, measure func(ctx context.Context, say func(string)) (benchTable, error)) *cobra.Command {
	var file string
	var rounds benchRounds
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			say := func(string) {}
			if isTerminal(cmd.ErrOrStderr()) {
				say = func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "done: "+what) }
			}
			repeated, err := rounds.asked(cmd)
			if err == nil {
				err = check()
			}
			if err != nil {
				return err
			}
			if repeated {
				return rounds.carryOut(cmd, name, say)
			}
			table, err := measure(cmd.Context(), say)
			if err != nil {
				return interruptedOr(cmd.Context(), err)
			}
			fmt.Fprint(cmd.OutOrStdout(), table)
			if file == "" {
				return nil
			}
			b, err := table.JSON()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			return results.WriteFile(file, b)
		},
	}
	cmd.Flags().StringVar(&file, "json", "", "also write the table to `FILE`")
	rounds.register(cmd)
	return cmd
}
