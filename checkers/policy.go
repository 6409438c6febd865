package checkers

import (
	"bytes"
	"math"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// rightsBudget bounds how many hosts are asked for all roles at one sample, which are long where many people share a
// space. At the end all are asked.
const rightsBudget = 200

// policy derives rights again from the data alone: no unauthorised operation is in an honest journal, none that is
// authorised was refused, roles and void operations are as they must be, every fork is known to those who hold it, and no
// honest host is ever blamed (SEC-1, SEC-2; I12 to I15, I18 to I20).
type policy struct {
	tally
	*book
	refused map[key]*refusal
	blamed  map[key]bool // devices, once told
	judged  map[key]bool
	turn    int

	unproved []blaming
	doubts   denials

	admitted, roles, voids, refusals, blames, denied int
}

// refusal is the first time that an honest host refused an operation for what it says.
type refusal struct {
	host   sim.HostID
	at     time.Duration
	reason string
	event  string
}

// blaming is the first time that an honest host blamed a device.
type blaming struct {
	host   sim.HostID
	device key
	at     time.Duration
	event  string
}

func newPolicy(b *book) *policy {
	return &policy{
		tally: tally{name: "policy"}, book: b, refused: map[key]*refusal{}, blamed: map[key]bool{}, judged: map[key]bool{},
		doubts: newDenials(),
	}
}

// Name implements sim.Checker.
func (p *policy) Name() string { return p.name }

// Wants implements sim.Checker.
func (p *policy) Wants() sim.Kinds { return p.book.wants() }

// Observe implements sim.Checker.
func (p *policy) Observe(e *sim.Event) {
	p.observe(e)
	switch e.Kind {
	case sim.OnNote:
		switch n := e.Effect.(*step.Note); n.Kind {
		case step.NoteRefused:
			p.refuse(e, n)
		case step.NoteBlamed:
			if len(n.Data) == 32 && p.truth.host(e.Host).Honest {
				p.blame(e.Key.At, e.ID(), e.Host, key(n.Data))
			}
		}
	case sim.OnRequest:
		if r := p.asked[asking{e.Host, e.Input.(*step.Request).ID}]; r != nil {
			p.doubts.ask(r, p.byID[r.space])
		}
	case sim.OnReply:
		if e.Effect.(*step.Reply).Status == step.Denied && p.truth.host(e.Host).Honest {
			p.denied++
			r := p.asked[asking{e.Host, e.Effect.(*step.Reply).Request}]
			if r != nil {
				p.doubts.put(r, p.byID[r.space], e.Key.At)
			}
		}
	case sim.OnBoot, sim.OnCrash:
		p.doubts.forget(e.Host, p.spaces)
	}
}

// refuse remembers a refusal. Malformed bytes and bad signatures say nothing of the operation: another copy may be good.
func (p *policy) refuse(e *sim.Event, n *step.Note) {
	if !p.truth.host(e.Host).Honest {
		return
	}
	p.refusals++
	if n.Text == step.RefuseMalformed || n.Text == step.RefuseSignature || p.refused[n.Op] != nil {
		return
	}
	p.refused[n.Op] = &refusal{e.Host, e.Key.At, n.Text, e.ID()}
}

// blame judges that a device which an honest host blames is a liar's.
func (p *policy) blame(at time.Duration, event string, host sim.HostID, device key) {
	if p.blamed[device] {
		return
	}
	p.blamed[device] = true
	p.blames++
	who, known := p.owner[device]
	switch {
	case known && p.people[who]:
		p.fail(at, event, "host %d blames device %s of the honest identity %s", host, short(device), short(who))
	case !known:
		p.fail(at, event, "host %d blames device %s, of which nothing is known that it did", host, short(device))
	default:
		p.unproved = append(p.unproved, blaming{host, device, at, event})
	}
}

// proof judges at the end, when all is known, that what a blamed device signed shows a fork.
func (p *policy) proof() {
	twins, seen := map[key]bool{}, map[chainSeq]bool{}
	for _, id := range sortedKeys(p.ops) {
		if o := p.ops[id]; o.reason != step.RefuseMalformed && o.reason != step.RefuseSignature {
			at := chainSeq{o.chain, o.head.Seq}
			if seen[at] {
				twins[o.chain.device] = true
			}
			seen[at] = true
		}
	}
	for _, b := range p.unproved {
		if !twins[b.device] {
			p.fail(b.at, b.event, "host %d blames device %s, of which all that is known shows no fork", b.host, short(b.device))
		}
	}
}

// Sample implements sim.Checker.
func (p *policy) Sample(at time.Duration, v sim.View) { p.judge(p.look(at, v, false), v, rightsBudget) }

func (p *policy) judge(s *snapshot, v sim.View, budget int) {
	host := sim.HostID(0)
	var blamed []byte
	for i := range s.hold {
		k := s.hold[i]
		if k.host != host {
			host = k.host
			blamed = p.blamedBy(s.at, v, host)
		}
		if k.set == nil {
			continue
		}
		p.checked++
		p.inside(s.at, k)
		p.void(s.at, k, v)
		p.forks(s.at, k, blamed)
		p.doubts.look(k, p.truth.host(k.host).Identity, p.wronged, p.indulged)
	}
	for i := range s.hold {
		if k := s.hold[(i+p.turn)%len(s.hold)]; k.set != nil && i < budget {
			p.rights(s.at, k, v)
		}
	}
	p.turn += rightsBudget
}

// inside judges admission: what the rules refuse must not be in an honest journal.
func (p *policy) inside(at time.Duration, k holding) {
	for _, follows := range [...]bool{false, true} { // what others rest on is told first
		for i := range k.set.bad {
			b := &k.set.bad[i]
			if b.op == nil || b.reason == "gap" || p.judged[b.id] || (b.reason == step.RefuseCause) != follows {
				continue
			}
			p.judged[b.id] = true
			p.fail(at, "", "host %d admitted operation %s (%s), which the rules refuse: %s: %s", k.host, b.op, p.signed(b.op), b.reason, b.detail)
		}
	}
	for _, o := range k.set.ops {
		if !p.judged[o.id] {
			p.judged[o.id] = true
			p.admitted++
		}
	}
}

// void compares the operations without effect with those that follow from the set.
func (p *policy) void(at time.Duration, k holding, v sim.View) {
	got, ok := answer(v, k.host, step.InspectVoid, k.space.id)
	if len(k.set.bad) > 0 {
		return
	}
	p.voids++
	want := k.set.voids()
	if ok && bytes.Equal(got, want) {
		return
	}
	told := &set{ids: got}
	for i := 0; i+32 <= len(want); i += 32 {
		if id := key(want[i:]); !told.has(id) {
			p.fail(at, "", "host %d lets operation %s (%s) of space %s take effect, which is void by its %d operations", k.host, short(id), p.ops[id].kind, short(k.space.id), k.set.size())
			return
		}
	}
	must := &set{ids: want}
	for i := 0; i+32 <= len(got); i += 32 {
		if id := key(got[i:]); !must.has(id) {
			p.fail(at, "", "host %d holds operation %s of space %s void, which takes effect by its %d operations", k.host, short(id), short(k.space.id), k.set.size())
			return
		}
	}
	p.fail(at, "", "host %d does not list the void operations of space %s in order", k.host, short(k.space.id))
}

// rights compares the roles with those that follow from the set.
func (p *policy) rights(at time.Duration, k holding, v sim.View) {
	if len(k.set.bad) > 0 {
		return
	}
	p.roles++
	got, ok := answer(v, k.host, step.InspectRights, k.space.id)
	want := k.set.ruling.rights()
	if ok && bytes.Equal(got, want) {
		return
	}
	var told, must map[key]int
	if p.cbor.Unmarshal(got, &told) == nil && p.cbor.Unmarshal(want, &must) == nil {
		for _, who := range sortedKeys(must) {
			if told[who] != must[who] {
				p.fail(at, "", "host %d takes %s for %s in space %s; by its operations the role is %s", k.host, short(who), roleName(told[who]), short(k.space.id), roleName(must[who]))
				return
			}
		}
		for _, who := range sortedKeys(told) {
			if must[who] == 0 {
				p.fail(at, "", "host %d takes %s for %s in space %s; by its operations it has no role", k.host, short(who), roleName(told[who]), short(k.space.id))
				return
			}
		}
	}
	p.fail(at, "", "host %d shows the roles of space %s in another layout", k.host, short(k.space.id))
}

// blamedBy asks a host whom it blames, and judges the answer.
func (p *policy) blamedBy(at time.Duration, v sim.View, h sim.HostID) []byte {
	a := v.Inspect(h, step.InspectBlamed)
	if len(a) == 0 || a[0] != 1 {
		return nil
	}
	for i := 1; i+32 <= len(a); i += 32 {
		p.blame(at, "", h, key(a[i:]))
	}
	return a[1:]
}

// forks judges that a host which holds both sides of a fork blames the device.
func (p *policy) forks(at time.Duration, k holding, blamed []byte) {
	devices := &set{ids: blamed}
	for _, f := range k.space.forks(k.set.members) {
		if !devices.has(f.chain.device) {
			p.fail(at, "", "host %d holds two operations with seq %d of device %s and does not blame it", k.host, f.seq, short(f.chain.device))
		}
	}
}

// wronged tells of a denial that no set of rights operations justifies.
func (p *policy) wronged(x *denial, sets int) {
	p.fail(x.replied, x.event, "host %d denied request %d (%s) of %s, who has the right to it by each of the %d sets of rights operations that the host can have held: %s",
		x.host, x.id, x.do, short(p.truth.host(x.host).Identity), sets, x.why)
}

// indulged tells of a request that was accepted and that every set of rights operations forbids.
func (p *policy) indulged(x *denial, sets int) {
	p.fail(x.replied, x.event, "host %d accepted request %d (%s) of %s, who has no right to it by any of the %d sets of rights operations that the host can have held",
		x.host, x.id, x.do, short(p.truth.host(x.host).Identity), sets)
}

// formal tells whether a host denied a request for what no request can bring about: it wrote the header wrongly. A body may be
// malformed by what was asked for, which is too long, say.
func formal(why string) bool {
	for _, reason := range [...]string{step.RefuseMalformed + ": header", step.RefuseSignature, step.RefuseChain, step.RefuseClock, step.RefuseSpace, step.RefuseCause} {
		if strings.HasPrefix(why, reason+": ") {
			return true
		}
	}
	return false
}

// denials judges that no request was denied for a formal fault of the operation that its host made of it, and nobody for want
// of a right that he had all along: he has his role since the genesis, nobody ever revoked him, and what he asked for needs no
// more. Those whose rights he would change count with the highest role that anybody ever gave them.
func (p *policy) denials() {
	for _, r := range p.order {
		s := p.byID[r.space]
		if p.truth.host(r.host).Honest && formal(r.why) {
			p.fail(r.replied, r.event, "host %d made an operation out of request %d (%s) that it refuses itself: %s", r.host, r.id, r.do, r.why)
		}
		if r.first != step.Denied || !strings.HasPrefix(r.why, step.RefuseRights) || s == nil || len(s.rules) == 0 {
			continue
		}
		who := p.truth.host(r.host).Identity
		own := s.rules[0].roles[who]
		if own < member || len(s.revokes[who]) > 0 {
			continue
		}
		highest := func(x key) int {
			if x == who {
				return own
			}
			most := s.rules[0].roles[x]
			for _, g := range s.grants[x] {
				most = max(most, g.roles[x])
			}
			return most
		}
		article := "a"
		if own >= admin {
			article = "an"
		}
		if may(&operation{author: who}, r.change(), highest) == "" {
			p.fail(r.replied, r.event, "host %d denied request %d (%s) of %s, %s %s of the space from the beginning: %s", r.host, r.id, r.do, short(who), article, roleName(own), r.why)
		}
	}
}

// Verdict implements sim.Checker.
func (p *policy) Verdict(end sim.End) sim.Verdict {
	p.judge(p.look(end.At, end.View, true), end.View, math.MaxInt)
	p.proof()
	p.denials()
	for _, id := range sortedKeys(p.refused) {
		r, o := p.refused[id], p.ops[id]
		if o == nil || !o.held && !o.honest || !p.resolve(o) || o.reason != "" {
			continue
		}
		p.fail(r.at, r.event, "host %d refused operation %s (%s) for %s, and the rules admit it", r.host, o, p.signed(o), r.reason)
	}
	forks := 0
	for _, s := range p.spaces {
		forks += len(s.forked)
	}
	p.metric("operations admitted", float64(p.admitted), "")
	p.metric("refusals", float64(p.refusals), "")
	p.metric("operations refused for what they say", float64(len(p.refused)), "")
	p.metric("devices blamed", float64(p.blames), "")
	p.metric("chains forked", float64(forks), "")
	p.metric("requests denied", float64(p.denied), "")
	p.metric("denials held to what the host knew", float64(p.doubts.weighed), "")
	p.metric("acceptances held to what the host knew", float64(p.doubts.granted), "")
	p.metric("denials of which too little is known", float64(p.doubts.unsure), "")
	return p.verdict(end, counts(p.admitted, "operations derived again", p.voids, "void sets", p.roles, "role tables", p.refusals, "refusals", p.blames, "devices blamed, none of them honest"))
}
