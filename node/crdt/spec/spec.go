// Package spec says what each value type means: a naive fold over the set of operations, and the canonical state of a
// space built from those folds. It was written apart from the implementation, which it judges: it imports nothing of ours,
// decodes bodies by generic CBOR, keeps no state between calls, and must never be made clever.
package spec

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Op is one admitted operation. Identity is that of its author, which only the first operation of a chain carries in its
// header. Void says that it takes no effect, by the verdict over the whole set.
type Op struct {
	ID                      [32]byte
	Identity, Device        [32]byte
	Incarnation, Seq, Clock uint64
	Body                    []byte
	Reading                 *Reading // what Read makes of the body, where it was read before; or nil
	Void                    bool
}

// State is the canonical state of a space: core-deterministic CBOR (RFC 8949 §4.2.1) of an array with one entry for each
// visible element, ascending by element id: [id, type, from, to, deleted, props, meta]. It depends on the set of
// operations alone: their order and repetition mean nothing. An operation whose kind is not known, or that has a mutation
// of unknown code, contributes nothing at all.
func State(ops []Op, known func(kind string) bool) ([]byte, error) {
	space := map[elementID]*element{}
	at := func(id elementID) *element {
		if space[id] == nil {
			space[id] = &element{id: id}
		}
		return space[id]
	}
	for _, o := range set(ops) {
		mutations, err := o.read(known)
		if err != nil {
			return nil, fmt.Errorf("spec: operation %x: %w", o.ID[:4], err)
		}
		if slices.ContainsFunc(mutations, func(m mutation) bool { return m.code > move }) {
			continue
		}
		for i := range mutations {
			m := &mutations[i]
			e, w := at(m.ref), write{o, m}
			switch m.code {
			case createNode, createRelation:
				e.create = &w
			case deleteElement:
				e.deletes = append(e.deletes, w)
			case setMeta:
				if e.meta == nil {
					e.meta = map[string][]write{}
				}
				e.meta[m.prop] = append(e.meta[m.prop], w)
			case move:
				e.moves = append(e.moves, w)
			default:
				if e.props == nil {
					e.props = map[string]map[code][]write{}
				}
				if e.props[m.prop] == nil {
					e.props[m.prop] = map[code][]write{}
				}
				t := m.code.typed()
				e.props[m.prop][t] = append(e.props[m.prop][t], w)
			}
		}
	}
	state := []any{}
	ids := slices.SortedFunc(maps.Keys(space), func(a, b elementID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		if e := space[id]; e.create != nil && !e.create.op.Void {
			state = append(state, e.value())
		}
	}
	return encode(state)
}

// Text is what a text of an element reads after some operations: all of them of known kinds.
func Text(ops []Op, element [33]byte, prop string) (string, error) {
	var writes []write
	for _, o := range set(ops) {
		mutations, err := o.read(func(string) bool { return true })
		if err != nil {
			return "", fmt.Errorf("spec: operation %x: %w", o.ID[:4], err)
		}
		for i := range mutations {
			if m := &mutations[i]; m.code == editText && m.ref == elementID(element) && m.prop == prop {
				writes = append(writes, write{o, m})
			}
		}
	}
	text, _ := foldText(writes)
	return text.(string), nil
}

// element gathers all that is said of one node or relation.
type element struct {
	id             elementID
	create         *write
	deletes, moves []write
	props          map[string]map[code][]write
	meta           map[string][]write
}

func (e *element) value() any {
	var from, to any
	if c := e.create.mutation; c.code == createRelation {
		ends := last(append([]write{*e.create}, e.moves...)).mutation
		from, to = ends.from[:], ends.to[:]
	}
	deleted := slices.ContainsFunc(e.deletes, func(w write) bool { return !w.op.Void })
	props, meta := map[string]any{}, map[string]any{}
	types := Types()
	if !deleted {
		for _, prop := range slices.Sorted(maps.Keys(e.props)) {
			values := map[string]any{}
			for _, t := range types {
				if v, ok := t.Fold(e.props[prop][t.code]); ok {
					values[t.Name] = v
				}
			}
			if len(values) > 0 {
				props[prop] = values
			}
		}
		for _, key := range slices.Sorted(maps.Keys(e.meta)) {
			if v, ok := foldRegister(e.meta[key]); ok {
				meta[key] = v
			}
		}
	}
	return []any{e.id[:], e.create.mutation.kind, from, to, deleted, props, meta}
}

// Type is one value type: its name in the canonical state, and its meaning: the value that a set of writes to one
// property adds up to, and whether any of them counts at all.
type Type struct {
	Name string
	Fold func([]write) (value any, present bool)
	code code
}

// Types lists the value types.
func Types() []Type {
	return []Type{
		{"register", foldRegister, setRegister},
		{"set", foldSet, addToSet},
		{"counter", foldCounter, addToCounter},
		{"text", foldText, editText},
	}
}

// write is one mutation of one operation.
type write struct {
	op       *Op
	mutation *mutation
}

// effective leaves out the writes of void operations.
func effective(writes []write) []write {
	return slices.DeleteFunc(slices.Clone(writes), func(w write) bool { return w.op.Void })
}

// last is the effective write with the greatest (clock, operation id, mutation index); nil if there is none.
func last(writes []write) *write {
	writes = effective(writes)
	if len(writes) == 0 {
		return nil
	}
	w := slices.MaxFunc(writes, func(a, b write) int {
		return cmp.Or(cmp.Compare(a.op.Clock, b.op.Clock), bytes.Compare(a.op.ID[:], b.op.ID[:]), cmp.Compare(a.mutation.index, b.mutation.index))
	})
	return &w
}

// set orders operations by (clock, id) and drops repetitions.
func set(ops []Op) []*Op {
	all := make([]*Op, len(ops))
	for i := range ops {
		all[i] = &ops[i]
	}
	slices.SortFunc(all, func(a, b *Op) int { return cmp.Or(cmp.Compare(a.Clock, b.Clock), bytes.Compare(a.ID[:], b.ID[:])) })
	return slices.CompactFunc(all, func(a, b *Op) bool { return a.ID == b.ID })
}

func encode(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}
