package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Difference is between a run and the same without a fault.
type Difference struct {
	Fault    string
	Windows  int
	First    []Parting // the first hosts to see something else, by time
	Parted   int       // hosts that do
	Hosts    int
	Verdicts []string // that are others
	Counts   []string
}

// Parting is the first event at which a host's two histories differ.
type Parting struct {
	Host sim.HostID
	At   time.Duration
	What string
}

// cut takes a fault out of the plan: all windows of a kind, or the n-th of it.
func (x *explainer) cut(fault string) (left []sim.Window, err error) {
	kind, nth, one := strings.Cut(fault, "#")
	n := 0
	if one {
		if n, err = strconv.Atoi(nth); err != nil || n < 1 {
			return nil, fmt.Errorf("--without %s: write KIND, or KIND#N for the N-th of it", fault)
		}
	}
	var kinds []string
	seen := 0
	for _, w := range x.plan.Plan.Faults {
		if !slices.Contains(kinds, w.Kind) {
			kinds = append(kinds, w.Kind)
		}
		if w.Kind == kind {
			if seen++; !one || seen == n {
				continue
			}
		}
		left = append(left, w)
	}
	if len(left) == len(x.plan.Plan.Faults) {
		if len(kinds) == 0 {
			return nil, fmt.Errorf("--without %s: the plan has no faults", fault)
		}
		return nil, fmt.Errorf("--without %s: the plan has no such fault; it has %s", fault, strings.Join(kinds, ", "))
	}
	return left, nil
}

// without carries the run out with and without a fault, and compares.
func (x *explainer) without(fault string) (*Difference, error) {
	left, err := x.cut(fault)
	if err != nil {
		return nil, err
	}
	x.opts.Say("the run without " + fault)
	hosts := x.view.Hosts()
	a, b := newTrace(&subject{}), newTrace(&subject{})
	with, err := x.again(a, nil, nil)
	if err != nil {
		return nil, err
	}
	y := *x
	plan := *x.plan
	plan.Plan.Faults = left
	y.plan = &plan
	y.rec = &with.Record
	other, err := y.again(b, nil, nil)
	if err != nil {
		return nil, err
	}
	d := &Difference{Fault: fault, Windows: len(x.plan.Plan.Faults) - len(left), Hosts: hosts}
	first := partings(a, b, hosts)
	d.Parted = len(first)
	d.First = first[:min(5, len(first))]
	for i := range with.Record.Verdicts {
		u := &with.Record.Verdicts[i]
		v, ok := other.Record.Verdict(u.Checker)
		if !ok || u.Outcome == v.Outcome && u.Why == v.Why {
			continue
		}
		if u.Outcome != v.Outcome {
			d.Verdicts = append(d.Verdicts, fmt.Sprintf("%s: %s with it, %s without", u.Checker, u.Outcome, v.Outcome))
		}
	}
	for _, c := range []struct {
		name string
		a, b uint64
	}{{"events", with.Record.Events, other.Record.Events}, {"deliveries", with.Result.Deliveries, other.Result.Deliveries},
		{"requests", uint64(with.Result.Ledger.Requests), uint64(other.Result.Ledger.Requests)},
		{"packets lost", lost(with.Result.Ledger), lost(other.Result.Ledger)}, {"boots", uint64(with.Result.Ledger.Boots), uint64(other.Result.Ledger.Boots)}} {
		if c.a != c.b {
			d.Counts = append(d.Counts, fmt.Sprintf("%s %s with, %s without", c.name, results.Integer(c.a), results.Integer(c.b)))
		}
	}
	return d, nil
}

func lost(l *sim.Ledger) (n uint64) {
	total := l.Total()
	for _, t := range total.Lost {
		n += uint64(t.Packets)
	}
	return n
}

// partings are the first steps at which hosts' histories differ, by time.
func partings(a, b *trace, hosts int) (out []Parting) {
	byHost := func(t *trace) [][]int32 {
		list := make([][]int32, hosts+1)
		for i := range t.steps {
			list[t.steps[i].host] = append(list[t.steps[i].host], int32(i))
		}
		return list
	}
	as, bs := byHost(a), byHost(b)
	for h := 1; h <= hosts; h++ {
		u, v := as[h], bs[h]
		i := 0
		for i < len(u) && i < len(v) && a.steps[u[i]].same(&b.steps[v[i]]) {
			i++
		}
		switch {
		case i == len(u) && i == len(v):
		case i < len(u) && (i == len(v) || a.steps[u[i]].at <= b.steps[v[i]].at):
			out = append(out, Parting{sim.HostID(h), time.Duration(a.steps[u[i]].at), "sees " + a.what(u[i]) + " with it alone"})
		default:
			out = append(out, Parting{sim.HostID(h), time.Duration(b.steps[v[i]].at), "sees " + b.what(v[i]) + " without it alone"})
		}
	}
	slices.SortStableFunc(out, func(p, q Parting) int { return cmp.Compare(p.At, q.At) })
	return out
}

func (p *stepRecord) same(q *stepRecord) bool {
	return p.at == q.at && p.src == q.src && p.kind == q.kind
}

func (t *trace) what(i int32) string {
	p := &t.steps[i]
	text := (&teller{}).trigger(p)
	if p.from >= 0 {
		text += fmt.Sprintf(" of host %d", t.steps[p.from].host)
	}
	return text
}

// Lines is the difference for people.
func (d *Difference) Lines() (out []string) {
	out = append(out, fmt.Sprintf("%s (%d windows left out): %d of %d hosts see something else", d.Fault, d.Windows, d.Parted, d.Hosts))
	for _, p := range d.First {
		out = append(out, fmt.Sprintf("host %d first at %s: it %s", p.Host, clock(p.At), p.What))
	}
	if len(d.Verdicts) == 0 {
		out = append(out, "every checker says the same")
	}
	out = append(out, d.Verdicts...)
	if len(d.Counts) > 0 {
		out = append(out, strings.Join(d.Counts, "; "))
	}
	return out
}
