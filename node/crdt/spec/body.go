package spec

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// code is the first entry of a mutation.
type code uint64

const (
	createNode code = iota
	createRelation
	deleteElement
	setRegister
	addToSet
	removeFromSet
	addToCounter
	editText
	setMeta
	move
)

// typed gives the code under which the writes of one value type are gathered.
func (c code) typed() code {
	if c == removeFromSet {
		return addToSet
	}
	return c
}

type (
	elementID [33]byte // operation id, index of the creating mutation
	dot       [33]byte // operation id, index of the adding mutation
)

// mutation is one change; which fields mean something depends on its code.
type mutation struct {
	code     code
	index    int
	ref      elementID // the element changed, or made
	kind     string    // type of the element made
	prop     string
	from, to elementID
	value    cbor.RawMessage
	dots     []dot
	delta    int64
	edits    []edit
}

// charID names a character of a text: the offset-th rune that an operation inserts, over all its text edits.
type charID struct {
	op     [32]byte
	offset uint64
}

// edit inserts text between two characters, or deletes n characters with consecutive offsets from at. A nil anchor is the
// start (left) or the end (right) of the document.
type edit struct {
	insert      bool
	left, right *charID
	text        string
	offset      uint64 // of the first rune of text
	at          *charID
	n           uint64
}

// Reading is what an operation's body says, or what is wrong with it. It depends on the id and the body alone.
type Reading struct {
	kind      string
	mutations []mutation // one of unknown code has its code alone
	err       error      // of the body, whatever its kind
	bad       error      // of its mutations, which mean something only where the kind is known
}

// Read decodes a body.
func Read(id [32]byte, b []byte) *Reading {
	var body struct {
		Kind      string            `cbor:"0,keyasint"`
		Mutations []cbor.RawMessage `cbor:"1,keyasint"`
	}
	r := &Reading{}
	if r.err = cbor.Unmarshal(b, &body); r.err != nil {
		return r
	}
	r.kind = body.Kind
	var offset uint64 // runes inserted by this operation so far
	for i, raw := range body.Mutations {
		m, err := decodeMutation(id, i, raw, &offset)
		if err != nil {
			r.bad = fmt.Errorf("mutation %d: %w", i, err)
			break
		}
		r.mutations = append(r.mutations, m)
	}
	return r
}

// Names calls f for each operation that the mutations name: the makers of elements, the additions that a removal takes back,
// and the inserters of characters, which alone are told apart.
func (r *Reading) Names(f func(id [32]byte, character bool)) {
	anchor := func(a *charID) {
		if a != nil {
			f(a.op, true)
		}
	}
	for i := range r.mutations {
		m := &r.mutations[i]
		for _, e := range [...]elementID{m.ref, m.from, m.to} {
			if e != (elementID{}) {
				f([32]byte(e[:32]), false)
			}
		}
		for _, d := range m.dots {
			f([32]byte(d[:32]), false)
		}
		for k := range m.edits {
			anchor(m.edits[k].left)
			anchor(m.edits[k].right)
			anchor(m.edits[k].at)
		}
	}
}

// read gives the mutations of an operation whose kind is known.
func (o *Op) read(known func(kind string) bool) ([]mutation, error) {
	r := o.Reading
	if r == nil {
		r = Read(o.ID, o.Body)
	}
	if r.err != nil || !known(r.kind) {
		return nil, r.err
	}
	return r.mutations, r.bad
}

func decodeMutation(op [32]byte, index int, raw cbor.RawMessage, offset *uint64) (m mutation, err error) {
	var parts []cbor.RawMessage
	if err := cbor.Unmarshal(raw, &parts); err != nil {
		return m, err
	}
	f := fields{op: op, parts: parts}
	m.index = index
	m.code = code(f.uint())
	switch m.code {
	case createNode:
		m.ref, m.kind = madeBy(op, uint64(index)), f.text()
	case createRelation:
		m.ref, m.kind, m.from, m.to = madeBy(op, uint64(index)), f.text(), f.ref(), f.ref()
	case deleteElement:
		m.ref = f.ref()
	case setRegister, addToSet, setMeta:
		m.ref, m.prop, m.value = f.ref(), f.text(), f.next()
	case removeFromSet:
		m.ref, m.prop, m.value = f.ref(), f.text(), f.next()
		f.into(&m.dots)
	case addToCounter:
		m.ref, m.prop = f.ref(), f.text()
		f.into(&m.delta)
	case editText:
		m.ref, m.prop = f.ref(), f.text()
		var edits []cbor.RawMessage
		f.into(&edits)
		for _, e := range edits {
			m.edits = append(m.edits, f.edit(e, offset))
		}
	case move:
		m.ref, m.from, m.to = f.ref(), f.ref(), f.ref()
	}
	return m, f.err
}

// fields takes the entries of a mutation in turn and keeps the first error.
type fields struct {
	op    [32]byte
	parts []cbor.RawMessage
	err   error
}

func (f *fields) next() cbor.RawMessage {
	if len(f.parts) == 0 {
		f.fail(errors.New("too short"))
		return nil
	}
	p := f.parts[0]
	f.parts = f.parts[1:]
	return p
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) into(v any) {
	if err := cbor.Unmarshal(f.next(), v); err != nil {
		f.fail(err)
	}
}

func (f *fields) uint() (n uint64) { f.into(&n); return n }
func (f *fields) text() (s string) { f.into(&s); return s }
func madeBy(op [32]byte, i uint64) (e elementID) {
	copy(e[:], op[:])
	e[32] = byte(i)
	return e
}

// ref is an element id, or the index of the mutation of this operation that makes the element.
func (f *fields) ref() (e elementID) {
	raw := f.next()
	if isUint(raw) {
		return madeBy(f.op, number(f, raw))
	}
	var b []byte
	if err := cbor.Unmarshal(raw, &b); err != nil || len(b) != len(e) {
		f.fail(errors.New("not an element"))
		return e
	}
	return elementID(b)
}

func (f *fields) edit(raw cbor.RawMessage, offset *uint64) (e edit) {
	g := fields{op: f.op}
	if err := cbor.Unmarshal(raw, &g.parts); err != nil {
		f.fail(err)
		return e
	}
	switch g.uint() {
	case 0:
		e.insert, e.left, e.right, e.text, e.offset = true, g.anchor(), g.anchor(), g.text(), *offset
		*offset += uint64(utf8.RuneCountInString(e.text))
	case 1:
		e.at, e.n = g.anchor(), g.uint()
	default:
		g.fail(errors.New("unknown text edit"))
	}
	f.fail(g.err)
	return e
}

// anchor is nil, [operation, offset], or the offset of a character of this same operation.
func (f *fields) anchor() *charID {
	raw := f.next()
	switch {
	case len(raw) == 1 && raw[0] == 0xf6:
		return nil
	case isUint(raw):
		return &charID{f.op, number(f, raw)}
	}
	var a struct {
		_      struct{} `cbor:",toarray"`
		Op     []byte
		Offset uint64
	}
	if err := cbor.Unmarshal(raw, &a); err != nil || len(a.Op) != 32 {
		f.fail(errors.New("not an anchor"))
		return nil
	}
	return &charID{[32]byte(a.Op), a.Offset}
}

func isUint(raw cbor.RawMessage) bool { return len(raw) > 0 && raw[0]>>5 == 0 }

func number(f *fields, raw cbor.RawMessage) (n uint64) {
	if err := cbor.Unmarshal(raw, &n); err != nil || n > math.MaxUint32 {
		f.fail(errors.New("not a small number"))
	}
	return n
}
