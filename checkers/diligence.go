package checkers

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// maxOutput is the longest output that a result may hold.
const maxOutput = 32 << 10

// diligence judges what became of the tasks of one space by the end (TASK-1, TASK-3): whoever is drawn and willing computes,
// a requester accepts what a quorum says, while there is none asks on until all are asked, and shows the person what came. It
// says nothing of a host that was down, booted or lost its disk too late, nor where an offer is void: then what a host knew of
// the others when it drew is not known here.
type diligence struct {
	*compute
	space  *space
	hall   *ruling
	end    sim.End
	sets   map[sim.HostID]*set
	lent   map[key][]*operation // offers, by device
	doubts bool                 // an offer is void
}

// effort is a result for a task by a device.
type effort struct{ task, device key }

func (c *compute) diligence(s *snapshot, n int, members bitset, end sim.End) *diligence {
	d := &diligence{compute: c, space: c.spaces[n], end: end, sets: map[sim.HostID]*set{}, lent: map[key][]*operation{}}
	d.hall = d.space.whole(members)
	for i := range s.hold {
		if k := &s.hold[i]; k.space == d.space && k.set != nil {
			d.sets[k.host] = k.set
		}
	}
	for _, i := range members.members() {
		if o := d.space.ops[i]; o.kind == "compute.offer" {
			d.lent[o.chain.device] = append(d.lent[o.chain.device], o)
			d.doubts = d.doubts || d.hall.void(o)
		}
	}
	return d
}

// settled is set at a host for so long that it knows all that the others did until then, and has its disk since an instant.
func (d *diligence) settled(h sim.HostID, since time.Duration) bool {
	lost, ever := d.lost[h]
	return d.truth.host(h).Honest && d.end.View.Up(h) && d.truth.Due(0, d.boots[h]) <= d.end.At && (!ever || lost < since) && d.sets[h] != nil
}

// due tells whether everybody should know an operation by the end.
func (d *diligence) due(o *operation) bool {
	since := o.heldAt
	if o.honest {
		since = o.at + d.truth.Node.DiskStrict
	}
	return d.truth.Due(since, 0) <= d.end.At
}

// may tells whether an identity may write at the end.
func (d *diligence) may(who key) bool { return d.hall.roleIn(d.hall.rules)(who) >= member }

// judge says what is wrong with a task that nobody accepted an answer for, or nothing.
func (d *diligence) judge(t *operation) string {
	own := d.sets[t.host]
	ta, ok := args[taskArgs](d.cbor, t)
	if !ok || d.doubts || !d.settled(t.host, t.at) || !own.members.has(t.index) || !d.due(t) || !d.may(t.author) {
		return ""
	}
	if ref := d.reference(ta.Kernel, ta.Input); ref.err != nil || len(ref.out) > maxOutput {
		return ""
	}
	d.open++
	drawn := d.drawn(d.space, d.hall, own.members, t, ta.Workers)
	asked := []*operation{t}
	for _, i := range own.members.members() {
		if o := d.space.ops[i]; o.kind == "compute.extend" && o.chain.device == t.chain.device {
			if a, ok := args[extendArgs](d.cbor, o); ok && array(a.Task) == t.id {
				asked = append(asked, o)
			}
		}
	}
	return cmp.Or(d.quorum(t, &ta, own, drawn), d.idle(t, asked, drawn), d.patience(t, own, drawn))
}

// quorum says that a quorum of equal results is there and was not accepted.
func (d *diligence) quorum(t *operation, ta *taskArgs, own *set, drawn map[key]bool) string {
	first := map[key]*operation{} // by identity
	for _, i := range own.members.members() {
		o := d.space.ops[i]
		if o.kind != "compute.result" || !drawn[o.chain.device] || d.hall.void(o) || !d.space.pastOf(o).has(t.index) {
			continue
		}
		if a, ok := args[resultArgs](d.cbor, o); !ok || array(a.Task) != t.id {
			continue
		}
		if p := first[o.author]; p == nil || cmp.Or(cmp.Compare(o.head.Clock, p.head.Clock), bytes.Compare(o.id[:], p.id[:])) < 0 {
			first[o.author] = o
		}
	}
	voices := map[string]uint64{}
	for _, who := range sortedKeys(first) {
		o := first[who]
		a, _ := args[resultArgs](d.cbor, o)
		if !d.due(o) {
			return "" // it may overturn the others
		}
		if voices[string(a.Output)]++; voices[string(a.Output)] >= ta.Quorum {
			return fmt.Sprintf("%d workers that were drawn for it gave one output, and it asks for %d", voices[string(a.Output)], ta.Quorum)
		}
	}
	return ""
}

// idle says which device was drawn, is willing, and gave no result.
func (d *diligence) idle(t *operation, asked []*operation, drawn map[key]bool) string {
	for _, o := range asked {
		if !d.due(o) {
			return ""
		}
	}
	for _, device := range sortedKeys(drawn) {
		offers := d.lent[device]
		if len(offers) == 0 || d.tried[effort{t.id, device}] {
			continue
		}
		h := offers[0].host
		if !d.settled(h, offers[0].at) || d.broken[h] || d.running[h] > 0 || !d.may(offers[0].author) || !d.willing(h) {
			continue
		}
		knows := true
		for _, o := range asked {
			knows = knows && d.sets[h].members.has(o.index)
		}
		if knows {
			return fmt.Sprintf("device %s of host %d was drawn for it, its user allows it, nothing runs there, and it gave no result", short(device), h)
		}
	}
	return ""
}

// willing tells that the user's last word in this space was yes, and that the host confirmed it and goes by it.
func (d *diligence) willing(h sim.HostID) bool {
	said, known := d.told[h]
	r := d.last[consenting{h, d.space.id}]
	return r != nil && r.on && r.first == step.Accepted && (!known || said)
}

// patience says that devices were never asked which always offered, since before the task. A requester asks twice as many, one
// more at least, each time that his patience ends: after as many rounds as their number has digits in binary he has asked all.
func (d *diligence) patience(t *operation, own *set, drawn map[key]bool) string {
	candidates := d.lottery(d.space, d.hall, own.members, t, math.MaxInt)
	rounds := time.Duration(bits.Len(uint(len(candidates))) + 2) // one for a person who signs in late, one to spare
	if max(t.at, d.boots[t.host])+rounds*d.truth.Node.Patience > d.end.At {
		return ""
	}
	past, left := d.space.pastOf(t), 0
	for _, device := range candidates {
		always := !drawn[device]
		before := false
		for _, o := range d.lent[device] {
			a, ok := args[offerArgs](d.cbor, o)
			always = always && ok && a.Consent
			before = before || past.has(o.index)
		}
		if always && before {
			left++
		}
	}
	if left == 0 {
		return ""
	}
	return fmt.Sprintf("%d devices that offered before it were never asked", left)
}

// answered says that a person who waits was not shown the answer that her host accepted, or nothing.
func (d *diligence) answered(t, acceptance *operation) string {
	r := d.asked[asking{t.host, t.request}]
	own := d.sets[t.host]
	if r == nil || r.gone || own == nil || !own.members.has(acceptance.index) || !d.due(acceptance) || d.hall.void(acceptance) || d.shown[r.asking] {
		return ""
	}
	return fmt.Sprintf("request %d waits, and was not shown the output that was accepted", r.id)
}

// late says that a quorum stood at its host for longer than a step before it was accepted, or nothing. Soon after a boot the
// person may not have signed in yet, under a fault the first try may have been lost, and where rights changed since the task
// she may have been without her own for a time.
func (d *diligence) late(t, acceptance *operation) string {
	a, ok := args[acceptArgs](d.cbor, acceptance)
	boot, ready := d.boots[t.host], time.Duration(0)
	for _, id := range a.Results {
		ready = max(ready, d.came[array(id)])
	}
	for _, i := range d.space.pastOf(acceptance).members() {
		if o := d.space.ops[i]; o.kind == "compute.extend" && o.chain.device == t.chain.device {
			ready = max(ready, d.came[o.id]) // while it was being committed no other could be signed
		}
	}
	since, until := d.space.pastOf(t), d.space.pastOf(acceptance)
	if slices.ContainsFunc(d.space.rules, func(r *rule) bool { return until.has(r.op.index) && !since.has(r.op.index) }) {
		return ""
	}
	wait := acceptance.at - ready
	if !ok || !acceptance.honest || ready == 0 || ready < boot+d.truth.Settle() && boot > 0 || d.truth.Disturbed(ready, acceptance.at) || wait <= d.truth.Node.StepCPU {
		return ""
	}
	return fmt.Sprintf("the quorum of %s was there at %v, and was accepted %v later", acceptance, ready, wait)
}

// tasks judges all tasks of honest requesters in the space.
func (d *diligence) tasks(members bitset) {
	accepted := map[key]*operation{}
	for _, i := range members.members() {
		if o := d.space.ops[i]; o.kind == "compute.accept" {
			if a, ok := args[acceptArgs](d.cbor, o); ok {
				if t := d.ops[array(a.Task)]; t != nil && t.chain.device == o.chain.device && accepted[t.id] == nil {
					accepted[t.id] = o
				}
			}
		}
	}
	for _, i := range members.members() {
		t := d.space.ops[i]
		if t.kind != "compute.task" || !t.honest || d.hall.void(t) {
			continue
		}
		why := ""
		if a := accepted[t.id]; a != nil {
			why = cmp.Or(d.late(t, a), d.answered(t, a))
		} else {
			why = d.judge(t)
		}
		if why != "" {
			d.fail(t.at, "", "task %s of host %d was not attended to: %s", t, t.host, why)
		}
	}
}

// deaf judges that a host goes by its user's word once she allows computing again (TASK-2). What a host of several spaces says
// of consent may be of another.
func (d *diligence) deaf() {
	for _, h := range slices.Sorted(maps.Keys(d.sets)) {
		r := d.last[consenting{h, d.space.id}]
		if r == nil || !r.on || r.first != step.Accepted || r.gone || r.replied+redrawn > d.end.At || len(d.truth.host(h).Spaces) > 1 {
			continue
		}
		if said, known := d.told[h]; known && !said && !d.doubts && d.settled(h, r.replied) && d.may(d.truth.host(h).Identity) {
			d.fail(r.replied, r.event, "host %d was told by its user at %v that it may compute for others, and says that it may not", h, r.replied)
		}
	}
}

// watch keeps what only the events tell.
func (c *compute) watch(e *sim.Event) {
	switch e.Kind {
	case sim.OnBoot:
		c.boots[e.Host] = e.Key.At
	case sim.OnJobDone:
		if e.Input.(*step.JobDone).Err != "" {
			c.broken[e.Host] = true // it has no device, or one that cannot do some job
		}
	case sim.OnNote:
		if n := e.Effect.(*step.Note); n.Kind == step.NoteApplied || n.Kind == step.NoteAuthored {
			c.heard(e, n)
		}
	case sim.OnReply:
		if out := e.Effect.(*step.Reply); out.Status == step.Shown {
			c.shown[asking{e.Host, out.Request}] = true
		}
	}
}

// heard keeps who signed a result, committed or not, and when the host of a task first knew what is said of it.
func (c *compute) heard(e *sim.Event, n *step.Note) {
	o := c.ops[n.Op]
	if o == nil || o.kind != "compute.result" && o.kind != "compute.extend" {
		return
	}
	a, ok := args[resultArgs](c.cbor, o) // both name their task first
	if !ok {
		return
	}
	task := array(a.Task)
	if n.Kind == step.NoteAuthored {
		if o.kind == "compute.result" {
			c.tried[effort{task, o.chain.device}] = true
		}
	} else if t := c.ops[task]; t != nil && t.host == e.Host && c.came[o.id] == 0 {
		c.came[o.id] = e.Key.At
	}
}
