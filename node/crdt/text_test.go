package crdt

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"pgregory.net/rapid"
)

// writer is one author of a text, with a replica that holds some of the operations.
type writer struct {
	key  op.Key
	seq  uint64
	text *Text
	held map[op.ID]bool
}

func (w *writer) receive(o *op.Operation, author *op.Key) {
	if !w.held[o.ID] {
		w.held[o.ID] = true
		w.text.Apply(Write{Op: o, Author: author})
	}
}

// TestText holds text to the spec where it is hardest: few places, many authors at once, liars' anchors, void operations,
// any order of arrival. An edit against a named version, on a replica that holds more, must be the edit that a replica
// holding just that version makes.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }
		writers := make([]*writer, 2+draw(3))
		for i := range writers {
			writers[i] = &writer{key: op.Key{byte(i + 1)}, text: new(Text), held: map[op.ID]bool{}}
		}
		var ops []*op.Operation
		var authors []*op.Key
		whole := new(Text)
		lies, wild := draw(3) == 0, draw(4) == 0
		lies = lies || wild
		for range 1 + draw(40) {
			w := writers[draw(len(writers))]
			if draw(3) == 0 {
				for i, o := range ops[:draw(len(ops)+1)] {
					w.receive(o, authors[i])
				}
			}
			edits := randomText(w.text, draw).Edits
			if wild {
				edits = []op.TextEdit{wildInsertion(draw, ops)}
			} else if lies && draw(3) == 0 {
				bend(edits, draw, ops)
			} else if !lies {
				checkVersion(t, w, whole, draw)
			}
			w.seq++
			o := textOperation(op.Header{Device: op.Key{99 - w.key[0]}, Seq: w.seq, Clock: uint64(len(ops)) + 2}, edits)
			if len(ops) > 0 && draw(4) == 0 { // what it does to another text is nothing to this one
				aside := op.TextEdit{At: op.Anchor{Op: ops[draw(len(ops))].ID}, N: 2}
				o.Mutations = append(o.Mutations, op.Mutation{Code: op.Text, Element: textElement, Prop: "aside", Index: 1, Edits: []op.TextEdit{aside}})
			}
			w.receive(o, &w.key)
			whole.Apply(Write{Op: o, Author: &w.key})
			ops, authors = append(ops, o), append(authors, &w.key)
		}
		if got, want := whole.String(), specText(t, ops, authors, nil); got != want {
			t.Fatalf("after versions were looked at: got %q, the spec says %q", got, want)
		}
		void := make([]bool, len(ops))
		for i := range void {
			void[i] = draw(5) == 0
		}
		want := specText(t, ops, authors, func(i int) bool { return void[i] })
		order := make([]int, len(ops))
		for i := range order {
			order[i] = i
		}
		again, late := new(Text), []int{}
		for _, i := range rapid.Permutation(order).Draw(t, "order") {
			early := void[i] && draw(2) == 0
			again.Apply(Write{Op: ops[i], Author: authors[i], Void: early})
			if void[i] && !early {
				late = append(late, i)
			}
			if len(late) > 0 && draw(3) == 0 {
				again.Void(Write{Op: ops[late[0]], Author: authors[late[0]]})
				late = late[1:]
			}
		}
		for _, i := range late {
			again.Void(Write{Op: ops[i], Author: authors[i]})
		}
		again.At(func(o *op.Operation) bool { return writers[0].held[o.ID] })
		if got := again.String(); got != want {
			t.Fatalf("got %q, the spec says %q", got, want)
		}
		if got := again.Len(); got != utf8.RuneCountInString(want) {
			t.Fatalf("length %d of %q", got, want)
		}
		check(t, &again.order)
		check(t, &whole.order)
	})
}

// checkVersion edits the whole text against the version that a writer holds.
func checkVersion(t *rapid.T, w *writer, whole *Text, draw func(int) int) {
	in := func(o *op.Operation) bool { return w.held[o.ID] }
	if got, want := whole.At(in), w.text.String(); got != want {
		t.Fatalf("at the version %q, its holder has %q", got, want)
	}
	var patches []Patch
	for n := w.text.Len(); len(patches) < 3; {
		p := Patch{Pos: draw(n + 1), Insert: "xyz"[:draw(4)]}
		p.Del = draw(min(3, n-p.Pos+1))
		n += len(p.Insert) - p.Del
		patches = append(patches, p)
	}
	before := whole.String()
	got, err := whole.Edit(in, patches)
	if err != nil {
		t.Fatal(err)
	}
	want, err := w.text.Edit(nil, patches)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%v against the version: %s", patches, d)
	}
	if whole.String() != before {
		t.Fatal("an edit was drafted and the text changed")
	}
}

// bend makes edits name characters at will.
func bend(edits []op.TextEdit, draw func(int) int, ops []*op.Operation) {
	for k := range edits {
		e := &edits[k]
		for _, a := range []*op.Anchor{&e.Left, &e.Right, &e.At} {
			switch c := draw(4); {
			case c == 0 && a != &e.At:
				*a = op.Anchor{Nil: true}
			case c == 1 && len(ops) > 0:
				*a = op.Anchor{Op: ops[draw(len(ops))].ID, Offset: uint32(draw(4))}
			}
		}
		if !e.Insert {
			e.N = 1 + uint32(draw(5))
		}
	}
}

// wildInsertion stands between any two of the latest characters.
func wildInsertion(draw func(int) int, ops []*op.Operation) op.TextEdit {
	anchor := func() op.Anchor {
		near := ops[max(0, len(ops)-4):]
		if len(near) == 0 || draw(6) == 0 {
			return op.Anchor{Nil: true}
		}
		o := near[len(near)-1-draw(len(near))]
		return op.Anchor{Op: o.ID, Offset: uint32(draw(int(o.Mutations[0].Edits[0].N)))}
	}
	text := "ab"[:1+draw(2)]
	return op.TextEdit{Insert: true, Left: anchor(), Right: anchor(), Text: text, N: uint32(len(text))}
}

// TestVersionOfFork: the version that ends with one branch of a forked chain does not hold the other.
func TestVersionOfFork(t *testing.T) {
	text, key := new(Text), &op.Key{1}
	held := map[op.ID]bool{}
	left := op.Anchor{Nil: true}
	for _, x := range []struct {
		seq    uint64
		text   string
		inside bool
	}{{1, "a", true}, {2, "b", true}, {2, "B", false}, {3, "c", true}} {
		o := textOperation(op.Header{Seq: x.seq}, []op.TextEdit{{Insert: true, Left: left, Right: op.Anchor{Nil: true}, Text: x.text, N: 1}})
		text.Apply(Write{Op: o, Author: key})
		if held[o.ID] = x.inside; x.inside {
			left = op.Anchor{Op: o.ID}
		}
	}
	if got := text.At(func(o *op.Operation) bool { return held[o.ID] }); got != "abc" {
		t.Errorf("at the version %q, want \"abc\"", got)
	}
}

// check holds a tree of runs to its invariants.
func check(t *rapid.T, o *order) {
	var chars uint32
	seen := map[char]bool{}
	for r := o.firstRun(); r != 0; r = o.next(r) {
		x := o.runs[r]
		if x.n == 0 {
			t.Fatal("an empty run")
		}
		for c := x.start; c <= x.end(); c++ {
			if seen[c] || o.where[c] != r || o.place(c) != chars {
				t.Fatalf("char %d: run %d, place %d, want run %d, place %d", c, o.where[c], o.place(c), r, chars)
			}
			seen[c] = true
			chars++
		}
		y := x
		if o.sum(&y); y.shown != x.shown || y.all != x.all {
			t.Fatalf("run %d counts %d of %d, has %d of %d", r, x.shown, x.all, y.shown, y.all)
		}
		for _, c := range []uint32{x.low, x.high} {
			if c != 0 && (o.runs[c].up != r || priority(c) > priority(r)) {
				t.Fatalf("run %d under %d", c, r)
			}
		}
	}
	if char(chars) != o.chars() {
		t.Fatalf("%d of %d chars stand in the order", chars, o.chars())
	}
}

// TestEdit tells the exact drafts of edits on one text.
func TestEdit(t *testing.T) {
	text, key := new(Text), &op.Key{1}
	write := func(patches ...Patch) ([]op.TextEdit, *op.Operation) {
		edits, err := text.Edit(nil, patches)
		if err != nil {
			t.Fatal(err)
		}
		draft := slices.Clone(edits)
		o := textOperation(op.Header{Device: *key, Seq: uint64(len(text.ops)) + 1}, edits)
		text.Apply(Write{Op: o, Author: key})
		return draft, o
	}
	none := op.Anchor{Nil: true}
	got, first := write(Patch{0, 0, "añ🙂d"})
	want := []op.TextEdit{{Insert: true, Left: none, Right: none, N: 4, Text: "añ🙂d"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("first insertion:", d)
	}
	at := func(offset uint32) op.Anchor { return op.Anchor{Op: first.ID, Offset: offset} }
	got, second := write(Patch{1, 2, "XY"}, Patch{2, 1, ""}, Patch{2, 0, "Z"})
	want = []op.TextEdit{
		{At: at(1), N: 2},
		{Insert: true, Left: at(0), Right: at(1), N: 2, Text: "XY"},
		{At: op.Anchor{Offset: 1}, N: 1},
		{Insert: true, Left: op.Anchor{Offset: 0}, Right: op.Anchor{Offset: 1}, N: 1, Text: "Z", Offset: 2},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("replacement:", d)
	}
	if s := text.String(); s != "aXZd" {
		t.Errorf("text %q", s)
	}
	if s := string(text.AppendCBOR(nil)); s != "daXZd" {
		t.Errorf("canonical %q", s)
	}
	got, _ = write(Patch{0, 4, ""})
	want = []op.TextEdit{{At: at(0), N: 1}, {At: op.Anchor{Op: second.ID}, N: 1}, {At: op.Anchor{Op: second.ID, Offset: 2}, N: 1}, {At: at(3), N: 1}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("deletion of all:", d)
	}
	if !text.Present() || text.String() != "" {
		t.Error("an emptied text is present and empty")
	}
	for _, p := range []Patch{{1, 0, "x"}, {0, 1, ""}, {-1, 0, "x"}, {0, -1, ""}} {
		if _, err := text.Edit(nil, []Patch{p}); err != ErrPosition {
			t.Errorf("%v: %v, want %v", p, err, ErrPosition)
		}
	}
}

// TestTextCost: 20,000 insertions at one place by as many authors, and a paste cut to pieces, stay far from quadratic.
func TestTextCost(t *testing.T) {
	const n = 20_000
	text := new(Text)
	for i := range n {
		key := &op.Key{byte(i), byte(i >> 8)}
		none := op.Anchor{Nil: true}
		o := textOperation(op.Header{Seq: uint64(i) + 1}, []op.TextEdit{{Insert: true, Left: none, Right: none, N: 1, Text: "x"}})
		text.Apply(Write{Op: o, Author: key})
	}
	if text.Len() != n {
		t.Fatalf("%d characters, want %d", text.Len(), n)
	}
	text = new(Text)
	key := &op.Key{1}
	write := func(p Patch) {
		edits, err := text.Edit(nil, []Patch{p})
		if err != nil {
			t.Fatal(err)
		}
		text.Apply(Write{Op: textOperation(op.Header{Seq: uint64(len(text.ops)) + 1}, edits), Author: key})
	}
	write(Patch{0, 0, strings.Repeat("paste ", 10_000)})
	for i := range n {
		write(Patch{2 * i, 1, ""})
	}
	if text.Len() != 60_000-n {
		t.Fatalf("%d characters", text.Len())
	}
}
