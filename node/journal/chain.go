package journal

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

type chainKey struct {
	device      [32]byte
	incarnation uint64
}

func (k chainKey) compare(o chainKey) int {
	if c := bytes.Compare(k.device[:], o.device[:]); c != 0 {
		return c
	}
	return cmp.Compare(k.incarnation, o.incarnation)
}

// chain is what one device wrote in one life, in one space.
type chain struct {
	key   chainKey
	bySeq []uint32 // the entry admitted first at each seq, from 1; without a gap, since prev comes first
	extra []uint32 // entries admitted later at a seq that was taken, in order
	fork  uint64   // the least seq with two operations; 0 if there is none
}

// sure is the greatest seq up to which each names one operation.
func (c *chain) sure() uint64 {
	if c.fork > 0 {
		return c.fork - 1
	}
	return uint64(len(c.bySeq))
}

// Fork is an equivocation: one chain holds two operations of one seq. All of the chain from there on is marked Forked.
type Fork struct {
	Chain       uint32
	Device      op.Key
	Incarnation uint64
	Seq         uint64 // the least seq with two operations
}

// Forks are the forked chains, in the order in which this node found them.
func (l *Log) Forks() []Fork {
	var out []Fork
	for _, i := range l.forks {
		c := &l.chains[i]
		out = append(out, Fork{i, c.key.device, c.key.incarnation, c.fork})
	}
	return out
}

// Branches are the indices of a chain's entries from a seq on, in the order of admission.
func (l *Log) Branches(chain uint32, seq uint64) []uint32 {
	c := &l.chains[chain]
	var out []uint32
	if seq = max(seq, 1); seq <= uint64(len(c.bySeq)) {
		out = append(out, c.bySeq[seq-1:]...)
	}
	for _, i := range c.extra {
		if l.Entries[i].Op.Seq >= seq {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// link puts an admitted entry into its chain. It gives the entry that held its seq before, if there was one.
func (l *Log) link(e *Entry) (twin *Entry) {
	c := &l.chains[e.Chain]
	seq := e.Op.Seq
	if seq == uint64(len(c.bySeq))+1 {
		c.bySeq = append(c.bySeq, e.Index)
	} else {
		twin = l.Entries[c.bySeq[seq-1]]
		c.extra = append(c.extra, e.Index)
		if c.fork == 0 {
			l.forks = append(l.forks, e.Chain)
		}
		if c.fork == 0 || seq < c.fork {
			c.fork = seq
			for _, i := range l.Branches(e.Chain, seq) {
				l.Entries[i].Forked = l.Entries[i].Op.ID != l.Genesis
			}
		}
	}
	e.Forked = c.fork > 0 && seq >= c.fork && e.Op.ID != l.Genesis
	return twin
}

// chainNumber is the number of the chain that an operation belongs to; a first operation may begin one.
func (l *Log) chainNumber(o *op.Operation, prev *Entry) uint32 {
	if prev != nil {
		return prev.Chain
	}
	key := chainKey{o.Device, o.Incarnation}
	i, ok := l.chainOf[key]
	if !ok {
		i = uint32(len(l.chains))
		l.chains = append(l.chains, chain{key: key})
		l.chainOf[key] = i
	}
	return i
}
