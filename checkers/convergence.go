package checkers

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// foldBudget bounds the operations that are folded by the specs at one sample, so that a sample at which every host holds
// another set does not cost the run. At the end there is no bound.
const foldBudget = 5000

// convergence judges that state is a function of the operations, and that honest hosts come to hold the same ones: equal
// sets answer byte-identical state, void and heads, state is the specs' fold, nothing acknowledged is missing, nothing is
// invented (VM-5, VER-4; I1, I2, I12, I26).
type convergence struct {
	tally
	*book
	naming     naming
	turn       int
	boots      map[sim.HostID]time.Duration
	applied    map[sim.HostID]time.Duration // when a host last took an operation in
	judged     map[key]bool                 // operations of which the origin was looked at
	reported   map[key]bool                 // what does not belong in a set, once told
	sets       int                          // distinct (set, schema) folded
	folded     int                          // operations folded
	compared   int                          // states compared
	kept       int                          // bytes of operations compared at hosts that do not know their kind
	asked      int                          // honest requests behind operations
	taken      int                          // values taken out of sets
	typing     typing
	pictures   int // of channels that were read
	indexes    int // compared
	watched    int // pictures compared that were watched to the end
	whole, gap sim.Series
}

func newConvergence(b *book) *convergence {
	return &convergence{
		tally: tally{name: "convergence"}, book: b, boots: map[sim.HostID]time.Duration{}, applied: map[sim.HostID]time.Duration{}, judged: map[key]bool{}, reported: map[key]bool{},
		whole: sim.Series{Name: "replicas that hold every known operation", Unit: "%"},
		gap:   sim.Series{Name: "operations missing per replica", Unit: ""},
	}
}

// Name implements sim.Checker.
func (c *convergence) Name() string { return c.name }

// Wants implements sim.Checker.
func (c *convergence) Wants() sim.Kinds { return c.book.wants() }

// Observe implements sim.Checker.
func (c *convergence) Observe(e *sim.Event) {
	c.observe(e)
	switch e.Kind {
	case sim.OnBoot:
		c.boots[e.Host] = e.Key.At
	case sim.OnNote:
		if e.Effect.(*step.Note).Kind == step.NoteApplied {
			c.applied[e.Host] = e.Key.At
		}
	case sim.OnReply:
		c.shown(e, e.Effect.(*step.Reply))
	}
}

// Sample implements sim.Checker.
func (c *convergence) Sample(at time.Duration, v sim.View) {
	c.compare(c.look(at, v, false), v, foldBudget)
}

// compare judges every answer of a snapshot.
func (c *convergence) compare(s *snapshot, v sim.View, budget int) {
	c.progress(s)
	for i := range s.hold {
		k := s.hold[(i+c.turn)%len(s.hold)]
		if k.set == nil {
			continue
		}
		c.checked++
		c.inside(s.at, k)
		c.frontiers(s.at, k, v)
		if void, ok := c.voids(s.at, k, v); ok {
			c.state(s.at, k, v, void, &budget)
		}
	}
	c.turn += 97 // another host is first at each sample, so that the budget meets all in turn
}

// inside judges what a set holds: whole operations, whole causes, honest signatures, nothing that nobody asked for.
func (c *convergence) inside(at time.Duration, k holding) {
	for i := range k.set.bad {
		switch b := &k.set.bad[i]; {
		case c.reported[b.id]:
		case b.reason == step.RefuseMalformed || b.reason == step.RefuseSignature || b.reason == "missing" || b.reason == "gap":
			c.reported[b.id] = true
			c.fail(at, "", "host %d holds operation %s, which is no valid operation: %s: %s", k.host, short(b.id), b.reason, b.detail)
		default:
			c.reported[b.id] = true
			if why := c.origin(b.op); why != "" {
				c.fail(at, "", "host %d holds operation %s (%s), which was invented: %s", k.host, b.op, b.op.kind, why)
			}
		}
	}
	for _, o := range k.set.ops {
		if c.judged[o.id] {
			continue
		}
		c.judged[o.id] = true
		if why := c.origin(o); why != "" {
			c.fail(at, "", "host %d holds operation %s (%s), which was invented: %s", k.host, o, o.kind, why)
		}
	}
}

// origin says what is wrong with where an operation comes from, or nothing.
func (c *convergence) origin(o *operation) string {
	if o.space == nil || o.id == o.space.genesis {
		return ""
	}
	if o.reason == step.RefuseCause {
		return "it rests on what no host may admit" // and whose it is follows from that
	}
	honest, known := c.people[o.author]
	if !known {
		return "its identity " + short(o.author) + " is nobody's"
	}
	if !honest {
		return ""
	}
	if !o.honest {
		return "no honest host signed it for its identity"
	}
	if schemaOf(o.kind) > c.truth.host(o.host).Schema {
		return fmt.Sprintf("host %d signed it, whose kernel does not know %s", o.host, o.kind)
	}
	switch o.kind {
	case "compute.result", "compute.accept", "compute.extend":
		return "" // made by the node for a task, not for a request
	}
	r := c.book.asked[asking{o.host, o.request}]
	if r == nil {
		return fmt.Sprintf("host %d was not asked for it (request %d)", o.host, o.request)
	}
	c.asked++
	if why := c.misheard(r, o); why != "" {
		return fmt.Sprintf("request %d (%s) asked for something else: %s", r.id, r.do, why)
	}
	return ""
}

// frontiers compares heads with those that follow from the set.
func (c *convergence) frontiers(at time.Duration, k holding, v sim.View) {
	heads, ok := answer(v, k.host, step.InspectHeads, k.space.id)
	if want := k.set.frontier(); len(k.set.bad) == 0 && (!ok || !bytes.Equal(heads, want)) {
		c.fail(at, "", "host %d shows %d heads of space %s; its %d operations have %d, and these are others", k.host, len(heads)/32, short(k.space.id), k.set.size(), len(want)/32)
	}
}

// voids compares what hosts with equal sets hold void. Whether they are right is for policy to say.
func (c *convergence) voids(at time.Duration, k holding, v sim.View) ([]byte, bool) {
	void, ok := answer(v, k.host, step.InspectVoid, k.space.id)
	switch {
	case !ok || len(void)%32 != 0:
		c.fail(at, "", "host %d does not say which operations of space %s are void", k.host, short(k.space.id))
		return nil, false
	case k.set.teller == 0:
		k.set.told, k.set.teller = bytes.Clone(void), k.host
	case !bytes.Equal(void, k.set.told):
		c.fail(at, "", "hosts %d and %d hold the same %d operations of space %s and differ in what is void", k.set.teller, k.host, k.set.size(), short(k.space.id))
	}
	return void, true
}

// state compares a host's state with the specs' fold and with the first host of the same set. A set that is held by one
// host alone and not folded has nothing to be compared with, and is not asked for.
func (c *convergence) state(at time.Duration, k holding, v sim.View, void []byte, budget *int) {
	if len(k.set.bad) > 0 {
		return
	}
	s := k.set.stateOf(k.schema, void)
	if s.want == nil && *budget >= len(k.set.ops) {
		*budget -= len(k.set.ops)
		c.sets++
		c.folded += len(k.set.ops)
		if err := k.set.fold(s); err != nil {
			c.fail(at, "", "space %s at host %d: %v", short(k.space.id), k.host, err)
			return
		}
	}
	if s.want == nil && k.set.holders < 2 {
		return
	}
	got, ok := answer(v, k.host, step.InspectState, k.space.id)
	if !ok {
		c.fail(at, "", "host %d shows no state of space %s", k.host, short(k.space.id))
		return
	}
	c.compared++
	if s.teller == 0 {
		s.got, s.teller = bytes.Clone(got), k.host
	}
	switch {
	case s.want != nil && !bytes.Equal(got, s.want):
		c.fail(at, "", "host %d shows another state of space %s than its %d operations mean: %s", k.host, short(k.space.id), k.set.size(), differ(s.want, got))
	case !bytes.Equal(got, s.got):
		c.fail(at, "", "hosts %d and %d hold the same %d operations of space %s and show different state: %s", s.teller, k.host, k.set.size(), short(k.space.id), differ(s.got, got))
	}
}

// differ says where two states part.
func differ(want, got []byte) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	return fmt.Sprintf("%d and %d bytes, the first difference at byte %d", len(want), len(got), i)
}

// progress adds a point to the series of the report.
func (c *convergence) progress(s *snapshot) {
	whole, missing, n := 0, 0, 0
	union := c.union(s)
	for i := range s.hold {
		if k := &s.hold[i]; k.set != nil {
			n++
			gap := union[k.space.number].count() - len(k.set.ops)
			missing += gap
			if gap == 0 {
				whole++
			}
		}
	}
	if n == 0 {
		return
	}
	c.whole.At, c.whole.Y = append(c.whole.At, s.at), append(c.whole.Y, share(whole, n))
	c.gap.At, c.gap.Y = append(c.gap.At, s.at), append(c.gap.Y, float64(missing)/float64(n))
}

// union is everything that the honest hosts hold together, by space and index.
func (b *book) union(s *snapshot) []bitset {
	all := make([]bitset, len(b.spaces))
	seen := map[*set]bool{}
	for i := range s.hold {
		if k := &s.hold[i]; k.set != nil && !seen[k.set] {
			seen[k.set] = true
			all[k.space.number] = all[k.space.number].union(k.set.members)
		}
	}
	return all
}

// Verdict implements sim.Checker.
func (c *convergence) Verdict(end sim.End) sim.Verdict {
	end.View = readOnce(end.View)
	s := c.look(end.At, end.View, true)
	c.compare(s, end.View, math.MaxInt)
	c.named()
	c.removals()
	c.unreacted()
	c.typed()
	if end.Cut == "" {
		c.equal(s, end)
		c.acknowledged(s, end)
		c.unknownKinds(s, end)
		c.texts(s, end)
		c.views(s, end)
	}
	ops := len(c.judged)
	c.metric("operations that name what they know", float64(c.naming.looked), "")
	c.metric("edits of a named version", float64(c.naming.version), "")
	c.metric("removals compared with what their hosts knew", float64(c.taken), "")
	c.metric("edits that stand where they were typed", float64(c.typing.placed), "")
	c.metric("states compared", float64(c.compared), "")
	c.metric("indexes compared", float64(c.indexes), "")
	c.metric("watched pictures compared", float64(c.watched), "")
	c.metric("sets folded", float64(c.sets), "")
	c.metric("operations folded", float64(c.folded), "")
	c.metric("operations seen", float64(ops), "")
	c.metric("operations of honest requests", float64(c.asked), "")
	c.metric("unknown operations compared", float64(c.kept), "")
	c.series = append(c.series, c.whole, c.gap)
	return c.verdict(end, counts(c.checked, "replicas looked at", c.compared, "states compared", c.sets, "sets folded by the specs", ops, "operations", c.kept, "of them kept unknown"))
}

// named judges causality in what operations say, causes before effects.
func (c *convergence) named() {
	for _, s := range c.spaces {
		for _, o := range s.ops {
			if !o.honest {
				continue
			}
			if x := c.naming.check(c.book, o); x != nil {
				c.fail(o.at, "", "operation %s (%s) of host %d names operation %s, which is not in its causal past, or not in the version that it edits", o, o.kind, o.host, short(*x))
			}
		}
	}
}

// equal judges convergence proper: at the end all honest hosts hold equal sets. A host that booted too late to have
// settled is left out.
func (c *convergence) equal(s *snapshot, end sim.End) {
	union := c.union(s)
	for i := range s.hold {
		k := &s.hold[i]
		if boot := c.boots[k.host]; boot > c.truth.Calm && c.truth.Due(0, boot) > end.At {
			continue
		}
		if k.set == nil {
			c.fail(s.at, "", "host %d does not answer for space %s at the end", k.host, short(k.space.id))
			continue
		}
		if k.set.lacks == nil {
			k.set.lacks = c.lacking(union[k.space.number], k.set, end.At)
		}
		if n := len(k.set.lacks); n > 0 {
			o := k.set.lacks[0]
			c.fail(s.at, "", "at the end host %d lacks %d of %d operations of space %s, first %s (%s, authored at %v by host %d)",
				k.host, n, union[k.space.number].count(), short(k.space.id), o, o.kind, o.at, o.host)
		}
	}
}

// lacking are the operations that a set lacks and that were due by the end. One that a node signed for a task shortly
// before the end is not due yet, nor one of a liar that showed so late.
func (c *convergence) lacking(all bitset, k *set, end time.Duration) []*operation {
	lacks := []*operation{}
	for _, i := range all.members() {
		o := k.space.ops[i]
		since := o.heldAt
		if o.honest {
			since = o.at + c.truth.Node.DiskStrict
		}
		if !k.members.has(i) && c.truth.Due(since, 0) <= end {
			lacks = append(lacks, o)
		}
	}
	return lacks
}

// acknowledged judges that nothing is missing that an honest host, which did not lose its disk, has acknowledged. What
// only a host that is down has, must be on its disk.
func (c *convergence) acknowledged(s *snapshot, end sim.End) {
	union := c.union(s)
	for _, r := range c.order {
		if r.op == (key{}) {
			continue
		}
		o := c.ops[r.op]
		if o != nil && o.index >= 0 && union[o.space.number].has(o.index) {
			continue
		}
		if _, lost := c.lost[r.host]; lost {
			continue
		}
		if o != nil && !end.View.Up(r.host) && onDisk(end.View.Disk(r.host), o) {
			continue
		}
		c.fail(r.replied, r.event, "operation %s, acknowledged by host %d at %v for request %d (%s), is missing at the end", short(r.op), r.host, r.replied, r.id, r.do)
	}
}

// onDisk tells whether a record holds an operation's bytes.
func onDisk(disk []step.Record, o *operation) bool {
	for i := range disk {
		if bytes.Contains(disk[i].Value, o.bytes) {
			return true
		}
	}
	return false
}

// unknownKinds compares the bytes of operations at hosts whose kernel does not know them, a few hosts for each.
func (c *convergence) unknownKinds(s *snapshot, end sim.End) {
	for i := range s.hold {
		k := &s.hold[i]
		if k.set == nil {
			continue
		}
		for j, o := range k.set.ops {
			if projects(o, k.schema) || (j+i)%(len(s.hold)/8+1) != 0 {
				continue
			}
			c.kept++
			if b := end.View.Inspect(k.host, about(step.InspectOp, o.id)); len(b) == 0 || !bytes.Equal(b[1:], o.bytes) {
				c.fail(s.at, "", "host %d, which does not know %s, keeps other bytes of operation %s", k.host, o.kind, o)
			}
		}
	}
}
