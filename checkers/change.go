package checkers

import "github.com/fxamacker/cbor/v2"

// property is one of an element, such as a text.
type property struct {
	element element
	prop    string
}

// Codes of mutations.
const (
	createNode = iota
	createRelation
	deleteElement
	setRegister
	addValue
	takeValue
	addCount
	editText
	setMeta
	moveRelation
)

// change is a mutation of a property.
type change struct {
	property
	index int // in its operation
	code  uint64
	rest  []cbor.RawMessage // what follows the property
}

// changes are an operation's mutations of properties, those that can be read.
func (b *book) changes(o *operation) (all []change) {
	var body struct {
		Mutations [][]cbor.RawMessage `cbor:"1,keyasint"`
	}
	if b.cbor.Unmarshal(o.rawBody, &body) != nil {
		return nil
	}
	for i, m := range body.Mutations {
		c := change{index: i}
		var made uint64 // an element that the operation itself makes
		var id []byte
		if len(m) < 3 || b.cbor.Unmarshal(m[0], &c.code) != nil || b.cbor.Unmarshal(m[2], &c.prop) != nil {
			continue
		}
		switch {
		case b.cbor.Unmarshal(m[1], &made) == nil && made < maxMutations:
			c.element = elementOf(o, int(made))
		case b.cbor.Unmarshal(m[1], &id) == nil && len(id) == len(c.element):
			c.element = element(id)
		}
		c.rest = m[3:]
		all = append(all, c)
	}
	return all
}

// elementOf is what an operation's mutation makes: an element, or an addition to a set.
func elementOf(o *operation, mutation int) (e element) {
	copy(e[:], o.id[:])
	e[len(o.id)] = byte(mutation)
	return e
}
