package checkers

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// prompting is what happened in the step under way of a host that may let it begin a task of others.
type prompting struct {
	step  sim.Key
	any   bool  // room for another job, or a change of what its user or the rules of the space allow
	tasks []key // that came, or were extended

	over map[key]*operation // acceptances that came in this life, by task
}

// vain is work at a task of which an acceptance had come.
type vain struct {
	at       time.Duration
	event    string
	host     sim.HostID
	task     key
	accepted *operation
}

// prompts takes in what may let a host begin a task.
func (c *compute) prompts(e *sim.Event) {
	p := c.prompted[e.Host]
	if p == nil {
		p = &prompting{over: map[key]*operation{}}
		c.prompted[e.Host] = p
	}
	if p.step != e.Key {
		p.step, p.any, p.tasks = e.Key, false, p.tasks[:0]
	}
	switch e.Kind {
	case sim.OnCrash:
		clear(p.over)
	case sim.OnJobDone, sim.OnBoot, sim.OnRequest:
		p.any = true
	case sim.OnNote:
		n := e.Effect.(*step.Note)
		o := c.ops[n.Op]
		if n.Kind != step.NoteApplied || o == nil {
			return
		}
		switch o.kind {
		case "compute.task":
			p.tasks = append(p.tasks, o.id)
		case "compute.extend":
			if a, ok := args[extendArgs](c.cbor, o); ok {
				p.tasks = append(p.tasks, array(a.Task))
			}
		case "compute.accept":
			a, ok := args[acceptArgs](c.cbor, o)
			if t := c.ops[array(a.Task)]; ok && t != nil && t.chain.device == o.chain.device {
				p.over[t.id] = o
			}
		case "compute.offer":
			p.any = p.any || o.host == e.Host
		case "rights.grant", "rights.revoke":
			p.any = true
		}
	}
}

// unprompted judges that a task is begun as soon as it can be (TASK-1): in the step in which it came, or in which there was room
// for it. Who begins one in another step has let it lie.
func (c *compute) unprompted(e *sim.Event, task key) {
	if p := c.prompted[e.Host]; !p.any && !slices.Contains(p.tasks, task) {
		c.fail(e.Key.At, e.ID(), "host %d began task %s in a step in which neither it came nor room for it: it let it lie", e.Host, short(task))
	}
}

// vainly notes that a host works at a task. Whether the acceptance that it knew holds is known at the end.
func (c *compute) vainly(e *sim.Event, task key) {
	if o := c.prompted[e.Host].over[task]; o != nil {
		c.vain = append(c.vain, vain{e.Key.At, e.ID(), e.Host, task, o})
	}
}

// wasted judges that nobody works at a task any more of which she knows that it is settled (TASK-1). Whoever may lose her rights
// accepts nothing for sure.
func (c *compute) wasted(s *space, hall *ruling) {
	for _, v := range c.vain {
		if o := v.accepted; o.space == s && !hall.void(o) && !s.doubtful()[o.author] {
			c.fail(v.at, v.event, "host %d works at task %s, and knew of its acceptance %s", v.host, short(v.task), o)
		}
	}
}
