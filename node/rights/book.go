package rights

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// book is one space with the names behind its numbers.
type book struct {
	*space
	log     *journal.Log
	numbers map[op.Key]uint32
	keys    []op.Key // by number
	chains  map[chainKey]uint32
	members []op.Membership // of the genesis, ascending; most of them never do a thing, and get no number
	scratch statement
	judged  *op.Operation // that scratch is of; nil if of none that was read whole
}

type chainKey struct {
	device      op.Key
	incarnation uint64
}

func (r *Rights) book(l *journal.Log) *book {
	if r.last != nil && r.last.log == l {
		return r.last
	}
	b, ok := r.books[l]
	if !ok {
		b = &book{space: newSpace(), log: l, numbers: map[op.Key]uint32{}, chains: map[chainKey]uint32{}}
		r.books[l] = b
	}
	r.last = b
	return b
}

// catchUp learns what the journal admitted since: it may admit several operations before anyone asks for their effect.
func (b *book) catchUp() {
	for len(b.slots) < len(b.log.Entries) {
		e := b.log.Entries[len(b.slots)]
		s := &b.scratch
		if e.Op != b.judged { // it is what Judge has just read, for the most part
			if s = b.state(e); !b.read(s, e.Op.Kind, e.Op.Args) {
				panic("rights: an operation was admitted that breaks the rules of its kind")
			}
		}
		b.learn(s)
	}
}

// state puts an entry in numbers, all but what its arguments say. It is overwritten by the next call.
func (b *book) state(e *journal.Entry) *statement {
	s := &b.scratch
	b.judged = nil
	*s = statement{seq: e.Op.Seq, causes: e.Causes}
	if s.seq > 1 {
		for _, c := range e.Causes {
			if b.log.Entries[c].Op.ID == e.Op.Prev {
				s.author, s.chain = b.slots[c].author, b.slots[c].chain
				return s
			}
		}
	}
	s.author = b.number(e.Author)
	key := chainKey{e.Op.Device, e.Op.Incarnation}
	n, ok := b.chains[key]
	if !ok {
		n = uint32(len(b.chains))
		b.chains[key] = n
	}
	s.chain = n
	return s
}

// read fills in what the kind and its arguments say.
func (b *book) read(s *statement, kind string, args []byte) (ok bool) {
	switch kind {
	case op.SpaceCreate:
		f, ok := op.FoundingOf(args)
		if !ok {
			return false
		}
		s.deed = founds
		b.members = f.Members
		for x, k := range b.keys {
			b.person(uint32(x)).founder = b.founder(k)
		}
	case op.RightsGrant, op.RightsRevoke:
		c, ok := op.ChangeOf(kind, args)
		if !ok {
			return false
		}
		s.deed = revokes
		if kind == op.RightsGrant {
			s.deed = grants
		}
		for _, k := range c.Who {
			s.named = append(s.named, b.number(k))
			if s.deed == grants {
				s.roles = append(s.roles, c.Role)
			}
		}
	}
	return true
}

// number is the number of an identity.
func (b *book) number(k op.Key) uint32 {
	x, ok := b.numbers[k]
	if !ok {
		x = uint32(len(b.keys))
		b.numbers[k] = x
		b.keys = append(b.keys, k)
		b.person(x).founder = b.founder(k)
	}
	return x
}

// founder is the role that the genesis gives to an identity.
func (b *book) founder(k op.Key) Role {
	i, ok := slices.BinarySearchFunc(b.members, k, func(m op.Membership, k op.Key) int { return m.Identity.Compare(k) })
	if !ok {
		return None
	}
	return b.members[i].Role
}
