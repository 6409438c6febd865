package crdt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Text is a text by FugueMax (Weidner, Kleppmann: "The Art of the Fugue: Minimizing Interleaving in Collaborative Text
// Editing", 2023, §4). Its characters are a tree, read in order: left children, the character, right children. A character
// inserted between left and right is a left child of right where right itself was inserted after left, else a right child
// of left. Left siblings are ascending by key; right siblings are descending by the place of their right neighbour, then
// ascending by key; the key is (identity, device, incarnation, seq, operation, offset).
//
// Characters get local numbers (char) in order of arrival, which nothing that leaves the node depends on. Neighbours with
// successive numbers are one run; the runs are the nodes of a balanced tree (order.go), so that an edit costs O(log n)
// whoever made it. Of the FugueMax tree only what the runs do not say is stored: the children of a character that has
// others than the next one of its run.
//
// The characters of void operations stay as hidden anchors and their deletions do not count. An insertion between
// characters that are not here waits for them, a deletion counts whenever they come: so any set of operations has one text.
type Text struct {
	order
	ops     []textOp
	index   Table  // of ops, by operation id
	spans   []span // ascending by char
	chains  []chain
	chainAt Table
	lefts   map[char][]char // left children, sorted
	rights  map[char][]char // right children, sorted, where they are not just the next char
	waiting map[name][]pending
	late    map[op.ID][]deletion // by an operation whose characters are not all here
	writes  uint32               // effective ones
	home    *op.Mutation         // any write here: it names the element and the property
}

// char numbers a character of this replica, from 1. As a left origin 0 is the start, as a right origin the end.
type char uint32

// name is what replicas call a character: the inserting operation, and how many runes that inserted before.
type name struct {
	op     op.ID
	offset uint32
}

// textOp is an operation that wrote to this text.
type textOp struct {
	op     *op.Operation
	chain  uint32
	before uint32  // the chain's operation before this one, plus one
	first  piece   // characters inserted here
	more   []piece // further ones
	void   bool
}

// chain is an author's chain, with its latest operation here.
type chain struct {
	author      *op.Key
	device      op.Key
	incarnation uint64
	last        uint32 // plus one
	forked      bool   // its operations here are no line; not every fork shows here
}

// piece is a range of an operation's offsets, as chars.
type piece struct {
	offset, n uint32
	base      char
}

// span says which insertion the chars from base on come from.
type span struct {
	base     char
	op       uint32
	mutation uint8
	edit     uint16
}

type pending struct {
	op       uint32
	mutation uint8
	edit     uint16
}

type deletion struct {
	op        uint32
	offset, n uint32
}

// Apply takes a text mutation.
func (t *Text) Apply(w Write) {
	i := t.intern(w)
	if !w.Void {
		t.writes++
	}
	m := w.Mutation()
	t.home = m
	for k := range m.Edits {
		if e := &m.Edits[k]; e.Insert {
			t.insert(pending{i, w.Index, uint16(k)})
		} else if !w.Void {
			t.delete(i, e)
		}
	}
}

// Void hides what a mutation inserted and takes its deletions back.
func (t *Text) Void(w Write) {
	t.writes--
	i, _ := t.find(&w.Op.ID)
	t.ops[i].void = true
	m := w.Mutation()
	for k := range m.Edits {
		if e := &m.Edits[k]; !e.Insert {
			t.mark(e.At.Op, e.At.Offset, e.N, func(r *run) { r.deletions-- })
		} else if e.N > 0 {
			t.mark(w.Op.ID, e.Offset, e.N, func(r *run) { r.flags |= isVoid })
		}
	}
}

// Present tells whether any effective operation wrote here: an emptied text is present.
func (t *Text) Present() bool { return t.writes > 0 }

// Len is the number of visible characters.
func (t *Text) Len() int { return int(t.visible()) }

// String is the visible text.
func (t *Text) String() string {
	var b strings.Builder
	t.each(func(s string) { b.WriteString(s) })
	return b.String()
}

// AppendCBOR appends the visible text.
func (t *Text) AppendCBOR(dst []byte) []byte {
	n := 0
	t.each(func(s string) { n += len(s) })
	dst = slices.Grow(AppendHead(dst, MajorText, uint64(n)), n)
	t.each(func(s string) { dst = append(dst, s...) })
	return dst
}

// each hands over the visible text in pieces.
func (t *Text) each(f func(string)) {
	for r := t.firstRun(); r != 0; r = t.next(r) {
		if x := &t.runs[r]; x.hidden() == 0 {
			for c, n := x.start, x.n; n > 0; {
				s, offset, text, size := t.spanOf(c)
				took := min(n, size-uint32(c-s.base))
				f(substring(text, size, offset-t.edit(s).Offset, took))
				c, n = c+char(took), n-took
			}
		}
	}
}

// substring is n runes from the from-th on, of a string of size runes.
func substring(s string, size, from, n uint32) string {
	if len(s) == int(size) {
		return s[from : from+n]
	}
	for ; from > 0; from-- {
		_, w := utf8.DecodeRuneInString(s)
		s = s[w:]
	}
	end := 0
	for ; n > 0; n-- {
		_, w := utf8.DecodeRuneInString(s[end:])
		end += w
	}
	return s[:end]
}

// find is the place of an operation among those that wrote here.
func (t *Text) find(id *op.ID) (uint32, bool) {
	return t.index.Find(Hash(id), func(i uint32) bool { return t.ops[i].op.ID == *id })
}

// intern gives an operation its place.
func (t *Text) intern(w Write) uint32 {
	if i, ok := t.find(&w.Op.ID); ok {
		return i
	}
	i := uint32(len(t.ops))
	n := t.chainOf(w)
	c := &t.chains[n]
	c.forked = c.forked || c.last != 0 && t.ops[c.last-1].op.Seq >= w.Op.Seq
	t.ops = append(t.ops, textOp{op: w.Op, chain: n, before: c.last, void: w.Void})
	c.last = i + 1
	t.index.Add(Hash(&w.Op.ID), i, func(i uint32) uint64 { return Hash(&t.ops[i].op.ID) })
	return i
}

func (t *Text) chainOf(w Write) uint32 {
	same := func(i uint32) bool {
		c := &t.chains[i]
		return c.incarnation == w.Op.Incarnation && c.device == w.Op.Device && *c.author == *w.Author
	}
	if n := len(t.ops); n > 0 && same(t.ops[n-1].chain) {
		return t.ops[n-1].chain
	}
	h := (&chain{author: w.Author, device: w.Op.Device, incarnation: w.Op.Incarnation}).hash()
	i, ok := t.chainAt.Find(h, same)
	if !ok {
		i = uint32(len(t.chains))
		t.chains = append(t.chains, chain{author: w.Author, device: w.Op.Device, incarnation: w.Op.Incarnation})
		t.chainAt.Add(h, i, func(i uint32) uint64 { return t.chains[i].hash() })
	}
	return i
}

func (c *chain) hash() uint64 {
	h := c.incarnation
	for _, k := range [...]*op.Key{c.author, &c.device} {
		for i := 0; i < len(k); i += 8 {
			h = (h ^ binary.LittleEndian.Uint64(k[i:])) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
	}
	return h
}

// charOf is the char of a name; 0 if it is not here.
func (t *Text) charOf(a *op.Anchor) char {
	i, ok := t.find(&a.Op)
	if !ok {
		return 0
	}
	o := &t.ops[i]
	if p := o.first; a.Offset-p.offset < p.n {
		return p.base + char(a.Offset-p.offset)
	}
	k, ok := slices.BinarySearchFunc(o.more, a.Offset, func(p piece, offset uint32) int {
		if p.offset > offset {
			return 1
		}
		if offset-p.offset < p.n {
			return 0
		}
		return -1
	})
	if !ok {
		return 0
	}
	return o.more[k].base + char(a.Offset-o.more[k].offset)
}

// spanOf tells where a char comes from: its span, its offset in the operation, and the span's whole text and rune count.
func (t *Text) spanOf(c char) (s *span, offset uint32, text string, n uint32) {
	k, ok := slices.BinarySearchFunc(t.spans, c, func(s span, c char) int { return cmp.Compare(s.base, c) })
	if !ok {
		k--
	}
	s = &t.spans[k]
	e := t.edit(s)
	return s, e.Offset + uint32(c-s.base), e.Text, e.N
}

func (t *Text) edit(s *span) *op.TextEdit {
	return &t.ops[s.op].op.Mutations[s.mutation].Edits[s.edit]
}

// nameOf is what replicas call a char.
func (t *Text) nameOf(c char) op.Anchor {
	s, offset, _, _ := t.spanOf(c)
	return op.Anchor{Op: t.ops[s.op].op.ID, Offset: offset}
}

// compareKeys orders chars by (identity, device, incarnation, seq, operation, offset).
func (t *Text) compareKeys(a, b char) int {
	s, i, _, _ := t.spanOf(a)
	r, k, _, _ := t.spanOf(b)
	o, p := &t.ops[s.op], &t.ops[r.op]
	if o.chain != p.chain {
		c, d := &t.chains[o.chain], &t.chains[p.chain]
		return cmp.Or(c.author.Compare(*d.author), bytes.Compare(c.device[:], d.device[:]), cmp.Compare(c.incarnation, d.incarnation))
	}
	if o != p {
		return cmp.Or(cmp.Compare(o.op.Seq, p.op.Seq), o.op.ID.Compare(p.op.ID))
	}
	return cmp.Compare(i, k)
}
