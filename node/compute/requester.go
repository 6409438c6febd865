package compute

import (
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// own begins to wait for the results of a task of this node.
func (c *Compute) own(p *place, e *journal.Entry, a *op.Task) {
	t := &task{in: p, id: e.Op.ID, entry: e.Index, mine: true, quorum: int(a.Quorum), winners: map[op.Key]bool{}}
	t.request = c.asked[t.id]
	delete(c.asked, t.id)
	p.tasks[t.id] = t
	c.open = append(c.open, t)
	c.enlist(t, e, a.Workers)
}

// enlist draws the workers by the offers in the past of a task or of an extension of it.
func (c *Compute) enlist(t *task, e *journal.Entry, workers uint64) {
	t.workers = max(t.workers, int(workers))
	for _, d := range drawn(t.id, t.in.offers.candidates(t.in.log, c.device, c.in(t.in, e.Index)), int(workers)) {
		t.winners[d] = true
	}
	t.dirty, c.dirty = true, true
}

// result keeps a result of an own task; of a task that this node works at it matters only if it is its own.
func (c *Compute) result(t *task, e *journal.Entry) {
	if e.Op.Device == c.device {
		t.work, t.output = finished, nil
		c.landed(t)
	}
	if t.mine && !t.closed {
		t.results = append(t.results, e.Index)
		t.dirty, c.dirty = true, true
	}
}

// judge accepts what a quorum of winners says.
func (c *Compute) judge(t *task) bool {
	if t.closed || t.flight != 0 {
		return t.closed
	}
	output, ids := t.verdict(func(i uint32) bool { return c.cfg.Verdicts.IsVoid(t.in.log, i) })
	if ids == nil {
		return false
	}
	a := op.Acceptance{Task: t.id, Output: output, Results: ids}
	return c.author(t, op.Draft{Kind: op.ComputeAccept, Args: a.Args()})
}

// settled: an accepted result is in the log. The first one counts.
func (c *Compute) settled(t *task, output []byte, out *step.Effects) {
	if t.closed {
		return
	}
	t.closed = true
	if !t.mine {
		return
	}
	c.landed(t)
	c.dirty = true
	if out == nil {
		return
	}
	n := out.Note(step.NoteSettled)
	n.Op, n.Data = t.id, output
	if t.request != 0 {
		out.Reply(t.request, step.Shown, reply(map[string]any{"task": t.id[:], "output": output}))
	}
}

// impatient asks more workers, twice as many each time, until every candidate was asked. When none is left, it waits on
// for a few times and then tells the person. A quorum that comes even later is still accepted.
func (c *Compute) impatient(t *task, now step.Now, out *step.Effects) {
	t.deadline = now.Mono + c.cfg.Patience
	if t.flight != 0 || c.judge(t) || t.idle >= c.cfg.Tries {
		return
	}
	all := t.in.offers.candidates(t.in.log, c.device, c.effective(t.in))
	left := false
	for _, d := range all {
		left = left || !t.winners[d]
	}
	if left {
		x := op.Extension{Task: t.id, Workers: uint64(max(t.workers+1, min(2*t.workers, len(all))))}
		c.author(t, op.Draft{Kind: op.ComputeExtend, Args: x.Args()})
		return
	}
	if t.idle++; t.idle == c.cfg.Tries && t.request != 0 {
		out.Reply(t.request, step.Denied, reply(map[string]any{"why": "no quorum: every worker that offers was asked"}))
	}
}
