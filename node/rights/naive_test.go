package rights

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive evaluates the rule word by word over sets of operations. It shares no code with the space.
type naive struct {
	ops  []statement
	past []map[uint32]bool // proper causal past
}

func (n *naive) add(o statement) {
	past := map[uint32]bool{}
	for _, c := range o.causes {
		past[c] = true
		maps.Copy(past, n.past[c])
	}
	n.ops, n.past = append(n.ops, o), append(n.past, past)
}

func (n *naive) concurrent(a, b uint32) bool {
	return a != b && !n.past[a][b] && !n.past[b][a]
}

// role of x by the grants in set that keep does not exclude.
func (n *naive) role(x uint32, set map[uint32]bool, void func(uint32) bool) Role {
	best := None
	for g := range set {
		o := n.ops[g]
		if o.deed != grants && o.deed != founds || void(g) {
			continue
		}
		for i, y := range o.named {
			if y != x {
				continue
			}
			removed := false
			for r := range set {
				if n.ops[r].deed == revokes && slices.Contains(n.ops[r].named, x) && !n.past[g][r] {
					removed = true
				}
			}
			if !removed {
				best = max(best, o.roles[i])
			}
		}
	}
	return best
}

// voidGrant: the rule of grants within a set, by rights operations only.
func (n *naive) voidGrant(g uint32, set map[uint32]bool, forked bool) bool {
	o := n.ops[g]
	if o.deed != grants {
		return false
	}
	if forked && n.forked(g, set) {
		return true
	}
	for r := range set {
		if n.ops[r].deed == revokes && slices.Contains(n.ops[r].named, o.author) && n.concurrent(r, g) {
			return true
		}
	}
	role := n.role(o.author, n.past[g], func(h uint32) bool { return n.voidGrant(h, set, forked) })
	return !n.enough(o, role)
}

func (n *naive) enough(o statement, role Role) bool {
	switch o.deed {
	case writes:
		return role >= Member
	case grants:
		for _, r := range o.roles {
			if r == Admin && role < Owner {
				return false
			}
		}
		return role >= Admin
	}
	return true
}

func (n *naive) forked(i uint32, set map[uint32]bool) bool {
	for a := range set {
		for b := range set {
			if x, y := n.ops[a], n.ops[b]; a != b && x.chain == y.chain && x.seq == y.seq && x.chain == n.ops[i].chain && x.seq <= n.ops[i].seq {
				return true
			}
		}
	}
	return false
}

func (n *naive) admissible(o statement) bool {
	past := map[uint32]bool{}
	for _, c := range o.causes {
		past[c] = true
		maps.Copy(past, n.past[c])
	}
	void := func(g uint32) bool { return n.voidGrant(g, past, false) }
	role := n.role(o.author, past, void)
	if !n.enough(o, role) || o.deed == revokes && role < Admin {
		return false
	}
	if o.deed == writes {
		return true
	}
	for _, x := range o.named {
		target := n.role(x, past, void)
		if target == Owner || target == Admin && role < Owner {
			return false
		}
	}
	return true
}

func (n *naive) void(set map[uint32]bool) []uint32 {
	var v []uint32
	for _, i := range slices.Sorted(maps.Keys(set)) {
		o := n.ops[i]
		switch o.deed {
		case founds, revokes:
			continue
		case grants:
			if n.voidGrant(i, set, true) {
				v = append(v, i)
			}
			continue
		}
		bad := n.forked(i, set)
		for r := range set {
			bad = bad || n.ops[r].deed == revokes && slices.Contains(n.ops[r].named, o.author) && n.concurrent(r, i)
		}
		if bad || !n.enough(o, n.role(o.author, n.past[i], func(g uint32) bool { return n.voidGrant(g, set, true) })) {
			v = append(v, i)
		}
	}
	return v
}

const people = 6

// history draws a random space: identities with two chains each, some of which fork.
func history(t *rapid.T) *naive {
	n := &naive{}
	n.add(statement{deed: founds, author: 0, chain: 0, seq: 1, named: []uint32{0, 1, 2, 3}, roles: []Role{Owner, Admin, Admin, Member}})
	judge := newSpace()
	judge.learn(&n.ops[0])
	for range rapid.IntRange(10, 45).Draw(t, "operations") {
		var o statement
		o.chain = uint32(rapid.SampledFrom([]int{0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}).Draw(t, "chain"))
		o.author = o.chain / 2
		o.seq = 1
		var mine []uint32
		for i, p := range n.ops {
			if p.chain == o.chain {
				mine = append(mine, uint32(i))
			}
		}
		if len(mine) > 0 {
			prev := mine[len(mine)-1]
			if rapid.IntRange(0, 15).Draw(t, "fork") == 7 {
				prev = rapid.SampledFrom(mine).Draw(t, "prev")
			}
			o.author, o.seq, o.causes = n.ops[prev].author, n.ops[prev].seq+1, []uint32{prev}
		}
		for range rapid.IntRange(1, 2).Draw(t, "views") {
			back := rapid.IntRange(0, min(len(n.ops)-1, 6)).Draw(t, "view")
			o.causes = append(o.causes, uint32(len(n.ops)-1-back))
		}
		o.deed = writes
		if o.author <= 2 || rapid.IntRange(0, 5).Draw(t, "try") == 3 {
			o.deed = rapid.SampledFrom([]deed{grants, grants, revokes, writes}).Draw(t, "deed")
		}
		if o.deed != writes {
			o.named = rapid.SliceOfNDistinct(rapid.Uint32Range(uint32(rapid.IntRange(0, 1).Draw(t, "low")), people-1), 1, 2, rapid.ID).Draw(t, "named")
		}
		if o.deed == grants {
			role := rapid.SampledFrom([]Role{Member, Admin, Guest}).Draw(t, "role")
			o.roles = slices.Repeat([]Role{role}, len(o.named))
		}
		want := n.admissible(o)
		if got := judge.allowed(&o); got != want {
			t.Fatalf("operation %d %+v: allowed %v, by the rule %v", len(n.ops), o, got, want)
		}
		if want {
			n.add(o)
			judge.learn(&o)
		}
	}
	return n
}

// TestVerdictsEqualTheRule: whatever order operations come in, roles and void operations are those of the rule, what is
// reported as void is what became void, and void never shrinks.
func TestVerdictsEqualTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := history(t)
		for range 2 {
			s := newSpace()
			place := make([]uint32, len(n.ops)) // of the rule's number in this order
			var order []uint32
			set := map[uint32]bool{}
			told := map[uint32]bool{}
			lag := rapid.Bool().Draw(t, "lag")
			for len(order) < len(n.ops) {
				var ready []uint32
				for i := range n.ops {
					if !set[uint32(i)] && !slices.ContainsFunc(n.ops[i].causes, func(c uint32) bool { return !set[c] }) {
						ready = append(ready, uint32(i))
					}
				}
				i := rapid.SampledFrom(ready).Draw(t, "next")
				o := n.ops[i]
				o.causes = nil
				for _, c := range n.ops[i].causes {
					o.causes = append(o.causes, place[c])
				}
				if i != 0 && !s.allowed(&o) {
					t.Fatalf("operation %d is refused in another order", i)
				}
				s.learn(&o)
				place[i] = uint32(len(order))
				order, set[i] = append(order, i), true
				if lag && len(order)%3 != 0 && len(order) != len(n.ops) {
					continue // the journal may admit several before the effect is asked for
				}
				for s.effect.done < len(order) {
					at := uint32(s.effect.done)
					for _, v := range s.settle(at, func(a, b uint32) bool { return n.past[order[b]][order[a]] }) {
						if told[order[v]] || v > at {
							t.Fatalf("operation %d voided twice or too early", order[v])
						}
						told[order[v]] = true
					}
				}
				if want, got := n.void(set), slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
					t.Fatalf("after %v: void %v, by the rule %v", order, got, want)
				}
			}
			for x := range uint32(people) {
				want := n.role(x, set, func(g uint32) bool { return n.voidGrant(g, set, true) })
				if got := s.roleNow(x); got != want {
					t.Fatalf("role of %d is %v, by the rule %v", x, got, want)
				}
			}
		}
	})
}
