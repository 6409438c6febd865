package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

func newMutants() *cobra.Command {
	var file string
	var shrink bool
	var o search.Options
	cmd := &cobra.Command{
		Use:   "mutants DIR",
		Short: "Plant known bugs, one at a time, and see that the predicted checker catches each",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return fmt.Errorf("there is no folder %q", args[0])
			}
			if o.Jobs < 0 {
				return fmt.Errorf("--jobs %d is negative", o.Jobs)
			}
			o.Context = cmd.Context()
			if isTerminal(cmd.ErrOrStderr()) {
				o.Say = func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "… "+what) }
			}
			r, err := mutantsReport(args[0], o, shrink)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), r.Text())
			if file != "" {
				b, err := r.JSON()
				if err != nil {
					return err
				}
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					return err
				}
				if err := results.WriteFile(file, b); err != nil {
					return err
				}
			}
			if code := r.ExitCode(); code != exitPass {
				return exit{code: code}
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&o.Only, "only", nil, "these `NAMES` alone")
	fs.StringVar(&o.Share, "share", "", "every n-th by name, beginning with the i-th, as `I/N`")
	fs.IntVarP(&o.Jobs, "jobs", "j", 0, "side by side; 0 is one for each core")
	fs.BoolVar(&shrink, "shrink", false, "shrink the run that shows each, and see that what is left passes without it")
	fs.BoolVar(&o.Baseline, "baseline", true, "first see that the unmutated command passes all the runs")
	fs.StringVar(&file, "json", "", "also write the report to `FILE`")
	return cmd
}

// mutantsReport is what both ways of running mutants give.
func mutantsReport(dir string, o search.Options, shrink bool) (r interface {
	Text() string
	JSON() ([]byte, error)
	ExitCode() int
}, err error) {
	if shrink {
		report, err := search.ShrinkMutants(dir, o)
		return &report, err
	}
	report, err := search.Mutants(dir, o)
	return &report, err
}
