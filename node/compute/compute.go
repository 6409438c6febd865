// Package compute lends and borrows power: offers, assignment by lottery, results, acceptance by a quorum. All of it
// travels as operations of a space; what a node knows of a task it can rebuild from the log. A kernel is a name here,
// bytes in, bytes out, equal or not.
//
// The workers of a task are the first k by lottery among the devices whose last effective offer in the task's causal past
// consents, the requester's own left out. No worker runs anything unless its user allows it at that very moment.
package compute

import (
	"errors"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Author signs drafts; the operation comes back through Applied once it is committed. If the commit fails, Failed is told
// with the request's number. Numbers of this layer have the top byte 'C'.
type Author interface {
	Author(space op.SpaceID, d op.Draft, request uint64) (op.ID, error)
}

// Verdicts tells which entries take no effect. Rights implements it.
type Verdicts interface {
	IsVoid(l *journal.Log, index uint32) bool
}

// Config of one host.
type Config struct {
	Author   Author
	Verdicts Verdicts
	Profile  string        // of the device, as its offers tell it
	Jobs     int           // at once; at least 1
	Patience time.Duration // until a requester asks more workers
	Tries    int           // how often it waits on when there is nobody left to ask
}

// Compute is this layer of one node.
type Compute struct {
	cfg      Config
	device   op.Key
	places   map[*journal.Log]*place
	order    []*place // as they came
	queue    []*task  // to be run
	shelf    []*task  // with a result that could not be signed
	jobs     map[uint64]*task
	flying   map[uint64]*task // by request: operations that are being committed
	asked    map[op.ID]uint64 // by task: the request of a person, until the operation is here
	open     []*task          // of this node, not settled
	past     past
	serial   uint64
	dirty    bool
	allowed  bool // as last told by a note
	timer    time.Duration
	timerSet bool
}

const top = uint64('C') << 56

// Mine tells whether a timer, job or request number belongs to this layer.
func Mine(id uint64) bool { return id>>56 == 'C' }

const timerID = step.TimerID(top | 1)

// New gives the layer of a node that holds no space yet.
func New(cfg Config) *Compute {
	cfg.Jobs, cfg.Tries = max(cfg.Jobs, 1), max(cfg.Tries, 1)
	if cfg.Patience <= 0 {
		cfg.Patience = 5 * time.Second
	}
	return &Compute{cfg: cfg, places: map[*journal.Log]*place{}, jobs: map[uint64]*task{}, flying: map[uint64]*task{}, asked: map[op.ID]uint64{}}
}

// Boot tells the device key of this host. It comes before any Applied.
func (c *Compute) Boot(device op.Key) { c.device = device }

func (c *Compute) place(l *journal.Log) *place {
	p, ok := c.places[l]
	if !ok {
		p = &place{log: l, tasks: map[op.ID]*task{}}
		c.places[l] = p
		c.order = append(c.order, p)
	}
	return p
}

// in is a test for the effective offers in the causal past of an entry. It holds until the next call.
func (c *Compute) in(p *place, at uint32) func(uint32) bool {
	if len(p.offers.all) > 0 {
		c.past.of(p.log, at, p.offers.all[0].entry)
	}
	return func(i uint32) bool { return c.past.has(i) && !c.cfg.Verdicts.IsVoid(p.log, i) }
}

func (c *Compute) effective(p *place) func(uint32) bool {
	return func(i uint32) bool { return !c.cfg.Verdicts.IsVoid(p.log, i) }
}

// Request carries out what a person asks. An error says why it is denied; else the operation's commit answers it.
func (c *Compute) Request(l *journal.Log, do string, body []byte, request uint64, out *step.Effects) error {
	switch do {
	case "consent":
		var r consentRequest
		if err := decode(body, &r); err != nil {
			return err
		}
		if r.On == nil {
			return errors.New("consent is on or off")
		}
		c.ask(c.place(l), *r.On, out)
		o := op.Offer{Consent: *r.On, MaxWork: r.Max, Profile: c.cfg.Profile}
		_, err := c.cfg.Author.Author(l.ID, op.Draft{Kind: op.ComputeOffer, Args: o.Args()}, request)
		return err
	case "submit_task":
		var r taskRequest
		if err := decode(body, &r); err != nil {
			return err
		}
		t, err := r.task()
		if err != nil {
			return err
		}
		id, err := c.cfg.Author.Author(l.ID, op.Draft{Kind: op.ComputeTask, Args: t.Args()}, request)
		if err == nil {
			c.asked[id] = request
		}
		return err
	}
	return errors.New("unknown request")
}

// Applied takes in an admitted entry, in the order of the log. While the log is read back at boot out is nil.
func (c *Compute) Applied(l *journal.Log, e *journal.Entry, out *step.Effects) {
	o := e.Op
	switch o.Kind {
	case op.ComputeOffer:
		if a, ok := op.OfferOf(o.Args); ok {
			p := c.place(l)
			p.offers.add(l, e, a.Consent)
			if o.Device == c.device {
				p.offered = true
				c.consent(p, out)
			}
		}
	case op.ComputeTask:
		if a, ok := op.TaskOf(o.Args); ok && sound(&a) {
			c.task(c.place(l), e, &a)
		}
	case op.ComputeExtend:
		if a, ok := op.ExtensionOf(o.Args); ok && a.Workers <= MaxWorkers {
			c.extend(c.place(l), e, &a)
		}
	case op.ComputeResult:
		if a, ok := op.ResultOf(o.Args); ok {
			if t := c.place(l).tasks[a.Task]; t != nil && l.Before(t.entry, e.Index) {
				c.result(t, e)
			}
		}
	case op.ComputeAccept:
		if a, ok := op.AcceptanceOf(o.Args); ok {
			if t := c.place(l).tasks[a.Task]; t != nil && l.Entries[t.entry].Op.Device == o.Device && !c.cfg.Verdicts.IsVoid(l, e.Index) {
				c.settled(t, a.Output, out)
			}
		}
	}
}

// Failed says that the commit of an own operation failed.
func (c *Compute) Failed(request uint64) {
	if t := c.flying[request]; t != nil {
		delete(c.flying, request)
		t.flight = 0 // patience brings it up again
		if t.output != nil {
			c.shelve(t)
		}
	}
}

// author signs an operation about a task. There is one in flight at a time.
func (c *Compute) author(t *task, d op.Draft) bool {
	c.serial++
	if _, err := c.cfg.Author.Author(t.in.log.ID, d, top|c.serial); err != nil {
		return false
	}
	t.flight = top | c.serial
	c.flying[t.flight] = t
	return true
}

// landed ends the flight of an own operation about a task.
func (c *Compute) landed(t *task) {
	delete(c.flying, t.flight)
	t.flight = 0
}

// Flush acts on what Applied and JobDone brought. It is called once at the end of every step, and costs nothing when there
// is nothing to do.
func (c *Compute) Flush(now step.Now, out *step.Effects) {
	if !c.dirty {
		return
	}
	c.dirty = false
	for _, t := range c.open {
		if t.dirty {
			t.dirty = false
			c.judge(t)
		}
		if t.deadline == 0 {
			t.deadline = now.Mono + c.cfg.Patience
		}
	}
	c.open = slices.DeleteFunc(c.open, func(t *task) bool { return t.closed })
	c.arm(now, out)
	c.tell(out)
	c.work(out)
}

// Timer ends the patience of some tasks.
func (c *Compute) Timer(now step.Now, out *step.Effects) {
	c.timerSet = false
	c.dirty = true
	c.retry(out)
	for _, t := range c.open {
		if t.deadline != 0 && t.deadline <= now.Mono && !t.closed {
			c.impatient(t, now, out)
		}
	}
	c.Flush(now, out)
}

func (c *Compute) arm(now step.Now, out *step.Effects) {
	var next time.Duration
	for _, t := range c.open {
		if t.idle < c.cfg.Tries && (next == 0 || t.deadline < next) {
			next = t.deadline
		}
	}
	if len(c.shelf) > 0 && next == 0 {
		next = now.Mono + c.cfg.Patience
	}
	if next == 0 || c.timerSet && c.timer <= next {
		return
	}
	c.timer, c.timerSet = next, true
	out.SetTimer(timerID, max(next-now.Mono, 0))
}

func reply(v any) []byte {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
