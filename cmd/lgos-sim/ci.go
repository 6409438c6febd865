package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/scenarios/search/ci"
)

// ciDir is where ci leaves what it found unless --out says otherwise.
const ciDir = runsDir + "/ci"

// ciBudget bounds a ci that was given no bound.
const ciBudget = 10 * time.Minute

type ciFlags struct {
	ci.Options
	plans, known, annotations string
}

func newCI() *cobra.Command {
	f := &ciFlags{}
	cmd := &cobra.Command{
		Use:   "ci [NAME|FILE…]",
		Short: "Check a commit within a budget: kept plans, every scenario, more seeds, a sweep",
		Long: `ci replays the plans that once failed and runs every scenario at a small size. Half of what is left
of the budget goes to rounds of all scenarios with other seeds (under --seeds as many runs as the
sweep has, at most), half to a sweep. All seeds follow from the commit. With names these scenarios
stand for all, in the sweep too, without rounds. Each distinct failure, by its checker and kind of
reason, is shrunk and explained at once, in 30 % of the budget that are kept for it; then the search
goes on.

OUT holds ` + ci.JUnitName + `, ` + ci.SummaryName + `, GitLab's ` + ci.QualityName + `, and of each find in
finds/NAME the plan, its record, the story and explain.html. In GitHub Actions finds are printed as
annotations, and the summary is added to $GITHUB_STEP_SUMMARY.

--known FILE is a YAML list of {scenario, seeds, checker, reason, expiry}: such failures do not
count up to the day of the expiry. An entry whose runs pass is told as a warning.

With --seeds and no --budget nothing depends on the clock: the same commit gives the same finds.
Exit codes: 0 no find; 1 a failure; 2 interrupted, a budget too short for all plans and scenarios,
or a find that is no failure; 3 usage or set-up.`,
		Example: `  lgos-sim ci --budget 10m --commit $(git rev-parse HEAD)
  lgos-sim ci --seeds 100 --commit 3c2042c --known known-failures.yaml
  lgos-sim ci partition-heal mine.yaml --budget 2m --commit 3c2042c`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.Commit, "commit", "", "`SHA` that seeds everything, by 7 of its digits (default: the build's)")
	fs.DurationVar(&f.Budget, "budget", 0, "wall clock for everything (default 10m, or none with --seeds)")
	fs.IntVar(&f.Runs, "seeds", 0, "so many runs of the sweep; 0 is no bound but the budget's")
	fs.IntVarP(&f.Jobs, "jobs", "j", 0, "runs side by side; 0 is one for each core")
	fs.IntVar(&f.Nodes, "nodes", 0, "nodes of scenarios and sweep; 0 is at most 60, and a drawn number")
	fs.StringVar(&f.Out, "out", ciDir, "`FOLDER` of what is left, instead of the last")
	fs.StringVar(&f.plans, "plans", "", "replay the plans of `FOLDER` instead of the kept ones")
	fs.StringVar(&f.known, "known", "", "`FILE` of known failures")
	fs.Float64Var(&f.Repeat, "repeat", 0.05, "share of the sweep's runs that a second process repeats")
	fs.StringVar(&f.annotations, "annotations", "auto", "`github`, none, or auto: as $GITHUB_ACTIONS says")
	return cmd
}

func (f *ciFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.options(args); err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(search.GCPercent))
	}
	p := newPrinter(cmd.OutOrStdout())
	sweep := func(seed uint64) *sweepFlags { return &sweepFlags{seed: seed, nodes: f.sweepNodes()} }
	f.Context = cmd.Context()
	f.Again = func(ctx context.Context, seed uint64, r search.Recipe) (string, error) {
		return sweep(seed).again(ctx, args, r)
	}
	f.Line = func(seed uint64, r search.Recipe) string {
		return "lgos-sim " + strings.Join(sweep(seed).line(args, r), " ")
	}
	f.Phase = func(r *ci.Report, what string) {
		if len(r.Plans) == 0 && len(r.Scenarios) == 0 {
			fmt.Fprintf(p, "ci of commit %s · seed %d\n", r.Commit, r.Seed)
		}
		fmt.Fprintf(p, "  %s…\n", what)
	}
	f.Tell = func(find *ci.Find) { io.WriteString(p, find.Text()) }
	f.Say = func(what string) { p.row("note    ", what) }
	r, err := ci.Run(f.Options)
	if err != nil {
		return err
	}
	if err := r.Write(f.Out); err != nil {
		return err
	}
	if err := f.publish(p, r); err != nil {
		return err
	}
	fmt.Fprint(p, r.Text())
	fmt.Fprintln(p, "summary "+filepath.Join(f.Out, ci.SummaryName))
	switch o := r.Outcome(); {
	case r.Interrupted:
		return exit{o.ExitCode(), "interrupted: what was done until then is in " + f.Out}
	case o != results.Pass:
		return exit{code: o.ExitCode()}
	}
	return nil
}

// sweepNodes is the size of what is swept; 0 is a drawn number.
func (f *ciFlags) sweepNodes() int {
	if f.Own {
		return cmp.Or(f.Nodes, ci.SmallNodes)
	}
	return f.Nodes
}

// options reads what the flags name.
func (f *ciFlags) options(args []string) error {
	if f.Commit == "" {
		if f.Commit = scenarios.Build().Commit; f.Commit == "" {
			return fmt.Errorf("--commit: this build does not know its own: give one, as in --commit $(git rev-parse HEAD)")
		}
	}
	if f.Budget == 0 && f.Runs == 0 {
		f.Budget = ciBudget
	}
	if !(f.Repeat >= 0 && f.Repeat <= 1) {
		return fmt.Errorf("--repeat is a share in 0..1")
	}
	if !slices.Contains([]string{"auto", "github", "none"}, f.annotations) {
		return fmt.Errorf("--annotations %s: it is auto, github or none", f.annotations)
	}
	if f.annotations == "auto" && os.Getenv("GITHUB_ACTIONS") == "true" {
		f.annotations = "github"
	}
	for _, name := range args {
		s, err := findScenario(name)
		if err != nil {
			return err
		}
		f.Scenarios = append(f.Scenarios, ci.Source{Arg: name, Scenario: s})
	}
	if f.Own = len(args) > 0; !f.Own {
		for _, s := range scenarios.All() {
			f.Scenarios = append(f.Scenarios, ci.Source{Arg: s.Name, Scenario: s})
		}
	}
	var err error
	if f.Plans, err = ci.ReadPlans(f.plans); err != nil {
		return err
	}
	f.Today = time.Now()
	if f.known != "" {
		f.Known, err = ci.ReadKnown(f.known, f.Names(), ci.Judges())
	}
	return err
}

// publish tells the system that runs this.
func (f *ciFlags) publish(w io.Writer, r *ci.Report) error {
	if f.annotations == "github" {
		for _, a := range r.Annotations() {
			fmt.Fprintln(w, a.GitHub())
		}
	}
	file := os.Getenv("GITHUB_STEP_SUMMARY")
	if file == "" {
		return nil
	}
	s, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("$GITHUB_STEP_SUMMARY: %w", err)
	}
	_, err = s.WriteString(r.Markdown())
	return cmp.Or(err, s.Close())
}
