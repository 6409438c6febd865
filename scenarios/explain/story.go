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

// operation tells how one came to where it matters, and what was believed of it there.
func (w *teller) operation(i int) {
	author, last := w.author(i), w.s.at
	targets := w.targets(i, author)
	if w.wrong >= 0 {
		last = time.Duration(w.t.steps[w.wrong].at)
	}
	for _, h := range targets {
		if h != author {
			w.path(i, h, last)
		}
		w.beliefs(i, h)
	}
	if w.s.ops[i].role == "" || w.s.ops[i].role == "result" {
		w.spread(i, author, targets)
	}
}

// author tells of an operation's signing, and gives its host; 0 where nobody noted that.
func (w *teller) author(i int) sim.HostID {
	a, ok := w.t.written[w.s.ops[i].id]
	if !ok {
		return 0
	}
	w.pass(a.host)
	text := "signs " + w.name(i)
	if m := w.first(func(m *mark) bool { return m.op == i && m.what == "saved" && m.host == a.host }); m != nil {
		text += fmt.Sprintf(", which is safe on its disk at %s", clock(m.at))
	} else if w.s.late != nil {
		text += "; " + w.kept(i, a.host, w.s.at)
	}
	w.add(Line{At: a.at, Host: a.host, Text: text, step: a.step, order: 1})
	return a.host
}

// targets are the hosts to which an operation's way is told.
func (w *teller) targets(i int, author sim.HostID) (list []sim.HostID) {
	if w.wrong >= 0 {
		list = append(list, sim.HostID(w.t.steps[w.wrong].host))
	} else if len(w.s.hosts) > 0 {
		list = append(list, w.s.hosts[0])
	}
	return list
}

// path tells the first way by which an operation came to a host.
func (w *teller) path(i int, h sim.HostID, last time.Duration) {
	for range 64 { // hops
		m := w.first(func(m *mark) bool { return m.what == got && m.op == i && m.host == h && m.at <= last && m.whole() })
		if m == nil {
			return
		}
		w.pass(h)
		w.pass(m.peer)
		text := fmt.Sprintf("gets %s in a %s of host %d%s", w.name(i), m.class, m.peer, w.liar(m.peer))
		at := m.at
		if from := w.t.steps[m.step].from; from >= 0 {
			at = time.Duration(w.t.steps[from].at)
			text += ", which sent it at " + clock(at)
		}
		rank := 2
		if h == w.host() {
			rank = 0
		}
		w.add(Line{At: m.at, Host: h, From: []sim.HostID{m.peer}, Text: text + w.fate(i, m), step: m.step, rank: rank, order: 1})
		if a, ok := w.t.written[w.s.ops[i].id]; ok && a.host == m.peer {
			return
		}
		h, last = m.peer, at
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

// fate is what a host does with an operation in the step in which it came, or later.
func (w *teller) fate(i int, came *mark) string {
	for _, m := range w.t.marks {
		if m.op != i || m.host != came.host || m.at < came.at {
			continue
		}
		when := ""
		if m.step != came.step {
			when = " at " + clock(m.at)
		}
		switch m.what {
		case "applied":
			return "; takes it in" + when
		case "refused":
			return "; refuses it" + when + " (" + m.text + ")"
		case "buffered":
			return "; lets it wait for a cause" + when
		}
	}
	if w.wrong < 0 && w.s.lacking() {
		w.wrong = came.step
	}
	return "; keeps nothing of it: it is neither taken in nor refused, nor does it wait"
}

// beliefs tells what a host said of an operation, beyond that it took it in.
func (w *teller) beliefs(i int, h sim.HostID) {
	said := map[string]bool{}
	for _, m := range w.t.marks {
		if m.op != i || m.host != h || said[m.what] {
			continue
		}
		text := ""
		switch m.what {
		case "durable":
			text = fmt.Sprintf("calls %s durable, on the receipts of %s", w.name(i), m.text)
		case "receipt":
			if w.s.checker != "durability" || m.step != w.wrong {
				continue
			}
			text = fmt.Sprintf("gives host %d a receipt for %s; %s", m.peer, w.name(i), w.kept(i, h, m.at))
		case "taken":
			text = "takes the task " + shortID(w.s.ops[i].id)
		case "settled":
			text = "settles the task " + shortID(w.s.ops[i].id)
		case "blamed":
			text = "blames the device that signed " + w.name(i)
		case "forgotten":
			text = "forgets " + w.name(i) + ", which waited"
		case "refused":
			text = fmt.Sprintf("refuses %s: %s", w.name(i), m.text)
		}
		if text != "" {
			said[m.what] = true
			w.add(Line{At: m.at, Host: h, Text: text, step: m.step, rank: 1, order: 2})
		}
	}
}

// spread tells of receipts that an author was given, and where it matters, who was sent an operation in vain.
func (w *teller) spread(i int, author sim.HostID, targets []sim.HostID) {
	key := w.host()
	seen := map[sim.HostID]bool{}
	for _, m := range w.t.marks {
		if m.op == i && m.what == got && m.class == "receipt" && m.host == author && !seen[m.peer] && len(seen) < 4 && (w.s.checker == "durability" || strings.Contains(w.s.why, "answered request")) && m.at <= max(w.s.at, w.stepAt()) {
			seen[m.peer] = true
			w.pass(m.peer)
			w.add(Line{At: m.at, Host: author, From: []sim.HostID{m.peer}, Text: fmt.Sprintf("has the receipt of host %d for %s", m.peer, w.name(i)), step: m.step, rank: 1, order: 1})
		}
	}
	if !w.s.lacking() || key == 0 {
		return
	}
	tries, lost := 0, 0
	var end, begin time.Duration
	for _, m := range w.t.marks {
		if m.op == i && m.what == sent && m.peer == key && m.whole() {
			if tries++; !m.delivered {
				lost++
			}
			if begin == 0 {
				begin = m.at
			}
			end = m.at
		}
	}
	holders := map[sim.HostID]bool{}
	for _, a := range w.t.applied {
		if a.id == w.s.ops[i].id {
			holders[sim.HostID(w.t.steps[a.step].host)] = true
		}
	}
	switch {
	case tries == 0:
		w.ended(i)
		w.add(Line{At: w.s.at, Host: key, Text: fmt.Sprintf("was never sent %s by any host; held by %d", w.name(i), len(holders)), step: -1})
	case lost == tries:
		w.add(Line{At: end, Host: key, Text: fmt.Sprintf("gets none of the %d packets with %s that it is sent from %s on", tries, w.name(i), clock(begin)), step: -1})
	default:
		w.add(Line{At: end, Host: key, Text: fmt.Sprintf("was sent %s %d times by %s; %d came; held by %d", w.name(i), tries, clock(end), tries-lost, len(holders)), step: -1, rank: 1})
	}
}

// ended tells where an operation went no further: the first host that got it and kept nothing of it.
func (w *teller) ended(i int) {
	kept := map[sim.HostID]bool{}
	for _, m := range w.t.marks {
		if m.op == i && (m.what == "applied" || m.what == "refused" || m.what == "buffered") {
			kept[m.host] = true
		}
	}
	if m := w.first(func(m *mark) bool { return m.what == got && m.op == i && m.whole() && !kept[m.host] }); m != nil && w.wrong < 0 {
		w.wrong = m.step
		w.path(i, m.host, m.at)
	}
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
