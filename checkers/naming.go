package checkers

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
)

// naming holds the operations of honest hosts to causality: one names elements, additions and characters that are in its own
// causal past, and an edit of a named version characters that are in that version. Who named more would show his work late,
// or in another place, to those who know no more than he did.
type naming struct {
	looked  int // operations that name another
	version int // of them those that edit a named version
	seen    bitset
	stack   []*operation
}

// check gives an operation that o names, and may not know; nil where there is none.
func (n *naming) check(b *book, o *operation) (stranger *key) {
	if len(o.head.Deps) == maxDeps { // it knew of more heads than it could name
		return nil
	}
	if o.reading == nil {
		o.reading = spec.Read(o.id, o.rawBody)
	}
	roots, versioned := o.causes, false
	if r := b.asked[asking{o.host, o.request}]; r != nil && r.version != nil && o.kind == "text.edit" {
		roots, versioned = nil, true
		for _, id := range r.version {
			if c := b.ops[id]; c != nil && c.space == o.space && c.index >= 0 {
				roots = append(roots, c)
			}
		}
	}
	var sought []*operation
	told := func(x *operation) bool { // by a cause, which knew it
		return slices.ContainsFunc(roots, func(c *operation) bool { return c == x || slices.Contains(c.named, x) })
	}
	any := false
	o.reading.Names(func(id key, character bool) {
		if id == o.id || stranger != nil || versioned && !character {
			return
		}
		any = true
		x := b.ops[id]
		if x == nil || x.space != o.space || x.index < 0 {
			stranger = &id
		} else if !slices.Contains(o.named, x) {
			if o.named = append(o.named, x); !told(x) {
				sought = append(sought, x)
			}
		}
	})
	if any {
		n.looked++
		if versioned {
			n.version++
		}
	}
	if stranger == nil && len(sought) > 0 {
		stranger = n.outside(roots, sought)
	}
	return stranger
}

// outside gives one of the sought operations that is not in the causal closure of the roots. Causes have lower numbers than
// their effects, so that the walk ends at the least one that is sought.
func (n *naming) outside(roots, sought []*operation) *key {
	least := sought[0].index
	for _, x := range sought {
		least = min(least, x.index)
	}
	left := len(sought)
	n.reach(roots, least, func(c *operation) (enough bool) {
		if slices.Contains(sought, c) {
			left--
		}
		return left == 0
	})
	if left == 0 {
		return nil
	}
	for _, x := range sought {
		if !n.seen.has(x.index) {
			return &x.id
		}
	}
	return nil
}

// reach marks in seen the causal closure of the roots down to a number, until visit has seen enough.
func (n *naming) reach(roots []*operation, least int, visit func(*operation) (enough bool)) {
	clear(n.seen)
	for n.stack = append(n.stack[:0], roots...); len(n.stack) > 0; {
		c := n.stack[len(n.stack)-1]
		n.stack = n.stack[:len(n.stack)-1]
		if c.index < least || n.seen.has(c.index) {
			continue
		}
		if n.seen.add(c.index); visit(c) {
			return
		}
		n.stack = append(n.stack, c.causes...)
	}
}
