package crdt

import (
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Patch deletes Del characters from position Pos on, then inserts there. Characters are code points.
type Patch struct {
	Pos, Del int
	Insert   string
}

// ErrPosition says that a patch reaches beyond the text.
var ErrPosition = errors.New("crdt: position beyond the end of the text")

// Edit gives the text edits of one operation that makes the patches, one after the other, against a named version: the
// operations that in accepts, all that are here if in is nil. A version is closed under causes. It changes nothing: the
// edits take effect when their operation is applied. With everything it costs O(log n) a patch; with less, the
// operations that are not in the version are taken out and put back, O(log n) each.
//
// The text mutation must be the only one of its operation, since own characters are counted over all of them.
func (t *Text) Edit(in func(*op.Operation) bool, patches []Patch) ([]op.TextEdit, error) {
	defer t.look(in)()
	d := draft{t: t}
	if n := t.visible(); n > 0 {
		d.parts = []part{{n: n}}
	}
	for _, p := range patches {
		if !d.patch(p) {
			return nil, ErrPosition
		}
	}
	return d.edits, nil
}

// At is the visible text of a named version.
func (t *Text) At(in func(*op.Operation) bool) string {
	defer t.look(in)()
	return t.String()
}

// look makes the text that of a version; the function that it returns makes it whole again.
func (t *Text) look(in func(*op.Operation) bool) func() {
	if in == nil {
		return func() {}
	}
	away := t.outside(in)
	for _, i := range away {
		t.leave(i, func(r *run) { r.flags |= isAway }, func(r *run) { r.deletions-- })
	}
	return func() {
		for _, i := range away {
			t.leave(i, func(r *run) { r.flags &^= isAway }, func(r *run) { r.deletions++ })
		}
	}
}

// outside lists the operations that are not in a version. A chain is in it up to one operation, so that only the ends of
// the chains are looked at; of a forked chain all.
func (t *Text) outside(in func(*op.Operation) bool) (away []uint32) {
	for _, c := range t.chains {
		for i := c.last; i != 0; i = t.ops[i-1].before {
			if !in(t.ops[i-1].op) {
				away = append(away, i-1)
			} else if !c.forked {
				break
			}
		}
	}
	return away
}

// leave changes the runs of the characters that an operation inserted and, if it is effective, of those that it deleted.
func (t *Text) leave(i uint32, inserted, deleted func(*run)) {
	o := &t.ops[i]
	if o.first.n > 0 {
		t.markChars(o.first.base, o.first.n, inserted)
	}
	for _, p := range o.more {
		t.markChars(p.base, p.n, inserted)
	}
	if o.void {
		return
	}
	for k := range o.op.Mutations {
		m := &o.op.Mutations[k]
		if m.Code != op.Text || m.Element != t.home.Element || m.Prop != t.home.Prop {
			continue
		}
		for k := range m.Edits {
			if e := &m.Edits[k]; !e.Insert {
				t.mark(e.At.Op, e.At.Offset, e.N, deleted)
			}
		}
	}
}

// draft is an operation in the making over a version that stands still: the text is a list of parts, each a range of the
// version's visible characters, or of characters that the draft inserts.
type draft struct {
	t     *Text
	parts []part
	edits []op.TextEdit
	own   uint32 // characters inserted so far
}

type part struct {
	from, n   uint32 // positions in the version, or own offsets
	own, dead bool   // dead: deleted by the draft
}

func (d *draft) patch(p Patch) bool {
	if p.Pos < 0 || p.Del < 0 {
		return false
	}
	at, ok := d.cut(p.Pos) // the part before which the patch begins
	if !ok {
		return false
	}
	for n, k := uint32(p.Del), at; n > 0; k++ {
		if k == len(d.parts) {
			return false
		}
		x := &d.parts[k]
		if x.dead {
			continue
		}
		if x.n > n {
			d.splitPart(k, n)
			x = &d.parts[k]
		}
		d.delete(*x)
		x.dead = true
		n -= x.n
	}
	if p.Insert != "" {
		d.insert(at, p.Insert)
	}
	return true
}

// cut makes a part end with the visible character before a position, and returns the place behind it.
func (d *draft) cut(position int) (int, bool) {
	n := uint32(position)
	if n == 0 {
		return 0, true
	}
	for k := range d.parts {
		x := &d.parts[k]
		if x.dead {
			continue
		}
		if n < x.n {
			d.splitPart(k, n)
			return k + 1, true
		}
		if n -= x.n; n == 0 {
			return k + 1, true
		}
	}
	return 0, false
}

func (d *draft) splitPart(k int, n uint32) {
	x := d.parts[k]
	rest := x
	rest.from, rest.n = x.from+n, x.n-n
	d.parts[k].n = n
	d.parts = slices.Insert(d.parts, k+1, rest)
}

// insert puts own characters behind the part at-1: next to the visible character that ends it, before all that follows.
func (d *draft) insert(at int, text string) {
	e := op.TextEdit{Insert: true, Text: text, N: uint32(utf8.RuneCountInString(text)), Offset: d.own}
	e.Left.Nil, e.Right.Nil = true, true
	if at > 0 {
		if x := d.parts[at-1]; x.own {
			e.Left = op.Anchor{Offset: x.from + x.n - 1}
		} else {
			e.Left = d.t.nameOf(d.t.at(x.from + x.n - 1))
		}
	}
	if at < len(d.parts) && d.parts[at].own {
		e.Right = op.Anchor{Offset: d.parts[at].from}
	} else {
		var after char // the version's character behind which the own ones before at stand
		for k := at - 1; k >= 0; k-- {
			if x := d.parts[k]; !x.own {
				after = d.t.at(x.from + x.n - 1)
				break
			}
		}
		if c := d.t.follower(after); c != 0 {
			e.Right = d.t.nameOf(c)
		}
	}
	d.own += e.N
	d.edits = append(d.edits, e)
	d.parts = slices.Insert(d.parts, at, part{from: e.Offset, n: e.N, own: true})
}

// follower is the character after c in the version, deleted ones included; 0 if there is none. After 0 comes the first.
func (t *Text) follower(c char) char {
	r := t.firstRun()
	if c != 0 {
		if r = t.where[c]; c < t.runs[r].end() {
			return c + 1
		}
		r = t.next(r)
	}
	for r != 0 && t.runs[r].flags&isAway != 0 {
		r = t.next(r)
	}
	if r == 0 {
		return 0
	}
	return t.runs[r].start
}

// delete appends the deletion of a part: one edit for each range of offsets of one operation.
func (d *draft) delete(x part) {
	if x.own {
		d.edits = append(d.edits, op.TextEdit{At: op.Anchor{Offset: x.from}, N: x.n})
		return
	}
	t, first := d.t, len(d.edits)
	for c, n := t.at(x.from), x.n; n > 0; {
		r := t.where[c]
		if t.runs[r].hidden() != 0 {
			r = t.next(r)
			c = t.runs[r].start
			continue
		}
		s, offset, _, size := t.spanOf(c)
		took := min(n, uint32(t.runs[r].end()-c)+1, size-uint32(c-s.base))
		id := t.ops[s.op].op.ID
		if k := len(d.edits) - 1; k >= first && d.edits[k].At.Op == id && d.edits[k].At.Offset+d.edits[k].N == offset {
			d.edits[k].N += took
		} else {
			d.edits = append(d.edits, op.TextEdit{At: op.Anchor{Op: id, Offset: offset}, N: took})
		}
		n -= took
		if c += char(took); n > 0 && c > t.runs[r].end() {
			r = t.next(r)
			c = t.runs[r].start
		}
	}
}

func randomText(v Value, draw func(int) int) op.Mutation {
	t := v.(*Text)
	var patches []Patch
	n := t.Len()
	for range 1 + draw(2) {
		p := Patch{Pos: draw(n + 1)}
		if draw(3) == 0 {
			p.Del = draw(min(4, n-p.Pos+1))
		}
		for range draw(4) {
			p.Insert += "abcd"[draw(4):][:1]
		}
		if draw(8) == 0 {
			p.Insert += "ж🙂"
		}
		n += utf8.RuneCountInString(p.Insert) - p.Del
		if p.Del > 0 || p.Insert != "" {
			patches = append(patches, p)
		}
	}
	if len(patches) == 0 {
		patches = []Patch{{Insert: "z"}}
	}
	edits, err := t.Edit(nil, patches)
	if err != nil {
		panic(err) // the patches were drawn within the text
	}
	return op.Mutation{Code: op.Text, Edits: edits}
}
