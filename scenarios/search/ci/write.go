package ci

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// What is left in the folder beside the finds.
const (
	JUnitName   = "junit.xml"
	SummaryName = "summary.md"
	QualityName = "gl-code-quality-report.json" // as GitLab's own jobs call it
)

// Write leaves JUnit, the summary and GitLab's report in a folder.
func (r *Report) Write(dir string) error {
	var b bytes.Buffer
	if err := results.WriteSuites(&b, r.suites()); err != nil {
		return err
	}
	quality, err := r.quality()
	if err != nil {
		return err
	}
	return errors.Join(
		results.WriteFile(filepath.Join(dir, JUnitName), b.Bytes()),
		results.WriteFile(filepath.Join(dir, QualityName), quality),
		results.WriteFile(filepath.Join(dir, SummaryName), []byte(r.Markdown())),
	)
}

// suites are JUnit's: one for each kept plan and scenario, one for the rounds and one for the sweep.
func (r *Report) suites() (all []results.Suite) {
	for i := range r.Plans {
		s := r.Plans[i].suite()
		s.Name = r.Plans[i].File
		all = append(all, s)
	}
	for i := range r.Scenarios {
		all = append(all, r.Scenarios[i].suite())
	}
	if len(r.Rounds) > 0 {
		text := phaseText(r.Rounds)
		all = append(all, r.searchSuite("rounds", roundsPhase, results.Case{Outcome: results.Pass, Why: text, Text: text + "\n"}))
	}
	if r.Swept {
		took := results.Seconds(r.Sweep.Wall)
		all = append(all, r.searchSuite("sweep", sweepPhase, results.Case{Took: took, Outcome: r.sweepOutcome(), Why: r.SweepText(), Text: r.SweepText() + "\n"}))
	}
	return all
}

func (run *Trial) suite() results.Suite {
	if run.Record == nil {
		return results.Suite{Name: run.Name, Cases: []results.Case{{Class: "lgos-sim." + run.Scenario, Name: "run", Outcome: run.Outcome, Why: run.Why, Text: run.Why + "\n" + run.Line + "\n"}}}
	}
	s := results.SuiteOf(run.Record)
	grades := run.Record.Grades()
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Known = run.Known[grades[i].Name]
		if c.Known == "" && grades[i].Name == "run" && run.Excused() { // a failure that no checker owns
			c.Known = strings.Join(sortedValues(run.Known), "; ")
		}
		if c.Outcome == results.Pass {
			continue
		}
		c.Text = c.Why + "\nreplay: " + run.Line + "\n"
		if f := run.Find; f != nil && c.Known == "" {
			c.Text += "\n" + f.Text()
		}
	}
	return s
}

// searchSuite has a case for each find of a phase, and one for the phase itself.
func (r *Report) searchSuite(name, phase string, whole results.Case) results.Suite {
	s := results.Suite{Name: name, Took: whole.Took}
	whole.Class, whole.Name = "lgos-sim."+name, name
	for _, f := range r.Finds {
		if f.Phase == phase {
			s.Cases = append(s.Cases, results.Case{Class: whole.Class, Name: f.Name, Outcome: f.Outcome, Why: f.Kind.Checker + ": " + f.Why, Text: f.Text()})
		}
	}
	s.Cases = append(s.Cases, whole)
	return s
}

// Text is the end of it for people who read a terminal; finds were told before.
func (r *Report) Text() string {
	var b strings.Builder
	for _, list := range [][]Trial{r.Plans, r.Scenarios} {
		for i := range list {
			if t := &list[i]; t.Outcome != results.Pass && !t.Excused() && !t.wasCut() {
				b.WriteString(results.Row(fmt.Sprintf("  %-7s ", t.Outcome), t.Name+": "+t.Why))
			}
		}
	}
	b.WriteString(results.Row("plans   ", phaseText(r.Plans)))
	b.WriteString(results.Row("runs    ", fmt.Sprintf("of scenarios, %d nodes at most: %s", r.Nodes, phaseText(r.Scenarios))))
	if len(r.Rounds) > 0 {
		b.WriteString(results.Row("rounds  ", "of scenarios, with other seeds: "+phaseText(r.Rounds)))
	}
	if r.Swept {
		b.WriteString(results.Row("sweep   ", r.SweepText()))
	}
	for i := range r.Known {
		f := &r.Known[i]
		b.WriteString(results.Row("known   ", fmt.Sprintf("%s:%d: %s of %s: %s", f.Known.File, f.Known.Line, f.Known.Checker, f.Known.Scenario, f)))
	}
	for _, l := range r.Left {
		b.WriteString(results.Row("undone  ", l))
	}
	b.WriteString(results.Row(fmt.Sprintf("%-8s", r.Outcome()), fmt.Sprintf("%d distinct failures; %s, %s of CPU", len(r.Finds)+r.Untold, results.Span(results.Seconds(r.Took)), results.Span(results.Seconds(r.CPU)))))
	return b.String()
}

// SweepText says in a sentence what the sweep came to.
func (r *Report) SweepText() string {
	text := fmt.Sprintf("%s runs: %s; %s features of behaviour", results.Integer(r.Sweep.Runs), r.Sweep.TallyText(), results.Integer(r.Sweep.Features))
	if r.Sweep.Runs == 0 {
		text = "no run"
	}
	if r.Sweep.Repeated > 0 {
		text += fmt.Sprintf("; %d repeated in a second process", r.Sweep.Repeated)
	}
	if missing, judged := r.Sweep.Missing(); judged && len(missing) > 0 {
		text += "; never seen: " + strings.Join(missing, ", ")
	}
	return text
}

// phaseText says in a sentence what a list of runs came to.
func phaseText(list []Trial) string {
	tally := map[string]int{}
	var parts []string
	for i := range list {
		tally[list[i].word()]++
	}
	for _, w := range []string{"as expected", "known", "vacuous", "unknown", "invalid", "fail", wordCut} {
		if n := tally[w]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(list), strings.Join(parts, ", "))
}

const wordCut = "cut or not begun"

// word is what a run came to.
func (run *Trial) word() string {
	switch {
	case run.Outcome == results.Pass:
		return "as expected"
	case run.Excused():
		return "known"
	case run.wasCut():
		return wordCut
	}
	return string(run.Outcome)
}

func (run *Trial) wasCut() bool {
	return run.Outcome == results.Unknown && slices.Contains([]string{cutInterrupted, cutBudget, cutShare}, run.Why)
}

func sortedValues(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
