package checkers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Roles, as the operations write them.
const (
	guest = iota + 1
	member
	admin
	owner
)

// rule is an operation of rights: the genesis, a grant, or a revoke.
type rule struct {
	op      *operation
	number  int
	revoke  bool
	genesis bool
	roles   map[key]int // what it grants; for a revoke every one that it names, with 0
	named   []key       // ascending
	past    bitset      // of operations, by index: all that precede it
}

// readRule decodes the arguments of a rights operation; nil where the kind is another.
func (b *book) readRule(o *operation) (*rule, error) {
	r := &rule{op: o, roles: map[key]int{}}
	name := func(id []byte, role int) error {
		k := array(id)
		if len(id) != 32 || len(r.named) > 0 && bytes.Compare(r.named[len(r.named)-1][:], k[:]) >= 0 {
			return fmt.Errorf("identities are not ascending")
		}
		r.named, r.roles[k] = append(r.named, k), role
		return nil
	}
	switch o.kind {
	case "space.create":
		var a struct {
			People []struct {
				_        struct{} `cbor:",toarray"`
				Identity []byte
				Role     int
			} `cbor:"2,keyasint"`
		}
		if err := b.cbor.Unmarshal(o.args, &a); err != nil {
			return nil, err
		}
		r.genesis = true
		for _, p := range a.People {
			if err := name(p.Identity, p.Role); err != nil {
				return nil, err
			}
		}
	case "rights.grant", "rights.revoke":
		var a struct {
			Who  [][]byte `cbor:"0,keyasint"`
			Role int      `cbor:"1,keyasint"`
		}
		if err := b.cbor.Unmarshal(o.args, &a); err != nil {
			return nil, err
		}
		r.revoke = o.kind == "rights.revoke"
		for _, who := range a.Who {
			if err := name(who, a.Role); err != nil {
				return nil, err
			}
		}
		if len(a.Who) == 0 || r.revoke && a.Role != 0 || !r.revoke && (a.Role < guest || a.Role > owner) {
			return nil, fmt.Errorf("nobody is named, or the role is none")
		}
	default:
		return nil, nil
	}
	return r, nil
}

// may is the reason why an author whose role in the past is given by role may not do this; empty where he may.
func may(o *operation, r *rule, role func(key) int) string {
	own := role(o.author)
	if r == nil {
		if strings.HasPrefix(o.kind, "rights.") {
			return "nobody has the right to an unknown kind of right"
		}
		if own < member {
			return fmt.Sprintf("its author is %s in its past", roleName(own))
		}
		return ""
	}
	reach := 0
	switch own {
	case owner:
		reach = admin
	case admin:
		reach = member
	default:
		return fmt.Sprintf("its author is %s in its past and changes rights", roleName(own))
	}
	for _, x := range r.named {
		if had := role(x); had > reach || r.roles[x] > reach {
			return fmt.Sprintf("its author is %s in its past and reaches for %s (%s)", roleName(own), short(x), roleName(max(had, r.roles[x])))
		}
	}
	return ""
}

func roleName(r int) string {
	return [...]string{"a stranger", "guest", "member", "admin", "owner"}[min(max(r, 0), owner)]
}

// ruling is the verdict over one set: which operations of it take no effect. It depends on the rights operations and the
// forks in the set alone, so sets that agree on these share it.
type ruling struct {
	space  *space
	rules  bitset
	forks  map[chain]uint64 // the least seq of which the set holds two operations
	memo   []int8           // by operation: 0 not asked yet, 1 takes effect, -1 void
	layout []byte           // of the roles, once asked
}

// void tells whether an operation of the set takes no effect in it.
func (v *ruling) void(o *operation) bool {
	for len(v.memo) <= o.index {
		v.memo = append(v.memo, 0)
	}
	if v.memo[o.index] == 0 {
		v.memo[o.index] = 1
		if v.judge(o) {
			v.memo[o.index] = -1
		}
	}
	return v.memo[o.index] < 0
}

// judge applies strong removal. The recursion goes to causes only, so it ends.
func (v *ruling) judge(o *operation) bool {
	if o.rule != nil && (o.rule.revoke || o.rule.genesis) {
		return false
	}
	if seq, forked := v.forks[o.chain]; forked && o.head.Seq >= seq {
		return true
	}
	return v.overtaken(o) || may(o, o.rule, v.roleIn(o.past)) != ""
}

// overtaken tells whether the set holds a revoke of the author that is concurrent with the operation.
func (v *ruling) overtaken(o *operation) bool {
	for _, r := range v.space.revokes[o.author] {
		if v.rules.has(r.number) && !o.past.has(r.number) && !r.past.has(o.index) {
			return true
		}
	}
	return false
}

// roleIn gives roles by the rights operations of a past within the set, without the grants that are void in the set.
func (v *ruling) roleIn(past bitset) func(key) int {
	return func(who key) int {
		best := 0
		for _, g := range v.space.grants[who] {
			if past.has(g.number) && g.roles[who] > best && v.survives(g, who, past) && !v.void(g.op) {
				best = g.roles[who]
			}
		}
		return best
	}
}

// survives tells whether every revoke of somebody in the past precedes the grant. A concurrent one wins.
func (v *ruling) survives(g *rule, who key, past bitset) bool {
	for _, r := range v.space.revokes[who] {
		if past.has(r.number) && !g.op.past.has(r.number) {
			return false
		}
	}
	return true
}

// rights are the roles over the whole set, as the answer to InspectRights lays them out.
func (v *ruling) rights() []byte {
	if v.layout != nil {
		return v.layout
	}
	all := map[key]int{}
	role := v.roleIn(v.rules)
	for _, r := range v.space.rules {
		if !v.rules.has(r.number) || r.revoke {
			continue
		}
		for _, who := range r.named {
			if n := role(who); n > 0 {
				all[who] = n
			}
		}
	}
	people := sortedKeys(all)
	v.layout = appendHead(nil, 5, uint64(len(people)))
	for _, who := range people {
		v.layout = append(appendHead(v.layout, 2, 32), who[:]...)
		v.layout = appendHead(v.layout, 0, uint64(all[who]))
	}
	return v.layout
}

// ruling returns the verdict over a set with these rights operations and forks.
func (s *space) ruling(rules bitset, forks []fork) *ruling {
	k := rules.appendKey(nil)
	k = append(k, '/')
	for _, f := range forks {
		k = append(k, fmt.Sprintf("%d:%d,", f.number, f.seq)...)
	}
	v := s.rulings[string(k)]
	if v == nil {
		v = &ruling{space: s, rules: slices.Clone(rules), forks: map[chain]uint64{}}
		for _, f := range forks {
			v.forks[f.chain] = f.seq
		}
		s.rulings[string(k)] = v
	}
	return v
}

// fork says that a set holds two operations of one chain and seq; number is the fork's place among the chains known to fork.
type fork struct {
	chain  chain
	number int
	seq    uint64
}

// admit judges an operation whose causes are all known and admissible by its bytes and its causal past alone.
func (b *book) admit(o *operation) (reason, detail string) {
	s, h := o.space, &o.head
	if o.id == s.genesis {
		return "", ""
	}
	if len(o.causes) == 0 {
		return step.RefuseSpace, "it is not the genesis and names no cause"
	}
	clock := uint64(0)
	for _, c := range o.causes {
		if c.space != s {
			return step.RefuseSpace, "a cause of it is of another space"
		}
		clock = max(clock, c.head.Clock)
	}
	switch prev := o.causes[0]; {
	case h.Prev != nil && (prev.chain != o.chain || prev.head.Seq+1 != h.Seq):
		return step.RefuseChain, "prev is of another chain, or seq does not follow it"
	case h.Clock != clock+1:
		return step.RefuseClock, fmt.Sprintf("its clock is %d, its causes say %d", h.Clock, clock+1)
	case o.kind == "space.create":
		return step.RefuseSpace, "a second genesis"
	}
	if why := may(o, o.rule, s.ruling(o.past, nil).roleIn(o.past)); why != "" {
		return step.RefuseRights, why
	}
	return "", ""
}
