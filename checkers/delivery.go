package checkers

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// delivery judges that what honest hosts say reaches all honest hosts interested in the space, within the computed settle
// time, and that no person waits for the network (VM-6, VM-9; I2).
type delivery struct {
	tally
	*book
	tracks  map[key]*track
	order   []*track
	boots   map[sim.HostID]time.Duration
	honest  []int    // by space: honest hosts interested in it
	share   []bitset // by space: which they are
	spread  time.Duration
	latency *hdrhistogram.Histogram // of single deliveries, in microseconds

	due, done int // deliveries owed by saved operations, and made
	tick      time.Duration
	delivered sim.Series

	queues  map[sim.HostID]*queue
	replies []*reply

	unissued int
	gone     map[key]bool

	thrift  thrift
	turns   turns
	circles circles
}

// track follows one operation of an honest author.
type track struct {
	op    *operation
	saved time.Duration // when it was free to leave; -1 while it was not
	got   bitset        // hosts that applied it
	count int
	t50   time.Duration
	t99   time.Duration
	last  time.Duration
}

// tickEvery is the distance between points of the series of the report.
const tickEvery = 250 * time.Millisecond

func newDelivery(b *book) *delivery {
	d := &delivery{
		tally: tally{name: "delivery"}, book: b, tracks: map[key]*track{}, boots: map[sim.HostID]time.Duration{},
		gone: map[key]bool{}, queues: map[sim.HostID]*queue{},
		honest: make([]int, len(b.spaces)), share: make([]bitset, len(b.spaces)), spread: b.truth.Spread(),
		latency:   hdrhistogram.New(1, int64(24*time.Hour/time.Microsecond), 2),
		delivered: sim.Series{Name: "deliveries made of those owed", Unit: "%"},
		thrift:    newThrift(len(b.truth.Hosts)), turns: turns{unanswered: map[catchUp]time.Duration{}},
		circles: circles{hosts: make([]circle, len(b.truth.Hosts)+1)},
	}
	for i := range b.truth.Hosts {
		h := &b.truth.Hosts[i]
		for _, id := range h.Spaces {
			if s := b.byID[id]; s != nil && h.Honest {
				d.honest[s.number]++
				d.share[s.number].add(i + 1)
			}
		}
	}
	return d
}

// Name implements sim.Checker.
func (d *delivery) Name() string { return d.name }

// Wants implements sim.Checker.
func (d *delivery) Wants() sim.Kinds {
	return d.book.wants() | sim.OnUnissued | sim.OnCommit | sim.OnPacket | sim.OnSend | sim.OnDrained | sim.OnDial | sim.OnConnUp | sim.OnConnDown | sim.OnClose
}

// Observe implements sim.Checker.
func (d *delivery) Observe(e *sim.Event) {
	switch e.Kind { // most events are packets
	case sim.OnPacket:
		in := e.Input.(*step.Packet)
		d.turns.answered(e, in)
		if d.take(e, in); e.Key.At >= d.truth.Calm {
			d.circles.hosts[e.Host].hear(in.Conn)
		}
		return
	case sim.OnSend:
		out := e.Effect.(*step.Send)
		d.circles.hosts[e.Host].spend(out.Conn, len(out.Bytes))
		d.sends(e, out)
		return
	case sim.OnDrained:
		d.circles.hosts[e.Host].spend(e.Input.(*step.Drained).Conn, -step.SendCredit)
		return
	}
	d.observe(e)
	switch e.Kind {
	case sim.OnDial, sim.OnConnUp, sim.OnConnDown, sim.OnClose, sim.OnCrash:
		d.neighbour(e)
	case sim.OnNote:
		switch n := e.Effect.(*step.Note); n.Kind {
		case step.NoteAuthored:
			d.authored(n)
		case step.NoteSaved:
			d.saved(e, n)
		case step.NoteApplied:
			d.applied(e, n)
		case step.NoteVersion:
			d.neighbour(e)
		}
	case sim.OnBoot:
		d.neighbour(e)
		d.boots[e.Host] = e.Key.At
		d.queues[e.Host] = &queue{}
	case sim.OnRequest:
		d.begin(e)
	case sim.OnCommit:
		if q := d.queues[e.Host]; q != nil {
			q.issued++
			if n := len(q.open); n > 0 && q.step == e.Key {
				q.open[n-1].commits, q.open[n-1].due = q.issued, -1
			}
		}
	case sim.OnCommitted:
		if q := d.queues[e.Host]; q != nil {
			q.done++
			q.settle(e.Key.At)
		}
	case sim.OnUnissued:
		d.unissued++
	}
}

func (d *delivery) authored(n *step.Note) {
	if o := d.ops[n.Op]; o != nil && o.honest && d.tracks[n.Op] == nil {
		t := &track{op: o, saved: -1}
		d.tracks[n.Op] = t
		d.order = append(d.order, t)
		d.thrift.learn(t)
	}
}

func (d *delivery) saved(e *sim.Event, n *step.Note) {
	t := d.tracks[n.Op]
	if t == nil || t.saved >= 0 || t.op.host != e.Host {
		return
	}
	t.saved = e.Key.At
	if s := d.byID[array(t.op.head.Space)]; s != nil {
		d.advance(e.Key.At)
		d.due += d.honest[s.number]
	}
}

// applied counts one delivery. It is called for every operation at every host, so it does little.
func (d *delivery) applied(e *sim.Event, n *step.Note) {
	t := d.tracks[n.Op]
	if t == nil {
		return
	}
	s := d.byID[array(t.op.head.Space)]
	if s == nil || !d.share[s.number].has(int(e.Host)) {
		return
	}
	at := e.Key.At
	saved := max(t.saved, 0)
	if t.saved < 0 { // the author applies what it has just saved, in one step
		saved = at
	}
	if at > saved+d.spread {
		if due := d.truth.Due(saved, max(d.boots[e.Host], d.boots[t.op.host])); at > due {
			d.fail(at, e.ID(), "operation %s (%s), authored at %v by host %d, reached host %d at %v; it was due by %v", t.op, t.op.kind, t.op.at, t.op.host, e.Host, at, due)
		}
	}
	if t.got.has(int(e.Host)) {
		return
	}
	if t.got == nil {
		t.got = make(bitset, len(d.share[s.number]))
	}
	t.got.add(int(e.Host))
	t.count++
	d.advance(at)
	d.done++
	d.checked++
	t.last = at
	all := d.honest[s.number]
	if t.count == (all+1)/2 {
		t.t50 = at
	}
	if t.count == (99*all+99)/100 {
		t.t99 = at
	}
	if e.Host != t.op.host {
		_ = d.latency.RecordValue(int64((at - saved) / time.Microsecond)) // beyond its range it is no latency to plot
	}
}

// advance adds points to the series up to an instant.
func (d *delivery) advance(at time.Duration) {
	for d.tick+tickEvery <= at {
		d.tick += tickEvery
		if d.due > 0 {
			d.delivered.At = append(d.delivered.At, d.tick)
			d.delivered.Y = append(d.delivered.Y, share(d.done, d.due))
		}
	}
}

// Sample implements sim.Checker.
func (d *delivery) Sample(time.Duration, sim.View) {}

// Verdict implements sim.Checker.
func (d *delivery) Verdict(end sim.End) sim.Verdict {
	s := d.look(end.At, end.View, true)
	d.advance(end.At)
	saved, early := 0, 0
	for _, t := range d.order {
		if t.saved >= 0 {
			saved++
		}
	}
	if end.Cut == "" {
		early = d.missing(s, end)
		d.used(end)
		for h := range d.thrift.took {
			d.silent(sim.HostID(h))
		}
	}
	waits := d.answers(end)
	t50, t99, t100 := d.times(s, end)
	d.metric("operations", float64(saved), "")
	d.metric("deliveries", float64(d.done), "")
	d.metric("deliveries not yet due at the end", float64(early), "")
	d.metric("operations away with their author", float64(len(d.gone)), "")
	d.metric("settle time", d.truth.Settle().Seconds(), "s")
	d.metric("spread time", d.spread.Seconds(), "s")
	d.metric("answers to catch-ups and wishes", float64(d.thrift.answers), "")
	d.metric("answers due at once", float64(d.thrift.owed), "")
	d.metric("operations in answers", float64(d.thrift.sent), "")
	d.metric("summaries after one without an answer", float64(d.turns.passed), "")
	d.metric("chains in summaries", float64(d.thrift.told), "")
	d.metric("operations asked for", float64(d.thrift.asked), "")
	d.metric("links that must be used", float64(d.circles.links), "")
	d.metric("turns of neighbours", float64(d.circles.turns), "")
	d.metric("dials due", float64(d.circles.dials), "")
	d.metric("connections closed by an honest end of two", float64(d.circles.shut), "")
	d.percentiles("time to 50% of hosts", t50, saved)
	d.percentiles("time to 99% of hosts", t99, saved)
	d.percentiles("time to 100% of hosts", t100, saved)
	if d.latency.TotalCount() > 0 {
		for _, p := range [...]float64{50, 90, 99, 100} {
			d.metric(fmt.Sprintf("delivery p%g", p), float64(d.latency.ValueAtQuantile(p))/1e6, "s")
		}
	}
	d.percentiles("time to first reply", waits, len(waits))
	d.series = append(d.series, d.delivered, d.distribution())
	return d.verdict(end, counts(saved, "operations", d.done, "deliveries", len(t100), "operations at all honest hosts", len(waits), "requests answered locally", d.thrift.answers, "answers that repeat nothing", d.circles.links, "links used", d.circles.dials, "dials in time"))
}

// missing judges what never came. It returns how many deliveries were not yet due.
func (d *delivery) missing(s *snapshot, end sim.End) (early int) {
	lacks, union := map[*set][]*track{}, d.union(s)
	for i := range s.hold {
		k := &s.hold[i]
		if k.set == nil {
			continue
		}
		list, known := lacks[k.set]
		if !known {
			for _, t := range d.order {
				if t.saved >= 0 && t.op.head.Space != nil && array(t.op.head.Space) == k.space.id && !k.set.has(t.op.id) {
					list = append(list, t)
				}
			}
			lacks[k.set] = list
		}
		for _, t := range list {
			due := d.truth.Due(t.saved, max(d.boots[k.host], d.boots[t.op.host]))
			if due > end.At {
				early++
				continue
			}
			if t.op.index < 0 || !union[k.space.number].has(t.op.index) {
				if _, lost := d.lost[t.op.host]; lost || !end.View.Up(t.op.host) {
					d.gone[t.op.id] = true // its author is away with it; whether he may be is for others to say
					continue
				}
			}
			d.fail(due, "", "operation %s (%s), authored at %v by host %d, never reached host %d; it was due by %v", t.op, t.op.kind, t.op.at, t.op.host, k.host, due)
		}
	}
	return early
}

// times gives for each operation how long after it was saved it was at 50, 99 and 100 % of the honest interested hosts.
// Hosts that are down at the end do not count for the last.
func (d *delivery) times(s *snapshot, end sim.End) (t50, t99, t100 []time.Duration) {
	up := make([]bitset, len(d.spaces))
	for i := range s.hold {
		up[s.hold[i].space.number].add(int(s.hold[i].host))
	}
	for _, t := range d.order {
		sp := d.byID[array(t.op.head.Space)]
		if t.saved < 0 || sp == nil {
			continue
		}
		all := d.honest[sp.number]
		if t.count >= (all+1)/2 {
			t50 = append(t50, t.t50-t.saved)
		}
		if t.count >= (99*all+99)/100 {
			t99 = append(t99, t.t99-t.saved)
		}
		if t.got.covers(up[sp.number]) {
			t100 = append(t100, max(t.last-t.saved, 0))
		}
	}
	return t50, t99, t100
}

// distribution is the histogram of single deliveries: At is the upper bound of a bucket, Y the share below it.
func (d *delivery) distribution() sim.Series {
	h := sim.Series{Name: "delivery latency, share below", Unit: "%"}
	total := d.latency.TotalCount()
	below := int64(0)
	for _, bar := range d.latency.Distribution() {
		below += bar.Count
		if bar.Count > 0 {
			h.At = append(h.At, time.Duration(bar.To)*time.Microsecond)
			h.Y = append(h.Y, 100*float64(below)/float64(total))
		}
	}
	return thin(h, 200)
}

// thin keeps at most about n points of a series, the last among them.
func thin(s sim.Series, n int) sim.Series {
	if len(s.At) <= n {
		return s
	}
	every := (len(s.At) + n - 1) / n
	var t sim.Series
	t.Name, t.Unit = s.Name, s.Unit
	for i := range s.At {
		if i%every == 0 || i == len(s.At)-1 {
			t.At, t.Y = append(t.At, s.At[i]), append(t.Y, s.Y[i])
		}
	}
	return t
}
