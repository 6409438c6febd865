package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// runsDir is where records go unless --out says otherwise.
const runsDir = "results/runs"

// runFlags are what run takes.
type runFlags struct {
	seed, luck        uint64
	seeds, out, junit string
	nodes, jobs       int
	set               []string
	device            string
	maxWall           time.Duration
	maxEvents         uint64
	maxMem            string
	record            []string
	all, poison       bool
}

func newRun() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run NAME|FILE…",
		Short: "Run scenarios over one seed or many, and leave records",
		Long: `Run scenarios over one seed or many, and leave records. NAME@SEED has a seed of its own, NAME:NODES
a size.

One run leaves its record, plan and report in --out. Several leave them in --out/NAME-SEED, one
report of all in --out, and a line for each in --out/index.txt, where lines of earlier runs stay.`,
		Example: `  lgos-sim run partition-heal --nodes 1000 --seed 7
  lgos-sim run --all --seeds 1..50 --nodes 60 --jobs 2 --junit junit.xml
  lgos-sim run two-writers --set trace=../data/friendsforever.json.gz`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.Uint64Var(&f.seed, "seed", 1, "seed of everything that is drawn")
	fs.Uint64Var(&f.luck, "luck", 0, "perturb the packets' delays and losses alone; 0 is the seed's own luck")
	fs.StringVar(&f.seeds, "seeds", "", "run every seed of `A..B`")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes; 0 is the scenario's own number")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE` of the scenario; describe lists the keys")
	fs.IntVarP(&f.jobs, "jobs", "j", 0, "runs side by side; 0 is one for each core")
	fs.StringVar(&f.out, "out", "", "`FOLDER` for record, plan and report (default "+runsDir+"/NAME-SEED)")
	fs.StringVar(&f.junit, "junit", "", "write JUnit to `FILE`")
	fs.StringVar(&f.device, "device", "auto", "what computes jobs: cpu, webgpu or auto")
	fs.DurationVar(&f.maxWall, "max-wall", 0, "end a run as unknown after so much wall clock")
	fs.Uint64Var(&f.maxEvents, "max-events", 0, "end a run as unknown after so many events")
	fs.StringVar(&f.maxMem, "max-mem", "", "end a run as unknown when its heap outgrows `SIZE`, as in 2GB")
	fs.StringSliceVar(&f.record, "record", nil, "keep the inputs of these `HOSTS`, as in 3,7-9, to replay them alone")
	fs.BoolVar(&f.all, "all", false, "run every scenario")
	fs.BoolVar(&f.poison, "poison", false, "overwrite containers after use, to find who keeps them")
	return cmd
}

// job is one run to do.
type job struct {
	scenario scenarios.Scenario
	seed     uint64
	nodes    int    // 0 is --nodes
	file     string // where the scenario came from; empty for one of the list
}

// done is one run done.
type done struct {
	record  *results.Record
	dir     string
	replay  string
	err     error
	skipped bool
}

func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	jobs, err := f.plan(args)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(args, func(arg string) bool { return !ownSeed(arg) }) && !f.all {
		for _, flag := range []string{"seed", "seeds"} {
			if cmd.Flags().Changed(flag) {
				return fmt.Errorf("%s has a seed of its own: leave --%s away", args[0], flag)
			}
		}
	}
	if f.jobs < 0 {
		return fmt.Errorf("--jobs %d is negative", f.jobs)
	}
	set, err := f.settings()
	if err != nil {
		return err
	}
	several := len(jobs) > 1
	out := f.out
	if out == "" {
		out = runsDir
		if !several {
			out = filepath.Join(runsDir, fmt.Sprintf("%s-%d", jobs[0].scenario.Name, jobs[0].seed))
		}
	}
	set.Stop = interrupted(cmd.Context())
	every := 5 * time.Second
	if several {
		every = 0
	}
	m := newMeter(cmd.OutOrStdout(), every)
	p := newPrinter(cmd.OutOrStdout())
	p.Writer = m
	if !several {
		set.Ready = func(nodes int) {
			p.head(fmt.Sprintf("%s seed %d", jobs[0].scenario.Name, jobs[0].seed), nodes, f.device)
		}
	}
	ends := f.sweep(cmd.Context(), jobs, set, m, func(j job, o *scenarios.Outcome) done { return f.save(j, o, out, several) }, func(d done) {
		if several && d.record != nil {
			p.line(d.record, d.replay)
		}
	})
	m.Close()
	return f.finish(p, ends, out, several)
}

// plan lists the runs: every scenario with every seed.
func (f *runFlags) plan(args []string) ([]job, error) {
	first, last := f.seed, f.seed
	if f.seeds != "" {
		a, b, ok := strings.Cut(f.seeds, "..")
		var errA, errB error
		first, errA = strconv.ParseUint(a, 10, 64)
		last, errB = strconv.ParseUint(b, 10, 64)
		if !ok || errA != nil || errB != nil || last < first || last-first >= 1e6 {
			return nil, fmt.Errorf("--seeds %s: write A..B with A ≤ B, as in 1..50", f.seeds)
		}
	}
	var jobs []job
	if f.all {
		if len(args) > 0 {
			return nil, fmt.Errorf("--all and %s exclude each other", args[0])
		}
		for _, s := range scenarios.All() {
			args = append(args, s.Name)
		}
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("run what? Give a scenario's name or file, or --all; lgos-sim list names them")
	}
	for _, arg := range args {
		a, b := first, last
		name, nodes := splitNodes(arg)
		name, seed, own := splitSeed(name)
		if own {
			a, b = seed, seed
		}
		s, err := findScenario(name)
		if err != nil {
			return nil, err
		}
		j := job{scenario: s, nodes: nodes}
		if _, listed := scenarios.Find(name); !listed {
			j.file = name
		}
		for seed := a; ; seed++ {
			j.seed = seed
			jobs = append(jobs, j)
			if seed == b {
				break
			}
		}
	}
	return jobs, nil
}

func (f *runFlags) settings() (scenarios.Settings, error) {
	set := scenarios.Settings{Luck: f.luck, Nodes: f.nodes, Device: f.device, Poison: f.poison, Limits: scenarios.Limits{MaxWall: f.maxWall, MaxEvents: f.maxEvents}}
	var err error
	if set.Set, err = parseSet(f.set); err != nil {
		return set, err
	}
	if f.maxMem != "" {
		if set.Limits.MaxMem, err = parseSize(f.maxMem); err != nil {
			return set, fmt.Errorf("--max-mem %s: %w", f.maxMem, err)
		}
	}
	return set, nil
}

func parseSet(pairs []string) (map[string]string, error) {
	set := map[string]string{}
	for _, kv := range pairs {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("--set %s: write KEY=VALUE", kv)
		}
		if old, twice := set[k]; twice {
			return nil, fmt.Errorf("--set %s is given twice, as %s and %s", k, old, v)
		}
		set[k] = v
	}
	return set, nil
}

// parseSize reads 500MB, 2GB, 2GiB or plain bytes.
func parseSize(s string) (int64, error) {
	text, factor := strings.TrimSuffix(strings.ToUpper(s), "B"), 1.0
	for _, unit := range []struct {
		name   string
		factor float64
	}{{"KI", 1 << 10}, {"MI", 1 << 20}, {"GI", 1 << 30}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}} {
		if rest, ok := strings.CutSuffix(text, unit.name); ok {
			text, factor = rest, unit.factor
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n*factor > 1<<60 {
		return 0, fmt.Errorf("write a size such as 500MB, 2GB or 2GiB")
	}
	return int64(n * factor), nil
}

// interrupted gives the reason to stop once the user has asked for it.
func interrupted(ctx context.Context) func() string {
	return func() string {
		if ctx.Err() != nil {
			return "interrupted"
		}
		return ""
	}
}

// sweep does the jobs, so many at a time, and hands each to say in the order of the list. A mistake in a scenario or a
// setting ends the sweep; what was begun is finished.
func (f *runFlags) sweep(ctx context.Context, jobs []job, set scenarios.Settings, m meter, save func(job, *scenarios.Outcome) done, say func(done)) []done {
	workers := f.jobs
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, len(jobs))
	set.Alone = workers == 1
	ends := make([]done, len(jobs))
	var mu sync.Mutex
	next, said, stop := 0, 0, false
	ready := make([]bool, len(jobs))
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				skip := stop || ctx.Err() != nil
				mu.Unlock()
				if i >= len(jobs) {
					return
				}
				d := done{skipped: skip}
				if !skip {
					d = f.one(jobs[i], set, m, save)
				}
				mu.Lock()
				ends[i], ready[i] = d, true
				stop = stop || d.err != nil
				for said < len(jobs) && ready[said] {
					say(ends[said])
					said++
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return ends
}

func (f *runFlags) one(j job, set scenarios.Settings, m meter, save func(job, *scenarios.Outcome) done) (d done) {
	defer func() {
		if r := recover(); r != nil {
			d = done{err: fmt.Errorf("%s@%d: the simulator itself panicked: %v\n%s", j.scenario.Name, j.seed, r, debug.Stack())}
		}
	}()
	update, end := m.Start(fmt.Sprintf("%s@%d", j.scenario.Name, j.seed))
	defer end()
	set.Seed, set.Progress, set.Set = j.seed, update, maps.Clone(set.Set)
	set.Nodes = cmp.Or(j.nodes, set.Nodes)
	var err error
	if set.Record, err = scenarios.ParseHosts("--record", f.record, cmp.Or(set.Nodes, j.scenario.Nodes)); err != nil {
		return done{err: err}
	}
	o, err := scenarios.Run(j.scenario, set)
	if err != nil {
		return done{err: err}
	}
	return save(j, o)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
