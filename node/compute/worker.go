package compute

import (
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// task is asked when a task is applied.
func (c *Compute) task(p *place, e *journal.Entry, a *op.Task) {
	if e.Op.Device == c.device {
		c.own(p, e, a)
	} else if p.offered {
		c.assign(p, e, e, a.Workers)
	}
}

// extend is asked when an extension is applied. It counts only from the device that asked for the task.
func (c *Compute) extend(p *place, e *journal.Entry, a *op.Extension) {
	if t := p.tasks[a.Task]; t != nil {
		if t.mine && e.Op.Device == c.device {
			c.landed(t)
			c.enlist(t, e, a.Workers)
		}
		return // a worker has it already
	}
	f, ok := p.log.Get(a.Task)
	if !ok || !p.offered || f.Op.Kind != op.ComputeTask || f.Op.Device != e.Op.Device || e.Op.Device == c.device || !p.log.Before(f.Index, e.Index) {
		return
	}
	if whole, ok := op.TaskOf(f.Op.Args); ok && sound(&whole) {
		c.assign(p, f, e, a.Workers)
	}
}

// assign queues a task if this device wins its lottery by the offers in the past of an operation.
func (c *Compute) assign(p *place, asked, by *journal.Entry, workers uint64) {
	id := asked.Op.ID
	if !p.offers.wins(p.log, id, c.device, asked.Op.Device, int(workers), c.in(p, by.Index)) {
		return
	}
	t := &task{in: p, id: id, entry: asked.Index}
	p.tasks[id] = t
	c.queue = append(c.queue, t)
	c.dirty = true
}

// consent reads the user's will from her last effective offer on this device.
func (c *Compute) consent(p *place, out *step.Effects) {
	at, ok := p.offers.last(p.log, c.device, c.effective(p))
	if !ok {
		return
	}
	a, _ := op.OfferOf(p.log.Entries[at].Op.Args)
	p.consent, p.limit = a.Consent && !p.withdrawn, a.MaxWork
	c.dirty = true
	c.tell(out)
}

// ask takes the user's word. She need not wait for a disk to take consent back; what runs is thrown away when it is done.
func (c *Compute) ask(p *place, on bool, out *step.Effects) {
	p.withdrawn = !on
	if !on {
		p.consent = false
		c.tell(out)
	}
}

// tell notes whether the user allows tasks on this host at all, when that changed.
func (c *Compute) tell(out *step.Effects) {
	allowed := false
	for _, p := range c.order {
		allowed = allowed || p.consent
	}
	if out == nil || allowed == c.allowed {
		return
	}
	c.allowed = allowed
	n := out.Note(step.NoteConsent)
	if allowed {
		n.N = 1
	}
}

// work starts queued tasks while the user allows it and the host has room.
func (c *Compute) work(out *step.Effects) {
	keep := c.queue[:0]
	for _, t := range c.queue {
		if t.closed || t.work == finished || c.cfg.Verdicts.IsVoid(t.in.log, t.entry) {
			continue
		}
		room := c.cfg.Jobs
		if l := t.in.limit; l != 0 && l < uint64(room) {
			room = int(l)
		}
		if !t.in.consent || len(c.jobs) >= room {
			keep = append(keep, t)
			continue
		}
		a, _ := op.TaskOf(t.in.log.Entries[t.entry].Op.Args)
		c.serial++
		t.work = running
		c.jobs[top|c.serial] = t
		out.Note(step.NoteTaken).Op = t.id
		out.Run(top|c.serial, a.Kernel, a.Input)
	}
	clear(c.queue[len(keep):])
	c.queue = keep
}

// JobDone signs the result of a job. A job that failed, or whose output is too long, has none.
func (c *Compute) JobDone(in *step.JobDone, out *step.Effects) {
	t := c.jobs[in.ID]
	if t == nil {
		return
	}
	delete(c.jobs, in.ID)
	c.dirty = true // there is room for another
	if !t.in.consent {
		t.work = waiting
		c.queue = append(c.queue, t)
		return
	}
	t.work = finished
	if in.Err != "" || len(in.Out) > MaxOutput || t.closed {
		return
	}
	t.output = in.Out
	c.publish(t, out)
}

// publish signs a result. If that fails (nobody has signed in yet, the disk is full) it is tried again when patience ends.
func (c *Compute) publish(t *task, out *step.Effects) {
	r := op.Result{Task: t.id, Output: t.output}
	if c.author(t, op.Draft{Kind: op.ComputeResult, Args: r.Args()}) {
		out.Note(step.NoteResult).Op = t.id
		return
	}
	c.shelve(t)
}

// shelve keeps a result that could not be signed.
func (c *Compute) shelve(t *task) {
	if t.idle++; t.idle <= c.cfg.Tries {
		c.shelf = append(c.shelf, t)
		c.dirty = true
	}
}

// retry publishes what was shelved.
func (c *Compute) retry(out *step.Effects) {
	shelf := c.shelf
	c.shelf = nil
	for _, t := range shelf {
		if !t.closed && t.in.consent {
			c.publish(t, out)
		}
	}
}
