package checkers

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// queue counts the commits of one life of a host, which its disk completes in the order issued.
type queue struct {
	issued, done int
	step         sim.Key  // the step that took the last request
	open         []*reply // in the order asked
}

// reply is a request and all that its first reply may wait for: the disk's turn at what was issued before, and at what the
// step that took the request issued itself.
type reply struct {
	*request
	commits int           // the number of the last of these
	due     time.Duration // when it was taken up; -1 before that
}

// begin begins to wait for a reply.
func (d *delivery) begin(e *sim.Event) {
	r, q := d.book.asked[asking{e.Host, e.Input.(*step.Request).ID}], d.queues[e.Host]
	if r == nil || q == nil || r.at != e.Key.At {
		return
	}
	p := &reply{request: r, commits: q.issued, due: -1}
	d.replies = append(d.replies, p)
	q.step, q.open = e.Key, append(q.open, p)
	q.settle(r.at)
}

// settle says what is due now.
func (q *queue) settle(at time.Duration) {
	for _, p := range q.open {
		if p.due < 0 && p.commits <= q.done {
			p.due = at
		}
	}
	q.open = slices.DeleteFunc(q.open, func(p *reply) bool { return p.due >= 0 && p.first != 0 })
}

// answers judges that the first reply to each request came in the step that took it up, or in the one that took up the last
// commit which it may wait for. Neither the disk nor the CPU needs a figure: how long they took is seen, and an input that
// waited for the CPU is observed when it is taken up. So whatever waits for another host is late, however near that is. A host
// that went down in between owes nothing, nor does a watched text of which there is nothing to show yet.
func (d *delivery) answers(end sim.End) (waits []time.Duration) {
	for _, r := range d.replies {
		switch {
		case r.do == "watch_text":
		case r.first != 0:
			d.checked++
			waits = append(waits, r.replied-r.at)
			if r.due >= 0 && r.replied > r.due {
				d.fail(r.replied, r.event, "host %d answered request %d (%s) after %v; its own disk and CPU explain %v", r.host, r.id, r.do, r.replied-r.at, max(r.due-r.at, 0))
			}
		case !r.gone && end.Cut == "" && r.due >= 0:
			d.fail(r.due, r.event, "host %d never answered request %d (%s) of %v", r.host, r.id, r.do, r.at)
		}
	}
	return waits
}
