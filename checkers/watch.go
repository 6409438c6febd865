package checkers

import (
	"fmt"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// edits are a set's operations that edit each text, causes before effects.
func (c *convergence) edits(k *set) map[property][]*operation {
	if k.edits != nil {
		return k.edits
	}
	k.edits = c.textEdits(slices.SortedFunc(slices.Values(k.ops), func(a, b *operation) int { return a.index - b.index }))
	return k.edits
}

// textEdits are the operations among some that edit each text, in their order.
func (b *book) textEdits(ops []*operation) map[property][]*operation {
	edits := map[property][]*operation{}
	for _, o := range ops {
		for _, x := range b.changes(o) {
			if list := edits[x.property]; x.code == editText && (len(list) == 0 || list[len(list)-1] != o) {
				edits[x.property] = append(list, o)
			}
		}
	}
	return edits
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
	return r.do == "watch_text" && !r.gone && r.first != step.Denied && r.text != property{}
}
