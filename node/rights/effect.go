package rights

import "slices"

// effect is the second verdict: which admitted operations take no effect, over all that is admitted. It only grows.
type effect struct {
	done     int    // slots taken into account
	all      uint32 // handle of the rules taken into account
	void     bitset // grants that are void
	chains   []chain
	pending  []uint32 // identities whose operations must be looked at again
	voided   []uint32 // found void by the running call
	roleMemo map[uint64]Role
	roles    []byte // of all, as Inspect answers; nil once all or void have grown
}

// chain holds the operations of one (device, incarnation). Below fork it is one line, each the next one's past.
type chain struct {
	line  []uint32 // by seq-1: the first that came
	extra []uint32 // other operations of a seq that the line has already
	fork  uint64   // the least seq with two operations; 0 while there is none
}

func newEffect() effect { return effect{roleMemo: map[uint64]Role{}} }

// before tells whether operation a is in the causal past of b.
type before func(a, b uint32) bool

// settle takes the learned operations up to and including n into account, one by one, and returns those which thereby
// became void, ascending; n itself may be among them.
func (s *space) settle(n uint32, before before) []uint32 {
	f := &s.effect
	f.voided = nil
	for f.done <= int(n) {
		i := uint32(f.done)
		f.done++
		s.place(i)
		if k := s.slots[i].rule; k != 0 {
			f.all, f.roles = s.sets.add(f.all, k-1), nil
		}
		if s.lost(i) {
			s.strike(i)
		}
		if k := s.slots[i].rule; k != 0 && s.rules[k-1].deed == revokes {
			for _, x := range s.rules[k-1].named {
				s.revoked(x, i, before)
			}
		}
		s.ripple()
	}
	slices.Sort(f.voided)
	return f.voided
}

// place puts an operation in its chain. If that forks the chain, all of it from the fork on is void.
func (s *space) place(i uint32) {
	f, o := &s.effect, &s.slots[i]
	f.chains = grow(f.chains, o.chain)
	c, p := &f.chains[o.chain], s.person(o.author)
	if o.seq == 1 && !slices.Contains(p.chains, o.chain) {
		p.chains = append(p.chains, o.chain)
	}
	if o.seq > uint64(len(c.line)) {
		c.line = append(c.line, i) // a cause is admitted first, so seq is the next one
		return
	}
	c.extra = append(c.extra, i)
	if c.fork != 0 && o.seq >= c.fork {
		return
	}
	c.fork = o.seq
	for _, j := range c.line[c.fork-1:] {
		s.strike(j)
	}
	for _, j := range c.extra {
		s.strike(j)
	}
}

// lost tells whether a newly admitted operation is void from the start.
func (s *space) lost(i uint32) bool {
	f, o := &s.effect, &s.slots[i]
	p := s.person(o.author)
	if c := &f.chains[o.chain]; c.fork != 0 && o.seq >= c.fork {
		return true
	}
	past := s.sets.all[s.pastOf(o)]
	for _, r := range p.revokes {
		if s.rules[r].at < i && !past.has(r) { // it came earlier, so it is not after this one; it is concurrent
			return true
		}
	}
	return p.tainted && s.disowned(o)
}

// revoked strikes what x did that revoke r does not follow. A chain is a line, so what r follows is a prefix of it.
func (s *space) revoked(x, r uint32, before before) {
	for _, n := range s.person(x).chains {
		c := &s.effect.chains[n]
		line := c.line
		if c.fork != 0 {
			line = line[:c.fork-1]
		}
		for _, i := range slices.Backward(line) {
			if before(i, r) {
				break
			}
			s.strike(i)
		}
	}
}

// ripple looks again at the operations of those who lost a grant, until nothing more is lost.
func (s *space) ripple() {
	f := &s.effect
	for len(f.pending) > 0 {
		x := f.pending[len(f.pending)-1]
		f.pending = f.pending[:len(f.pending)-1]
		for _, n := range s.person(x).chains {
			c := &f.chains[n]
			for _, list := range [2][]uint32{c.line, c.extra} {
				for _, i := range list {
					if o := &s.slots[i]; !o.void && o.author == x && s.disowned(o) {
						s.strike(i)
					}
				}
			}
		}
	}
}

// strike makes an operation void. The genesis stays, and a revoke always takes effect.
func (s *space) strike(i uint32) {
	f, o := &s.effect, &s.slots[i]
	if o.void {
		return
	}
	if o.rule != 0 {
		r := &s.rules[o.rule-1]
		if r.deed != grants {
			return
		}
		f.void, f.roles = f.void.with(o.rule-1), nil
		clear(f.roleMemo)
		for _, x := range r.named {
			s.person(x).tainted = true
			f.pending = append(f.pending, x)
		}
	}
	o.void = true
	f.voided = append(f.voided, i)
}

// disowned tells whether the author's role in the operation's past, without void grants, no longer allows it.
func (s *space) disowned(o *slot) bool {
	need := Member
	if o.rule != 0 {
		r := &s.rules[o.rule-1]
		need = needs(r.deed, r.highest())
	}
	set := s.pastOf(o)
	key := uint64(set)<<32 | uint64(o.author)
	role, ok := s.effect.roleMemo[key]
	if !ok {
		role = s.role(o.author, s.sets.all[set], s.effect.void)
		s.effect.roleMemo[key] = role
	}
	return role < need
}

// pastOf is the handle of the rules in an operation's past, itself excluded.
func (s *space) pastOf(o *slot) uint32 {
	if o.rule != 0 {
		return s.rules[o.rule-1].past
	}
	return o.set
}

// roleNow is the role of an identity by all operations taken into account and not void.
func (s *space) roleNow(x uint32) Role {
	return s.role(x, s.sets.all[s.effect.all], s.effect.void)
}
