package op

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// What is signed is prefixed, so that no signature serves for anything else.
const (
	signPrefix    = "lgos-op-1"
	certifyPrefix = "lgos-device-1"
)

func malformed(detail string) *Refusal { return &Refusal{step.RefuseMalformed, detail} }

// decode opens bytes and verifies them. It keeps b. What the signer, if any, has just signed is known to verify.
func decode(b []byte, signer *Key) (*Operation, *Refusal) {
	if len(b) > MaxBytes {
		return nil, malformed("too long")
	}
	r := reader{b: b}
	r.size(3)
	header, body, sig := r.bytes(), r.bytes(), r.bytes()
	if r.why == "" && r.at != len(b) {
		r.fail("trailing bytes")
	}
	if r.why == "" && len(sig) != ed25519.SignatureSize {
		r.fail("signature of the wrong length")
	}
	if r.why != "" {
		return nil, malformed(r.why)
	}
	o := &Operation{Bytes: b, Body: body, ID: sha256.Sum256(header), Known: true}
	if why := o.decodeHeader(header); why != "" {
		return nil, malformed("header: " + why)
	}
	if sha256.Sum256(body) != o.BodyHash {
		return nil, malformed("body does not match its hash")
	}
	if why := o.decodeBody(body); why != "" {
		return nil, malformed("body: " + why)
	}
	made := signer != nil && *signer == o.Device
	if !made && !ed25519.Verify(o.Device[:], append([]byte(signPrefix), header...), sig) {
		return nil, &Refusal{step.RefuseSignature, "the device's signature does not verify"}
	}
	if o.Seq == 1 && !ed25519.Verify(o.Identity[:], certified(o.Device), o.Certificate[:]) {
		return nil, &Refusal{step.RefuseSignature, "the identity's certificate does not verify"}
	}
	o.Fault = o.bodyFault()
	return o, nil
}

func certified(device Key) []byte { return append([]byte(certifyPrefix), device[:]...) }

func (o *Operation) decodeHeader(b []byte) string {
	if !Canonical(b) {
		return "not canonical"
	}
	r := reader{b: b}
	const always = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<7 | 1<<8 | 1<<9 | 1<<10
	var seen uint
	for range r.pairs() {
		if r.next() != majorUint {
			r.raw()
			r.raw()
			continue
		}
		key := r.uint()
		if key <= 12 {
			seen |= 1 << key
		}
		switch key {
		case 0:
			o.Format = r.uint()
		case 1:
			r.fixed(o.Space[:])
		case 2:
			r.fixed(o.Device[:])
		case 3:
			o.Incarnation = r.uint()
		case 4:
			o.Seq = r.uint()
		case 5:
			r.fixed(o.Prev[:])
		case 6:
			o.decodeDeps(&r)
		case 7:
			o.Clock = r.uint()
		case 8:
			o.Schema = r.uint()
		case 9:
			o.WallMS = r.int()
		case 10:
			r.fixed(o.BodyHash[:])
		case 11:
			r.fixed(o.Identity[:])
		case 12:
			r.fixed(o.Certificate[:])
		default:
			r.raw()
		}
	}
	switch {
	case r.why != "":
		return r.why
	case seen&always != always:
		return "a field is missing"
	case o.Format != 1:
		return "unknown format"
	case o.Seq == 0:
		return "seq 0"
	case (seen>>5&1 == 1) != (o.Seq > 1):
		return "prev belongs to all but the first of a chain"
	case (seen>>11&1 == 1) != (o.Seq == 1), (seen>>12&1 == 1) != (o.Seq == 1):
		return "identity and certificate belong to the first of a chain"
	}
	return ""
}

func (o *Operation) decodeDeps(r *reader) {
	n := r.array()
	if n == 0 || n > MaxDeps {
		r.fail("none or too many deps")
		return
	}
	o.Deps = make([]ID, n)
	for i := range o.Deps {
		r.fixed(o.Deps[i][:])
		if i > 0 && o.Deps[i-1].Compare(o.Deps[i]) >= 0 {
			r.fail("deps not ascending")
		}
		if o.Deps[i] == o.Prev {
			r.fail("prev among the deps")
		}
	}
}

func (o *Operation) decodeBody(b []byte) string {
	if !Canonical(b) {
		return "not canonical"
	}
	r := reader{b: b}
	for range r.pairs() {
		if r.next() != majorUint {
			r.raw()
			r.raw()
			continue
		}
		switch r.uint() {
		case 0:
			if o.Kind = r.text(); o.Kind == "" {
				r.fail("empty kind")
			}
		case 1:
			o.decodeMutations(&r)
		case 2:
			o.Args = r.raw()
		default:
			r.raw()
		}
	}
	if r.why == "" && o.Kind == "" {
		r.fail("no kind")
	}
	return r.why
}

func (o *Operation) decodeMutations(r *reader) {
	n := r.array()
	if n == 0 || n > MaxMutations {
		r.fail("none or too many mutations")
		return
	}
	o.Mutations = make([]Mutation, n)
	var runes uint32 // inserted so far by the whole operation
	for i := range o.Mutations {
		m := &o.Mutations[i]
		m.Index = uint8(i)
		o.decodeMutation(r, m, &runes)
	}
}

func (o *Operation) decodeMutation(r *reader, m *Mutation, runes *uint32) {
	from := r.at
	n := r.array()
	if n == 0 {
		r.fail("empty mutation")
		return
	}
	code := r.uint()
	if code > uint64(Move) {
		o.Known, m.Code, r.at = false, Unknown, from
		r.raw()
		return
	}
	m.Code = Code(code)
	if n != [...]uint64{2, 4, 2, 4, 4, 5, 4, 4, 4, 4}[m.Code] {
		r.fail("mutation of the wrong length")
		return
	}
	switch m.Code {
	case CreateNode:
		m.Element, m.Type = ElementOf(o.ID, m.Index), r.text()
	case CreateRelation:
		m.Element, m.Type = ElementOf(o.ID, m.Index), r.text()
		m.From, m.To = o.ref(r, m.Index), o.ref(r, m.Index)
	case Delete:
		m.Element = o.ref(r, m.Index)
	case Move:
		m.Element, m.From, m.To = o.ref(r, m.Index), o.ref(r, m.Index), o.ref(r, m.Index)
	default:
		m.Element, m.Prop = o.ref(r, m.Index), r.text()
		switch m.Code {
		case CounterAdd:
			m.Delta = r.int()
		case Text:
			o.decodeEdits(r, m, runes)
		default:
			if m.Value = r.raw(); len(m.Value) > MaxValue {
				r.fail("value too long")
			}
			if m.Code == SetRemove {
				decodeDots(r, m)
			}
		}
	}
}

// ref reads an element: by name, or by the index of an earlier creating mutation of this operation.
func (o *Operation) ref(r *reader, own uint8) (e Element) {
	if r.next() != majorUint {
		r.fixed(e[:])
		return e
	}
	i := r.uint()
	if i >= uint64(own) {
		r.fail("ref to no earlier mutation")
		return e
	}
	if c := o.Mutations[i].Code; c > CreateRelation && c != Unknown {
		r.fail("ref to a mutation that creates nothing")
	}
	return ElementOf(o.ID, uint8(i))
}

func decodeDots(r *reader, m *Mutation) {
	n := r.array()
	if n > uint64(len(r.b)-r.at)/33 {
		r.fail("truncated")
		return
	}
	m.Dots = make([]Dot, n)
	for i := range m.Dots {
		r.fixed(m.Dots[i][:])
		if i > 0 && bytes.Compare(m.Dots[i-1][:], m.Dots[i][:]) >= 0 {
			r.fail("dots not ascending")
		}
	}
}

func (o *Operation) decodeEdits(r *reader, m *Mutation, runes *uint32) {
	n := r.array()
	if n == 0 || n > uint64(len(r.b)-r.at)/4 {
		r.fail("no edits, or truncated")
		return
	}
	m.Edits = make([]TextEdit, n)
	for i := range m.Edits {
		e := &m.Edits[i]
		size, code := r.array(), r.uint()
		switch {
		case code == 0 && size == 4:
			e.Insert = true
			e.Left, e.Right = o.anchor(r, *runes), o.anchor(r, *runes)
			e.Text, e.Offset = r.text(), *runes
			e.N = uint32(utf8.RuneCountInString(e.Text))
			*runes += e.N
		case code == 1 && size == 3:
			e.At = o.anchor(r, *runes)
			if e.At.Nil {
				r.fail("deletion without a character")
			}
			if c := r.uint(); c <= MaxBytes {
				e.N = uint32(c)
			}
		default:
			r.fail("unknown text edit")
		}
		if e.N == 0 {
			r.fail("empty text edit, or one too long")
		}
		if r.why != "" {
			return
		}
	}
}

// anchor reads a character's name, or null. One of this same operation must have been inserted already.
func (o *Operation) anchor(r *reader, runes uint32) (a Anchor) {
	switch {
	case r.null():
		a.Nil = true
	case r.next() == majorUint:
		offset := r.uint()
		if offset >= uint64(runes) {
			r.fail("anchor at a character not yet inserted")
			return a
		}
		a.Op, a.Offset = o.ID, uint32(offset)
	default:
		r.size(2)
		r.fixed(a.Op[:])
		offset := r.uint()
		if offset >= MaxBytes {
			r.fail("no operation inserts so many characters")
			return a
		}
		a.Offset = uint32(offset)
	}
	return a
}
