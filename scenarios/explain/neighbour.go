package explain

import (
	"fmt"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// span is a time for which a host that held an operation was linked to the one that never got it.
type span struct {
	host       sim.HostID
	held       time.Duration // since when it held it
	step       int32         // by which it did
	begin, end time.Duration
}

// neighbour tells why an operation did not come to a host from the one that could have given it longest: whether they
// compared what they hold, who asked, and what was not answered. It returns false where nothing is missing but packets that
// the network lost.
func (w *teller) neighbour() bool {
	key, deadline := w.s.watch, w.deadline()
	if key == 0 || len(w.s.ops) == 0 || w.first(func(m *mark) bool {
		return m.op == 0 && m.what == sent && m.peer == key && m.whole() && m.at <= deadline
	}) != nil {
		return false // it was sent
	}
	best := w.linked(key, deadline)
	if best == nil {
		w.add(Line{At: deadline, Host: key, Text: "was linked to no host that holds it: " + w.links(key, deadline), Wrong: true, Lacks: true, step: -1, order: 2})
		w.wrong = -1
		return true
	}
	n := best.host
	w.pass(n)
	text := fmt.Sprintf("holds it since %s and is linked to host %d", clock(best.held), key)
	if best.end < deadline {
		text += " until " + clock(best.end)
	}
	w.add(Line{At: best.begin, Host: n, Text: text, step: -1, order: 2})

	all := func(what string, from, to sim.HostID, classes ...string) (list []*mark) {
		for i := range w.t.marks {
			m := &w.t.marks[i]
			of, at := m.peer, m.host
			if what == sent {
				of, at = m.host, m.peer
			}
			if m.op == -1 && m.what == what && of == from && at == to && m.at >= best.begin && m.at <= best.end && slices.Contains(classes, m.class) {
				list = append(list, m)
			}
		}
		return list
	}
	halt := func(m *mark, host sim.HostID, from []sim.HostID, format string, args ...any) bool {
		l := Line{At: best.begin, Host: host, From: from, Text: fmt.Sprintf(format, args...), Wrong: true, Lacks: true, step: best.step, order: 3}
		if m != nil {
			l.At, l.step = m.at, m.step
		}
		w.wrong = l.step
		w.add(l)
		return true
	}
	theirs, ours := all(got, n, key, "heads"), all(got, key, n, "heads")
	said, heard := all(sent, key, n, "want", "summary"), all(got, key, n, "want", "summary")
	lost := len(all(sent, n, key, "heads")) + len(all(sent, key, n, "heads"))
	switch {
	case len(theirs)+len(ours)+len(said) == 0 && lost > 0:
		w.add(Line{At: best.end, Host: key, Text: fmt.Sprintf("gets none of the packets by which it and host %d compare their heads: all %d are lost", n, lost), step: -1})
		return false
	case len(theirs)+len(ours)+len(said) == 0:
		return halt(nil, n, nil, "and host %d never compare their heads up to %s", key, clock(best.end))
	case len(said) == 0 && len(theirs) > 0:
		return halt(theirs[0], key, []sim.HostID{n}, "gets the heads of host %d, %d time%s by %s, and never asks it for what it lacks", n, len(theirs), plural(len(theirs)), clock(best.end))
	case len(said) == 0:
		return halt(ours[0], n, []sim.HostID{key}, "gets the heads of host %d, which lacks it, %d time%s by %s, and never answers with its own", key, len(ours), plural(len(ours)), clock(best.end))
	case len(heard) == 0:
		w.add(Line{At: said[0].at, Host: key, Text: fmt.Sprintf("asks host %d for what it lacks, %d time%s; none of that comes", n, len(said), plural(len(said))), step: said[0].step})
		return false
	}
	answers := slices.DeleteFunc(all(sent, n, key, "push"), func(m *mark) bool { return m.at < heard[0].at })
	named := w.first(func(m *mark) bool {
		return m.op == 0 && m.what == got && m.class == "want" && m.host == n && m.peer == key
	})
	summary := slices.IndexFunc(heard, func(m *mark) bool { return m.class == "summary" })
	asks := fmt.Sprintf("is asked by host %d for what that lacks, %d time%s by %s", key, len(heard), plural(len(heard)), clock(best.end))
	switch {
	case len(answers) == 0 && (named != nil || summary >= 0): // other operations that were asked for it may lack itself
		return halt(heard[0], n, []sim.HostID{key}, "%s, and never answers", asks)
	case named != nil:
		return halt(named, n, []sim.HostID{key}, "is asked for it by name by host %d, and never sends it", key)
	case summary >= 0:
		return halt(heard[summary], n, []sim.HostID{key}, "%s, and answers without it", asks)
	}
	return halt(said[0], key, []sim.HostID{n}, "asks host %d for others, %d time%s by %s, and never for it", n, len(said), plural(len(said)), clock(best.end))
}

// deadline is by when an operation was due, as the verdict says; else when it was looked for.
func (w *teller) deadline() time.Duration {
	if m := dueBy.FindStringSubmatch(w.s.why); m != nil {
		if due, err := time.ParseDuration(m[1]); err == nil {
			return due
		}
	}
	return w.s.at
}

// linked finds the honest holder of the operation to which a host was linked longest before the deadline; the first of equals.
func (w *teller) linked(key sim.HostID, deadline time.Duration) (best *span) {
	held := map[sim.HostID]span{}
	if a, ok := w.t.written[w.s.ops[0].id]; ok {
		held[a.host] = span{held: a.at, step: a.step}
	}
	for _, a := range w.t.applied {
		p := &w.t.steps[a.step]
		if h := sim.HostID(p.host); a.id == w.s.ops[0].id {
			if _, has := held[h]; !has {
				held[h] = span{held: time.Duration(p.at), step: a.step}
			}
		}
	}
	since := map[sim.HostID]time.Duration{}
	var ends []span
	unlink := func(h sim.HostID, at time.Duration) {
		begin, up := since[h]
		by, has := held[h]
		delete(since, h)
		if !up || !has || w.x.view.Liar(h) {
			return
		}
		if s := (span{h, by.held, by.step, max(begin, by.held), min(at, deadline)}); s.begin < s.end {
			ends = append(ends, s)
		}
	}
	part := func(at time.Duration) {
		for h := sim.HostID(1); int(h) <= w.x.view.Hosts(); h++ {
			unlink(h, at)
		}
	}
	for _, m := range w.t.marks {
		switch {
		case m.host != key:
		case m.what == linked:
			if _, up := since[m.peer]; !up {
				since[m.peer] = m.at
			}
		case m.what == parted:
			unlink(m.peer, m.at)
		case m.what == crashed:
			part(m.at)
		}
	}
	part(deadline)
	for i := range ends {
		if s := &ends[i]; best == nil || s.end-s.begin > best.end-best.begin {
			best = s
		}
	}
	return best
}
