package search

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// ErrNotFailing is why a run cannot be shrunk: it does not fail, or not as it did before.
var ErrNotFailing = errors.New("nothing to shrink")

// Shrinking says how a run is shrunk. The zero value shrinks its first failure in 200 runs.
type Shrinking struct {
	Context context.Context    // ends it early with the least plan so far; nil never does
	Checker string             // whose failure is to stay; empty is the first
	Was     *results.Record    // the failing run, which must fail the same way again; nil is unknown
	Tries   int                // runs that it may take in all; 0 is 200
	Jobs    int                // runs side by side; 0 is one for each core. The result does not depend on it
	Base    scenarios.Settings // what does not change a digest
	Say     func(Step)         // told of each step
}

// Step is how far shrinking has come.
type Step struct {
	Doing string
	Tries int
	Size  Size
}

// Size is how much happens in a plan.
type Size struct {
	Hosts    int     `json:"hosts"`
	Liars    int     `json:"liars"`
	Entries  int     `json:"entries"`  // scripts and windows
	Windows  int     `json:"windows"`  // of faults
	Requests int     `json:"requests"` // that scripts say when to make
	Virtual  float64 `json:"virtual_s"`
}

// Shrunk is what is left of a failing plan.
type Shrunk struct {
	Kind    string  `json:"kind"`
	Before  Size    `json:"before"`
	After   Size    `json:"after"`
	Tries   int     `json:"tries"`  // runs whose verdict was needed
	Ahead   int     `json:"ahead"`  // runs begun ahead by jobs side by side, in vain
	Cached  int     `json:"cached"` // verdicts that were known
	Spent   bool    `json:"spent"`  // the budget or the user ended it: smaller plans may fail
	Lucks   int     `json:"lucks"`  // under which it was run again
	Failing int     `json:"failing"`
	Took    float64 `json:"took_s"`

	Plan   *scenarios.PlanFile `json:"-"`
	Record *results.Record     `json:"-"` // of the run of Plan
}

// Fragile tells whether the plan passes, or fails in another way, under some other luck of its packets.
func (s *Shrunk) Fragile() bool { return s.Failing < s.Lucks || s.Lucks < lucks }

// lucks is under how many fresh perturbation seeds a plan must fail; wobble is the least jitter with which it does, so that
// a network without luck of its own has some.
const (
	lucks      = 3
	wobble     = 0.2
	shrinkRuns = 200
)

// shrinker holds the least plan that fails so far.
type shrinker struct {
	o       Shrinking
	kind    Kind
	cur     *scenarios.PlanFile
	bound   uint64 // events of a try
	fails   func(ctx context.Context, p *scenarios.PlanFile) bool
	runs    map[[32]byte]*try
	needed  map[[32]byte]bool // tries that were counted
	out     Shrunk
	doing   string
	pending int
	named   []sim.HostID // by the failure
}

// try is one run of a candidate, perhaps still under way.
type try struct {
	done   chan struct{}
	cancel context.CancelFunc
	held   bool
}

// Shrink cuts a failing plan down while the same checker fails for the same kind of reason.
func Shrink(p *scenarios.PlanFile, o Shrinking) (*Shrunk, error) {
	started := time.Now()
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Tries == 0 {
		o.Tries = shrinkRuns
	}
	if o.Tries < lucks+3 {
		return nil, fmt.Errorf("%d tries are too few: %d see that the run fails, and %d whether what is left is fragile", o.Tries, 2, lucks)
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	s := &shrinker{o: o, runs: map[[32]byte]*try{}, needed: map[[32]byte]bool{}}
	s.fails = s.holds
	r, err := s.whole(o.Context, p, "")
	if err != nil {
		return nil, err
	}
	if err := s.choose(r); err != nil {
		return nil, err
	}
	s.bound = max(4*r.Events, 1<<20)
	s.out.Tries, s.out.Kind, s.out.Before = 1, s.kind.String(), sizeOf(p)
	if !s.adopt("see that it fails again", p) {
		if o.Context.Err() != nil {
			return nil, fmt.Errorf("%w: interrupted", ErrNotFailing)
		}
		return nil, fmt.Errorf("%w: carried out again, it does not fail by %s", ErrNotFailing, s.kind)
	}
	s.passes()
	s.perturb()
	if s.out.Record, err = s.whole(context.Background(), s.cur, ""); err != nil {
		return nil, err
	}
	s.out.Tries++
	s.out.Plan = s.excused()
	s.out.Took = time.Since(started).Round(time.Millisecond).Seconds()
	return &s.out, nil
}

// choose finds the failure that must stay.
func (s *shrinker) choose(r *results.Record) error {
	all := Failures(r)
	if s.o.Checker != "" {
		all = slices.DeleteFunc(all, func(k Kind) bool { return k.Checker != s.o.Checker })
	}
	switch {
	case s.o.Context.Err() != nil:
		return fmt.Errorf("%w: interrupted", ErrNotFailing)
	case len(all) == 0 && s.o.Checker != "":
		return fmt.Errorf("%w: %s does not fail; %s", ErrNotFailing, s.o.Checker, r.Why)
	case len(all) == 0:
		return fmt.Errorf("%w: the run does not fail: %s", ErrNotFailing, r.Why)
	}
	s.kind = all[0]
	s.named = namedIn(r.Why)
	if v, ok := r.Verdict(s.kind.Checker); ok {
		s.named = namedIn(v.Why)
	}
	if s.o.Was != nil && !slices.Contains(Failures(s.o.Was), s.kind) {
		return fmt.Errorf("%w: the record says %q, and now it is %q", ErrNotFailing, s.o.Was.Why, r.Why)
	}
	return nil
}

// whole carries a plan out and gives its record. A panic of the simulator is a failure like one of a node.
func (s *shrinker) whole(ctx context.Context, p *scenarios.PlanFile, enough string) (r *results.Record, err error) {
	defer func() {
		if x := recover(); x != nil {
			why := fmt.Sprintf("the simulator panicked at once: %v", x)
			r = &results.Record{Outcome: results.Fail, Why: why, Broke: why}
		}
	}()
	set := s.o.Base
	set.Enough, set.Limits.MaxEvents, set.Progress = enough, s.bound, nil
	set.Stop = func() string {
		if ctx.Err() != nil {
			return "interrupted"
		}
		return ""
	}
	o, err := p.Run(set)
	if err != nil {
		return nil, err
	}
	return &o.Record, nil
}

// adopt tries one candidate and keeps it where the run still fails.
func (s *shrinker) adopt(doing string, p *scenarios.PlanFile) bool {
	_, ok := s.first(doing, []*scenarios.PlanFile{p})
	return ok
}

// first tries candidates, so many at a time, and keeps the first in their order that still fails, whichever is done first.
func (s *shrinker) first(doing string, list []*scenarios.PlanFile) (int, bool) {
	s.doing = doing
	keys := make([][32]byte, len(list))
	for i, p := range list {
		if p != nil {
			keys[i] = keyOf(p)
		}
	}
	known := func(i int) bool {
		t := s.runs[keys[i]]
		return t != nil && s.needed[keys[i]]
	}
	for i, p := range list {
		if p == nil || s.cur != nil && keys[i] == keyOf(s.cur) {
			continue
		}
		if s.over() && !known(i) {
			s.out.Spent = true
			s.drop(keys[i:])
			return -1, false
		}
		for k := i; k < len(list) && s.pending < s.o.Jobs; k++ {
			if list[k] != nil {
				s.begin(keys[k], list[k])
			}
		}
		t := s.runs[keys[i]]
		<-t.done
		if !s.needed[keys[i]] {
			s.needed[keys[i]] = true
			s.pending--
			s.out.Tries++
		} else {
			s.out.Cached++
		}
		if t.held {
			s.drop(keys[i+1:])
			s.cur, s.out.After = p, sizeOf(p)
			s.say()
			return i, true
		}
		s.say()
	}
	return -1, false
}

// begin runs a candidate unless its verdict is known.
func (s *shrinker) begin(key [32]byte, p *scenarios.PlanFile) {
	if s.runs[key] != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.o.Context)
	t := &try{done: make(chan struct{}), cancel: cancel}
	s.runs[key] = t
	s.pending++
	go func() {
		defer close(t.done)
		defer cancel()
		t.held = s.fails(ctx, p)
	}()
}

// drop forgets runs begun ahead that nobody needs now.
func (s *shrinker) drop(keys [][32]byte) {
	for _, k := range keys {
		if t := s.runs[k]; t != nil && !s.needed[k] {
			t.cancel()
			<-t.done
			delete(s.runs, k)
			s.pending--
			s.out.Ahead++
		}
	}
}

// holds tells whether a plan fails for the same kind of reason.
func (s *shrinker) holds(ctx context.Context, p *scenarios.PlanFile) bool {
	r, err := s.whole(ctx, p, s.kind.Checker)
	return err == nil && ctx.Err() == nil && slices.Contains(Failures(r), s.kind)
}

// over tells whether the budget is spent. Runs are kept back to look at what is left.
func (s *shrinker) over() bool {
	return s.out.Tries >= s.o.Tries-lucks-1 || s.o.Context.Err() != nil
}

func (s *shrinker) say() {
	if s.o.Say != nil {
		s.o.Say(Step{s.doing, s.out.Tries, s.out.After})
	}
}

// perturb runs what is left under other lucks, side by side.
func (s *shrinker) perturb() {
	s.doing = "run it under other luck"
	s.say()
	held := make([]bool, lucks)
	parallel(lucks, s.o.Jobs, func(i int) {
		p := *s.cur
		p.Settings.Luck ^= uint64(i+1) << 32
		p.Scenario.Network.Jitter = max(p.Scenario.Network.Jitter, wobble)
		held[i] = s.holds(s.o.Context, &p)
	})
	if s.o.Context.Err() != nil {
		return
	}
	s.out.Lucks, s.out.Tries = lucks, s.out.Tries+lucks
	for _, h := range held {
		if h {
			s.out.Failing++
		}
	}
}

// keyOf is the hash of a plan's canonical text.
func keyOf(p *scenarios.PlanFile) [32]byte {
	b, err := p.Bytes()
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(b)
}

// Comment says in lines of YAML what the plan is.
func (s *Shrunk) Comment(of string) string {
	var b strings.Builder
	say := func(text string) {
		var lines strings.Builder
		wrap(&lines, "# ", text)
		b.WriteString(lines.String())
	}
	say(fmt.Sprintf("Shrunk from %s: %s.", of, strings.TrimRight(s.Kind, ".")))
	switch {
	case s.Lucks == 0:
		say("It was not run under other luck of the network.")
	case s.Fragile():
		say(fmt.Sprintf("Fragile: it fails under %d of %d other lucks of the network.", s.Failing, s.Lucks))
	default:
		say(fmt.Sprintf("It fails under each of %d other lucks of the network too.", s.Lucks))
	}
	return b.String()
}

// Bytes is the plan as a file holds it.
func (s *Shrunk) Bytes(of string) ([]byte, error) {
	b, err := s.Plan.Bytes()
	return append([]byte(s.Comment(of)), b...), err
}

// requests counts what a script says when to ask.
func requests(sc *sim.Script) (n int) {
	for _, a := range sc.Args {
		switch a.Name {
		case "times":
			n += len(strings.Fields(a.Value))
		case "opens":
			if a.Value == "1" {
				n++
			}
		}
	}
	return n
}

// JSON is what was done, as a file holds it.
func (s *Shrunk) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

func (z Size) String() string {
	return fmt.Sprintf("%d hosts (%d liars), %d entries (%d windows), %d requests, %s virtual", z.Hosts, z.Liars, z.Entries, z.Windows, z.Requests, results.Span(results.Seconds(z.Virtual*1e9)))
}

// Effort says what it took.
func (s *Shrunk) Effort() string {
	text := fmt.Sprintf("%d runs, %d more were begun ahead, %d verdicts were known, %.1f s", s.Tries, s.Ahead, s.Cached, s.Took)
	if s.Spent {
		text += "; it ended before nothing more could go"
	}
	return text
}

// Luck says how the plan fares where its packets have other luck.
func (s *Shrunk) Luck() string {
	if s.Lucks == 0 {
		return "not run under other luck of the network"
	}
	return fmt.Sprintf("fails under %d of %d other lucks of the network", s.Failing, s.Lucks)
}
