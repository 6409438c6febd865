package results

import (
	"fmt"
	"slices"
	"strings"
)

// Grade is what a run, or one checker in it, comes to once the scenario's expectations are weighed in.
type Grade struct {
	Name    string  // the checker, or "run" for the run itself
	Outcome Outcome // Pass where it is as expected; Fail and the rest where it is not
	Why     string
}

// Grades returns one grade for each verdict and a last one for the run: what decided beyond the checkers. Where a scenario
// expects a checker to fail, failing is its pass and passing its failure; a vacuous verdict that is waived passes.
func (r *Record) Grades() []Grade {
	var out []Grade
	worst := Pass
	for _, v := range r.Verdicts {
		g := Grade{Name: v.Checker, Outcome: v.Outcome, Why: v.Why}
		switch {
		case r.expects(v.Checker) && v.Outcome == Fail:
			g.Outcome, g.Why = Pass, "expected to fail, and it did: "+v.Why
		case r.expects(v.Checker):
			g.Why = fmt.Sprintf("expected to fail, but says %s: %s", v.Outcome, v.Why)
			if v.Outcome == Pass {
				g.Outcome = Fail
			}
		case v.Outcome == Vacuous && v.Waived != "":
			g.Outcome, g.Why = Pass, "nothing to look at, waived: "+v.Waived
		}
		worst = Worse(worst, v.Outcome)
		out = append(out, g)
	}
	run := Grade{Name: "run", Outcome: Pass, Why: r.Why}
	switch {
	case r.Outcome == Invalid || r.Outcome == Unknown:
		run.Outcome = r.Outcome
	case r.Broke != "" || r.Outcome != Pass && Worse(worst, r.Outcome) != worst:
		run.Outcome = r.Outcome // something that no checker owns, and that no scenario can expect
	case len(r.Verdicts) == 0:
		run.Outcome, run.Why = Vacuous, "no checker looked at it"
	}
	for _, e := range r.Expect {
		checker := strings.TrimPrefix(e, "fail ")
		if !slices.ContainsFunc(r.Verdicts, func(v Verdict) bool { return v.Checker == checker }) {
			run.Outcome, run.Why = Worse(run.Outcome, Vacuous), fmt.Sprintf("expected %q, but no checker of that name spoke", e)
		}
	}
	return append(out, run)
}

// Grade is the worst of Grades: Pass tells that the run went as its scenario expects. Of a run that was cut short it is
// the run's own, since its checkers know no more, and so of one in which an invariant broke.
func (r *Record) Grade() Grade {
	out, grades := Grade{Name: "run", Outcome: Pass, Why: r.Why}, r.Grades()
	if r.Broke != "" {
		return grades[len(grades)-1]
	}
	for _, g := range grades {
		if Worse(out.Outcome, g.Outcome) != out.Outcome || r.Cut != "" && g.Outcome == Unknown && out.Outcome == Unknown {
			out = g
		}
	}
	return out
}

// ExitCode is 0 for as expected, 1 for a failure, 2 for vacuous, unknown or invalid.
func (o Outcome) ExitCode() int {
	switch o {
	case Pass:
		return 0
	case Fail:
		return 1
	}
	return 2
}

func (r *Record) expects(checker string) bool { return slices.Contains(r.Expect, "fail "+checker) }
