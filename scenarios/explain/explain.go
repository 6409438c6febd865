// Package explain says why a run failed: the shortest causal story from the fault and the request to the violation, the
// first moment at which two honest states differed, from when on the failure was likely, and what one fault has to do
// with it. It carries the run out again and again and judges nothing: what is wrong is what the checkers call so.
package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Options of Run.
type Options struct {
	Checker string             // explain this one's violation; empty is the earliest
	Moments int                // from which the rest of the run is given another luck; 0 leaves likelihood out
	Tries   int                // lucks a moment
	Jobs    int                // runs side by side; 0 is one a core
	Without string             // a fault, KIND or KIND#N, to leave out of a second run; empty is none
	Set     scenarios.Settings // limits, device and stop of every run
	Say     func(string)       // told, in one line, what is done
}

// ErrNothing is wrapped by what Run returns where no checker failed.
var ErrNothing = errors.New("there is nothing to explain")

// Report is what was found out.
type Report struct {
	Record   *results.Record
	Verdict  results.Verdict
	Story    []Line
	Steps    int // of the whole trace
	Past     int // of them that happened before the first wrong step
	Memory   int // bytes that the trace took
	Differ   *Differ
	Luck     *Likelihood
	Without  *Difference
	faults   []window
	narrowed bool
	missing  bool // something is, rather than that a step is wrong
}

// explainer is a run that is carried out again and again.
type explainer struct {
	opts Options
	plan *scenarios.PlanFile
	rec  *results.Record
	view sim.View // as the run left it
}

// Run explains a run, given what carries it out for the first time.
func Run(first func(scenarios.Settings) (*scenarios.Outcome, error), opts Options) (*Report, error) {
	if opts.Say == nil {
		opts.Say = func(string) {}
	}
	x := &explainer{opts: opts}
	opts.Say("the run, with its trace")
	t := newTrace(&subject{})
	set := opts.Set
	set.Observe = t
	o, err := first(set)
	if err != nil {
		return nil, err
	}
	x.rec, x.view = &o.Record, o.World
	v, err := x.choose()
	if err != nil {
		return nil, err
	}
	if x.plan, err = scenarios.ReadPlan("plan", o.Plan); err != nil {
		return nil, err
	}
	if opts.Without != "" { // a fault of another name is found out before anything long begins
		if _, err := x.cut(opts.Without); err != nil {
			return nil, err
		}
	}
	r := &Report{Record: x.rec, Verdict: *v, Steps: len(t.steps)}
	s := read(v)
	s.resolve(t, x.view)
	wrong, err := x.narrow(r, s, t)
	if err != nil {
		return nil, err
	}
	if strings.Contains(s.why, " became durable") {
		s.pick(t, x)
	} else if (s.lacking() || s.tardy()) && len(s.hosts) > 0 {
		s.watch = s.hosts[0]
	}
	if s.known() {
		opts.Say("the run, with what concerns " + s.checker + "'s first violation")
		r.Memory = t.size()
		t = newTrace(s)
		if _, err := x.again(t, nil, nil); err != nil {
			return nil, err
		}
	}
	r.Memory = max(r.Memory, t.size())
	x.tell(r, s, t, wrong)
	if opts.Moments > 0 {
		if r.Luck, err = x.likelihood(v.Checker, s.at); err != nil {
			return nil, err
		}
	}
	if opts.Without != "" {
		if r.Without, err = x.without(opts.Without); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// panicChecker stands for the checker where a process broke an invariant.
const panicChecker = "panic"

// choose picks the violation to explain: the earliest, or that of the checker asked for.
func (x *explainer) choose() (*results.Verdict, error) {
	var failed []string
	for i := range x.rec.Verdicts {
		if v := &x.rec.Verdicts[i]; v.Outcome == results.Fail {
			failed = append(failed, v.Checker)
		}
	}
	switch best := x.earliest(x.rec); {
	case best != nil:
		return best, nil
	case x.opts.Checker != "" && len(failed) > 0:
		return nil, fmt.Errorf("--checker %s did not fail; those that did: %s", x.opts.Checker, strings.Join(failed, ", "))
	}
	return nil, fmt.Errorf("%w: the run is %s: %s", ErrNothing, x.rec.Outcome, x.rec.Why)
}

// panicked is the violation of a process that panicked: in an event of its own, or when a checker asked it.
func panicked(r *results.Record) *results.Verdict {
	_, rest, ok := strings.Cut(r.Broke, " panicked at ")
	if !ok {
		return nil
	}
	v := &results.Verdict{Checker: panicChecker, Outcome: results.Fail, Why: r.Broke, At: r.Virtual}
	if event, _, _ := strings.Cut(rest, ": "); !strings.Contains(event, " ") {
		v.Event = event
	}
	return v
}

// earliest is the first violation of a run: a panic, which ends it, or of several at one instant that of the checker that looks
// nearest at the cause.
func (x *explainer) earliest(r *results.Record) (best *results.Verdict) {
	near := func(checker string) int {
		return slices.Index([]string{"policy", "compute", "durability", "delivery"}, checker) & 0xff
	}
	if v := panicked(r); v != nil && (x.opts.Checker == "" || x.opts.Checker == panicChecker) {
		return v
	}
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if v.Outcome != results.Fail || x.opts.Checker != "" && x.opts.Checker != v.Checker {
			continue
		}
		if best == nil || v.At < best.At || v.At == best.At && near(v.Checker) < near(best.Checker) {
			best = v
		}
	}
	return best
}

// again carries the plan out again, with other samples or another luck from an instant on.
func (x *explainer) again(observe sim.Checker, samples []time.Duration, luck *sim.Perturb) (*scenarios.Outcome, error) {
	p := *x.plan
	if samples != nil {
		p.Plan.Samples = samples
	}
	set := x.opts.Set
	set.Observe, set.LuckAt = observe, luck
	o, err := p.Run(set)
	if err == nil && o.Record.Cut != "" && x.rec.Cut == "" && !strings.Contains(o.Record.Cut, "invariant") {
		return nil, fmt.Errorf("a run was cut short: %s", o.Record.Cut)
	}
	return o, err
}

// violation is what a checker says of a run, nil where it does not fail.
func violation(r *results.Record, checker string) *results.Verdict {
	if checker == panicChecker {
		return panicked(r)
	}
	i := slices.IndexFunc(r.Verdicts, func(v results.Verdict) bool { return v.Checker == checker && v.Outcome == results.Fail })
	if i < 0 {
		return nil
	}
	return &r.Verdicts[i]
}
