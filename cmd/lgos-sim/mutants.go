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
	var shrink, auto bool
	var o search.Options
	var a search.AutoOptions
	cmd := &cobra.Command{
		Use:   "mutants DIR | mutants --auto PACKAGE…",
		Short: "Plant known bugs, one at a time, and see that the predicted checker catches each",
		Long: "Plants the bugs that the files of a folder describe, one at a time, runs the scenario of each, and sees that the predicted\n" +
			"checker catches it and that those which must be silent are. With --auto, edits packages of the module (node/op …) by the\n" +
			"operators of gremlins instead: a seeded sample of each, judged by the package's unit tests, then by scenarios.",
		Example: "  lgos-sim mutants checkers/mutants --share 3/13 --against checkers/mutants/detections.json\n" +
			"  lgos-sim mutants --auto node/op node/crdt --sample 200 --seed 1 --score 85",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMutants(cmd, args, auto, o, a); err != nil {
				return err
			}
			o.Context = cmd.Context()
			if isTerminal(cmd.ErrOrStderr()) {
				o.Say = func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "… "+what) }
			}
			var r report
			var err error
			if auto {
				a.Context, a.Jobs, a.Say = o.Context, o.Jobs, o.Say
				var x search.AutoReport
				x, err = search.AutoMutants(args, a)
				r = &x
			} else {
				r, err = mutantsReport(args[0], o, shrink)
			}
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
	fs.StringVar(&o.Against, "against", "", "compare with the detections that `FILE` keeps: fail where one is missing")
	fs.StringVar(&o.Keep, "keep", "", "keep the detections in `FILE`, if all are killed")
	fs.StringVar(&file, "json", "", "also write the report to `FILE`")
	fs.BoolVar(&auto, "auto", false, "edit packages by operators, instead of what files describe")
	fs.IntVar(&a.Sample, "sample", 200, "with --auto: `N` edits a package, or all if there are fewer")
	fs.Uint64Var(&a.Seed, "seed", 1, "with --auto: which edits are drawn")
	fs.IntVar(&a.Seeds, "seeds", 2, "with --auto: run every scenario at seeds 1..`N`")
	fs.Float64Var(&a.Score, "score", 100, "with --auto: fail where less `PERCENT` of a package's edits are noticed")
	fs.BoolVar(&a.SkipTests, "skip-tests", false, "with --auto: judge by the scenarios alone")
	fs.BoolVar(&a.DryRun, "dry-run", false, "with --auto: print the edits that are drawn, and judge nothing")
	fs.StringVar(&a.Explained, "explained", "", "with --auto: a `FILE` that says of edits why nobody can see them")
	fs.StringVar(&a.History, "history", "results/runs/mutants/auto.jsonl", "with --auto: a `FILE` of fates: what is in it is not judged again")
	return cmd
}

// checkMutants says what of the arguments and flags is of no use.
func checkMutants(cmd *cobra.Command, args []string, auto bool, o search.Options, a search.AutoOptions) error {
	of := map[bool][]string{
		true:  {"only", "share", "shrink", "baseline", "against", "keep"},
		false: {"sample", "seed", "seeds", "score", "skip-tests", "dry-run", "explained", "history"},
	}
	for _, name := range of[auto] {
		if cmd.Flags().Changed(name) && auto {
			return fmt.Errorf("--%s is of no use with --auto", name)
		} else if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s needs --auto", name)
		}
	}
	switch info, err := os.Stat(args[0]); {
	case o.Jobs < 0:
		return fmt.Errorf("--jobs %d is negative", o.Jobs)
	case auto && a.Sample < 1:
		return fmt.Errorf("--sample %d: draw at least 1", a.Sample)
	case auto && (a.Seeds < 1 || a.Seeds > 100):
		return fmt.Errorf("--seeds %d is not in 1..100", a.Seeds)
	case auto && !(a.Score >= 0 && a.Score <= 100):
		return fmt.Errorf("--score %v is not in 0..100", a.Score)
	case !auto && len(args) > 1:
		return fmt.Errorf("%q is one folder too many; packages need --auto", args[1])
	case !auto && (err != nil || !info.IsDir()):
		return fmt.Errorf("there is no folder %q", args[0])
	}
	return nil
}

// report is what every way of running mutants gives.
type report interface {
	Text() string
	JSON() ([]byte, error)
	ExitCode() int
}

// mutantsReport runs or shrinks the mutants of a folder.
func mutantsReport(dir string, o search.Options, shrink bool) (report, error) {
	if shrink {
		report, err := search.ShrinkMutants(dir, o)
		return &report, err
	}
	report, err := search.Mutants(dir, o)
	return &report, err
}
