package results

import (
	"bytes"
	"encoding/xml"
	"os"
	"testing"
)

func TestGrades(t *testing.T) {
	verdict := func(o Outcome, waived string) Verdict {
		return Verdict{Checker: "compute", Outcome: o, Why: "w", Waived: waived}
	}
	expect := []string{"fail compute"}
	for _, c := range []struct {
		name   string
		record Record
		want   Outcome
		code   int
	}{
		{"passes", Record{Outcome: Pass, Verdicts: []Verdict{verdict(Pass, "")}}, Pass, 0},
		{"fails", Record{Outcome: Fail, Verdicts: []Verdict{verdict(Fail, "")}}, Fail, 1},
		{"fails as expected", Record{Outcome: Fail, Expect: expect, Verdicts: []Verdict{verdict(Fail, "")}}, Pass, 0},
		{"passes though it must fail", Record{Outcome: Pass, Expect: expect, Verdicts: []Verdict{verdict(Pass, "")}}, Fail, 1},
		{"looks at nothing though it must fail", Record{Outcome: Vacuous, Expect: expect, Verdicts: []Verdict{verdict(Vacuous, "")}}, Vacuous, 2},
		{"another fails too", Record{Outcome: Fail, Expect: expect, Verdicts: []Verdict{verdict(Fail, ""), {Checker: "policy", Outcome: Fail}}}, Fail, 1},
		{"the expected checker is missing", Record{Outcome: Pass, Expect: expect, Verdicts: []Verdict{{Checker: "policy", Outcome: Pass}}}, Vacuous, 2},
		{"vacuous", Record{Outcome: Vacuous, Verdicts: []Verdict{verdict(Vacuous, "")}}, Vacuous, 2},
		{"vacuous, waived", Record{Outcome: Pass, Verdicts: []Verdict{verdict(Vacuous, "no tasks here")}}, Pass, 0},
		{"cut short", Record{Outcome: Unknown, Verdicts: []Verdict{verdict(Pass, "")}}, Unknown, 2},
		{"an inert fault", Record{Outcome: Invalid, Verdicts: []Verdict{verdict(Pass, "")}}, Invalid, 2},
		{"an inert fault beside an expected failure", Record{Outcome: Invalid, Expect: expect, Verdicts: []Verdict{verdict(Fail, "")}}, Invalid, 2},
		{"a panic that no checker owns", Record{Outcome: Fail, Verdicts: []Verdict{verdict(Pass, "")}}, Fail, 1},
		{"a panic beside an expected failure", Record{Outcome: Fail, Broke: "a panic", Expect: expect, Verdicts: []Verdict{verdict(Fail, "")}}, Fail, 1},
		{"no checker", Record{Outcome: Pass}, Vacuous, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if g := c.record.Grade(); g.Outcome != c.want || g.Outcome.ExitCode() != c.code {
				t.Errorf("graded %s (exit %d), want %s (exit %d)", g.Outcome, g.Outcome.ExitCode(), c.want, c.code)
			}
			if n := len(c.record.Grades()); n != len(c.record.Verdicts)+1 {
				t.Errorf("%d grades for %d verdicts", n, len(c.record.Verdicts))
			}
		})
	}
}

func TestJUnit(t *testing.T) {
	cut := sample()
	cut.Seed, cut.Outcome, cut.Why, cut.Cut = 9, Unknown, "stopped after 1m0s of wall clock; busiest were host 17 and packets of class push", "stopped after 1m0s of wall clock; busiest were host 17 and packets of class push"
	cut.Verdicts[3].Why = "a tab \x07 and <&> in its reason"
	var b bytes.Buffer
	if err := WriteJUnit(&b, []*Record{sample(), failing(), canary(), cut}); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Tests != 24 || back.Failures != 1 || back.Errors != 2 || len(back.Suites) != 4 {
		t.Errorf("%d tests, %d failures, %d errors in %d suites", back.Tests, back.Failures, back.Errors, len(back.Suites))
	}
	const golden = "testdata/junit.xml"
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("JUnit differs from %s; if it should, run go test ./results -update", golden)
	}
}
