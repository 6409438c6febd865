package explain

import (
	"fmt"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// columns is the width of the text.
const columns = 100

// Text is the report for people who read a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	v := &r.Verdict
	row(&b, "fails   ", fmt.Sprintf("%s: %s", v.Checker, v.Why))
	for _, w := range r.faults {
		row(&b, "fault   ", fmt.Sprintf("%s from %s to %s: %s", w.kind, clock(w.begin), clock(w.end), w.text))
	}
	for i, l := range r.Story {
		who := fmt.Sprintf("host %d", l.Host)
		if l.Host == 0 {
			who = "the run"
		}
		text := l.Text
		if l.Wrong {
			text += "  <- the first wrong step"
		}
		if l.End {
			text = "is where " + v.Checker + " fails the run"
		}
		row(&b, fmt.Sprintf("%2d %12s  %-9s ", i+1, clock(l.At), who), text)
	}
	past := "no step at one host went wrong first: something never happened"
	if r.Past > 0 {
		past = fmt.Sprintf("%d of %d steps happened before the first wrong one; these tell why", r.Past, r.Steps)
	}
	past += fmt.Sprintf(" (the whole trace: %s)", results.Bytes(uint64(r.Memory)))
	row(&b, "trace   ", past)
	if d := r.Differ; d != nil {
		row(&b, "differ  ", fmt.Sprintf("first at %s: %s", clock(d.At), d.How))
		for _, o := range d.Orders {
			row(&b, "        ", o)
		}
	}
	if r.Luck != nil {
		row(&b, "luck    ", r.Luck.String())
	}
	if r.Without != nil {
		for i, line := range r.Without.Lines() {
			row(&b, []string{"without ", "        "}[min(i, 1)], line)
		}
	}
	return b.String()
}

// row wraps a text behind a head.
func row(b *strings.Builder, head, text string) {
	indent := strings.Repeat(" ", len([]rune(head)))
	line := head
	for i, word := range strings.Fields(text) {
		if i > 0 && len([]rune(line))+1+len([]rune(word)) > columns {
			fmt.Fprintln(b, strings.TrimRight(line, " "))
			line = indent + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}
