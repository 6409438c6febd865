package checkers

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// set is the operations that some honest hosts hold of one space. What follows from a set is computed once for all of them.
type set struct {
	space   *space
	ids     []byte // 32 bytes each, ascending
	ops     []*operation
	members bitset // by index in the space
	bad     []bad  // what does not belong
	ruling  *ruling
	holders int // in the running snapshot

	states []*state
	edits  map[property][]*operation // of texts; nil until somebody watches one
	lacks  []*operation              // of what was due by the end
	heads  []byte
	void   []byte
	told   []byte // what the first host asked said of void
	teller sim.HostID
}

// bad is an id of a set that cannot be admitted: its bytes, its signature, its causes or its author forbid it.
type bad struct {
	id     key
	op     *operation // nil where the host cannot show its bytes
	reason string     // a step.Refuse… reason; "missing" for no bytes, "gap" for a cause that is not in the set
	detail string
}

func (s *set) size() int { return len(s.ids) / 32 }

// id returns the i-th id.
func (s *set) id(i int) key { return key(s.ids[32*i:]) }

// has looks an id up.
func (s *set) has(id key) bool {
	lo, hi := 0, s.size()
	for lo < hi {
		mid := (lo + hi) / 2
		if bytes.Compare(s.ids[32*mid:32*mid+32], id[:]) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < s.size() && s.id(lo) == id
}

// snapshot is what the honest hosts that are up hold of the spaces that they are interested in.
type snapshot struct {
	at    time.Duration
	final bool
	taken bool
	hold  []holding // by host, then by space
	up    int
}

// holding is one host's set of one space.
type holding struct {
	host   sim.HostID
	space  *space
	set    *set // nil where the host does not answer, or not with ids
	schema uint8
}

// look asks every honest host that is up for its sets, once an instant for all checkers.
func (b *book) look(at time.Duration, v sim.View, final bool) *snapshot {
	if b.snap.taken && b.snap.at == at && b.snap.final == final {
		return &b.snap
	}
	b.sets[1], b.sets[0] = b.sets[0], map[uint64][]*set{}
	b.snap = snapshot{at: at, final: final, taken: true, hold: b.snap.hold[:0]}
	for h := sim.HostID(1); int(h) <= v.Hosts(); h++ {
		t := b.truth.host(h)
		if !t.Honest || !v.Up(h) {
			continue
		}
		b.snap.up++
		for _, id := range t.Spaces {
			if s := b.byID[id]; s != nil {
				ids, ok := answer(v, h, step.InspectOps, s.id)
				k := holding{host: h, space: s, schema: t.Schema}
				if ok && len(ids)%32 == 0 {
					k.set = b.intern(v, h, s, ids)
				}
				b.snap.hold = append(b.snap.hold, k)
			}
		}
	}
	return &b.snap
}

// answer asks a host about a space and strips the layout version.
func answer(v sim.View, h sim.HostID, query string, space key) ([]byte, bool) {
	a := v.Inspect(h, about(query, space))
	if len(a) == 0 || a[0] != 1 {
		return nil, false
	}
	return a[1:], true
}

// intern finds the set with these ids, or makes it. The hash only sorts; equality is of the ids.
func (b *book) intern(v sim.View, h sim.HostID, s *space, ids []byte) *set {
	hash := uint64(s.number)
	for i := 0; i+8 <= len(ids); i += 32 {
		hash = hash*0x9e3779b97f4a7c15 + binary.LittleEndian.Uint64(ids[i:])
	}
	for gen := range b.sets {
		for _, k := range b.sets[gen][hash] {
			if k.space == s && bytes.Equal(k.ids, ids) {
				if gen > 0 {
					k.holders = 0
					b.sets[0][hash] = append(b.sets[0][hash], k)
				}
				k.holders++
				return k
			}
		}
	}
	k := &set{space: s, ids: bytes.Clone(ids), holders: 1}
	b.sets[0][hash] = append(b.sets[0][hash], k)
	b.fill(v, h, k)
	return k
}

// fill opens the operations of a new set and finds what does not belong in it.
func (b *book) fill(v sim.View, h sim.HostID, k *set) {
	s := k.space
	var fresh []*operation
	for i := range k.size() {
		id := k.id(i)
		o := b.ops[id]
		if o == nil || o.reason == step.RefuseMalformed || o.reason == step.RefuseSignature {
			o = b.fetch(v, h, id)
		}
		if o == nil {
			k.bad = append(k.bad, bad{id, nil, "missing", "the host does not show bytes with this id"})
		} else if !o.resolved {
			fresh = append(fresh, o)
		}
	}
	for _, o := range fresh {
		b.resolve(o)
	}
	var rules bitset
	for i := range k.size() {
		o := b.ops[k.id(i)]
		switch {
		case o == nil:
		case o.reason != "":
			k.bad = append(k.bad, bad{o.id, o, o.reason, o.detail})
		case !o.resolved:
			k.bad = append(k.bad, bad{o.id, o, "gap", "a cause of it is not in the set"})
		case o.space != s:
			k.bad = append(k.bad, bad{o.id, o, step.RefuseSpace, "it belongs to another space"})
		default:
			if k.ops = append(k.ops, o); !o.held {
				o.held, o.heldAt = true, b.snap.at
			}
			k.members.add(o.index)
			if o.rule != nil {
				rules.add(o.rule.number)
			}
		}
	}
	for _, o := range k.ops {
		for _, c := range o.causes {
			if !k.members.has(c.index) {
				k.bad = append(k.bad, bad{o.id, o, "gap", "its cause " + c.String() + " is not in the set"})
			}
		}
	}
	k.ruling = s.ruling(rules, s.forks(k.members))
}

// voids are the ids of the operations that take no effect, ascending.
func (k *set) voids() []byte {
	if k.void == nil {
		k.void = []byte{}
		for _, o := range k.ops {
			if k.ruling.void(o) {
				k.void = append(k.void, o.id[:]...)
			}
		}
	}
	return k.void
}

// frontier are the ids that no operation of the set names as a cause, ascending.
func (k *set) frontier() []byte {
	if k.heads == nil {
		named := make(bitset, len(k.members))
		for _, o := range k.ops {
			for _, c := range o.causes {
				named.add(c.index)
			}
		}
		k.heads = []byte{}
		for _, o := range k.ops {
			if !named.has(o.index) {
				k.heads = append(k.heads, o.id[:]...)
			}
		}
	}
	return k.heads
}

// appendHead writes the head of a CBOR item.
func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n < 1<<8:
		return append(b, major<<5|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major<<5|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major<<5|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major<<5|27), n)
}

// sortedKeys are the keys of a map, ascending.
func sortedKeys[V any](m map[key]V) []key {
	return slices.SortedFunc(maps.Keys(m), func(a, b key) int { return bytes.Compare(a[:], b[:]) })
}

// about is a query with an argument.
func about(query string, arg key) string { return query + " " + hex.EncodeToString(arg[:]) }
