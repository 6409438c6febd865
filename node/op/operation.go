// Package op says what an operation is: its identifiers, its canonical bytes, its signatures, its kinds, and the store
// of a process that opens each run of bytes once. It knows no journal, no rights and no state: whether an operation is
// admitted and what it does is for others to say.
package op

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/fxamacker/cbor/v2"
)

// Limits of an operation. Bytes beyond them are malformed.
const (
	MaxBytes     = 64 << 10 // an operation, whole
	MaxDeps      = 64
	MaxMutations = 256
	MaxDepth     = 16      // nested arrays and maps of the header, and of the body
	MaxValue     = 4 << 10 // a register's, set's or metadata's value
)

// ID names an operation: SHA-256 of its header bytes. The signature is not part of it.
type ID [32]byte

// SpaceID names a space: SHA-256 of "lgos-space-1" and the arguments of its space.create.
type SpaceID [32]byte

// Key is an Ed25519 public key, of an identity (a person) or of a device.
type Key [32]byte

// Element names a node or a relation of the graph: the operation that created it, then the index of the mutation.
type Element [33]byte

// Dot names one addition to a set: the operation, then the index of the mutation.
type Dot [33]byte

// Compare orders ids bytewise.
func (id ID) Compare(o ID) int { return bytes.Compare(id[:], o[:]) }

// IsZero tells whether it names nothing; no operation has the id zero.
func (id ID) IsZero() bool { return id == ID{} }

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Compare orders spaces bytewise.
func (s SpaceID) Compare(o SpaceID) int { return bytes.Compare(s[:], o[:]) }

func (s SpaceID) String() string { return hex.EncodeToString(s[:]) }

// Compare orders keys bytewise.
func (k Key) Compare(o Key) int { return bytes.Compare(k[:], o[:]) }

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ElementOf names what the mutation of this index in this operation creates.
func ElementOf(id ID, index uint8) (e Element) {
	copy(e[:], id[:])
	e[32] = index
	return e
}

// Own names, in a draft, the element that an earlier mutation of the same operation creates. Its operation is zero until
// the draft is signed and opened.
func Own(index uint8) Element { return ElementOf(ID{}, index) }

// Op is the operation that created the element.
func (e Element) Op() ID { return ID(e[:32]) }

// Index is the index of the creating mutation.
func (e Element) Index() uint8 { return e[32] }

// Compare orders elements bytewise.
func (e Element) Compare(o Element) int { return bytes.Compare(e[:], o[:]) }

func (e Element) String() string { return hex.EncodeToString(e[:]) }

// DotOf names the addition made by the mutation of this index in this operation.
func DotOf(id ID, index uint8) Dot { return Dot(ElementOf(id, index)) }

// Op is the operation that made the addition.
func (d Dot) Op() ID { return ID(d[:32]) }

// Index is the index of the adding mutation.
func (d Dot) Index() uint8 { return d[32] }

// Compare orders dots bytewise.
func (d Dot) Compare(o Dot) int { return bytes.Compare(d[:], o[:]) }

// Header is the plain part of an operation, on which journal, gossip and relays live.
type Header struct {
	Format      uint64
	Space       SpaceID
	Device      Key
	Incarnation uint64 // drawn anew at every boot: a chain is (space, device, incarnation)
	Seq         uint64 // place in the chain, from 1
	Prev        ID     // the chain's operation before this one; zero iff Seq is 1
	Deps        []ID   // the other causes, ascending
	Clock       uint64 // 1 + the greatest clock of the causes
	Schema      uint64 // of the kind
	WallMS      int64  // metadata for people
	BodyHash    [32]byte
	Identity    Key      // with Seq 1 only: the person
	Certificate [64]byte // with Seq 1 only: by the identity, over the device key
}

// Operation is an opened operation: decoded, canonical, hashed, its signatures verified. It is immutable and shared by
// all nodes of a process.
type Operation struct {
	Header
	ID        ID
	Serial    uint32 // dense number of the store; an index, never an order. One id may come to have several
	Bytes     []byte // the whole operation, as it was signed and is sent
	Body      []byte
	Kind      string
	Args      cbor.RawMessage // nil if none
	Mutations []Mutation
	Known     bool   // all mutation codes are known
	Fault     string // how the body breaks the rules of its kind (BodyFault); empty if it does not
}

// IsGenesis tells whether it is the first operation of a space, whose hash of arguments is the space.
func (o *Operation) IsGenesis() bool {
	return o.Kind == SpaceCreate && o.Seq == 1 && len(o.Deps) == 0 && SpaceOf(o.Args) == o.Space
}

// IsRights tells whether the kind changes roles.
func (o *Operation) IsRights() bool {
	return o.Kind == SpaceCreate || o.Kind == RightsGrant || o.Kind == RightsRevoke
}

// SpaceOf is the space that the arguments of a space.create found.
func SpaceOf(args []byte) SpaceID {
	h := sha256.New()
	h.Write([]byte("lgos-space-1"))
	h.Write(args)
	return SpaceID(h.Sum(nil))
}

// Refusal says why bytes are no operation, or why an operation is not admitted.
type Refusal struct {
	Reason string // a step.Refuse… constant
	Detail string // for people
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Detail }
