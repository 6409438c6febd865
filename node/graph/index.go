package graph

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// links are the live relations that end at an element, by type, then in order of creation.
type links struct{ in, out []uint32 }

// ByType lists the live elements of a type, in order of creation.
func (g *Graph) ByType(t string) []op.Element {
	s, ok := g.symbols[t]
	if !ok {
		return nil
	}
	return g.ids(g.byType[s])
}

// Incoming lists the live relations of a type that lead to an element, in order of creation.
func (g *Graph) Incoming(e op.Element, relation string) []op.Element {
	return g.linked(e, relation, func(l *links) []uint32 { return l.in })
}

// Outgoing lists the live relations of a type that lead from an element, in order of creation.
func (g *Graph) Outgoing(e op.Element, relation string) []op.Element {
	return g.linked(e, relation, func(l *links) []uint32 { return l.out })
}

func (g *Graph) linked(id op.Element, relation string, side func(*links) []uint32) []op.Element {
	e, ok := g.find(&id)
	if !ok || g.elements[e].links == nil {
		return nil
	}
	s, ok := g.symbols[relation]
	if !ok {
		return nil
	}
	all := side(g.elements[e].links)
	from, _ := slices.BinarySearchFunc(all, s, func(r uint32, s symbol) int { return cmp.Compare(g.elements[r].kind, s) })
	to, _ := slices.BinarySearchFunc(all, s+1, func(r uint32, s symbol) int { return cmp.Compare(g.elements[r].kind, s) })
	return g.ids(all[from:to])
}

func (g *Graph) ids(elements []uint32) []op.Element {
	ids := make([]op.Element, len(elements))
	for i, e := range elements {
		ids[i] = *g.elements[e].id
	}
	return ids
}

// AppendIndex appends what step.InspectIndex answers.
func (g *Graph) AppendIndex(b []byte) []byte {
	g.sort()
	b = crdt.AppendHead(b, crdt.MajorArray, 3)
	var kinds []symbol
	for s, list := range g.byType {
		if len(list) > 0 {
			kinds = append(kinds, symbol(s))
		}
	}
	slices.SortFunc(kinds, func(x, y symbol) int { return cmp.Compare(g.names[x], g.names[y]) })
	b = crdt.AppendHead(b, crdt.MajorArray, uint64(len(kinds)))
	for _, s := range kinds {
		b = g.appendList(appendText(crdt.AppendHead(b, crdt.MajorArray, 2), g.names[s]), g.byType[s])
	}
	b = g.appendLinks(b, func(l *links) []uint32 { return l.out })
	return g.appendLinks(b, func(l *links) []uint32 { return l.in })
}

func (g *Graph) appendLinks(b []byte, side func(*links) []uint32) []byte {
	type group struct {
		end       *op.Element
		relations []uint32 // of one type
	}
	var groups []group
	for _, e := range g.sorted {
		x := g.elements[e]
		if x.links == nil {
			continue
		}
		first := len(groups)
		for rest := side(x.links); len(rest) > 0; {
			n := 1
			for n < len(rest) && g.elements[rest[n]].kind == g.elements[rest[0]].kind {
				n++
			}
			groups, rest = append(groups, group{x.id, rest[:n]}), rest[n:]
		}
		slices.SortFunc(groups[first:], func(x, y group) int { return cmp.Compare(g.kindOf(x.relations[0]), g.kindOf(y.relations[0])) })
	}
	b = crdt.AppendHead(b, crdt.MajorArray, uint64(len(groups)))
	for _, x := range groups {
		b = appendText(appendID(crdt.AppendHead(b, crdt.MajorArray, 3), x.end), g.kindOf(x.relations[0]))
		b = g.appendList(b, x.relations)
	}
	return b
}

func (g *Graph) kindOf(e uint32) string { return g.names[g.elements[e].kind] }

func (g *Graph) appendList(b []byte, list []uint32) []byte {
	b = crdt.AppendHead(b, crdt.MajorArray, uint64(len(list)))
	for _, e := range list {
		b = appendID(b, g.elements[e].id)
	}
	return b
}

// file puts an element where the indexes should have it now: nowhere unless it is live.
func (g *Graph) file(e uint32) {
	x := g.elements[e]
	live := x.live()
	if x.listed && !live {
		g.byType[x.kind] = g.remove(g.byType[x.kind], e)
	} else if live && !x.listed {
		g.byType[x.kind] = g.insert(g.byType[x.kind], e)
	}
	x.listed = live
	var from, to uint32
	if live {
		if a, b := x.endpoints(); a != nil {
			from, to = g.element(a)+1, g.element(b)+1
		}
	}
	if from == x.from && to == x.to {
		return
	}
	if x.from != 0 {
		l := g.elements[x.from-1].links
		l.out = g.remove(l.out, e)
		l = g.elements[x.to-1].links
		l.in = g.remove(l.in, e)
		g.change(x.from - 1)
		g.change(x.to - 1)
	}
	x.from, x.to = from, to
	if from != 0 {
		l := g.linksOf(from - 1)
		l.out = g.insert(l.out, e)
		l = g.linksOf(to - 1)
		l.in = g.insert(l.in, e)
		g.change(from - 1)
		g.change(to - 1)
	}
}

func (g *Graph) linksOf(e uint32) *links {
	x := g.elements[e]
	if x.links == nil {
		x.links = new(links)
	}
	return x.links
}

func (g *Graph) insert(list []uint32, e uint32) []uint32 {
	if n := len(list); n == 0 || g.compare(list[n-1], e) < 0 {
		return append(list, e)
	}
	at, _ := slices.BinarySearchFunc(list, e, g.compare)
	return slices.Insert(list, at, e)
}

func (g *Graph) remove(list []uint32, e uint32) []uint32 {
	at := slices.Index(list, e)
	return slices.Delete(list, at, at+1)
}

// compare orders live elements by type, then by creation: (clock, operation id, mutation index). Symbols are numbers of
// this node's own: they group, and lists of one type alone leave the package.
func (g *Graph) compare(a, b uint32) int {
	x, y := g.elements[a], g.elements[b]
	return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.create.Clock, y.create.Clock), bytes.Compare(x.id[:], y.id[:]))
}
