package op

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"
)

// Draft is the body of an operation that is not signed yet. Elements made by Own and anchors without an operation mean
// the draft's own mutations and characters.
type Draft struct {
	Kind      string
	Mutations []Mutation      // Code and the fields that it uses; Index and Offset are not read
	Args      cbor.RawMessage // canonical; nil if none
}

// Schema is the schema that the draft's kind belongs to; 0 where the kind is unknown.
func (d *Draft) Schema() uint64 {
	s, _ := SchemaOf(d.Kind)
	return s
}

// Add appends a mutation and returns the element that it creates, if it creates one.
func (d *Draft) Add(m Mutation) Element {
	d.Mutations = append(d.Mutations, m)
	return Own(uint8(len(d.Mutations) - 1))
}

// Body gives the canonical bytes of the draft.
func (d *Draft) Body() []byte {
	n := uint64(1)
	if len(d.Mutations) > 0 {
		n++
	}
	if d.Args != nil {
		n++
	}
	b := appendText(append(appendHead(nil, majorMap, n), 0), d.Kind)
	if len(d.Mutations) > 0 {
		b = appendHead(append(b, 1), majorArray, uint64(len(d.Mutations)))
		for i := range d.Mutations {
			b = appendMutation(b, &d.Mutations[i])
		}
	}
	if d.Args != nil {
		b = append(append(b, 2), d.Args...)
	}
	return b
}

func appendMutation(b []byte, m *Mutation) []byte {
	head := func(n uint64) []byte { return append(appendHead(b, majorArray, n), byte(m.Code)) }
	switch m.Code {
	case CreateNode:
		return appendText(head(2), m.Type)
	case CreateRelation:
		return appendRef(appendRef(appendText(head(4), m.Type), m.From), m.To)
	case Delete:
		return appendRef(head(2), m.Element)
	case Register, SetAdd, Metadata:
		return append(appendText(appendRef(head(4), m.Element), m.Prop), m.Value...)
	case SetRemove:
		b = append(appendText(appendRef(head(5), m.Element), m.Prop), m.Value...)
		b = appendHead(b, majorArray, uint64(len(m.Dots)))
		for i := range m.Dots {
			b = appendBytes(b, m.Dots[i][:])
		}
		return b
	case CounterAdd:
		return appendInt(appendText(appendRef(head(4), m.Element), m.Prop), m.Delta)
	case Text:
		b = appendHead(appendText(appendRef(head(4), m.Element), m.Prop), majorArray, uint64(len(m.Edits)))
		for i := range m.Edits {
			if e := &m.Edits[i]; e.Insert {
				b = appendAnchor(appendAnchor(append(b, majorArray<<5|4, 0), e.Left), e.Right)
				b = appendText(b, e.Text)
			} else {
				b = appendHead(appendAnchor(append(b, majorArray<<5|3, 1), e.At), majorUint, uint64(e.N))
			}
		}
		return b
	case Move:
		return appendRef(appendRef(appendRef(head(4), m.Element), m.From), m.To)
	}
	panic("op: a draft with an unknown mutation")
}

func appendRef(b []byte, e Element) []byte {
	if e.Op().IsZero() {
		return appendHead(b, majorUint, uint64(e.Index()))
	}
	return appendBytes(b, e[:])
}

func appendAnchor(b []byte, a Anchor) []byte {
	switch {
	case a.Nil:
		return append(b, majorSimple<<5|simpleNull)
	case a.Op.IsZero():
		return appendHead(b, majorUint, uint64(a.Offset))
	}
	return appendHead(appendBytes(append(b, majorArray<<5|2), a.Op[:]), majorUint, uint64(a.Offset))
}

// Sign gives the bytes of an operation: the header as it stands, with the hash of the body filled in. It checks nothing,
// so that a liar can use it too.
func Sign(h Header, body []byte, device ed25519.PrivateKey) []byte {
	h.BodyHash = sha256.Sum256(body)
	return Seal(AppendHeader(nil, &h), body, device)
}

// Seal signs header bytes and puts the parts of an operation together.
func Seal(header, body []byte, device ed25519.PrivateKey) []byte {
	sig := ed25519.Sign(device, append([]byte(signPrefix), header...))
	b := make([]byte, 0, len(header)+len(body)+len(sig)+16)
	b = appendBytes(append(b, majorArray<<5|3), header)
	return appendBytes(appendBytes(b, body), sig)
}

// AppendHeader appends the canonical bytes of a header. Prev is left out iff Seq is at most 1, identity and certificate
// iff it is not 1, deps iff there are none.
func AppendHeader(b []byte, h *Header) []byte {
	n := uint64(9)
	if h.Seq > 1 {
		n++
	}
	if len(h.Deps) > 0 {
		n++
	}
	if h.Seq == 1 {
		n += 2
	}
	b = appendHead(b, majorMap, n)
	b = appendHead(append(b, 0), majorUint, h.Format)
	b = appendBytes(append(b, 1), h.Space[:])
	b = appendBytes(append(b, 2), h.Device[:])
	b = appendHead(append(b, 3), majorUint, h.Incarnation)
	b = appendHead(append(b, 4), majorUint, h.Seq)
	if h.Seq > 1 {
		b = appendBytes(append(b, 5), h.Prev[:])
	}
	if len(h.Deps) > 0 {
		b = appendHead(append(b, 6), majorArray, uint64(len(h.Deps)))
		for i := range h.Deps {
			b = appendBytes(b, h.Deps[i][:])
		}
	}
	b = appendHead(append(b, 7), majorUint, h.Clock)
	b = appendHead(append(b, 8), majorUint, h.Schema)
	b = appendInt(append(b, 9), h.WallMS)
	b = appendBytes(append(b, 10), h.BodyHash[:])
	if h.Seq == 1 {
		b = appendBytes(append(b, 11), h.Identity[:])
		b = appendBytes(append(b, 12), h.Certificate[:])
	}
	return b
}

// Certify lets a device speak for an identity.
func Certify(identity ed25519.PrivateKey, device Key) (certificate [64]byte) {
	copy(certificate[:], ed25519.Sign(identity, certified(device)))
	return certificate
}

// KeyOf is the public half of a private key.
func KeyOf(private ed25519.PrivateKey) Key { return Key(private[32:]) }

// Genesis makes the first operation of a space, whose founders are given with their roles in args (canonical, as
// space.create has them). The identity must be one of its owners.
func Genesis(args []byte, identity, device ed25519.PrivateKey, incarnation uint64, wallMS int64) []byte {
	d := Draft{Kind: SpaceCreate, Args: args}
	return Sign(Header{
		Format: 1, Space: SpaceOf(args), Device: KeyOf(device), Incarnation: incarnation, Seq: 1, Clock: 1, Schema: 1,
		WallMS: wallMS, Identity: KeyOf(identity), Certificate: Certify(identity, KeyOf(device)),
	}, d.Body(), device)
}
