package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestWatch follows what subscriptions hear of a channel, a message in it, and things beside it.
func TestWatch(t *testing.T) {
	a := newAuthor(1)
	g := a.graph
	names := map[op.Element]string{}
	make1 := func(name string, m op.Mutation) op.Element {
		e := op.ElementOf(a.write(op.GraphEdit, m).op.ID, 0)
		names[e] = name
		return e
	}
	channel := make1("channel", op.Mutation{Code: op.CreateNode, Type: "channel"})
	other := make1("other", op.Mutation{Code: op.CreateNode, Type: "channel"})
	g.Drain()
	all, near, typed := g.Subscribe(nil, nil), g.Subscribe([]op.Element{channel}, nil), g.Subscribe(nil, []string{"message"})
	heard := func() string {
		drained := g.Drain()
		var lines []string
		for _, x := range []struct {
			who string
			ids []op.Element
		}{{"drain", drained}, {"all", all.Take()}, {"near", near.Take()}, {"typed", typed.Take()}} {
			var ids []string
			for _, id := range x.ids {
				ids = append(ids, names[id])
			}
			lines = append(lines, fmt.Sprintf("%s: %s", x.who, strings.Join(ids, " ")))
		}
		if lines[0][len("drain"):] != lines[1][len("all"):] {
			t.Errorf("a watch of all heard %q of %q", lines[1], lines[0])
		}
		return strings.Join(lines[1:], "; ")
	}
	var message, relation op.Element
	var created signed
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {
			message = make1("message", op.Mutation{Code: op.CreateNode, Type: "message"})
		}, "all: message; near: ; typed: message"},
		{func() {
			created = a.write(op.GraphEdit, op.Mutation{Code: op.CreateRelation, Type: "in", From: message, To: channel})
			relation = op.ElementOf(created.op.ID, 0)
			names[relation] = "relation"
		}, "all: relation message channel; near: relation message channel; typed: message"},
		{func() {
			a.write(op.EditMessage, op.Mutation{Code: op.CounterAdd, Element: message, Prop: "n", Delta: 1}, op.Mutation{Code: op.CounterAdd, Element: message, Prop: "n", Delta: 1})
		}, "all: message; near: message; typed: message"},
		{func() {
			a.write(op.EditMessage, op.Mutation{Code: op.CounterAdd, Element: other, Prop: "n", Delta: 1})
		}, "all: other; near: ; typed: "},
		{func() {
			a.write(op.GraphEdit, op.Mutation{Code: op.Move, Element: relation, From: message, To: other})
		}, "all: relation message channel other; near: channel; typed: message"},
		{func() { g.SetVoid(created.op) }, "all: relation message other; near: ; typed: message"},
		{func() { g.SetVoid(created.op) }, "all: ; near: ; typed: "},
		{func() {
			g.Unsubscribe(typed)
			a.write(op.DeleteMessage, op.Mutation{Code: op.Delete, Element: message})
		}, "all: message; near: ; typed: "},
	} {
		step.do()
		if d := cmp.Diff(step.want, heard()); d != "" {
			t.Error(d)
		}
	}
}

// version is a Past for a version of which all that it names is known.
type version map[op.ID]bool

func (v version) In(o *op.Operation, _ []op.ID) bool { return v[o.ID] }

// TestTextVersions edits a text of the graph at present and against a version.
func TestTextVersions(t *testing.T) {
	a, b := newAuthor(1), newAuthor(2)
	made := a.write(op.GraphEdit, op.Mutation{Code: op.CreateNode, Type: "doc"})
	doc := op.ElementOf(made.op.ID, 0)
	b.receive(made, false)
	edit := func(who *author, patches ...crdt.Patch) signed {
		edits, err := who.graph.TextEdit(doc, "body", nil, nil, patches...)
		if err != nil {
			t.Fatal(err)
		}
		return who.write(op.TextEditing, op.Mutation{Code: op.Text, Element: doc, Prop: "body", Edits: edits})
	}
	first := edit(a, crdt.Patch{Insert: "hello world"})
	b.receive(first, false)
	b.receive(edit(a, crdt.Patch{Pos: 5, Del: 6, Insert: " there"}), false)
	if s, ok := b.graph.Text(doc, "body"); !ok || s != "hello there" {
		t.Errorf("text %q", s)
	}
	then := version{made.op.ID: true, first.op.ID: true}
	if s, ok := b.graph.TextAt(doc, "body", []op.ID{first.op.ID}, then); !ok || s != "hello world" {
		t.Errorf("text at the version %q", s)
	}
	edits, err := b.graph.TextEdit(doc, "body", []op.ID{first.op.ID}, then, crdt.Patch{Pos: 11, Insert: "!"})
	if err != nil {
		t.Fatal(err)
	}
	b.write(op.TextEditing, op.Mutation{Code: op.Text, Element: doc, Prop: "body", Edits: edits})
	if s, _ := b.graph.Text(doc, "body"); s != "hello! there" && s != "hello there!" {
		t.Errorf("merged text %q", s)
	}
	b.write(op.GraphEdit, op.Mutation{Code: op.Delete, Element: doc})
	if _, ok := b.graph.Text(doc, "body"); ok {
		t.Error("a deleted document shows its text")
	}
	if _, err := b.graph.TextEdit(doc, "body", nil, nil, crdt.Patch{Insert: "x"}); err != ErrAbsent {
		t.Errorf("editing a deleted document: %v, want %v", err, ErrAbsent)
	}
}

// TestUnknown: what a kernel does not know leaves no trace, and a removal names the dots that were seen.
func TestUnknown(t *testing.T) {
	a := newAuthor(1)
	made := a.write(op.GraphEdit, op.Mutation{Code: op.CreateNode, Type: "message"})
	e := op.ElementOf(made.op.ID, 0)
	add := a.write(op.AddReaction, op.Mutation{Code: op.SetAdd, Element: e, Prop: "reactions", Value: appendText(nil, "+1")})
	old := New(func(o *op.Operation) bool { return o.Knows(1) || o.Kind == op.GraphEdit })
	for _, s := range []signed{made, add} {
		old.Apply(s.op, s.author, false)
	}
	if old.Set(e, "reactions") != nil || old.Has(add.op.ID) {
		t.Error("an older kernel shows what it does not know")
	}
	dots := a.graph.SetDots(e, "reactions", appendText(nil, "+1"), nil)
	if !slices.Equal(dots, []op.Dot{op.DotOf(add.op.ID, 0)}) {
		t.Errorf("dots %v", dots)
	}
	var who []op.Key
	a.graph.Adders(e, "reactions", func(o *op.Operation, _ cbor.RawMessage) bool { who = append(who, o.Device); return true })
	if !slices.Equal(who, []op.Key{a.device}) {
		t.Errorf("adders %v", who)
	}
}
