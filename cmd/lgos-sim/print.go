package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/lifegraph-os/lgos-sim/results"
)

// warningsShown is how many warnings a run prints.
const warningsShown = 4

// printer writes what people read.
type printer struct {
	io.Writer
	colour bool
}

func newPrinter(w io.Writer) *printer {
	return &printer{w, isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// row prints a head and wraps the text behind it, with the next lines indented as far or by the given margin.
func (p *printer) row(head, text string, margin ...string) {
	io.WriteString(p, results.Row(head, text, margin...))
}

// mark pads an outcome to n columns, coloured on a terminal.
func (p *printer) mark(o results.Outcome, n int) string {
	text := fmt.Sprintf("%-*s", n, o)
	if !p.colour {
		return text
	}
	code := "33"
	switch o {
	case results.Pass:
		code = "32"
	case results.Fail:
		code = "31;1"
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// run prints a run whole.
func (p *printer) run(r *results.Record, replay string) {
	var cast []string
	for _, c := range r.Cast {
		if c.N > 0 && !strings.Contains(c.Name, ": ") { // what is counted by strategy and by kind is in the record
			cast = append(cast, c.Name+" ×"+results.Integer(c.N))
		}
	}
	if len(cast) > 0 {
		p.row("  cast    ", strings.Join(cast, ", "))
	}
	grades := r.Grades()
	for i, v := range r.Verdicts {
		why := v.Why
		if grades[i].Outcome == results.Pass && v.Outcome != results.Pass {
			why = grades[i].Why
		}
		if v.Event != "" {
			why += " First: event " + v.Event
		}
		p.row(fmt.Sprintf("  %s %-12s %9s  ", p.mark(v.Outcome, 7), v.Checker, results.Integer(v.Checked)), why)
	}
	for _, s := range results.SumFaults(r.Faults, r.Virtual) {
		var did []string
		for _, e := range s.Effects {
			did = append(did, results.Amount(float64(e.N), e.Unit)+" "+e.Name)
		}
		if len(did) == 0 && s.Idle > 0 {
			did = append(did, "no effect")
		}
		text := strings.Join(did, ", ")
		if remark := s.Remark(); remark != "" {
			text = strings.TrimPrefix(text+"; "+remark, "; ")
		}
		p.row(fmt.Sprintf("  fault   %-12s %9s  ", s.Kind, fmt.Sprintf("×%d", s.Windows)), text)
	}
	for i, w := range r.Warnings {
		if i == warningsShown && len(r.Warnings) > i+1 {
			p.row("  warning ", fmt.Sprintf("and %d more, in the record", len(r.Warnings)-i))
			break
		}
		p.row("  warning ", w)
	}
	g := r.Grade()
	if r.Cut != "" && g.Why != r.Cut {
		p.row("  cut     ", r.Cut)
	}
	text := g.Why
	if len(r.Expect) > 0 && g.Outcome == results.Pass {
		text = "as expected: " + r.Why
	}
	p.row(p.mark(g.Outcome, 8), text)
	p.row("cost    ", cost(r))
	p.row("digest  ", r.Digest)
	fmt.Fprintln(p, "replay  "+replay)
}

// head prints what is about to run.
func (p *printer) head(r string, nodes int, device string) {
	fmt.Fprintf(p, "%s · %s nodes · device %s\n", r, results.Integer(nodes), device)
}

// cost says what a run took.
func cost(r *results.Record) string {
	wall := time.Duration(r.Cost.Wall).Seconds()
	text := fmt.Sprintf("%s events, %s virtual in %s", results.Integer(r.Events), results.Span(r.Virtual), results.Span(r.Cost.Wall))
	if wall > 0 {
		text += fmt.Sprintf(" (%s×, %s events/s)", results.Figure(time.Duration(r.Virtual).Seconds()/wall), short(float64(r.Events)/wall))
	}
	if r.Cost.Peak > 0 {
		text += ", " + results.Bytes(r.Cost.Peak) + " of memory"
	}
	if r.Device.Name != "" {
		text += ", device " + r.Device.Name
		if r.Device.Adapter != "" && r.Device.Name != "cpu" {
			text += " (" + r.Device.Adapter + ")"
		}
	}
	return text
}

// line prints a run of a sweep, and what went wrong.
func (p *printer) line(r *results.Record, replay string) {
	g := r.Grade()
	fmt.Fprintf(p, "%s %-26s %6s nodes  digest %.12s  %8s  %s\n", p.mark(g.Outcome, 7), r.Name(), results.Integer(r.Nodes), r.Digest, results.Span(r.Cost.Wall), short(float64(r.Events))+" events")
	if g.Outcome == results.Pass {
		return
	}
	for _, g := range r.Grades() {
		if g.Outcome != results.Pass {
			p.row(fmt.Sprintf("        %s %-12s ", p.mark(g.Outcome, 7), g.Name), g.Why)
		}
	}
	fmt.Fprintln(p, "        replay  "+replay)
}

// short writes a count with three digits and a unit.
func short(v float64) string {
	switch {
	case v >= 1e9:
		return results.Figure(v/1e9) + " G"
	case v >= 1e6:
		return results.Figure(v/1e6) + " M"
	case v >= 1e3:
		return results.Figure(v/1e3) + " k"
	}
	return results.Figure(v)
}
