package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/scenarios/search/fleet"
)

// sweepDir is where a sweep keeps its history and finds unless --out says otherwise.
const sweepDir = runsDir + "/sweep"

type sweepFlags struct {
	seed            uint64
	runs            int
	span            time.Duration
	jobs, nodes     int
	set             []string
	out, only       string
	fresh, repeat   float64
	resume, history bool
	link            fleet.Link
	replicas, ahead int
}

func newSweep() *cobra.Command {
	f := &sweepFlags{}
	cmd := &cobra.Command{
		Use:   "sweep [NAME|FILE…]",
		Short: "Search for failures: draw situations, mutate those that show something new",
		Long: `sweep runs one situation after another and keeps the plan of each that fails. Without a name every
situation is drawn: which faults, liars, workloads, versions and sizes there are at all. With names
the scenarios are run in turn with seeds of their own. A run that shows something new, by what its
hosts did, is mutated later: faults are added, taken away, moved or stretched, sizes, work and the
network change, or the packets' luck alone.

All draws follow from --seed. A find replays by its plan, or by sweep --only RECIPE without it. Runs
are kept in --out/` + search.HistoryName + ` (SQLite) as they end: the same line goes on where it was
interrupted. A drawn run of which a fault had no effect is counted as invalid and is no failure.

The runs are done by worker processes, served by a NATS JetStream server within this command. With
--nats the server is another, and lgos-sim worker works for it on any number of machines. What is
run and what comes of it is the same with any number of workers.

Exit codes: 0 no find; 1 a failure; 2 interrupted, a find that is no failure, or, in a sweep over
all situations with 200 runs or more, something never seen that must be seen sometimes.`,
		Example: `  lgos-sim sweep --for 10m
  lgos-sim sweep partition-heal crash-storm --seeds 500 --nodes 60 --jobs 2
  lgos-sim sweep --seed 1 --only 17+203
  lgos-sim sweep --for 8h --ahead 256 --nats tls://nats.example:4222 --creds sweep.creds
  lgos-sim sweep --history`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.Uint64Var(&f.seed, "seed", 1, "seed of everything that is drawn")
	fs.IntVar(&f.runs, "seeds", 0, "so many runs in all; 0 is no bound, or 200 without --for")
	fs.DurationVar(&f.span, "for", 0, "begin no run after so much wall clock")
	fs.IntVarP(&f.jobs, "jobs", "j", 0, "worker processes here; 0 is one for each core, or none with --nats")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes; 0 is a drawn number, or the scenario's own")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE` of the scenarios")
	fs.StringVar(&f.out, "out", sweepDir, "`FOLDER` of the history and the finds")
	fs.Float64Var(&f.fresh, "fresh", 0.5, "share of the runs that are drawn anew; the rest are mutants")
	fs.Float64Var(&f.repeat, "repeat", 0.05, "share of the runs that a second process repeats")
	fs.StringVar(&f.only, "only", "", "do the one run of this `RECIPE` and print it")
	fs.BoolVar(&f.resume, "resume", false, "go on with what --out holds, and with nothing else")
	fs.StringVar(&f.link.URL, "nats", "", "do the runs with the workers of the NATS server at this `URL`")
	natsFlags(fs, &f.link)
	fs.IntVar(&f.replicas, "replicas", 1, "servers of the NATS cluster that keep each message")
	fs.IntVar(&f.ahead, "ahead", 0, "runs at work at once at the most, a part of what is drawn; 0 is 32")
	fs.BoolVar(&f.history, "history", false, "print the sweeps of this commit that --out holds")
	return cmd
}

func (f *sweepFlags) run(cmd *cobra.Command, args []string) error {
	p := newPrinter(cmd.OutOrStdout())
	if f.history {
		return f.past(p)
	}
	o, err := f.options(args)
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(search.GCPercent))
	}
	if f.only != "" {
		return f.alone(cmd.Context(), p, &o, args)
	}
	p.Writer = &plainMeter{w: p.Writer} // workers tell of trouble meanwhile
	o.Say = func(what string) { p.row("note    ", what) }
	if o.Crew, err = f.crew(o.Say); err != nil {
		return err
	}
	o.Open = func(k search.SweepKey) error {
		draws := strings.Join(args, " ")
		if len(args) == 0 {
			draws = "drawn situations"
		}
		fmt.Fprintf(p, "sweep of %s · seed %d\n", draws, k.Seed)
		return nil
	}
	o.Again = func(ctx context.Context, r search.Recipe) (string, error) { return f.again(ctx, args, r) }
	o.Found = func(r search.SweepRun) { f.find(p, r, args) }
	told := time.Now()
	o.Tick = func(s search.SweepSummary) {
		if time.Since(told) > 20*time.Second {
			told = time.Now()
			fmt.Fprintf(p, "        %s runs: %s; %s seeds per CPU-hour\n", results.Integer(uint64(s.Runs)), s.TallyText(), short(s.PerCPUHour()))
		}
	}
	s, err := search.Sweep(cmd.Context(), o)
	if err != nil {
		return err
	}
	return f.finish(p, s, args)
}

func (f *sweepFlags) options(args []string) (o search.SweepOptions, err error) {
	switch {
	case f.runs < 0:
		return o, fmt.Errorf("--seeds %d: give a count", f.runs)
	case f.jobs < 0:
		return o, fmt.Errorf("--jobs %d is negative", f.jobs)
	case f.ahead < 0:
		return o, fmt.Errorf("--ahead %d is negative", f.ahead)
	case f.span < 0:
		return o, fmt.Errorf("--for %v: give a time such as 10m", f.span)
	case !(f.fresh >= 0 && f.fresh <= 1) || !(f.repeat >= 0 && f.repeat <= 1):
		return o, fmt.Errorf("--fresh and --repeat are shares in 0..1")
	case f.nodes != 0 && f.nodes < 8:
		return o, fmt.Errorf("--nodes %d: a sweep needs 8 or more", f.nodes)
	}
	o = search.SweepOptions{Fresh: f.fresh, Runs: f.runs, For: f.span, Jobs: f.jobs, Ahead: f.ahead, Out: f.out, Repeat: f.repeat}
	if o.Runs == 0 && o.For == 0 {
		o.Runs = 200
	}
	o.Resume = f.resume
	o.Swarm = search.Swarm{Seed: f.seed, Nodes: f.nodes}
	if o.Set, err = parseSet(f.set); err != nil {
		return o, err
	}
	for _, name := range args {
		s, err := findScenario(name)
		if err != nil {
			return o, err
		}
		text, err := s.YAML()
		if err != nil {
			return o, err
		}
		o.Bases = append(o.Bases, func() (scenarios.Scenario, error) { return scenarios.Parse(name, text) })
	}
	return o, nil
}

// line makes one run of the sweep again.
func (f *sweepFlags) line(args []string, r search.Recipe) []string {
	line := append([]string{"sweep"}, args...)
	line = append(line, "--seed", strconv.FormatUint(f.seed, 10))
	if f.nodes != 0 {
		line = append(line, "--nodes", strconv.Itoa(f.nodes))
	}
	for _, kv := range f.set {
		line = append(line, "--set", kv)
	}
	return append(line, "--only", r.String())
}

// alone does one run and prints it.
func (f *sweepFlags) alone(ctx context.Context, p *printer, o *search.SweepOptions, args []string) error {
	r, err := search.ParseRecipe(f.only)
	if err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	s, set, plain, err := o.Make(r)
	if err != nil {
		return err
	}
	set.Stop = interrupted(ctx)
	set.Limits.MaxEvents = search.SweepEvents
	out, err := search.Do(s, set)
	if err != nil {
		return err
	}
	p.head(fmt.Sprintf("%s seed %d luck %d", s.Name, set.Seed, set.Luck), out.Record.Nodes, "cpu")
	p.run(&out.Record, "lgos-sim "+strings.Join(f.line(args, r), " "))
	g := out.Record.Grade().Outcome
	if g == results.Pass || !plain && (g == results.Invalid || g == results.Vacuous) {
		return nil
	}
	return exit{code: g.ExitCode()}
}

// again does a run in a process of its own and reads its digest.
func (f *sweepFlags) again(ctx context.Context, args []string, r search.Recipe) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, self, f.line(args, r)...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err = c.Run()
	for line := range strings.Lines(said.String()) {
		if digest, ok := strings.CutPrefix(line, "digest  "); ok {
			return strings.TrimSpace(digest), nil
		}
	}
	if err == nil {
		err = errors.New("it gave no digest")
	}
	return "", fmt.Errorf("%w\n%s", err, said.Bytes())
}

// find prints one that is not as it should be, and the lines that replay it.
func (f *sweepFlags) find(p *printer, r search.SweepRun, args []string) {
	fmt.Fprintf(p, "%s run %-5d %s nodes %d  %s\n", p.mark(r.Outcome, 7), r.Number, fmt.Sprintf("%s@%d", r.Scenario, r.Seed), r.Nodes, r.Recipe)
	p.row("        "+r.Checker+": ", r.Why)
	replay := "lgos-sim " + strings.Join(f.line(args, r.Recipe), " ")
	if r.Dir != "" {
		replay = "lgos-sim replay " + filepath.Join(r.Dir, results.PlanName)
	}
	fmt.Fprintln(p, "        replay  "+replay)
}

func (f *sweepFlags) finish(p *printer, s search.SweepSummary, args []string) error {
	if s.Resumed > 0 {
		p.row("resumed ", fmt.Sprintf("%d runs were done before", s.Resumed))
	}
	missing, judged := s.Missing()
	seen := len(s.Moments) - len(missing)
	worst := s.Outcome()
	for _, m := range s.Moments {
		if len(args) == 0 {
			fmt.Fprintf(p, "  seen  %6d  %s\n", m.Seen, m.Name)
		}
	}
	for _, sort := range slices.Sorted(maps.Keys(s.Sorts)) {
		r := s.First[sort]
		p.row(fmt.Sprintf("  find  %6s  ", fmt.Sprintf("×%d", s.Sorts[sort])), fmt.Sprintf("%s; first: lgos-sim %s", sort, strings.Join(f.line(args, r.Recipe), " ")))
	}
	p.row(p.mark(worst, 8), fmt.Sprintf("%s runs: %s", results.Integer(uint64(s.Runs)), s.TallyText()))
	p.row("search  ", fmt.Sprintf("%s features of behaviour, %d runs showed a new one, %d were mutants; %d repeated in a second process", results.Integer(uint64(s.Features)), s.Corpus, s.Mutants, s.Repeated))
	if len(args) == 0 {
		text := fmt.Sprintf("%d of %d declared moments were seen", seen, len(s.Moments))
		switch {
		case len(missing) > 0 && judged:
			text += "; never: " + strings.Join(missing, ", ")
		case len(missing) > 0:
			text += fmt.Sprintf("; the rest is held against the sweep from %d runs on", search.EnoughRuns)
		}
		p.row("moments ", text)
	}
	if n := s.Runs - s.Resumed; n > 0 && s.CPU > 0 {
		outside, observer, pairs := s.Overhead()
		cost := fmt.Sprintf("%s, %d workers, %s of CPU: %s seeds per CPU-hour, %s per hour", results.Span(results.Seconds(s.Wall)), s.Jobs, results.Span(results.Seconds(s.CPU)),
			results.Integer(uint64(s.PerCPUHour())), results.Integer(uint64(float64(n)/s.Wall.Hours())))
		p.row("cost    ", fmt.Sprintf("%s; over bare runs: %.1f %% outside of them, %.1f %% in them (median of %d pairs)", cost, 100*outside, 100*observer, pairs))
	}
	if file := filepath.Join(f.out, search.HistoryName); exists(file) {
		fmt.Fprintln(p, "history "+file)
	}
	switch {
	case s.Interrupted && worst != results.Fail:
		return exit{exitNotGreen, "interrupted: the same line goes on from here"}
	case worst != results.Pass:
		return exit{code: worst.ExitCode()}
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// past prints the sweeps of this commit.
func (f *sweepFlags) past(p *printer) error {
	all, err := search.ReadHistory(f.out)
	if err != nil {
		return err
	}
	commit := search.Commit()
	shown := 0
	for _, s := range all {
		if s.Commit != commit {
			continue
		}
		shown++
		text := fmt.Sprintf("%s  seed %d of %s: %d runs", s.Started.Format(time.DateTime), s.Seed, s.Draws, s.Runs)
		if s.Tally != "" {
			text += ": " + s.Tally
		}
		if s.Features > 0 {
			text += fmt.Sprintf("; %s features", results.Integer(uint64(s.Features)))
		}
		if s.CPU > 0 {
			text += "; " + results.Span(results.Seconds(s.CPU)) + " of CPU"
		}
		p.row("sweep   ", text+"; build "+s.Build)
		for _, sort := range s.Sorts {
			p.row("  find  ", sort)
		}
		if len(s.Unseen) > 0 {
			p.row("  never ", strings.Join(s.Unseen, ", "))
		}
	}
	fmt.Fprintf(p, "%d sweeps of commit %s, %d of others\n", shown, cmp.Or(commit, "unknown"), len(all)-shown)
	return nil
}
