package explain

import (
	"fmt"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Text is the report for people who read a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	v := &r.Verdict
	b.WriteString(results.Row("fails   ", fmt.Sprintf("%s: %s", v.Checker, v.Why)))
	for _, w := range r.faults {
		b.WriteString(results.Row("fault   ", fmt.Sprintf("%s from %s to %s: %s", w.kind, clock(w.begin), clock(w.end), w.text)))
	}
	for i, l := range r.Story {
		who := fmt.Sprintf("host %d", l.Host)
		if l.Host == 0 {
			who = "the run"
		}
		text := l.Text
		if l.Lacks {
			text += "  <- the first thing missing"
		} else if l.Wrong {
			text += "  <- the first wrong step"
		}
		if l.End {
			text = "is where " + v.Checker + " fails the run"
		}
		b.WriteString(results.Row(fmt.Sprintf("%2d %12s  %-9s ", i+1, clock(l.At), who), text))
	}
	past := r.past() + fmt.Sprintf(" (the whole trace: %s)", results.Bytes(uint64(r.Memory)))
	b.WriteString(results.Row("trace   ", past))
	if d := r.Differ; d != nil {
		b.WriteString(results.Row("differ  ", fmt.Sprintf("first at %s: %s", clock(d.At), d.How)))
		for _, o := range d.Orders {
			b.WriteString(results.Row("        ", o))
		}
	}
	if r.Luck != nil {
		b.WriteString(results.Row("luck    ", r.Luck.String()))
	}
	if r.Without != nil {
		for i, line := range r.Without.Lines() {
			b.WriteString(results.Row([]string{"without ", "        "}[min(i, 1)], line))
		}
	}
	return b.String()
}

// past says how much of the run is the story's past.
func (r *Report) past() string {
	switch {
	case r.Past == 0:
		return "no step at one host went wrong first: something never happened"
	case r.missing:
		return fmt.Sprintf("%d of %d steps happened before the one that something is missing after", r.Past, r.Steps)
	}
	return fmt.Sprintf("%d of %d steps happened before the first wrong one; these tell why", r.Past, r.Steps)
}
