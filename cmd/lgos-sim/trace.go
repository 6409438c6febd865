package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

func newTrace() *cobra.Command {
	var hosts, kinds []string
	var op string
	var from, to time.Duration
	f := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "trace RUN",
		Short: "Carry a run out again and print its events, a line each",
		Example: `  lgos-sim trace partition-heal@7 --host 17 --from 35s --to 36s
  lgos-sim trace results/runs/partition-heal-7 --op 9f31a2c4 --kind packet,applied`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := findRun(args[0])
			if err != nil {
				return err
			}
			set, err := f.settings(t)
			if err != nil {
				return err
			}
			if from < 0 || to < 0 {
				return fmt.Errorf("--from %v --to %v: virtual time begins at 0", from, to)
			}
			if to > 0 && to < from {
				return fmt.Errorf("--to %v is before --from %v", to, from)
			}
			out := bufio.NewWriterSize(cmd.OutOrStdout(), 1<<16)
			tracer := &scenarios.Tracer{Out: out, From: from, To: to}
			if tracer.Hosts, err = scenarios.ParseHosts("--host", hosts, t.nodes(set)); err != nil {
				return err
			}
			if err := tracer.Only(kinds); err != nil {
				return err
			}
			if op != "" {
				if err := tracer.About(op); err != nil {
					return err
				}
			}
			stop := interrupted(cmd.Context())
			set.Observe = tracer
			set.Stop = func() string {
				if tracer.Past() {
					return "the trace has what it wants"
				}
				return stop()
			}
			if _, err := t.run(set); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
			if tracer.Lines() == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "lgos-sim: no event passed the filters")
			}
			return tracer.Err()
		},
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&hosts, "host", nil, "events of these `HOSTS` alone, as in 3,7-9")
	fs.StringSliceVar(&kinds, "kind", nil, "these `KINDS` alone: packet, send, commit, …; of notes: applied, refused, …")
	fs.StringVar(&op, "op", "", "events that name or carry the operation whose id begins with `HEX`")
	fs.DurationVar(&from, "from", 0, "events from this virtual time on")
	fs.DurationVar(&to, "to", 0, "events up to this virtual time")
	fs.StringVar(&f.device, "device", "cpu", "what computes jobs: cpu, webgpu or auto")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes, for NAME@SEED")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE`, for NAME@SEED")
	return cmd
}
