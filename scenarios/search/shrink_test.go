package search

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestMinimizeLaws: of a monotone test, what is left passes it, no single element of it can go, and it is a part of what there was.
func TestMinimizeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		var needs [][]int // any of which is enough
		for range rapid.IntRange(1, 3).Draw(t, "causes") {
			need := []int{}
			if n > 0 {
				need = rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 6), rapid.ID[int]).Draw(t, "cause")
			}
			needs = append(needs, need)
		}
		holds := func(part []int) bool {
			return slices.ContainsFunc(needs, func(need []int) bool {
				return !slices.ContainsFunc(need, func(i int) bool { return !slices.Contains(part, i) })
			})
		}
		tried, budget := 0, rapid.SampledFrom([]int{5, 1 << 30}).Draw(t, "budget")
		first := func(parts [][]int) (int, bool) {
			for i, part := range parts {
				if tried++; tried > budget {
					return -1, false
				}
				if holds(part) {
					return i, true
				}
			}
			return -1, true
		}
		left := minimize(n, first)
		if !holds(left) || !slices.IsSorted(left) || len(slices.Compact(slices.Clone(left))) != len(left) {
			t.Fatalf("%v of %d with causes %v", left, n, needs)
		}
		for i := range left {
			if tried <= budget && holds(slices.Delete(slices.Clone(left), i, i+1)) {
				t.Fatalf("%v of %d with causes %v: %d can go", left, n, needs, left[i])
			}
		}
	})
}

// TestShrinkerMinimizes: where no large part of a plan fails by itself, smaller parts are left out, until nothing can go or the
// runs are spent.
func TestShrinkerMinimizes(t *testing.T) {
	need := []sim.HostID{4, 18, 30}
	for _, c := range []struct {
		tries, left int
	}{{1000, len(need)}, {8, 32}} {
		p := &scenarios.PlanFile{}
		for h := range sim.HostID(32) {
			p.Plan.Scripts = append(p.Plan.Scripts, sim.Script{Host: h + 1, Kind: "chat"})
		}
		s := &shrinker{o: Shrinking{Context: t.Context(), Tries: c.tries, Jobs: 2}, cur: p, runs: map[[32]byte]*try{}, needed: map[[32]byte]bool{}}
		s.fails = func(_ context.Context, p *scenarios.PlanFile) bool {
			return !slices.ContainsFunc(need, func(h sim.HostID) bool {
				return !slices.ContainsFunc(p.Plan.Scripts, func(s sim.Script) bool { return s.Host == h })
			})
		}
		if s.minimize("leave out entries", len(p.Plan.Scripts), entries); len(s.cur.Plan.Scripts) != c.left || s.out.Spent != (c.tries < 1000) {
			t.Errorf("in %d runs %d entries are left, spent %t", c.tries, len(s.cur.Plan.Scripts), s.out.Spent)
		}
	}
}

// TestExcused: what is left of a plan asks for a share of durable requests only where that is what fails.
func TestExcused(t *testing.T) {
	for checker, want := range map[string]float64{"durability": 0.8, "compute": noShare} {
		s := &shrinker{kind: Kind{Checker: checker}, cur: &scenarios.PlanFile{Scenario: scenarios.Scenario{Durable: 0.8}}}
		s.out.Record = &results.Record{}
		if got := s.excused().Scenario.Durable; got != want {
			t.Errorf("%s: a share of %v is asked for, want %v", checker, got, want)
		}
	}
}

func TestAbstract(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"host 3 holds operation 9f31a2c4d001 (chat.send), which was invented: host 3 was not asked for it (request 4294967297)",
			"host 41 holds operation 000011112222 (graph.set), which was invented: host 7 was not asked for it (request 9)"},
		{"4 of 12 requests of undisturbed hosts became durable within 1.25s, 33.33 %; at least 100 % must (and 2 more)",
			"0 of 1 requests of undisturbed hosts became durable within 900ms, 0.00 %; at least 80 % must"},
		{"the accepted output of prefixsum.u32 is wrong: 64 and 64 bytes", "the accepted output of chat.classify is wrong: 8 and 1 bytes"},
		{"host 3 panicked at 1.5s/3/44: index out of range [5] with length 5", "host 4 panicked at 1m1.5s/30/4: index out of range [7] with length 1"},
	} {
		if abstract(c.a) != abstract(c.b) {
			t.Errorf("these are of one kind:\n%s\n%s", abstract(c.a), abstract(c.b))
		}
	}
	for _, c := range []struct{ a, b string }{
		{"host 3 admitted operation 9f31a2c4d001, which the rules refuse: role: its author is guest in its past",
			"host 3 admitted operation 9f31a2c4d001, which the rules refuse: clock: its clock is 4, its causes say 5"},
		{"hosts 3 and 4 hold the same 5 operations of space 9f31a2c4d001 and differ in what is void", "host 3 does not list the void operations of space 9f31a2c4d001 in order"},
	} {
		if abstract(c.a) == abstract(c.b) {
			t.Errorf("these are of two kinds: %s", abstract(c.a))
		}
	}
}

// forgetful is a node with a bug.
type forgetful struct {
	sim.Process
	asked int
}

// Step loses every third request of its user.
func (f *forgetful) Step(now step.Now, in step.Input, out *step.Effects) {
	if _, ok := in.(*step.Request); ok {
		if f.asked++; f.asked%3 == 0 {
			return
		}
	}
	f.Process.Step(now, in, out)
}

// planted is a run with a bug: the nodes of every fifth host lose every third request.
func planted(t *testing.T, scenario string, changes map[string]string) (*scenarios.PlanFile, scenarios.Settings) {
	t.Helper()
	set := scenarios.Settings{Seed: 1, Nodes: 12, Set: changes, Seat: func(h sim.HostID, s sim.Seat) sim.Seat {
		if inner := s.New; h%5 == 0 && s.Liar == "" {
			s.New = func(life uint32) sim.Process { return &forgetful{Process: inner(life)} }
		}
		return s
	}}
	s, _ := scenarios.Find(scenario)
	p, err := scenarios.NewPlan(s, set)
	if err != nil {
		t.Fatal(err)
	}
	return p, scenarios.Settings{Seat: set.Seat}
}

// TestShrinkPlanted: a bug is cut down to the host that has it, who is the same however many runs are side by side, and the
// plan that is left is a file that fails as it did, and passes without the bug.
func TestShrinkPlanted(t *testing.T) {
	p, base := planted(t, "crash-storm", nil)
	var texts []string
	for _, jobs := range []int{1, 4} {
		s, err := Shrink(p, Shrinking{Base: base, Jobs: jobs, Checker: "delivery"})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s\nbefore %s\nafter  %s\n%s; %s", s.Kind, s.Before, s.After, s.Effort(), s.Luck())
		if s.After.Entries > 2 || s.After.Hosts > 3 || s.After.Windows > 0 || s.After.Requests > 4 || s.Tries > 200 || s.Spent || s.Fragile() {
			t.Errorf("%d jobs leave %s after %s; %s", jobs, s.After, s.Effort(), s.Luck())
		}
		b, err := s.Bytes("planted")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
		again, err := scenarios.ReadPlan("shrunk", b)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			set  scenarios.Settings
			want results.Outcome
		}{{base, results.Fail}, {scenarios.Settings{}, results.Pass}} {
			o, err := again.Run(c.set)
			if err != nil {
				t.Fatal(err)
			}
			if o.Record.Outcome != c.want || c.want == results.Fail && Failures(&o.Record)[0].String() != s.Kind {
				t.Errorf("the plan that is left ends as %s: %s; want %s", o.Record.Outcome, o.Record.Why, c.want)
			}
		}
	}
	if texts[0] != texts[1] {
		t.Errorf("1 and 4 jobs leave different plans:\n%s\n%s", texts[0], texts[1])
	}
}

// TestShrinkEndsEarly: a small budget and an interruption leave a plan that still fails; a run that passes, one that fails
// otherwise than its record says, and a checker that is content are told apart from it.
func TestShrinkEndsEarly(t *testing.T) {
	p, base := planted(t, "calm-day", map[string]string{"duration": "5s", "operations": "20"})
	s, err := Shrink(p, Shrinking{Base: base, Tries: 12, Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Spent || s.Tries > 12 || s.After.Hosts > s.Before.Hosts || len(Failures(s.Record)) == 0 {
		t.Errorf("a budget of 12: %s; %s", s.After, s.Effort())
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err = Shrink(p, Shrinking{Base: base, Jobs: 2, Context: ctx, Say: func(s Step) {
		if s.Tries == 8 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Spent || s.Lucks != 0 || len(Failures(s.Record)) == 0 {
		t.Errorf("interrupted: %s; %s", s.After, s.Effort())
	}
	soon, stop := context.WithCancel(t.Context())
	seats, second := 0, base
	second.Seat = func(h sim.HostID, seat sim.Seat) sim.Seat {
		if seats++; seats > p.Settings.Nodes {
			stop()
		}
		return base.Seat(h, seat)
	}
	if _, err := Shrink(p, Shrinking{Base: second, Jobs: 1, Context: soon}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("interrupted while it is carried out again: %v", err)
	}
	was := &results.Record{Outcome: results.Fail, Why: "policy: bad", Verdicts: []results.Verdict{{Checker: "policy", Outcome: results.Fail, Why: "bad"}}}
	for _, c := range []struct {
		o    Shrinking
		want string
	}{
		{Shrinking{}, "the run does not fail"},
		{Shrinking{Base: base, Checker: "compute"}, "compute does not fail"},
		{Shrinking{Base: base, Was: was}, "the record says"},
		{Shrinking{Base: base, Tries: 3}, "too few"},
	} {
		if _, err := Shrink(p, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
