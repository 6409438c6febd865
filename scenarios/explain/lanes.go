package explain

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Measures of the diagram, in its own pixels.
const (
	diagramWidth = 1120
	firstLane    = 150
	laneWidth    = 84
	mostLanes    = 6
	lineHeight   = 17
	headHeight   = 40
)

// laneRow is one row: an event of the story, or the begin or the end of a fault.
type laneRow struct {
	at    time.Duration
	line  *Line // nil of a fault
	n     int   // of the story, from 1
	fault int
	end   bool
	text  []string
	y     int // of its first line of text
}

// Lanes draws the story: one lane a host, time downwards, an arrow for each packet, fault windows shaded, the first wrong
// step and the violation marked. Every event has a row of its own and its text stands in a column beside the lanes, so
// that no two labels can meet.
func (r *Report) Lanes() string {
	hosts := r.lanes()
	rows := r.rows()
	textX := firstLane + laneWidth*max(0, len(hosts)-1) + 64
	y := headHeight + 28
	for i := range rows {
		rows[i].text = results.Wrap("", "", rows[i].say(r), (diagramWidth-textX-8)/8)
		rows[i].y = y
		y += lineHeight*len(rows[i].text) + 17
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" xmlns="http://www.w3.org/2000/svg" font-size="13"><title>The story by host</title><desc>%s</desc>`, diagramWidth, y, html.EscapeString(r.Verdict.Checker+": "+r.Verdict.Why))
	b.WriteString(`<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="var(--way)"/></marker></defs>`)
	x := func(h sim.HostID) int { return firstLane + laneWidth*slices.Index(hosts, h) }
	for i := range r.faults {
		top, bottom := headHeight, y
		for j := range rows {
			if rows[j].line == nil && rows[j].fault == i {
				if rows[j].end {
					bottom = rows[j].y
				} else {
					top = rows[j].y
				}
			}
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="var(--band)" fill-opacity="0.7"/>`, firstLane-40+6*i, top-5, textX-firstLane+16-12*i, bottom-top)
	}
	for _, h := range hosts {
		name := fmt.Sprintf("host %d", h)
		if h == 0 {
			name = "the run"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="var(--ink)" font-weight="600">%s</text><line x1="%d" y1="%d" x2="%d" y2="%d" stroke="var(--grid)" stroke-width="2"/>`, x(h), headHeight-14, name, x(h), headHeight, x(h), y-8)
	}
	for i := range rows {
		rows[i].draw(&b, x, hosts, textX)
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// lanes are the hosts of the story in the order in which they come, as many as are readable: beyond, those where nothing
// went wrong are told in the text alone.
func (r *Report) lanes() (hosts []sim.HostID) {
	add := func(h sim.HostID) {
		if len(hosts) < mostLanes && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	for _, l := range r.Story {
		if l.Wrong || l.End {
			add(l.Host)
		}
	}
	for _, l := range r.Story {
		for _, h := range l.From {
			add(h)
		}
		add(l.Host)
	}
	first := func(h sim.HostID) int {
		return slices.IndexFunc(r.Story, func(l Line) bool { return l.Host == h || slices.Contains(l.From, h) })
	}
	slices.SortStableFunc(hosts, func(a, b sim.HostID) int { return cmp.Compare(first(a), first(b)) })
	return hosts
}

func (r *Report) rows() (rows []laneRow) {
	for i := range r.Story {
		rows = append(rows, laneRow{at: r.Story[i].At, line: &r.Story[i], n: i + 1})
	}
	last := r.Story[len(r.Story)-1].At
	for i, f := range r.faults {
		rows = append(rows, laneRow{at: f.begin, fault: i})
		if f.end <= last {
			rows = append(rows, laneRow{at: f.end, fault: i, end: true})
		}
	}
	slices.SortStableFunc(rows, func(a, b laneRow) int { return cmp.Compare(a.at, b.at) })
	return rows
}

func (w *laneRow) say(r *Report) string {
	if w.line == nil {
		f := r.faults[w.fault]
		if w.end {
			return f.kind + " ends"
		}
		return f.kind + " begins: " + f.text
	}
	if w.line.End {
		return w.line.Text
	}
	return fmt.Sprintf("host %d %s", w.line.Host, w.line.Text)
}

func (w *laneRow) draw(b *strings.Builder, x func(sim.HostID) int, hosts []sim.HostID, textX int) {
	fmt.Fprintf(b, `<text x="100" y="%d" text-anchor="end" fill="var(--quiet)">%s</text>`, w.y+5, clock(w.at))
	colour, weight := "var(--ink)", "400"
	if w.line == nil {
		colour = "var(--quiet)"
	} else if w.line.Wrong || w.line.End {
		colour, weight = "var(--wrong)", "600"
	}
	for i, line := range w.text {
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s" font-weight="%s">%s</text>`, textX, w.y+5+lineHeight*i, colour, weight, html.EscapeString(line))
	}
	if w.line == nil || !slices.Contains(hosts, w.line.Host) {
		return
	}
	to := x(w.line.Host)
	for _, h := range w.line.From {
		if slices.Contains(hosts, h) && h != w.line.Host {
			from, tip := x(h), to-11
			if from > to {
				tip = to + 11
			}
			fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="var(--way)" stroke-width="1.6" marker-end="url(#head)"/>`, from, w.y-14, tip, w.y-2)
		}
	}
	fill := "var(--way)"
	if w.line.Wrong || w.line.End {
		fill = "var(--wrong)"
	}
	fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="9" fill="%s"/><text x="%d" y="%d" text-anchor="middle" font-size="11" fill="var(--paper)">%d</text>`, to, w.y, fill, to, w.y+4, w.n)
	if w.line.End {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="13" fill="none" stroke="var(--wrong)" stroke-width="2"/>`, to, w.y)
	}
}
