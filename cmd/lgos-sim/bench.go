package main

import (
	"fmt"
	"os"
	"path/filepath"

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
	cmd := &cobra.Command{Use: "bench", Short: "Measure the engine, the gossip or the devices"}
	var peers string
	var hosts []int
	var loads []string
	engine := benchCommand("engine", "Deliveries per CPU-second of a flood through the engine", func(say func(string)) (benchTable, error) {
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
	engine.Flags().StringSliceVar(&loads, "load", nil, "loads: jitter, ties, queues (default all)")
	var nodes []int
	var loss []string
	var seed uint64
	gossip := benchCommand("gossip", "Times to 50, 99 and 100 % of hosts, copies and bytes of an operation", func(say func(string)) (benchTable, error) {
		return bench.Gossip(bench.GossipOptions{Nodes: nodes, Loss: loss, Seed: seed, Progress: func(r bench.GossipRow) { say(fmt.Sprintf("%d nodes, loss %s", r.Nodes, r.Loss)) }})
	})
	gossip.Flags().IntSliceVar(&nodes, "nodes", nil, "nodes (default 100,1000)")
	gossip.Flags().StringSliceVar(&loss, "loss", nil, "share of packets lost (default 0,0.05)")
	gossip.Flags().Uint64Var(&seed, "seed", 1, "seed of everything that is drawn")
	gpu := benchCommand("gpu", "Every kernel on every device, compared with the Reference", func(say func(string)) (benchTable, error) {
		return bench.GPU(bench.GPUOptions{Progress: func(r bench.GPURow) { say(fmt.Sprintf("%s of %d on %s", r.Kernel, r.Size, r.Device)) }})
	})
	cmd.AddCommand(engine, gossip, gpu)
	return cmd
}

func benchCommand(name, short string, measure func(say func(string)) (benchTable, error)) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			say := func(string) {}
			if isTerminal(cmd.ErrOrStderr()) {
				say = func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "done: "+what) }
			}
			table, err := measure(say)
			if err != nil {
				return err
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
	return cmd
}
