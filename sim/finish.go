package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
)

// checkpoint keeps half of every host's digest.
func (w *World) checkpoint() {
	c := Checkpoint{w.now, make([]uint64, len(w.hosts)-1)}
	for i := range c.Hosts {
		c.Hosts[i] = w.hosts[i+1].sum.a
	}
	w.result.Checkpoints = append(w.result.Checkpoints, c)
}

// finish closes the books and asks for verdicts.
func (w *World) finish() *Result {
	r := w.result
	r.Events, r.Deliveries, r.End, r.Cut = w.events, w.deliveries, w.now, w.cut
	for i := range w.hosts[1:] {
		h := &w.hosts[i+1]
		r.Hosts = append(r.Hosts, h.sum.sum())
		if r.BusiestHost == 0 || h.steps > w.hosts[r.BusiestHost].steps {
			r.BusiestHost = HostID(i + 1)
		}
		if h.watched {
			if h.extra.detained != nil { // the effects of its last step were never carried out
				h.extra.tape.Cut(HostID(i+1), 0)
			}
			if rec, ok := h.extra.tape.(*Recording); ok {
				rec.Digest = h.sum.sum()
				if r.Recordings == nil {
					r.Recordings = map[HostID]*Recording{}
				}
				r.Recordings[HostID(i+1)] = rec
			}
		}
	}
	r.Digest = combine(r.Hosts)
	busiest := slices.MaxFunc(w.ledger.Classes, func(a, b ClassCount) int { return cmp.Compare(a.Sent.Packets, b.Sent.Packets) })
	r.BusiestKind = busiest.Name
	w.countFlying()
	w.ledger.close(w.now)
	for i := range w.ledger.Classes {
		if bad := w.ledger.Classes[i].conserved(); bad != "" && w.broke == "" {
			w.broke = bad
		}
	}
	end := End{At: w.now, View: w, Ledger: w.ledger, Cut: w.cut}
	for _, c := range w.cfg.Checkers {
		v := c.Verdict(end)
		v.Checker = c.Name()
		r.Verdicts = append(r.Verdicts, v)
		r.Outcome = max(r.Outcome, v.Outcome)
	}
	w.judge(r)
	return r
}

// judge finds what befell the run itself.
func (w *World) judge(r *Result) {
	worse := func(o Outcome, why string) {
		if o > r.Outcome || o == r.Outcome && r.Why == "" {
			r.Outcome, r.Why = max(o, r.Outcome), why
		}
	}
	if w.broke != "" { // whatever checkers made of such a run
		r.Outcome, r.Why, r.Broke = Fail, w.broke, w.broke
		return
	}
	if w.cut != "" {
		worse(Unknown, fmt.Sprintf("%s; busiest were host %d and packets of class %s", w.cut, r.BusiestHost, r.BusiestKind))
		return
	}
	if idle := w.ledger.idle(); len(idle) > 0 {
		worse(Invalid, "no effect at all: "+strings.Join(idle, ", "))
	}
}

// countFlying counts the packets that are still on their way.
func (w *World) countFlying() {
	count := func(e *entry) {
		if e.kind&^through <= evProbe {
			p := w.payloads.of(e)
			w.ledger.Classes[p.class].InFlight.add(len(p.bytes))
		}
	}
	for e := w.queue.pop(); e != nil; e = w.queue.pop() {
		count(e)
	}
	for i := range w.hosts {
		h := &w.hosts[i]
		for j := range h.conns {
			if box := h.conns[j].out; box != nil {
				for k := range box.early {
					count(&box.early[k])
				}
			}
		}
		if h.extra != nil {
			for j := range h.extra.inbox {
				count(&h.extra.inbox[j])
			}
		}
	}
}

func newLedger(cfg *Config) *Ledger {
	l := &Ledger{Counts: map[string]int64{}, causes: make([]lossCount, len(cfg.Plan.Faults)+1)}
	for _, name := range cfg.Classes {
		l.Classes = append(l.Classes, ClassCount{Name: name})
	}
	l.Classes = append(l.Classes, ClassCount{Name: "connections"})
	for i, f := range cfg.Plan.Faults {
		l.Causes = append(l.Causes, CauseCount{i + 1, f.Kind, f.Begin, f.End, map[string]int64{}})
	}
	return l
}

// lie gives the tag of a kind of lie.
func (l *Ledger) lie(kind string) uint8 {
	for i := range l.lies {
		if l.lies[i].Kind == kind {
			return uint8(i + 1)
		}
	}
	if len(l.lies) == 254 {
		kind = "other"
	}
	if len(l.lies) == 255 {
		return 255
	}
	l.lies = append(l.lies, LieCount{Kind: kind})
	return uint8(len(l.lies))
}

// close moves what was counted apart for speed to where it is read, and warns of the faults without effect that had begun.
func (l *Ledger) close(end time.Duration) {
	for i := range l.Causes {
		c, fast := &l.Causes[i], &l.causes[i+1]
		add := func(what string, n int64) {
			if n > 0 {
				c.Counts[what] += n
			}
		}
		for r, n := range fast.lost {
			add("packets lost: "+netsim.Reason(r).String(), n)
		}
		for b, what := range []string{"packets delayed", "packets doubled", "packets altered", "packets reordered"} {
			add(what, fast.bent[b])
		}
		if c.Total() == 0 && c.Begin < end {
			l.Warnings = append(l.Warnings, fmt.Sprintf("fault %d (%s, %v..%v) had no effect", c.Cause, c.Kind, c.Begin, c.End))
		}
	}
	l.Lies = slices.Clone(l.lies)
	slices.SortFunc(l.Lies, func(a, b LieCount) int { return cmp.Compare(a.Kind, b.Kind) })
}

// idle names the fault kinds no window of which did anything.
func (l *Ledger) idle() []string {
	var out []string
	for i := range l.Causes {
		kind := l.Causes[i].Kind
		if slices.Contains(out, kind) {
			continue
		}
		var total int64
		for j := range l.Causes {
			if l.Causes[j].Kind == kind {
				total += l.Causes[j].Total()
			}
		}
		if total == 0 {
			out = append(out, kind)
		}
	}
	return out
}
