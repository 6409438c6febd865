package checkers

import (
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// page is a property of an element, such as a text.
type page struct {
	element element
	prop    string
}

// Codes of mutations of a property.
const (
	addMutation    = 4
	removeMutation = 5
	textMutation   = 7
)

// change is a mutation of a property.
type change struct {
	page
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

// edits are a set's operations that edit each text, causes before effects.
func (c *convergence) edits(k *set) map[page][]*operation {
	if k.edits != nil {
		return k.edits
	}
	k.edits = map[page][]*operation{}
	for _, o := range slices.SortedFunc(slices.Values(k.ops), func(a, b *operation) int { return a.index - b.index }) {
		for _, x := range c.changes(o) {
			if list := k.edits[x.page]; x.code == textMutation && (len(list) == 0 || list[len(list)-1] != o) {
				k.edits[x.page] = append(list, o)
			}
		}
	}
	return k.edits
}

// unwatched says how what a person was shown of a text that she watches, picture by picture, differs from the edits that her
// host has: each is shown once, after those it follows (NODE-1, NODE-3). What liars sign may be read in more than one way.
func (c *convergence) unwatched(r *request, edits []*operation) string {
	place := map[key]int{}
	for _, b := range r.pictures {
		var picture struct {
			Ops []struct {
				ID []byte `cbor:"id"`
			} `cbor:"ops"`
		}
		if err := c.wide.Unmarshal(b, &picture); err != nil {
			return "a picture is in another layout"
		}
		for _, x := range picture.Ops {
			id := array(x.ID)
			if _, before := place[id]; before {
				return fmt.Sprintf("operation %s is shown as new twice", short(id))
			}
			place[id] = len(place)
			if o := c.ops[id]; o == nil || o.honest && !slices.Contains(edits, o) {
				return fmt.Sprintf("operation %s is shown, which is no edit of it", short(id))
			}
		}
	}
	last := map[chain]*operation{}
	for _, o := range edits {
		at, shown := place[o.id]
		if !shown && o.honest {
			return fmt.Sprintf("operation %s is not shown", o)
		} else if !shown {
			continue
		}
		for _, cause := range append(slices.Clone(o.causes), last[o.chain]) {
			if cause != nil && at < place[cause.id] {
				return fmt.Sprintf("operation %s is shown before %s, which it follows", o, cause)
			}
		}
		if o.honest {
			last[o.chain] = o
		}
	}
	return ""
}

// watches tells whether a person was shown a text until the end, or should have been.
func (r *request) watches() bool {
	return r.do == "watch_text" && !r.gone && r.first != step.Denied && r.text != page{}
}
