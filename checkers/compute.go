package checkers

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/gpu"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// compute judges shared computation: what an honest requester accepted is what the kernel's Reference gives, on the word
// of a quorum of workers that the lottery drew, and no host computes for others without the consent of its user
// (TASK-2, TASK-3; I23, I24).
type compute struct {
	tally
	*book
	consents map[consenting]consent
	most     map[consenting]uint64 // jobs at once that the user allows; the greatest that she ever did
	running  map[sim.HostID]int    // jobs of others in this life
	told     map[sim.HostID]bool   // what the host last said of consent in this life
	taken    int
	beside   int // of these, where another ran already
	results  int
	settled  int
	took     []time.Duration         // from task to acceptance
	last     map[consenting]*request // the user's last word
	boots    map[sim.HostID]time.Duration
	broken   map[sim.HostID]bool // a job of it failed
	shown    map[asking]bool     // requests that were answered with something to look at
	tried    map[effort]bool
	came     map[key]time.Duration // results and extensions, when the host whose task it is first applied them
	open     int                   // tasks without an answer that were judged at the end
	memo     map[key]reference
	prompted map[sim.HostID]*prompting
	vain     []vain
}

// consenting names a user's word for one space.
type consenting struct {
	host  sim.HostID
	space key
}

// consent is what a user last said, as far as it binds.
type consent uint8

const (
	never    consent = iota
	allowed          // or perhaps: a withdrawal that a crash overtook may not have been kept
	withdrew         // asked, not yet confirmed: it binds this life
	forbidden
)

type reference struct {
	out []byte
	err error
}

func newCompute(b *book) *compute {
	return &compute{
		tally: tally{name: "compute"}, book: b, consents: map[consenting]consent{}, most: map[consenting]uint64{}, running: map[sim.HostID]int{}, told: map[sim.HostID]bool{},
		last: map[consenting]*request{}, boots: map[sim.HostID]time.Duration{}, broken: map[sim.HostID]bool{}, shown: map[asking]bool{}, tried: map[effort]bool{}, came: map[key]time.Duration{}, memo: map[key]reference{}, prompted: map[sim.HostID]*prompting{},
	}
}

// Name implements sim.Checker.
func (c *compute) Name() string { return c.name }

// Wants implements sim.Checker.
func (c *compute) Wants() sim.Kinds { return c.book.wants() | sim.OnJobDone }

// Observe implements sim.Checker.
func (c *compute) Observe(e *sim.Event) {
	c.observe(e)
	if !c.truth.host(e.Host).Honest {
		return
	}
	c.watch(e)
	c.prompts(e)
	switch e.Kind {
	case sim.OnRequest:
		c.word(e.Host, e.Input.(*step.Request), e.Life)
	case sim.OnReply:
		c.confirmed(e.Host, e.Effect.(*step.Reply))
	case sim.OnCrash, sim.OnBoot:
		for _, s := range c.spaces {
			if k := (consenting{e.Host, s.id}); c.consents[k] == withdrew {
				c.consents[k] = allowed
			}
		}
		delete(c.told, e.Host)
		delete(c.running, e.Host)
	case sim.OnJobDone:
		c.running[e.Host]--
	case sim.OnNote:
		c.note(e, e.Effect.(*step.Note))
	}
}

func (c *compute) note(e *sim.Event, n *step.Note) {
	switch n.Kind {
	case step.NoteConsent:
		c.told[e.Host] = n.N == 1
	case step.NoteTaken:
		c.taken++
		c.checked++
		c.unprompted(e, n.Op)
		c.vainly(e, n.Op)
		if why := c.refuses(e.Host, n.Op); why != "" {
			c.fail(e.Key.At, e.ID(), "host %d ran task %s without consent: %s", e.Host, short(n.Op), why)
		}
		c.running[e.Host]++
		if why := c.crowded(e.Host, n.Op); why != "" {
			c.fail(e.Key.At, e.ID(), "host %d ran task %s beside others: %s", e.Host, short(n.Op), why)
		}
	case step.NoteResult:
		c.results++
		c.vainly(e, n.Op)
		if why := c.refuses(e.Host, n.Op); why != "" {
			c.fail(e.Key.At, e.ID(), "host %d gave a result for task %s without consent: %s", e.Host, short(n.Op), why)
		}
	case step.NoteSettled:
		if t := c.ops[n.Op]; t != nil && t.honest {
			c.took = append(c.took, e.Key.At-t.at)
		}
	}
}

// word takes what a user says about consent.
func (c *compute) word(h sim.HostID, in *step.Request, life uint32) {
	r := c.asked[asking{h, in.ID}]
	if r == nil || r.do != "consent" || r.life != life {
		return
	}
	k := consenting{h, r.space}
	c.last[k] = r
	if r.on {
		c.consents[k] = allowed
		if r.most == 0 {
			r.most = math.MaxUint64
		}
		c.most[k] = max(c.most[k], r.most)
	} else {
		c.consents[k] = withdrew
	}
}

// confirmed makes a withdrawal bind for good once the host has acknowledged it.
func (c *compute) confirmed(h sim.HostID, out *step.Reply) {
	r := c.asked[asking{h, out.Request}]
	if r == nil || r.do != "consent" || r.on {
		return
	}
	k := consenting{h, r.space}
	if c.consents[k] == withdrew && out.Status == step.Accepted {
		c.consents[k] = forbidden
	}
}

// refuses says why a host may not run a task, or nothing.
func (c *compute) refuses(h sim.HostID, task key) string {
	if said, known := c.told[h]; known && !said {
		return "it said itself that its user forbids it"
	}
	best := never
	for _, s := range c.spaces {
		if t := c.ops[task]; t != nil && array(t.head.Space) != s.id {
			continue
		}
		if w := c.consents[consenting{h, s.id}]; best == never || w == allowed {
			best = w
		}
	}
	switch best {
	case never:
		return "its user never allowed it"
	case withdrew, forbidden:
		return "its user has withdrawn it"
	}
	return ""
}

// crowded says why a host that has begun a task runs too many, or nothing. A user who lowers her bound is not held to it: the
// offer that says so may be void, and then the one before it stands.
func (c *compute) crowded(h sim.HostID, task key) string {
	n := c.running[h]
	t := c.ops[task]
	if n > c.truth.Node.Jobs {
		return fmt.Sprintf("it runs %d jobs, and was configured for %d at once", n, c.truth.Node.Jobs)
	}
	if t == nil {
		return ""
	}
	if n > 1 {
		c.beside++
	}
	if most := c.most[consenting{h, array(t.head.Space)}]; uint64(n) > most {
		return fmt.Sprintf("it runs %d jobs, and its user allows %d at once", n, most)
	}
	return ""
}

// Sample implements sim.Checker.
func (c *compute) Sample(time.Duration, sim.View) {}

// Arguments of the kinds of compute.
type (
	taskArgs struct {
		Kernel  string `cbor:"0,keyasint"`
		Input   []byte `cbor:"1,keyasint"`
		Quorum  uint64 `cbor:"2,keyasint"`
		Workers uint64 `cbor:"3,keyasint"`
	}
	offerArgs struct {
		Consent bool `cbor:"0,keyasint"`
	}
	extendArgs struct {
		Task    []byte `cbor:"0,keyasint"`
		Workers uint64 `cbor:"1,keyasint"`
	}
	resultArgs struct {
		Task   []byte `cbor:"0,keyasint"`
		Output []byte `cbor:"1,keyasint"`
	}
	acceptArgs struct {
		Task    []byte   `cbor:"0,keyasint"`
		Output  []byte   `cbor:"1,keyasint"`
		Results [][]byte `cbor:"2,keyasint"`
	}
)

// args decodes the arguments of an operation.
func args[T any](m cbor.DecMode, o *operation) (a T, ok bool) {
	return a, m.Unmarshal(o.args, &a) == nil
}

// Verdict implements sim.Checker.
func (c *compute) Verdict(end sim.End) sim.Verdict {
	s := c.look(end.At, end.View, true)
	union := c.union(s)
	tasks, foreign, wrong := 0, 0, 0
	settled, drawn, answered := map[key]bool{}, map[key]map[key]bool{}, map[effort]*operation{}
	for n, sp := range c.spaces {
		hall := sp.whole(union[n])
		c.wasted(sp, hall)
		for _, o := range sp.ops {
			if !union[n].has(o.index) || hall.void(o) {
				continue
			}
			switch o.kind {
			case "compute.task":
				if c.people[o.author] {
					tasks++
				}
			case "compute.result":
				if c.people[o.author] {
					c.checked++
					why := c.worked(sp, hall, union[n], o, drawn)
					if why = cmp.Or(why, c.repeated(o, answered)); why != "" {
						c.fail(o.at, "", "result %s by host %d: %s", o, o.host, why)
					}
				}
			case "compute.accept":
				if !c.people[o.author] {
					foreign++ // a liar may fool himself
					continue
				}
				c.checked++
				task, why := c.accept(sp, hall, o)
				if why != "" {
					wrong++
					c.fail(o.at, "", "acceptance %s by host %d: %s", o, o.host, why)
				}
				settled[task] = true
			}
		}
		if end.Cut == "" {
			d := c.diligence(s, n, union[n], end)
			d.tasks(union[n])
			d.deaf()
		}
	}
	c.settled = len(settled)
	c.metric("tasks of honest requesters", float64(tasks), "")
	c.metric("tasks settled", float64(c.settled), "")
	c.metric("tasks judged without an answer", float64(c.open), "")
	c.metric("wrong acceptances", float64(wrong), "")
	c.metric("tasks taken", float64(c.taken), "")
	c.metric("tasks taken beside another", float64(c.beside), "")
	c.metric("results by honest workers", float64(c.results), "")
	c.metric("acceptances of liars", float64(foreign), "")
	c.percentiles("time to settle", c.took, tasks)
	return c.verdict(end, counts(c.settled, fmt.Sprintf("of %d tasks settled", tasks), c.taken, "runs by consenting workers", c.results, "results"))
}

// accept judges one acceptance.
func (c *compute) accept(s *space, hall *ruling, o *operation) (task key, why string) {
	a, ok := args[acceptArgs](c.cbor, o)
	t := c.ops[array(a.Task)]
	past := s.pastOf(o)
	if !ok || t == nil || t.space != s || t.kind != "compute.task" || t.index < 0 || !past.has(t.index) {
		return task, "it names no task of its past"
	}
	ta, ok := args[taskArgs](c.cbor, t)
	if !ok {
		return t.id, "its task has no arguments"
	}
	if t.chain.device != o.chain.device {
		return t.id, "it is not the requester's"
	}
	drawn := c.drawn(s, hall, past, t, ta.Workers)
	workers := map[key]bool{} // by identity: who has two devices is still one
	for _, id := range a.Results {
		r := c.ops[array(id)]
		if r == nil || r.space != s || r.index < 0 || !past.has(r.index) {
			return t.id, fmt.Sprintf("it names %x, which is not in its past", id[:min(6, len(id))])
		}
		ra, ok := args[resultArgs](c.cbor, r)
		switch {
		case !ok || r.kind != "compute.result" || array(ra.Task) != t.id:
			return t.id, fmt.Sprintf("%s is no result for task %s", r, t)
		case !bytes.Equal(ra.Output, a.Output):
			return t.id, fmt.Sprintf("result %s gives another output", r)
		case workers[c.owner[r.chain.device]]:
			return t.id, fmt.Sprintf("identity %s counts twice", short(c.owner[r.chain.device]))
		case !drawn[r.chain.device]:
			return t.id, fmt.Sprintf("device %s was not drawn for task %s", short(r.chain.device), t)
		}
		workers[c.owner[r.chain.device]] = true
	}
	if uint64(len(workers)) < ta.Quorum || len(workers) == 0 {
		return t.id, fmt.Sprintf("it rests on %d results; task %s asks for %d", len(workers), t, ta.Quorum)
	}
	if ref := c.reference(ta.Kernel, ta.Input); ref.err != nil {
		return t.id, fmt.Sprintf("kernel %s has no result on this input: %v", ta.Kernel, ref.err)
	} else if !bytes.Equal(ref.out, a.Output) {
		return t.id, fmt.Sprintf("the accepted output of %s is wrong: %s", ta.Kernel, differ(ref.out, a.Output))
	}
	return t.id, ""
}

// reference computes what a kernel gives by its definition, once for equal jobs.
func (c *compute) reference(kernel string, input []byte) reference {
	k := sha256.Sum256(slices.Concat([]byte(kernel), []byte{0}, input))
	r, ok := c.memo[k]
	if !ok {
		if c.truth.Reference != nil {
			r.out, r.err = c.truth.Reference(kernel, input)
		} else if g, found := gpu.Find(kernel); found {
			r.out, _, r.err = g.Reference(input)
		} else {
			r.err = fmt.Errorf("there is no such kernel")
		}
		c.memo[k] = r
	}
	return r
}
