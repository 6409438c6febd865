package op

import "github.com/fxamacker/cbor/v2"

// Code says what a mutation does.
type Code uint8

const (
	CreateNode     Code = iota // Type
	CreateRelation             // Type, From, To
	Delete                     // Element
	Register                   // Element, Prop, Value: the last writer wins
	SetAdd                     // Element, Prop, Value
	SetRemove                  // Element, Prop, Value, Dots: removes the additions that it names
	CounterAdd                 // Element, Prop, Delta
	Text                       // Element, Prop, Edits
	Metadata                   // Element, Prop (the key), Value
	Move                       // Element (a relation), From, To

	Unknown Code = 255 // a code of a later version; nothing else of the mutation is decoded
)

func (c Code) String() string {
	if c > Move {
		return "unknown"
	}
	return [...]string{"create node", "create relation", "delete", "register", "set add", "set remove", "counter add", "text", "metadata", "move"}[c]
}

// Mutation is one change of state. Which fields a code uses is said at its constant. For the creating codes Element is
// what is created.
type Mutation struct {
	Code       Code
	Index      uint8 // place in the operation
	Element    Element
	Prop, Type string
	From, To   Element
	Value      cbor.RawMessage
	Delta      int64
	Dots       []Dot // ascending
	Edits      []TextEdit
}

// TextEdit inserts a text between two characters, or deletes consecutive characters of one operation.
type TextEdit struct {
	Insert      bool
	Left, Right Anchor // of an insertion: its origins; nil is the start, or the end
	At          Anchor // of a deletion: the first character
	N           uint32 // characters inserted or deleted
	Text        string // of an insertion
	Offset      uint32 // of an insertion: the offset of its first character, counted over all edits of the operation
}

// Anchor names a character by the operation that inserted it and the offset in that operation. In a draft a zero
// operation means this same one.
type Anchor struct {
	Op     ID
	Offset uint32
	Nil    bool
}
