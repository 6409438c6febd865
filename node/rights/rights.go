// Package rights says who may do what in a space. It gives two verdicts: whether an operation is admitted, a function of
// its bytes and its causal past, and whether it takes effect, a function of the set of admitted operations. Neither looks
// at a clock, at the order of arrival, or at who sent it; and what is void once stays void as the set grows.
//
// Admission asks only the rights operations in the past (genesis, grants, revokes): of a grant and a revoke that know
// nothing of each other the revoke wins, and a grant counts while its author's own right to it holds within that past. A
// fork voids, but it does not keep from admission.
package rights

import (
	"iter"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Rights judges the operations of all spaces of one node.
type Rights struct {
	books map[*journal.Log]*book
	last  *book
}

// New gives the judge of a node that holds no space yet.
func New() *Rights { return &Rights{books: map[*journal.Log]*book{}} }

var _ journal.Judge = (*Rights)(nil)

// Judge implements journal.Judge: it gives "" or the reason of a refusal.
func (r *Rights) Judge(l *journal.Log, e *journal.Entry) string {
	b := r.book(l)
	b.catchUp()
	o := e.Op
	if o.Kind == op.SpaceCreate {
		return step.RefuseBody // a space begins once, and its genesis is not judged
	}
	if strings.HasPrefix(o.Kind, "rights.") && !o.IsRights() {
		return step.RefuseRights // a later kind of right, which nobody has yet
	}
	s := b.state(e)
	if !b.read(s, o.Kind, o.Args) {
		return step.RefuseBody
	}
	b.judged = o
	if !b.allowed(s) {
		return step.RefuseRights
	}
	return ""
}

// Admitted takes an admitted entry, and those before it, into account. It returns the indices of the entries that thereby
// became void, ascending, e's own perhaps among them.
func (r *Rights) Admitted(l *journal.Log, e *journal.Entry) (voided []uint32) {
	b := r.book(l)
	b.catchUp()
	return b.settle(e.Index, l.Before)
}

// IsVoid tells whether an entry takes no effect by all that was taken into account.
func (r *Rights) IsVoid(l *journal.Log, index uint32) bool { return r.book(l).slots[index].void }

// Void gives the ids of the admitted operations that take no effect, ascending.
func (r *Rights) Void(l *journal.Log) []op.ID {
	b := r.book(l)
	var ids []op.ID
	for i := range b.slots {
		if b.slots[i].void {
			ids = append(ids, l.Entries[i].Op.ID)
		}
	}
	slices.SortFunc(ids, op.ID.Compare)
	return ids
}

// Role is an identity's role by the operations that take effect.
func (r *Rights) Role(l *journal.Log, identity op.Key) Role {
	b := r.book(l)
	x, ok := b.numbers[identity]
	if !ok {
		return b.founder(identity)
	}
	return b.roleNow(x)
}

// Roles gives every identity that has a role.
func (r *Rights) Roles(l *journal.Log) map[op.Key]Role {
	roles := map[op.Key]Role{}
	for k, role := range r.all(l) {
		roles[k] = role
	}
	return roles
}

// all gives the identities that have a role, in the order in which this node met them.
func (r *Rights) all(l *journal.Log) iter.Seq2[op.Key, Role] {
	b := r.book(l)
	return func(yield func(op.Key, Role) bool) {
		for x, k := range b.keys {
			if role := b.roleNow(uint32(x)); role != None && !yield(k, role) {
				return
			}
		}
		for _, m := range b.members {
			if _, ok := b.numbers[m.Identity]; !ok && !yield(m.Identity, m.Role) {
				return
			}
		}
	}
}

// Inspect is the answer to step.InspectRights: the canonical form of Roles. Where no rights operation was taken into account
// since it was last asked for, the same bytes are returned. They must not be altered.
func (r *Rights) Inspect(l *journal.Log) []byte {
	b := r.book(l)
	if b.effect.roles != nil {
		return b.effect.roles
	}
	var people []op.Membership
	for k, role := range r.all(l) {
		people = append(people, op.Membership{Identity: k, Role: role})
	}
	slices.SortFunc(people, func(a, b op.Membership) int { return a.Identity.Compare(b.Identity) })
	out := crdt.AppendHead([]byte{step.InspectLayout}, crdt.MajorMap, uint64(len(people)))
	for i := range people {
		out = append(crdt.AppendHead(out, crdt.MajorBytes, 32), people[i].Identity[:]...)
		out = crdt.AppendHead(out, crdt.MajorUint, uint64(people[i].Role))
	}
	b.effect.roles = out
	return out
}

// May tells whether an operation by an identity would be admitted if it came after all that the node holds, so that a
// person hears of it before anything is signed.
func (r *Rights) May(l *journal.Log, identity op.Key, d *op.Draft) bool {
	b := r.book(l)
	b.catchUp()
	s := &statement{author: b.number(identity)}
	if !b.read(s, d.Kind, d.Args) {
		return false
	}
	return b.may(b.known, s) && b.roleNow(s.author) >= needs(s.deed, s.highest())
}
