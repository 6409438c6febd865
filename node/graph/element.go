package graph

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// element is one node or relation, or what was said of it before it was made. It is kept small: there are as many of them
// as operations, at every node.
type element struct {
	id      *op.Element    // inside an operation
	create  *op.Operation  // nil while there is none that takes effect: the element is not visible
	ends    *crdt.Register // of the creation and the moves; nil while nothing moved it
	props   []property     // sorted
	links   *links         // nil while no live relation ends here
	deletes uint32         // effective ones
	kind    symbol
	offset  uint32 // its part of the state as last asked for
	length  uint32
	from    uint32 // where the index has its ends, plus one
	to      uint32
	index   uint8 // of the creating mutation
	stale   bool
	changed bool
	listed  bool // it stands in the index by type
}

// property is one value of an element: of a property by one type, or one entry of its metadata.
type property struct {
	value crdt.Value
	name  symbol
	kind  uint8 // place in Graph.types, or metadata
}

const metadata = 255

// live tells whether an element is visible and not deleted.
func (x *element) live() bool { return x.create != nil && x.deletes == 0 }

// made is the mutation that created a visible element.
func (x *element) made() *op.Mutation { return &x.create.Mutations[x.index] }

// from and to of a visible relation.
func (x *element) endpoints() (from, to *op.Element) {
	m := x.made()
	if m.Code != op.CreateRelation {
		return nil, nil
	}
	if x.ends != nil {
		m = x.ends.Last()
	}
	return &m.From, &m.To
}

// property is the value that a mutation writes; it is made if it is not there.
func (g *Graph) property(e uint32, m *op.Mutation) crdt.Value {
	x, name, kind := g.elements[e], g.symbol(m.Prop), g.kinds[m.Code]
	at, ok := g.findProperty(x, name, kind)
	if !ok {
		p := property{name: name, kind: kind}
		if kind == metadata {
			p.value = new(crdt.Register)
		} else {
			p.value = g.types[kind].New()
		}
		x.props = slices.Insert(x.props, at, p)
	}
	return x.props[at].value
}

// findProperty finds a property among those of an element: first the properties, then the metadata, both in canonical
// order of their names, the types of one property in canonical order of theirs.
func (g *Graph) findProperty(x *element, name symbol, kind uint8) (int, bool) {
	return slices.BinarySearchFunc(x.props, property{name: name, kind: kind}, func(a, b property) int {
		if c := (a.kind == metadata) != (b.kind == metadata); c {
			if a.kind == metadata {
				return 1
			}
			return -1
		}
		if a.name != b.name {
			return compareNames(g.names[a.name], g.names[b.name])
		}
		return int(a.kind) - int(b.kind)
	})
}

// value is a property of a live element; nil if there is none that counts.
func (g *Graph) value(id op.Element, prop string, code op.Code) crdt.Value {
	e, ok := g.find(&id)
	if !ok || !g.elements[e].live() {
		return nil
	}
	name, ok := g.symbols[prop]
	if !ok {
		return nil
	}
	x := g.elements[e]
	at, ok := g.findProperty(x, name, g.kinds[code])
	if !ok || !x.props[at].value.Present() {
		return nil
	}
	return x.props[at].value
}
