package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

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
