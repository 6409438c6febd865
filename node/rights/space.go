package rights

import "slices"

// statement is one operation as rights sees it, over numbers that one node gives to identities, chains and operations.
type statement struct {
	deed   deed
	author uint32   // identity
	chain  uint32   // (device, incarnation)
	seq    uint64   // in the chain, from 1
	causes []uint32 // operations: prev and deps
	named  []uint32 // identities that are granted or revoked
	roles  []Role   // for each of named; of a grant and a genesis
}

// slot is what is kept for each operation.
type slot struct {
	seq    uint64
	set    uint32 // handle of the rights operations in its past, itself included
	author uint32
	chain  uint32
	rule   uint32 // 1 + its number among the rights operations, 0 for the others
	void   bool
}

// rule is a rights operation.
type rule struct {
	statement
	at   uint32 // the operation's number
	past uint32 // handle of the rights operations in its past, itself excluded
}

// person is what is known of an identity.
type person struct {
	founder Role   // by the genesis
	gifts   []gift // the grants that name her
	revokes []uint32
	chains  []uint32 // with operations of hers, as far as they were taken into account
	tainted bool     // some grant that names her is void
}

// gift is a role, and the number of the rule that grants it.
type gift struct {
	rule uint32
	role Role
}

// highest is the highest role that it gives.
func (o *statement) highest() Role {
	if len(o.roles) == 0 {
		return None
	}
	return slices.Max(o.roles)
}

// space knows the rights operations of one space, in the order in which a node admitted them (causes first), and judges
// by them. All its answers are functions of sets, never of that order.
type space struct {
	sets     sets
	known    uint32 // handle of all rules
	slots    []slot
	rules    []rule
	people   []person // by identity
	admitted map[uint64]Role
	voids    map[uint32]bitset // by set: the grants that are void if the set is all there is
	effect   effect
}

func newSpace() *space {
	return &space{sets: newSets(), admitted: map[uint64]Role{}, voids: map[uint32]bitset{}, effect: newEffect()}
}

// past is the handle of the rights operations in the past of something with these causes.
func (s *space) past(causes []uint32) uint32 {
	h := uint32(0)
	for _, c := range causes {
		h = s.sets.union(h, s.slots[c].set)
	}
	return h
}

// learn takes in the next admitted operation.
func (s *space) learn(o *statement) {
	h := s.past(o.causes)
	n := slot{seq: o.seq, set: h, author: o.author, chain: o.chain}
	if o.deed != writes {
		i := uint32(len(s.rules))
		r := rule{statement: *o, at: uint32(len(s.slots)), past: h}
		s.rules = append(s.rules, r)
		n.rule, n.set, s.known = i+1, s.sets.add(h, i), s.sets.add(s.known, i)
		for j, x := range o.named {
			p := s.person(x)
			switch o.deed {
			case founds:
				p.founder = o.roles[j]
			case grants:
				p.gifts = append(p.gifts, gift{i, o.roles[j]})
			case revokes:
				p.revokes = append(p.revokes, i)
			}
		}
	}
	s.slots = append(s.slots, n)
}

// allowed judges an operation by the rights operations in its past alone: the grants that hold within that set.
func (s *space) allowed(o *statement) bool { return s.may(s.past(o.causes), o) }

func (s *space) may(past uint32, o *statement) bool {
	role := s.roleAt(o.author, past)
	if o.deed == writes {
		return role >= Member
	}
	most := reach(role)
	for _, r := range o.roles {
		if r > most {
			return false
		}
	}
	for _, x := range o.named {
		if s.roleAt(x, past) > most {
			return false
		}
	}
	return role >= needs(o.deed, None)
}

// roleAt is the role of an identity if the given set of rights operations is all there is.
func (s *space) roleAt(x, set uint32) Role {
	key := uint64(set)<<32 | uint64(x)
	r, ok := s.admitted[key]
	if !ok {
		r = s.role(x, s.sets.all[set], s.voidWithin(set))
		s.admitted[key] = r
	}
	return r
}

// role is the greatest role of x by the grants of a set that are not void and that every revoke of x in the set precedes:
// of a grant and a revoke that know nothing of each other, the revoke wins.
func (s *space) role(x uint32, set, void bitset) Role {
	if int(x) >= len(s.people) {
		return None
	}
	p := &s.people[x]
	best := None
	if set.has(0) && p.survives(set, nil) {
		best = p.founder
	}
	for _, g := range p.gifts {
		if g.role > best && set.has(g.rule) && !void.has(g.rule) && p.survives(set, s.sets.all[s.rules[g.rule].past]) {
			best = g.role
		}
	}
	return best
}

// survives tells whether a grant of the person with the given past outlives the revokes of a set.
func (p *person) survives(set, past bitset) bool {
	for _, r := range p.revokes {
		if set.has(r) && !past.has(r) {
			return false
		}
	}
	return true
}

// voidWithin finds the grants that a set voids: those whose author is revoked concurrently within the set, and those
// whose author had the right only by void grants. Rules are numbered causes first, so one pass finds all.
func (s *space) voidWithin(set uint32) bitset {
	if v, ok := s.voids[set]; ok {
		return v
	}
	var void bitset
	all := s.sets.all[set]
	all.each(func(i uint32) {
		g := &s.rules[i]
		if g.deed != grants {
			return
		}
		if s.outrun(i, all) || len(void) > 0 && s.role(g.author, s.sets.all[g.past], void) < needs(grants, g.highest()) {
			void = void.with(i)
		}
	})
	s.voids[set] = void
	return void
}

// outrun tells whether the set holds a revoke of the rule's author that is concurrent with the rule.
func (s *space) outrun(i uint32, set bitset) bool {
	g := &s.rules[i]
	past := s.sets.all[g.past]
	for _, r := range s.person(g.author).revokes {
		if set.has(r) && !past.has(r) && !s.sets.all[s.rules[r].past].has(i) {
			return true
		}
	}
	return false
}

// person makes room for an identity of this number.
func (s *space) person(x uint32) *person {
	s.people = grow(s.people, x)
	return &s.people[x]
}

func grow[T any](s []T, i uint32) []T {
	for len(s) <= int(i) {
		var zero T
		s = append(s, zero)
	}
	return s
}
