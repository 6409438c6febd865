package graph

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Watch is a subscription: it gathers the elements that changed and that it asked for. An element is asked for by its
// name, by its type, as a relation at a named element, or as a node that has a relation to one; a Watch that names neither
// elements nor types asks for all.
type Watch struct {
	elements []op.Element
	types    []string
	changed  []op.Element
}

// Subscribe begins a subscription.
func (g *Graph) Subscribe(elements []op.Element, types []string) *Watch {
	w := &Watch{elements: elements, types: types}
	g.watches = append(g.watches, w)
	return w
}

// Unsubscribe ends it.
func (g *Graph) Unsubscribe(w *Watch) {
	g.watches = slices.DeleteFunc(g.watches, func(x *Watch) bool { return x == w })
}

// Take returns what the subscription gathered in the Drains since it was last asked, in order of change.
func (w *Watch) Take() []op.Element {
	c := w.changed
	w.changed = nil
	return c
}

// Drain hands what changed since the last Drain to the subscriptions, and returns all of it in order of first change. A
// node calls it once a step.
func (g *Graph) Drain() []op.Element {
	if len(g.changed) == 0 {
		return nil
	}
	all := g.ids(g.changed)
	for i, e := range g.changed {
		g.elements[e].changed = false
		for _, w := range g.watches {
			if g.wanted(w, g.elements[e]) {
				w.changed = append(w.changed, all[i])
			}
		}
	}
	g.changed = g.changed[:0]
	return all
}

func (g *Graph) wanted(w *Watch, x *element) bool {
	if len(w.elements) == 0 && len(w.types) == 0 || slices.Contains(w.elements, *x.id) {
		return true
	}
	if x.create == nil {
		return false
	}
	if slices.Contains(w.types, g.names[x.kind]) {
		return true
	}
	if len(w.elements) == 0 {
		return false
	}
	if from, to := x.endpoints(); from != nil {
		return slices.Contains(w.elements, *from) || slices.Contains(w.elements, *to)
	}
	return x.links != nil && slices.ContainsFunc(x.links.out, func(r uint32) bool {
		return slices.Contains(w.elements, *g.elements[g.elements[r].to-1].id)
	})
}
