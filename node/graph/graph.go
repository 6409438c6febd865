// Package graph is the materialised graph of one space: nodes and relations with typed properties, kept up to date as
// operations are admitted and as some become void. Its state is a function of the set of operations and the set of void
// ones, whatever the order they came in. It judges nothing: which operations are admitted, and which are void, it is told.
package graph

import (
	"cmp"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Graph is the state of one space. Operations are shared and immutable: it points at them and copies nothing.
type Graph struct {
	known  func(*op.Operation) bool
	types  []crdt.Type        // in canonical order of their names
	kinds  [op.Move + 1]uint8 // the place in types of what a mutation of each code writes
	ops    []*op.Operation    // applied ones that have mutations
	opsAt  crdt.Table
	void   map[*op.Operation]bool
	people map[op.Key]*op.Key

	elements []*element
	at       crdt.Table
	slab     []element // the next elements, allocated together
	symbols  map[string]symbol
	names    []string   // by symbol: of properties and of types
	byType   [][]uint32 // by symbol: live elements, in order of creation

	state   []byte   // as last asked for, behind the byte that answers begin with
	sorted  []uint32 // elements that state was made from, ascending by id
	fresh   []uint32 // elements made since
	stale   bool     // some element has changed since
	changed []uint32 // elements changed since the last Drain
	watches []*Watch
}

type symbol uint32

// New makes an empty graph. Known tells which operations this kernel projects; it must not change its mind.
func New(known func(o *op.Operation) bool) *Graph {
	g := &Graph{known: known, types: crdt.Types(), symbols: map[string]symbol{}, people: map[op.Key]*op.Key{}, void: map[*op.Operation]bool{}}
	slices.SortFunc(g.types, func(a, b crdt.Type) int { return compareNames(a.Name, b.Name) })
	for i, t := range g.types {
		for _, c := range t.Codes {
			g.kinds[c] = uint8(i)
		}
	}
	g.kinds[op.Metadata] = metadata
	return g
}

// compareNames is the canonical order of map keys: that of their encodings.
func compareNames(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// Apply takes an admitted operation; one that was applied before, or that this kernel does not know, changes nothing. Of a
// void operation only the characters matter: they stay as hidden anchors.
func (g *Graph) Apply(o *op.Operation, author op.Key, void bool) {
	if len(o.Mutations) == 0 || !o.Known || !g.known(o) || g.Has(o.ID) {
		return
	}
	g.opsAt.Add(crdt.Hash(&o.ID), uint32(len(g.ops)), func(i uint32) uint64 { return crdt.Hash(&g.ops[i].ID) })
	g.ops = append(g.ops, o)
	if void {
		g.void[o] = true
	}
	for i := range o.Mutations {
		m := &o.Mutations[i]
		if void && m.Code != op.Text {
			continue
		}
		g.apply(o, m, author, void)
	}
}

// Has tells whether an operation was applied, void or not.
func (g *Graph) Has(id op.ID) bool {
	_, ok := g.opsAt.Find(crdt.Hash(&id), func(i uint32) bool { return g.ops[i].ID == id })
	return ok
}

func (g *Graph) apply(o *op.Operation, m *op.Mutation, author op.Key, void bool) {
	e := g.element(&m.Element)
	g.touch(e)
	w := crdt.Write{Op: o, Index: m.Index, Void: void}
	switch m.Code {
	case op.CreateNode, op.CreateRelation:
		x := g.elements[e]
		x.create, x.index, x.kind = o, m.Index, g.symbol(m.Type)
		if x.ends != nil {
			x.ends.Apply(w)
		}
		g.file(e)
	case op.Delete:
		g.elements[e].deletes++
		g.file(e)
	case op.Move:
		x := g.elements[e]
		if x.ends == nil {
			x.ends = new(crdt.Register)
			if x.create != nil {
				x.ends.Apply(crdt.Write{Op: x.create, Index: x.index})
			}
		}
		x.ends.Apply(w)
		g.file(e)
	case op.Text:
		if g.people[author] == nil {
			g.people[author] = &author
		}
		w.Author = g.people[author]
		fallthrough
	default:
		g.property(e, m).Apply(w)
	}
}

// SetVoid says that an applied operation takes no effect from now on. It never takes effect again.
func (g *Graph) SetVoid(o *op.Operation) {
	i, ok := g.opsAt.Find(crdt.Hash(&o.ID), func(i uint32) bool { return g.ops[i].ID == o.ID })
	if !ok {
		return
	}
	if o = g.ops[i]; g.void[o] {
		return
	}
	g.void[o] = true
	for i := range o.Mutations {
		m := &o.Mutations[i]
		e := g.element(&m.Element)
		x := g.elements[e]
		g.touch(e)
		w := crdt.Write{Op: o, Index: m.Index}
		switch m.Code {
		case op.CreateNode, op.CreateRelation:
			x.create = nil
			g.file(e)
		case op.Delete:
			x.deletes--
			g.file(e)
		case op.Move:
			x.ends.Void(w)
			g.file(e)
		default:
			g.property(e, m).Void(w)
		}
	}
}

// element is the place of an element, which is made empty if nothing was said of it yet.
func (g *Graph) element(id *op.Element) uint32 {
	if e, ok := g.find(id); ok {
		return e
	}
	if len(g.slab) == 0 {
		g.slab = make([]element, min(64, 4+len(g.elements)))
	}
	x := &g.slab[0]
	g.slab = g.slab[1:]
	x.id = id
	e := uint32(len(g.elements))
	g.elements = append(g.elements, x)
	g.fresh = append(g.fresh, e)
	g.at.Add(hash(id), e, func(e uint32) uint64 { return hash(g.elements[e].id) })
	return e
}

func (g *Graph) find(id *op.Element) (uint32, bool) {
	return g.at.Find(hash(id), func(e uint32) bool { return *g.elements[e].id == *id })
}

func hash(id *op.Element) uint64 { return crdt.Hash((*[32]byte)(id[:32])) + uint64(id[32]) }

// symbol is the number of a name.
func (g *Graph) symbol(name string) symbol {
	s, ok := g.symbols[name]
	if !ok {
		s = symbol(len(g.names))
		g.symbols[name] = s
		g.names = append(g.names, name)
		g.byType = append(g.byType, nil)
	}
	return s
}

// touch remembers that an element's part of the state is out of date.
func (g *Graph) touch(e uint32) {
	g.elements[e].stale, g.stale = true, true
	g.change(e)
}

// change remembers that who watches an element must hear.
func (g *Graph) change(e uint32) {
	if x := g.elements[e]; !x.changed {
		x.changed = true
		g.changed = append(g.changed, e)
	}
}
