package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"pgregory.net/rapid"
)

// author writes operations as a journal would, without signatures: one chain, caused by all that its replica holds.
type author struct {
	identity op.Key
	device   op.Key
	seq      uint64
	graph    *Graph
	clock    uint64
	held     map[op.ID]bool
}

func newAuthor(i int) *author {
	// Devices order otherwise than identities do, so that a tie broken by the wrong one shows.
	return &author{identity: op.Key{byte(i)}, device: op.Key{byte(-i)}, graph: New(all), held: map[op.ID]bool{}}
}

func all(*op.Operation) bool { return true }

func (a *author) write(kind string, mutations ...op.Mutation) signed {
	a.seq++
	d := op.Draft{Kind: kind, Mutations: mutations}
	o := &op.Operation{Header: op.Header{Device: a.device, Incarnation: 7, Seq: a.seq, Clock: a.clock + 1}, Kind: kind, Body: d.Body(), Known: true}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], a.seq)
	o.ID = sha256.Sum256(slices.Concat(a.device[:], b[:], o.Body))
	o.Mutations = resolve(o.ID, mutations)
	s := signed{o, a.identity}
	a.receive(s, false)
	return s
}

func (a *author) receive(s signed, void bool) {
	a.clock = max(a.clock, s.op.Clock)
	a.held[s.op.ID] = true
	a.graph.Apply(s.op, s.author, void)
}

// resolve does what opening the signed bytes does to references to the operation itself.
func resolve(id op.ID, mutations []op.Mutation) []op.Mutation {
	var runes uint32
	for i := range mutations {
		m := &mutations[i]
		m.Index = uint8(i)
		if m.Code <= op.CreateRelation {
			m.Element = op.ElementOf(id, m.Index)
		}
		for _, e := range []*op.Element{&m.Element, &m.From, &m.To} {
			if e.Op().IsZero() {
				*e = op.ElementOf(id, e.Index())
			}
		}
		for k := range m.Edits {
			e := &m.Edits[k]
			for _, a := range []*op.Anchor{&e.Left, &e.Right, &e.At} {
				if a.Op.IsZero() {
					a.Op = id
				}
			}
			if e.Insert {
				e.Offset = runes
				runes += e.N
			}
		}
	}
	return mutations
}

type signed struct {
	op     *op.Operation
	author op.Key
}

func (s signed) spec(void bool) spec.Op {
	o := s.op
	return spec.Op{ID: o.ID, Identity: s.author, Device: o.Device, Incarnation: o.Incarnation, Seq: o.Seq, Clock: o.Clock, Body: o.Body, Void: void}
}

// random is an operation that an author might write over what its graph shows. Now and then it is a liar's: it names
// elements and characters that are not there, or not there yet, or in another text.
func (a *author) random(draw func(n int) int, foreign []signed) signed {
	element := func() op.Element {
		g := a.graph
		if n := len(g.elements); n > 0 && draw(12) != 0 {
			if draw(3) > 0 { // most meet at two of them
				n = min(n, 2)
			}
			return *g.elements[draw(n)].id
		}
		if len(foreign) > 0 {
			return op.ElementOf(foreign[draw(len(foreign))].op.ID, uint8(draw(2)))
		}
		return op.ElementOf(op.ID{9}, 0)
	}
	var mutations []op.Mutation
	texts := 0
	for range 1 + draw(3) {
		var m op.Mutation
		switch c := draw(12); {
		case c == 0 || len(a.graph.elements) == 0:
			m = op.Mutation{Code: op.CreateNode, Type: []string{"doc", "note"}[draw(2)]}
		case c == 1:
			m = op.Mutation{Code: op.CreateRelation, Type: "in", From: element(), To: element()}
		case c == 2 && draw(3) == 0:
			m = op.Mutation{Code: op.Delete, Element: element()}
		case c == 3:
			m = op.Mutation{Code: op.Metadata, Element: element(), Prop: prop(draw), Value: crdt.AppendHead(nil, crdt.MajorUint, uint64(draw(40)))}
		case c == 4:
			m = op.Mutation{Code: op.Move, Element: element(), From: element(), To: element()}
		default:
			types := crdt.Types()
			t := types[draw(len(types))]
			if t.Codes[0] == op.Text {
				if texts++; texts > 1 {
					continue
				}
			}
			e, p := element(), prop(draw)
			v := a.graph.value(e, p, t.Codes[0])
			if v == nil {
				v = t.New()
			}
			m = t.Random(v, draw)
			m.Element, m.Prop = e, p
			if m.Code == op.Text && draw(8) == 0 {
				bend(&m, draw, foreign)
			}
			if m.Code == op.SetRemove && draw(8) == 0 && len(foreign) > 0 {
				m.Dots = []op.Dot{op.DotOf(foreign[draw(len(foreign))].op.ID, uint8(draw(3)))}
			}
		}
		mutations = append(mutations, m)
	}
	if len(mutations) == 0 {
		mutations = []op.Mutation{{Code: op.CreateNode, Type: "doc"}}
	}
	return a.write(op.GraphEdit, mutations...)
}

// bend makes a text edit name characters at will.
func bend(m *op.Mutation, draw func(n int) int, foreign []signed) {
	for k := range m.Edits {
		e := &m.Edits[k]
		for _, a := range []*op.Anchor{&e.Left, &e.Right, &e.At} {
			switch draw(4) {
			case 0:
				if a != &e.At {
					*a = op.Anchor{Nil: true}
				}
			case 1:
				if len(foreign) > 0 {
					*a = op.Anchor{Op: foreign[draw(len(foreign))].op.ID, Offset: uint32(draw(3))}
				}
			}
		}
		if !e.Insert {
			e.N = 1 + uint32(draw(4))
		}
	}
}

func prop(draw func(n int) int) string { return []string{"body", "body", "body", "b", "name"}[draw(5)] }

// TestConformance holds the graph and every value type to the specs: random operations of several authors who see
// different parts of the whole, in any order, repeated, some of them void at once and some later. The state must be the
// spec's fold of the set, kept incrementally and rebuilt from nothing.
func TestConformance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }
		authors := make([]*author, 1+draw(4))
		for i := range authors {
			authors[i] = newAuthor(i + 1)
		}
		var ops []signed
		for range 2 + draw(40) {
			a := authors[draw(len(authors))]
			for _, s := range ops { // the author catches up with some, causes first
				if !a.held[s.op.ID] && draw(3) > 0 {
					a.receive(s, false)
				}
			}
			ops = append(ops, a.random(draw, ops))
		}
		void := map[op.ID]bool{}
		for _, s := range ops {
			if draw(6) == 0 {
				void[s.op.ID] = true
			}
		}
		var set []spec.Op
		for _, s := range ops {
			set = append(set, s.spec(void[s.op.ID]))
		}
		want, err := spec.State(set, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}

		order := rapid.Permutation(ops).Draw(t, "order")
		g := New(all)
		var late []signed
		for _, s := range order {
			early := void[s.op.ID] && draw(2) == 0
			g.Apply(s.op, s.author, early)
			if void[s.op.ID] && !early {
				late = append(late, s)
			}
			switch draw(6) {
			case 0:
				g.State()
			case 1:
				d := order[draw(len(order))]
				if g.Has(d.op.ID) {
					g.Apply(d.op, d.author, draw(2) == 0) // a repetition
				}
			case 2:
				if len(late) > 0 {
					g.SetVoid(late[0].op)
					late = late[1:]
				}
			case 3:
				g.Drain()
			}
		}
		for _, s := range late {
			g.SetVoid(s.op)
			g.SetVoid(s.op)
		}
		if got := g.State(); !bytes.Equal(got, want) {
			t.Fatalf("state differs from the spec's:\n%s", diff(want, got))
		}
		rebuilt := New(all)
		for _, s := range ops {
			rebuilt.Apply(s.op, s.author, void[s.op.ID])
		}
		if got := rebuilt.State(); !bytes.Equal(got, want) {
			t.Fatalf("rebuilt state differs from the spec's:\n%s", diff(want, got))
		}
		if a, b := indexOf(g), indexOf(rebuilt); a != b {
			t.Fatalf("indexes differ from rebuilt ones:\n%s", cmp.Diff(b, a))
		}
		checkState(t, g)
	})
}

func diff(want, got []byte) string {
	a, _ := cbor.Diagnose(want)
	b, _ := cbor.Diagnose(got)
	return cmp.Diff(a, b)
}

func indexOf(g *Graph) string { return string(g.AppendIndex(nil)) }

// checkIndex compares the whole index with its parts.
func checkIndex(t *rapid.T, g *Graph) {
	type links struct {
		_         struct{} `cbor:",toarray"`
		Element   []byte
		Type      string
		Relations []op.Element
	}
	var index struct {
		_     struct{} `cbor:",toarray"`
		Types []struct {
			_        struct{} `cbor:",toarray"`
			Type     string
			Elements []op.Element
		}
		Out, In []links
	}
	if err := cbor.Unmarshal(g.AppendIndex(nil), &index); err != nil {
		t.Fatal(err)
	}
	for _, x := range index.Types {
		if len(x.Elements) == 0 || !slices.Equal(x.Elements, g.ByType(x.Type)) {
			t.Fatalf("%s: %v are listed, %v found", x.Type, x.Elements, g.ByType(x.Type))
		}
	}
	for _, x := range index.Out {
		if len(x.Relations) == 0 || !slices.Equal(x.Relations, g.Outgoing(op.Element(x.Element), x.Type)) {
			t.Fatalf("%x: %v lead from it by %s", x.Element, x.Relations, x.Type)
		}
	}
	for _, x := range index.In {
		if len(x.Relations) == 0 || !slices.Equal(x.Relations, g.Incoming(op.Element(x.Element), x.Type)) {
			t.Fatalf("%x: %v lead to it by %s", x.Element, x.Relations, x.Type)
		}
	}
	relations := len(g.ByType("in"))
	listed := func(all []links) (n int) {
		for _, x := range all {
			n += len(x.Relations)
		}
		return n
	}
	if listed(index.Out) != relations || listed(index.In) != relations {
		t.Fatalf("%d and %d of %d relations are listed", listed(index.Out), listed(index.In), relations)
	}
}

// checkState decodes the state by a generic decoder: it must be canonical, and the getters must say the same.
func checkState(t *rapid.T, g *Graph) {
	var entries []struct {
		_        struct{} `cbor:",toarray"`
		ID       []byte
		Type     string
		From, To []byte
		Deleted  bool
		Props    map[string]map[string]cbor.RawMessage
		Meta     map[string]cbor.RawMessage
	}
	if err := cbor.Unmarshal(g.State(), &entries); err != nil {
		t.Fatal(err)
	}
	checkIndex(t, g)
	for _, kind := range []string{"doc", "note", "in"} {
		all := g.ByType(kind)
		if !slices.IsSortedFunc(all, func(a, b op.Element) int {
			v, _ := g.Get(a)
			w, _ := g.Get(b)
			return int(v.Created.Clock*1000+uint64(v.Created.ID[0])) - int(w.Created.Clock*1000+uint64(w.Created.ID[0]))
		}) {
			t.Fatalf("%s: not in order of creation", kind)
		}
		live := 0
		for _, e := range entries {
			if e.Type == kind && !e.Deleted {
				live++
			}
		}
		if len(all) != live {
			t.Fatalf("%s: %d of %d are listed", kind, len(all), live)
		}
	}
	for _, e := range entries {
		id := op.Element(e.ID)
		v, ok := g.Get(id)
		if !ok || v.Type != e.Type || v.Deleted != e.Deleted || v.Relation != (e.From != nil) {
			t.Fatalf("%v: view %v, state %v", id, v, e)
		}
		for _, name := range []string{"body", "b", "name"} {
			values := map[string]cbor.RawMessage{}
			if r, ok := g.Register(id, name); ok {
				values["register"] = r
			}
			if s := g.Set(id, name); len(s) > 0 || e.Props[name]["set"] != nil {
				values["set"], _ = cbor.Marshal(append([]cbor.RawMessage{}, s...))
			}
			if n := g.Counter(id, name); n != 0 || e.Props[name]["counter"] != nil {
				values["counter"], _ = cbor.Marshal(n)
			}
			if s, ok := g.Text(id, name); ok {
				values["text"], _ = cbor.Marshal(s)
			}
			if d := cmp.Diff(values, e.Props[name]); d != "" && len(values)+len(e.Props[name]) > 0 {
				t.Fatalf("%v.%s: getters differ from the state: %s", id, name, d)
			}
			if m, _ := g.Metadata(id, name); !bytes.Equal(m, e.Meta[name]) {
				t.Fatalf("%v.%s: metadata %x, state %x", id, name, m, e.Meta[name])
			}
		}
	}
}
