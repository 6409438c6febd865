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
		Out     string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes one suite for each run and one case for each checker, and for the run itself. A fail is a failure;
// vacuous, unknown and invalid are errors; a failure that the scenario expects is a pass.
func WriteJUnit(w io.Writer, records []*Record) error {
	all := junitSuites{Name: "lgos-sim"}
	var wall time.Duration
	for _, r := range records {
		s := suite(r)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		wall += time.Duration(r.Cost.Wall)
		all.Suites = append(all.Suites, s)
	}
	all.Time = junitTime(wall)
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

func suite(r *Record) junitSuite {
	s := junitSuite{Name: r.Name(), Time: junitTime(time.Duration(r.Cost.Wall)), Properties: []junitProperty{
		{"seed", fmt.Sprint(r.Seed)}, {"nodes", fmt.Sprint(r.Nodes)}, {"digest", r.Digest}, {"commit", r.Build.Commit},
		{"go", r.Build.Go + " " + r.Build.Target}, {"device", r.Device.Name}, {"replay", r.Command()},
	}}
	if r.Cut != "" {
		s.Properties = append(s.Properties, junitProperty{"cut", r.Cut})
	}
	if t, err := time.Parse(time.RFC3339, r.Started); err == nil {
		s.Timestamp = t.UTC().Format("2006-01-02T15:04:05")
	}
	for _, g := range r.Grades() {
		c := junitCase{Class: "lgos-sim." + r.Scenario, Name: fmt.Sprintf("%s seed %d", g.Name, r.Seed), Time: "0.000"}
		if g.Name == "run" {
			c.Time = s.Time
		}
		problem := &junitProblem{Type: string(g.Outcome), Message: g.Why, Text: g.Why + "\nreplay: " + r.Command() + "\n"}
		switch g.Outcome {
		case Pass:
			c.Out = g.Why
		case Fail:
			c.Failure = problem
			s.Failures++
		default:
			c.Error = problem
			s.Errors++
		}
		s.Cases = append(s.Cases, c)
	}
	s.Tests = len(s.Cases)
	return s
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
