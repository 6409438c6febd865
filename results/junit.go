package results

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// JUnit's elements, as Jenkins, GitLab and GitHub read them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr,omitempty"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitProblem `xml:"failure,omitempty"`
		Error   *junitProblem `xml:"error,omitempty"`
		Skipped *junitSkipped `xml:"skipped,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// Suite is one suite of JUnit: a run, or whatever else was tried as a whole.
type Suite struct {
	Name       string
	Took       Seconds
	Started    string // RFC 3339; empty where it is not known
	Properties []Setting
	Cases      []Case
}

// Case is one that is judged. A fail is a failure; vacuous, unknown and invalid are errors.
type Case struct {
	Class, Name string
	Took        Seconds
	Outcome     Outcome
	Why         string // in a sentence
	Text        string // what helps to understand and repeat it, where it did not pass
	Known       string // not empty: why it does not count although it did not pass; it is told as skipped
}

// SuiteOf makes a suite of a run: a case for each checker, and for the run itself. A failure that the scenario expects is a
// pass.
func SuiteOf(r *Record) Suite {
	s := Suite{Name: r.Name(), Took: r.Cost.Wall, Started: r.Started, Properties: []Setting{
		{Name: "seed", Value: fmt.Sprint(r.Seed)}, {Name: "nodes", Value: fmt.Sprint(r.Nodes)}, {Name: "digest", Value: r.Digest}, {Name: "commit", Value: r.Build.Commit},
		{Name: "go", Value: r.Build.Go + " " + r.Build.Target}, {Name: "device", Value: r.Device.Name}, {Name: "replay", Value: r.Command()},
	}}
	if r.Cut != "" {
		s.Properties = append(s.Properties, Setting{Name: "cut", Value: r.Cut})
	}
	for _, g := range r.Grades() {
		c := Case{Class: "lgos-sim." + r.Scenario, Name: fmt.Sprintf("%s seed %d", g.Name, r.Seed), Outcome: g.Outcome, Why: g.Why, Text: g.Why + "\nreplay: " + r.Command() + "\n"}
		if g.Name == "run" {
			c.Took = s.Took
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

// WriteJUnit writes one suite for each run.
func WriteJUnit(w io.Writer, records []*Record) error {
	var suites []Suite
	for _, r := range records {
		suites = append(suites, SuiteOf(r))
	}
	return WriteSuites(w, suites)
}

// WriteSuites writes suites as JUnit.
func WriteSuites(w io.Writer, suites []Suite) error {
	all := junitSuites{Name: "lgos-sim"}
	var took Seconds
	for i := range suites {
		s := suites[i].junit()
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		took += suites[i].Took
		all.Suites = append(all.Suites, s)
	}
	all.Time = junitTime(took)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *Suite) junit() junitSuite {
	out := junitSuite{Name: s.Name, Tests: len(s.Cases), Time: junitTime(s.Took)}
	for _, p := range s.Properties {
		out.Properties = append(out.Properties, junitProperty{p.Name, p.Value})
	}
	if t, err := time.Parse(time.RFC3339, s.Started); err == nil {
		out.Timestamp = t.UTC().Format("2006-01-02T15:04:05")
	}
	for _, c := range s.Cases {
		j := junitCase{Class: c.Class, Name: c.Name, Time: junitTime(c.Took)}
		problem := &junitProblem{Type: string(c.Outcome), Message: c.Why, Text: c.Text}
		switch {
		case c.Outcome == Pass:
			j.Out = c.Why
		case c.Known != "":
			j.Skipped = &junitSkipped{c.Known}
			j.Out = c.Text
			out.Skipped++
		case c.Outcome == Fail:
			j.Failure = problem
			out.Failures++
		default:
			j.Error = problem
			out.Errors++
		}
		out.Cases = append(out.Cases, j)
	}
	return out
}

func junitTime(d Seconds) string { return fmt.Sprintf("%.3f", time.Duration(d).Seconds()) }
