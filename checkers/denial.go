package checkers

import (
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// seat is a host in a space.
type seat struct {
	host  sim.HostID
	space *space
}

// outlook is what decides on a host's requests, as it stood when the host was last looked at.
type outlook struct {
	rules bitset
	forks []fork
	heads int
}

// denial is a request that was denied for want of a right, or one that may be accepted. What the host held at that instant lies
// between two looks at it.
type denial struct {
	*request
	before outlook
}

// maxSets bounds the sets of rights operations that are tried for one denial, and manyHeads the heads of a host of which
// every new operation surely names all.
const (
	maxSets   = 256
	manyHeads = maxDeps / 2
)

// denials holds every denial for want of a right to what its host can have held: there must be a set of rights operations,
// closed under causes, between what it held before and what it held after, that forbids the request. Rights that were
// given, taken and given again are judged like all others.
type denials struct {
	last    map[seat]outlook
	waiting map[seat][]*denial
	open    map[seat][]*denial // requests since the last look, of which some are accepted
	weighed int
	granted int // requests that were accepted, held to the same
	unsure  int
}

func newDenials() denials {
	return denials{last: map[seat]outlook{}, waiting: map[seat][]*denial{}, open: map[seat][]*denial{}}
}

// ask takes a request that a host is about to decide on. Also an edit of a named version needs the right that its author has
// now: else it would be void for all who know better.
func (d *denials) ask(r *request, s *space) {
	if r != nil && s != nil {
		k := seat{r.host, s}
		d.open[k] = append(d.open[k], &denial{r, d.before(k)})
	}
}

// before is what was seen of a host last.
func (d *denials) before(k seat) outlook {
	before, seen := d.last[k]
	if !seen { // the genesis is there from the boot on
		before.rules.add(0)
	}
	return before
}

// put takes a reply that denies. An edit of a named version is judged by that version, and not here.
func (d *denials) put(r *request, s *space, at time.Duration) {
	if r == nil || s == nil || r.first != step.Denied || r.replied != at || !strings.HasPrefix(r.why, step.RefuseRights) || r.version != nil {
		return
	}
	k := seat{r.host, s}
	d.waiting[k] = append(d.waiting[k], &denial{r, d.before(k)})
}

// forget drops what was known of a host that went down: it may come back with less.
func (d *denials) forget(h sim.HostID, spaces []*space) {
	for _, s := range spaces {
		k := seat{h, s}
		d.unsure += len(d.waiting[k])
		delete(d.waiting, k)
		delete(d.open, k)
		delete(d.last, k)
	}
}

// look judges what waits for a host to be looked at. It calls f for each denial that nothing justifies, and g for each request
// that was accepted though everything forbids it, with how many sets were tried.
func (d *denials) look(k holding, who key, f, g func(x *denial, sets int)) {
	at := seat{k.host, k.space}
	waiting, open := d.waiting[at], d.open[at]
	delete(d.open, at)
	if len(k.set.bad) > 0 {
		d.unsure += len(waiting)
		delete(d.waiting, at)
		delete(d.last, at)
		return
	}
	now := outlook{k.set.ruling.rules, k.space.forks(k.set.members), len(k.set.frontier()) / 32}
	for _, x := range waiting {
		same := slices.Equal(x.before.forks, now.forks)
		switch sets, forbidden := k.space.between(x, who, now, false); {
		case forbidden && sets <= maxSets:
			d.weighed++
		case forbidden || !same || max(x.before.heads, now.heads) > manyHeads:
			d.unsure++
		default:
			d.weighed++
			f(x, sets)
		}
	}
	for _, x := range open {
		if x.first == step.Accepted && slices.Equal(x.before.forks, now.forks) {
			d.granted++
			if sets, allowed := k.space.between(x, who, now, true); !allowed {
				g(x, sets)
			}
		}
	}
	delete(d.waiting, at)
	d.last[at] = now
}

// between looks for a set that allows the request, or forbids it, among those that lie between two looks, and says how many it
// tried. Rules are numbered causes first, so that each closed set is met once. More than maxSets count as one that does.
func (s *space) between(x *denial, who key, now outlook, allows bool) (sets int, found bool) {
	var extra []*rule
	for _, n := range now.rules.members() {
		if !x.before.rules.has(n) {
			extra = append(extra, s.rules[n])
		}
	}
	var try func(held bitset, extra []*rule) bool
	try = func(held bitset, extra []*rule) bool {
		if sets++; sets > maxSets || s.allows(x.request, who, held, now.forks) == allows {
			return true
		}
		for i, r := range extra {
			if held.covers(r.op.past) && try(held.with(r.number), extra[i+1:]) {
				return true
			}
		}
		return false
	}
	found = try(x.before.rules, extra)
	return sets, found
}

// allows tells whether somebody may do what a request asks after a set of rights operations: it is admitted by them, and,
// as far as the forks are known, it takes effect.
func (s *space) allows(r *request, who key, rules bitset, forks []fork) bool {
	o, change := &operation{author: who}, r.change()
	if may(o, change, s.ruling(rules, nil).roleIn(rules)) != "" {
		return false
	}
	own := s.ruling(rules, forks).roleIn(rules)(who)
	return may(o, change, func(x key) int {
		if x == who {
			return own
		}
		return 0
	}) == ""
}

// change is the rule that a request asks for; nil where it asks for none.
func (r *request) change() *rule {
	if r.do != "grant" && r.do != "revoke" {
		return nil
	}
	c := &rule{named: r.named, roles: map[key]int{}}
	for _, x := range r.named {
		c.roles[x] = r.role
	}
	return c
}
