package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// Line is one sentence of the story.
type Line struct {
	At    time.Duration
	Host  sim.HostID   // 0 is the world
	From  []sim.HostID // whose packets led to it
	Text  string
	Wrong bool // the first wrong step, or where what is Lacks comes to a halt
	Lacks bool // what should have followed never did, or too late
	End   bool // the violation
	step  int32
	rank  int // what goes first where there are too many: 0 must stay
	order int // within an instant
}

// window is a fault that touched the story.
type window struct {
	kind       string
	begin, end time.Duration
	text       string
}

// maxLines is how long a story is.
const maxLines = 16

// teller gathers a story.
type teller struct {
	x     *explainer
	s     *subject
	t     *trace
	lines []Line
	hosts []sim.HostID // of the path
	wrong int32

	missing bool // rather is something missing after the step
}

// tell makes the story of a violation: how each operation that the verdict names came from its request to where it went
// wrong, what was believed of it there, what befell the hosts on the way, and the first wrong step.
func (x *explainer) tell(r *Report, s *subject, t *trace, wrong int32) {
	w := &teller{x: x, s: s, t: t, wrong: wrong}
	if s.late != nil {
		w.overdue()
		w.end(r)
		return
	}
	if len(s.hosts) > 0 {
		w.hosts = append(w.hosts, s.hosts[0])
	}
	if wrong >= 0 && len(s.ops) == 0 {
		w.back(wrong)
	}
	if w.wrong < 0 && len(s.ops) > 0 && !w.s.lacking() { // signed when it went wrong: by signing
		if a, ok := t.written[s.ops[0].id]; ok && t.steps[a.step].at == int64(s.at) {
			w.wrong = a.step
		}
	}
	w.request()
	for i := range s.ops {
		w.operation(i)
	}
	if (s.lacking() && w.wrong < 0 || s.tardy()) && w.neighbour() {
		w.missing = true
	} else if w.wrong >= 0 {
		w.step()
	}
	w.end(r)
}

// end adds what befell the hosts of the story.
func (w *teller) end(r *Report) {
	w.downs()
	r.Story = w.finish(r)
	r.faults = w.faults(r)
	r.Past, r.missing = w.t.cone(w.wrong), w.missing
}

func (w *teller) add(l Line) { w.lines = append(w.lines, l) }

func (w *teller) pass(h sim.HostID) {
	if h != 0 && !slices.Contains(w.hosts, h) {
		w.hosts = append(w.hosts, h)
	}
}

// name is an operation for people.
func (w *teller) name(i int) string {
	o := &w.s.ops[i]
	text := "operation " + shortID(o.id)
	if o.role != "" {
		text = o.role + " " + shortID(o.id)
	}
	if o.kind != "" && o.kind != "compute."+o.role {
		text += " (" + o.kind + ")"
	}
	return text
}

func (w *teller) liar(h sim.HostID) string {
	if w.x.view != nil && w.x.view.Liar(h) {
		return ", a liar"
	}
	return ""
}

// request tells what the person of the request saw.
func (w *teller) request() {
	for i := range w.t.marks {
		switch m := &w.t.marks[i]; m.what {
		case asked:
			w.pass(m.host)
			w.add(Line{At: m.at, Host: m.host, Text: fmt.Sprintf("is asked by its person: request %d, %s", w.s.request&0xffffffff, m.text), step: m.step})
		case replied:
			l := Line{At: m.at, Host: m.host, Text: "tells its person: " + m.text, step: m.step, rank: 1, order: 3}
			if p := w.t.steps[m.step]; p.from >= 0 {
				l.From = []sim.HostID{sim.HostID(w.t.steps[p.from].host)}
				l.Text += fmt.Sprintf(", when a packet of host %d comes", l.From[0])
			}
			w.add(l)
		}
	}
}

// host is where it went wrong.
func (w *teller) host() sim.HostID {
	if w.wrong >= 0 {
		return sim.HostID(w.t.steps[w.wrong].host)
	}
	if len(w.s.hosts) > 0 {
		return w.s.hosts[0]
	}
	return 0
}

func (w *teller) first(is func(*mark) bool) *mark {
	if i := slices.IndexFunc(w.t.marks, func(m mark) bool { return is(&m) }); i >= 0 {
		return &w.t.marks[i]
	}
	return nil
}

func (w *teller) stepAt() time.Duration {
	if w.wrong < 0 {
		return 0
	}
	return time.Duration(w.t.steps[w.wrong].at)
}

// back tells the chain of packets that led to a step, where no operation does.
func (w *teller) back(i int32) {
	for range 6 {
		p := &w.t.steps[i]
		h := sim.HostID(p.host)
		w.pass(h)
		if p.from < 0 {
			if i != w.wrong {
				w.add(Line{At: time.Duration(p.at), Host: h, Text: "sends, upon " + w.trigger(p), step: i, rank: 1})
			}
			return
		}
		src := sim.HostID(w.t.steps[p.from].host)
		if i != w.wrong {
			w.add(Line{At: time.Duration(p.at), Host: h, From: []sim.HostID{src}, Text: fmt.Sprintf("gets a packet of host %d%s, and sends", src, w.liar(src)), step: i, rank: 2})
		}
		i = p.from
	}
}

func (w *teller) trigger(p *stepRecord) string {
	return [...]string{"its boot", "a connection", "the end of a connection", "a packet", "room to send", "a timer", "a request", "a commit", "records of its disk", "the end of a job"}[min(int(p.kind), 9)]
}

// step tells the first wrong one, in the line that is told of it already where there is one.
func (w *teller) step() {
	p := &w.t.steps[w.wrong]
	late := strings.Contains(w.s.why, " answered request ") || strings.Contains(w.s.why, "never answered")
	for order := 2; order >= 1 && !late; order-- { // what it believed says more than what it got
		for i := range w.lines {
			if l := &w.lines[i]; l.step == w.wrong && l.Host == sim.HostID(p.host) && l.order == order && !strings.HasPrefix(l.Text, "signs task") && !strings.HasPrefix(l.Text, "has the receipt") {
				l.Wrong, l.rank = true, 0
				return
			}
		}
	}
	if late { // the event is the request; wrong is when its answer came
		for i := range w.lines {
			if l := &w.lines[i]; l.order == 3 && l.Host == sim.HostID(p.host) {
				l.Wrong, l.rank, w.wrong = true, 0, l.step
				return
			}
		}
	}
	for _, a := range w.t.applied {
		if i := w.s.index(a.id); a.step == w.wrong && i >= 0 {
			w.add(Line{At: time.Duration(p.at), Host: sim.HostID(p.host), Text: "takes in " + w.name(i), Wrong: true, step: w.wrong, order: 2})
			return
		}
	}
	l := Line{At: time.Duration(p.at), Host: sim.HostID(p.host), Text: "goes wrong upon " + w.trigger(p), Wrong: true, step: w.wrong, order: 2}
	if p.from >= 0 {
		src := sim.HostID(w.t.steps[p.from].host)
		w.pass(src)
		l.From = []sim.HostID{src}
		l.Text = fmt.Sprintf("goes wrong upon a packet of host %d%s, sent at %s", src, w.liar(src), clock(time.Duration(w.t.steps[p.from].at)))
	}
	w.add(l)
}

// finish orders the story, cuts it to its length and ends it with the violation.
func (w *teller) finish(r *Report) []Line {
	last := w.s.at
	slices.SortStableFunc(w.lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.order, b.order)) })
	w.lines = slices.CompactFunc(w.lines, func(a, b Line) bool { return a.At == b.At && a.Host == b.Host && a.Text == b.Text })
	if w.wrong >= 0 && !w.s.lacking() && !w.missing { // what came of it is not why
		after := w.stepAt()
		w.lines = slices.DeleteFunc(w.lines, func(l Line) bool { return l.rank > 0 && l.At > after })
	}
	for rank := 2; rank > 0 && len(w.lines) > maxLines; rank-- {
		for i := len(w.lines) - 1; i >= 0 && len(w.lines) > maxLines; i-- {
			if w.lines[i].rank == rank {
				w.lines = slices.Delete(w.lines, i, i+1)
			}
		}
	}
	for i := range w.lines {
		last = max(last, w.lines[i].At)
	}
	host := w.host()
	if w.s.late != nil {
		host = 0 // a share is of the whole run
	} else if len(w.s.hosts) > 0 {
		host = w.s.hosts[0]
	}
	return append(w.lines, Line{At: last, Host: host, Text: w.s.checker + ": " + w.s.why, End: true, step: -1})
}

// clock is an instant for people.
func clock(at time.Duration) string {
	return fmt.Sprintf("%d.%06d s", at/time.Second, at%time.Second/time.Microsecond)
}
