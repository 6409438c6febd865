package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/scenarios/explain"
)

// pageName is what explain leaves beside the record.
const pageName = "explain.html"

func newExplain() *cobra.Command {
	f := &replayFlags{}
	var opts explain.Options
	var out string
	cmd := &cobra.Command{
		Use:   "explain RUN",
		Short: "Carry a failing run out again and tell why it fails",
		Long: `explain carries a failing run out again, with its trace, and tells the shortest causal story from the
fault and the request to the violation; for states that part, the first moment at which they do; from
which moment on the failure was likely, by giving the rest of the run another luck; and with
--without, what one fault changes. The story, a diagram of it and the plot go to OUT/explain.html.
It exits 0 where a failure was explained, and 2 where no checker failed.`,
		Example: `  lgos-sim explain results/runs/latest
  lgos-sim explain canary@1 --moments 0
  lgos-sim explain partition-heal@7 --without partition#1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := findRun(args[0])
			if err != nil {
				return err
			}
			if opts.Set, err = f.settings(t); err != nil {
				return err
			}
			if opts.Moments < 0 || opts.Moments == 1 || opts.Moments > 1000 || opts.Tries < 1 || opts.Tries > 1000 {
				return fmt.Errorf("--moments %d, --tries %d: give 0 or 2 to 1000 moments, and 1 to 1000 tries", opts.Moments, opts.Tries)
			}
			opts.Set.Stop = interrupted(cmd.Context())
			if isTerminal(os.Stderr) {
				opts.Say = func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "lgos-sim: "+what) }
			}
			r, err := explain.Run(t.run, opts)
			if errors.Is(err, explain.ErrNothing) {
				return exit{exitNotGreen, err.Error()}
			}
			if err != nil {
				return err
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), r.Text()); err != nil {
				return err
			}
			if out == "" {
				if out = t.dir; out == "" {
					out = filepath.Join(runsDir, "latest")
				}
			}
			page, err := r.Page(args[0])
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return err
			}
			file := filepath.Join(out, pageName)
			fmt.Fprintln(cmd.OutOrStdout(), "page    "+file)
			return os.WriteFile(file, page, 0o644)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&opts.Checker, "checker", "", "explain this `CHECKER`'s violation; else the earliest")
	fs.IntVar(&opts.Moments, "moments", 8, "moments from which the rest of the run is given another luck; 0 is none")
	fs.IntVar(&opts.Tries, "tries", 6, "lucks for each moment")
	fs.IntVar(&opts.Jobs, "jobs", 0, "runs side by side; 0 is one for each core")
	fs.StringVar(&opts.Without, "without", "", "compare with the run without `FAULT`: a kind, or KIND#N for the N-th of it")
	fs.StringVar(&out, "out", "", "folder of "+pageName+"; the record's own where there is one")
	fs.StringVar(&f.device, "device", "cpu", "what computes jobs: cpu, webgpu or auto")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes, for NAME@SEED")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE`, for NAME@SEED")
	return cmd
}
