package graph

import (
	"bytes"
	"errors"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// View is a visible element as it stands.
type View struct {
	ID       op.Element
	Type     string
	Relation bool
	From, To op.Element // of a relation
	Deleted  bool
	Created  *op.Operation
}

// ErrAbsent says that there is no such element, or that it was deleted.
var ErrAbsent = errors.New("graph: no such element")

// Get is an element; false if it is not visible. A deleted one is visible, without its content.
func (g *Graph) Get(id op.Element) (View, bool) {
	e, ok := g.find(&id)
	if !ok || g.elements[e].create == nil {
		return View{}, false
	}
	x := g.elements[e]
	v := View{ID: id, Type: g.names[x.kind], Deleted: x.deletes > 0, Created: x.create}
	if from, to := x.endpoints(); from != nil {
		v.Relation, v.From, v.To = true, *from, *to
	}
	return v, true
}

// Live tells whether an element is visible and not deleted.
func (g *Graph) Live(id op.Element) bool {
	e, ok := g.find(&id)
	return ok && g.elements[e].live()
}

// Register is the value of a register; false if the element is not live or nothing was written.
func (g *Graph) Register(e op.Element, prop string) (cbor.RawMessage, bool) {
	v := g.value(e, prop, op.Register)
	if v == nil {
		return nil, false
	}
	return v.(*crdt.Register).Value()
}

// Metadata is the value of a metadata key; false if the element is not live or nothing was written.
func (g *Graph) Metadata(e op.Element, key string) (cbor.RawMessage, bool) {
	v := g.value(e, key, op.Metadata)
	if v == nil {
		return nil, false
	}
	return v.(*crdt.Register).Value()
}

// Set lists the distinct values of a set, in bytewise order.
func (g *Graph) Set(e op.Element, prop string) []cbor.RawMessage {
	v := g.value(e, prop, op.SetAdd)
	if v == nil {
		return nil
	}
	return v.(*crdt.Set).Values()
}

// SetDots lists the additions that hold a value in a set, ascending: what its removal must name. Operations that are not
// applied yet, but that the removal will follow, count as if they were.
func (g *Graph) SetDots(e op.Element, prop string, value cbor.RawMessage, pending []*op.Operation) (dots []op.Dot) {
	if v := g.value(e, prop, op.SetAdd); v != nil {
		dots = v.(*crdt.Set).Dots(value)
	}
	for _, o := range pending {
		for i := range o.Mutations {
			switch m := &o.Mutations[i]; {
			case m.Element != e || m.Prop != prop:
			case m.Code == op.SetAdd && bytes.Equal(m.Value, value):
				dots = append(dots, op.DotOf(o.ID, m.Index))
			case m.Code == op.SetRemove:
				dots = slices.DeleteFunc(dots, func(d op.Dot) bool { return slices.Contains(m.Dots, d) })
			}
		}
	}
	slices.SortFunc(dots, func(a, b op.Dot) int { return bytes.Compare(a[:], b[:]) })
	return dots
}

// Adders calls f with each addition that holds a value in a set, ascending by dot, until f returns false.
func (g *Graph) Adders(e op.Element, prop string, f func(o *op.Operation, value cbor.RawMessage) bool) {
	if v := g.value(e, prop, op.SetAdd); v != nil {
		v.(*crdt.Set).Adders(f)
	}
}

// Counter is the value of a counter; 0 if there is none.
func (g *Graph) Counter(e op.Element, prop string) int64 {
	v := g.value(e, prop, op.CounterAdd)
	if v == nil {
		return 0
	}
	return v.(*crdt.Counter).Value()
}

// Text is a text; false if the element is not live or nothing was written.
func (g *Graph) Text(e op.Element, prop string) (string, bool) {
	v := g.value(e, prop, op.Text)
	if v == nil {
		return "", false
	}
	return v.(*crdt.Text).String(), true
}

// Past tells what a named version holds: the operations that its heads name, and all their causes.
type Past interface {
	In(o *op.Operation, version []op.ID) bool
}

// TextAt is a text as it stood at a version, by today's void operations.
func (g *Graph) TextAt(e op.Element, prop string, version []op.ID, past Past) (string, bool) {
	v := g.value(e, prop, op.Text)
	if v == nil {
		return "", false
	}
	return v.(*crdt.Text).At(func(o *op.Operation) bool { return past.In(o, version) }), true
}

// TextEdit drafts the edits of one operation on a text, made against a named version; nil is the present. Positions are
// code points. The draft must hold no other text mutation.
func (g *Graph) TextEdit(e op.Element, prop string, version []op.ID, past Past, patches ...crdt.Patch) ([]op.TextEdit, error) {
	if !g.Live(e) {
		return nil, ErrAbsent
	}
	t := new(crdt.Text)
	if v := g.value(e, prop, op.Text); v != nil {
		t = v.(*crdt.Text)
	}
	if version == nil {
		return t.Edit(nil, patches)
	}
	return t.Edit(func(o *op.Operation) bool { return past.In(o, version) }, patches)
}
