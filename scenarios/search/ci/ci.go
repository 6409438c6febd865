// Package ci is what a machine does with each commit: it replays the plans that once failed, runs every scenario, and with what
// is left of its budget runs them again with other seeds, and sweeps. Each distinct failure is cut down, explained and told
// once, in the forms that CI systems read.
package ci

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// Options say what is done. All that is drawn follows from Commit; with no Budget, so does all that happens.
type Options struct {
	Context   context.Context // ends it early, as unknown; nil never does
	Commit    string          // 7 to 64 hexadecimal digits, of which 7 count
	Budget    time.Duration   // of wall clock, for everything; 0 is no bound
	Runs      int             // of the sweep, and about as many of rounds of scenarios; 0 is no bound but the budget's
	Jobs      int             // runs side by side; 0 is one for each core
	Nodes     int             // of scenarios and of what the sweep draws; 0: at most 60, and a drawn number
	Out       string          // folder of what is left
	Plans     []Plan
	Scenarios []Source
	Own       bool // the sweep runs Scenarios instead of drawn situations
	Known     []Known
	Today     time.Time // expiries are held against it

	// What a sweep is given, see search.SweepOptions: the share of runs that Again does once more in another process, and the
	// line that makes a run of it again.
	Repeat float64
	Again  func(ctx context.Context, seed uint64, r search.Recipe) (digest string, err error)
	Line   func(seed uint64, r search.Recipe) string

	Phase func(*Report, string) // told what is begun
	Tell  func(*Find)           // told of each find once it is dealt with
	Say   func(string)          // told what is done without
}

// Plan is one that once failed.
type Plan struct {
	File string
	Text []byte
}

// Source is a scenario and what the command line calls it.
type Source struct {
	Arg      string
	Scenario scenarios.Scenario
}

// Report is what came of it.
type Report struct {
	Commit      string
	Seed        uint64
	Budget      time.Duration
	Plans       []Trial
	Scenarios   []Trial
	Rounds      []Trial // the scenarios over, with other seeds: what they came to alone
	Nodes       int     // of the scenarios at most
	Sweep       search.SweepSummary
	Swept       bool
	Excused     int // runs of the sweep that failed as is known
	Finds       []*Find
	Untold      int      // distinct failures beyond maxFinds
	Known       []Fate   // what became of each entry
	Left        []string // what was not done, and why
	Interrupted bool
	Took, CPU   time.Duration
}

// SmallNodes is the size at which scenarios are run unless told otherwise: all of them are meant to pass there.
const SmallNodes = 60

// runner is one at work.
type runner struct {
	Options
	ctx    context.Context
	time   *budget
	cpu    time.Duration
	began  int // runs begun in all
	seen   map[search.Kind]*Find
	report Report
	fates  []Fate
}

// ReadPlans reads the plans of a folder; without one, those that the build keeps.
func ReadPlans(dir string) (list []Plan, err error) {
	if dir == "" {
		files, plans, err := scenarios.Kept()
		for _, file := range files {
			list = append(list, Plan{file, plans[file]})
		}
		return list, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("--plans %s: it holds no *.yaml", dir)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		list = append(list, Plan{file, text})
	}
	return list, err
}

// Names are what entries of known failures may name.
func (o *Options) Names() []string {
	names := []string{drawnName}
	for _, s := range o.Scenarios {
		names = append(names, s.Scenario.Name)
	}
	for _, p := range o.Plans {
		names = append(names, planName(p.File))
	}
	return names
}

func planName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

// Judges are what may be named as a checker: those, and what else a run may fail by.
func Judges() []string {
	return append(search.Judges(), search.Ledger, search.Panic, "determinism", "run")
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// Seed is what is drawn from a commit: of its abbreviations too.
func Seed(commit string) (uint64, error) {
	if !hexadecimal.MatchString(strings.ToLower(commit)) {
		return 0, fmt.Errorf("%q is no commit: give 7 to 64 hexadecimal digits, as git rev-parse HEAD prints them", commit)
	}
	sum := sha256.Sum256([]byte("lgos-sim ci " + strings.ToLower(commit[:7])))
	return binary.BigEndian.Uint64(sum[:])>>12 + 1, nil // every reader of JSON and SQL keeps it exactly
}

// Run does it all. An error is a mistake in the options or the set-up; whatever fails in the runs is in the report.
func Run(o Options) (*Report, error) {
	seed, err := Seed(o.Commit)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if err := clearOut(o.Out); err != nil {
		return nil, err
	}
	r := &runner{Options: o, ctx: o.Context, time: newBudget(o.Budget), cpu: scenarios.CPUTime(), seen: map[search.Kind]*Find{}}
	r.report = Report{Commit: o.Commit, Seed: seed, Budget: o.Budget, Nodes: cmp.Or(o.Nodes, SmallNodes)}
	for i := range o.Known {
		r.fates = append(r.fates, Fate{Known: &o.Known[i], Expired: o.Known[i].Expired(o.Today)})
	}
	for _, step := range []func() error{r.plans, r.scenarios, r.rounds, r.sweep} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p := &r.report
	p.Known = r.fates
	p.Interrupted = r.ctx.Err() != nil
	p.Took, p.CPU = time.Since(r.time.began).Round(time.Millisecond), (scenarios.CPUTime() - r.cpu).Round(time.Millisecond)
	return p, nil
}

func (o *Options) check() error {
	switch {
	case o.Budget < 0 || o.Budget > 0 && o.Budget < 10*time.Second:
		return fmt.Errorf("--budget %v: give 10s or more", o.Budget)
	case o.Runs < 0:
		return fmt.Errorf("--seeds %d: give a count", o.Runs)
	case o.Budget == 0 && o.Runs == 0:
		return fmt.Errorf("--budget or --seeds must bound the sweep")
	case o.Jobs < 0:
		return fmt.Errorf("--jobs %d is negative", o.Jobs)
	case o.Nodes != 0 && o.Nodes < 8:
		return fmt.Errorf("--nodes %d: scenarios and sweeps need 8 or more", o.Nodes)
	case o.Out == "":
		return fmt.Errorf("--out: name a folder")
	}
	return nil
}

// Outcome is the worst of all. What was interrupted or not begun is unknown.
func (r *Report) Outcome() results.Outcome {
	worst := results.Pass
	for _, list := range [][]Trial{r.Plans, r.Scenarios} {
		for i := range list {
			if o := list[i].Outcome; !list[i].Excused() {
				worst = results.Worse(worst, o)
			}
		}
	}
	for _, f := range r.Finds {
		worst = results.Worse(worst, f.Outcome)
	}
	if r.Swept {
		worst = results.Worse(worst, r.sweepOutcome())
	}
	if r.Interrupted || len(r.Left) > 0 {
		worst = results.Worse(worst, results.Unknown)
	}
	return worst
}

// sweepOutcome is the sweep's own beside its finds: one that ran nothing, or never showed what it must, looked at too little.
func (r *Report) sweepOutcome() results.Outcome {
	missing, judged := r.Sweep.Missing()
	if r.Sweep.Runs == 0 || judged && len(missing) > 0 || r.Sweep.Tally[results.Pass] == 0 && r.Excused == 0 && len(r.Finds) == 0 {
		return results.Vacuous
	}
	return results.Pass
}

// clearOut makes the folder and takes away what an earlier ci left in it, so that nothing old is taken for a find.
func clearOut(dir string) error {
	list, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	own := len(list) == 0
	for _, e := range list {
		own = own || e.Name() == SummaryName
	}
	if !own {
		return fmt.Errorf("--out %s: it holds files and no %s of an earlier ci: name a new or empty folder", dir, SummaryName)
	}
	for _, name := range []string{findsName, JUnitName, QualityName, SummaryName} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
