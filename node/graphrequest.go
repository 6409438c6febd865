package node

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/app/chat"
	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/graph"
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// graphFields are the fields of requests that edit the graph as such, without the words of an app.
type graphFields struct {
	Element []byte          `cbor:"element"`
	Type    string          `cbor:"type"`
	From    []byte          `cbor:"from"`
	To      []byte          `cbor:"to"`
	Prop    string          `cbor:"prop"`
	Key     string          `cbor:"key"`
	Value   cbor.RawMessage `cbor:"value"`
	Delta   int64           `cbor:"delta"`
	Version [][]byte        `cbor:"version"`
	Patches []patch         `cbor:"patches"`
}

// patch replaces Delete code points at Pos by Insert.
type patch struct {
	_      struct{} `cbor:",toarray"`
	Pos    int
	Delete int
	Insert string
}

// handlesGraph tells whether a request edits or reads the graph as such: graph_create, graph_delete, graph_set, graph_add,
// graph_remove, graph_count, graph_meta, graph_relate, graph_move, list_channels, view_text, view_set and find.
func handlesGraph(do string) bool {
	switch do {
	case "graph_create", "graph_delete", "graph_set", "graph_add", "graph_remove", "graph_count", "graph_meta", "graph_relate",
		"graph_move", "find", "list_channels", "view_text", "view_set":
		return true
	}
	return false
}

// graphRequest drafts the operation of a request, or gives the view that it asks for. Pending are the node's own operations
// that it will follow, and that the graph has not.
func graphRequest(g *graph.Graph, pending []*op.Operation, do string, body []byte) (d op.Draft, view any, err error) {
	var f graphFields
	if err := cbor.Unmarshal(body, &f); err != nil {
		return d, nil, fmt.Errorf("%s: %w", do, err)
	}
	d.Kind = op.GraphEdit
	switch do {
	case "find":
		return d, found(g, f.Type), nil
	case "list_channels":
		return d, found(g, chat.Channel), nil
	case "graph_create":
		if f.Type == "" {
			return d, nil, errors.New("graph_create: type is missing")
		}
		d.Add(op.Mutation{Code: op.CreateNode, Type: f.Type})
		return d, nil, nil
	case "graph_relate":
		from, to, err := endpoints(g, &f)
		d.Add(op.Mutation{Code: op.CreateRelation, Type: f.Type, From: from, To: to})
		return d, nil, err
	case "graph_move":
		return moved(g, d, &f)
	}
	e, err := element("element", f.Element)
	if err != nil {
		return d, nil, fmt.Errorf("%s: %w", do, err)
	}
	if !g.Live(e) {
		return d, nil, fmt.Errorf("%s: %w", do, graph.ErrAbsent)
	}
	m := op.Mutation{Element: e, Prop: f.Prop, Value: f.Value}
	switch do {
	case "view_text":
		text, _ := g.Text(e, f.Prop)
		return d, map[string]any{"text": text}, nil
	case "view_set":
		return d, map[string]any{"values": g.Set(e, f.Prop)}, nil
	case "graph_delete":
		m = op.Mutation{Code: op.Delete, Element: e}
	case "graph_set":
		m.Code = op.Register
	case "graph_add":
		m.Code = op.SetAdd
	case "graph_remove":
		m.Code, m.Dots = op.SetRemove, g.SetDots(e, f.Prop, f.Value, pending)
	case "graph_count":
		m = op.Mutation{Code: op.CounterAdd, Element: e, Prop: f.Prop, Delta: f.Delta}
	case "graph_meta":
		m.Code, m.Prop = op.Metadata, f.Key
	}
	if m.Code != op.Delete && m.Prop == "" {
		return d, nil, fmt.Errorf("%s: it names no property", do)
	}
	if slices.Contains([]op.Code{op.Register, op.SetAdd, op.SetRemove, op.Metadata}, m.Code) && len(m.Value) == 0 {
		return d, nil, fmt.Errorf("%s: value is missing", do)
	}
	d.Add(m)
	return d, nil, nil
}

// found lists the live elements of a type.
func found(g *graph.Graph, t string) any {
	ids := [][]byte{}
	for _, e := range g.ByType(t) {
		if g.Live(e) {
			ids = append(ids, e[:])
		}
	}
	return map[string]any{"elements": ids}
}

func element(field string, b []byte) (op.Element, error) {
	if len(b) != len(op.Element{}) {
		return op.Element{}, fmt.Errorf("%s is not an element of 33 bytes", field)
	}
	return op.Element(b), nil
}

func endpoints(g *graph.Graph, f *graphFields) (from, to op.Element, err error) {
	if from, err = element("from", f.From); err != nil {
		return
	}
	if to, err = element("to", f.To); err != nil {
		return
	}
	if f.Type == "" {
		return from, to, errors.New("graph_relate: type is missing")
	}
	if !g.Live(from) || !g.Live(to) {
		return from, to, graph.ErrAbsent
	}
	return from, to, nil
}

// moved turns the first relation of a type from an element to another end.
func moved(g *graph.Graph, d op.Draft, f *graphFields) (op.Draft, any, error) {
	from, err := element("from", f.From)
	if err != nil {
		return d, nil, err
	}
	to, err := element("to", f.To)
	if err != nil {
		return d, nil, err
	}
	if f.Type == "" {
		return d, nil, errors.New("graph_move: type is missing")
	}
	relations := g.Outgoing(from, f.Type)
	if len(relations) == 0 || !g.Live(to) {
		return d, nil, graph.ErrAbsent
	}
	d.Add(op.Mutation{Code: op.Move, Element: relations[0], From: from, To: to})
	return d, nil, nil
}

// textRequest drafts an edit of a text against a named version, and gives that version. Without one, it is what this
// replica shows, and nil.
func textRequest(g *graph.Graph, log *journal.Log, body []byte) (d op.Draft, version []op.ID, err error) {
	var f graphFields
	if err := cbor.Unmarshal(body, &f); err != nil {
		return d, nil, fmt.Errorf("edit_text: %w", err)
	}
	e, err := element("element", f.Element)
	if err != nil {
		return d, nil, fmt.Errorf("edit_text: %w", err)
	}
	if f.Version != nil {
		version = make([]op.ID, 0, len(f.Version))
	}
	for _, b := range f.Version {
		if len(b) != 32 {
			return d, nil, errors.New("edit_text: a version names operations of 32 bytes")
		}
		version = append(version, op.ID(b))
	}
	if !log.Holds(version) {
		return d, nil, fmt.Errorf("edit_text: %w", journal.ErrVersion)
	}
	var patches []crdt.Patch
	for _, x := range f.Patches {
		patches = append(patches, crdt.Patch{Pos: x.Pos, Del: x.Delete, Insert: x.Insert})
	}
	edits, err := g.TextEdit(e, f.Prop, version, log, patches...)
	if err != nil {
		return d, nil, fmt.Errorf("edit_text: %w", err)
	}
	d.Kind = op.TextEditing
	d.Add(op.Mutation{Code: op.Text, Element: e, Prop: f.Prop, Edits: edits})
	return d, version, nil
}
