package checkers

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// typing holds edits of texts to what was typed (VM-3, APP-EDITOR): the text that an edit's host showed then, or the version
// that it names, with the edit reads as the text with its patches. All who receive an operation agree on where it stands, so
// that nothing else shows that it stands elsewhere.
type typing struct {
	placed int // edits that were held to it
	spent  int // of manyTyped
}

// manyTyped bounds what the specs fold for it in a run: characters, and operations that are looked at.
const manyTyped = 1 << 18

// typed judges edits, in the order of their ids, so that of too many every sort is among those that are looked at.
func (c *convergence) typed() {
	edits := map[*space]map[property][]*operation{}
	doubtful := map[*space]map[key]bool{}
	var sought []*operation
	for _, s := range c.spaces {
		edits[s], doubtful[s] = c.textEdits(s.ops), s.doubtful()
		for _, o := range s.ops {
			if o.honest && o.kind == "text.edit" {
				sought = append(sought, o)
			}
		}
	}
	slices.SortFunc(sought, func(a, b *operation) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, o := range sought {
		if c.typing.spent > manyTyped {
			return
		}
		changes := c.changes(o)
		if len(changes) != 1 {
			continue
		}
		if why := c.misplaced(o, changes[0].property, edits[o.space][changes[0].property], doubtful[o.space]); why != "" {
			c.fail(o.at, "", "operation %s (text.edit) of host %d stands elsewhere than where it was typed: %s", o, o.host, why)
		}
	}
}

// misplaced says how a text reads otherwise than its person left it. Nothing where it is not known what she saw: where some of
// what she saw is a liar's, which may be read in more than one way, or where a version that she names has edits of somebody whose
// operations may have been void.
func (c *convergence) misplaced(o *operation, text property, edits []*operation, doubtful map[key]bool) string {
	r := c.book.asked[asking{o.host, o.request}]
	if r == nil || len(o.head.Deps) == maxDeps {
		return ""
	}
	roots, sure := c.saw(r, o)
	if !sure {
		return ""
	}
	before, by := []spec.Op{}, (*ruling)(nil)
	c.naming.reach(roots, 0, func(*operation) bool { c.typing.spent++; return false })
	for _, x := range edits {
		if x == o || !c.naming.seen.has(x.index) {
			continue
		}
		if !x.honest || doubtful[x.author] && r.version != nil {
			return ""
		}
		if by == nil && doubtful[x.author] {
			by = o.space.whole(c.naming.seen)
		}
		edit := x.toSpec()
		edit.Void = doubtful[x.author] && by.void(x)
		before = append(before, edit)
	}
	var asked struct {
		Patches []patch `cbor:"patches"`
	}
	was, err := spec.Text(before, text.element, text.prop)
	is, err2 := spec.Text(append(before, o.toSpec()), text.element, text.prop)
	if err = cmp.Or(err, err2, c.cbor.Unmarshal(r.body, &asked)); err != nil || asked.Patches == nil {
		return ""
	}
	c.typing.spent += len(was) + len(is)
	c.typing.placed++
	want := []rune(was)
	for _, p := range asked.Patches {
		if p.At < 0 || p.Out < 0 || p.Out > len(want)-p.At {
			return fmt.Sprintf("%d characters at %d of a text that has %d", p.Out, p.At, len(want))
		}
		want = slices.Replace(want, p.At, p.At+p.Out, []rune(p.In)...)
	}
	if got := []rune(is); !slices.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		return fmt.Sprintf("%q reads %q from character %d on, not %q", clipped([]rune(was)), clipped(got[at:]), at, clipped(want[at:]))
	}
	return ""
}

// saw gives operations of which the causal closure is what an edit's host showed when it was asked for: the version that
// the edit names, or what the host had admitted. Its own operations it admits once they are on its disk, when it answers.
func (c *convergence) saw(r *request, o *operation) (roots []*operation, sure bool) {
	add := func(id key) {
		x := c.ops[id]
		if sure = sure && x != nil && x.space == o.space && x.index >= 0; sure {
			roots = append(roots, x)
		}
	}
	sure = true
	for _, id := range r.version {
		add(id)
	}
	for x := o; r.version == nil && sure; {
		for _, id := range x.head.Deps { // what its own one before it does not follow
			add(array(id))
		}
		if x = c.ops[array(x.head.Prev)]; x == nil {
			break
		}
		if own := c.book.asked[asking{x.host, x.request}]; own != nil && own.replied <= o.at { // none: it was made for a task
			add(x.id)
			return roots, sure && own.first == step.Accepted && own.replied < o.at
		}
	}
	return roots, sure
}

// doubtful are those whose operations may be void somewhere: who lost rights, and who has them from such a one.
func (s *space) doubtful() map[key]bool {
	list := map[key]bool{}
	for before := -1; before != len(list); {
		before = len(list)
		for _, r := range s.rules {
			for _, who := range r.named {
				if r.revoke || list[r.op.author] || r.roles[who] < member && !r.genesis {
					list[who] = true
				}
			}
		}
	}
	return list
}

// patch takes out so many characters of a text from a place on, and puts others there.
type patch struct {
	_       struct{} `cbor:",toarray"`
	At, Out int
	In      string
}

// clipped is the beginning of a text, for people.
func clipped(text []rune) string {
	if len(text) > 24 {
		return string(text[:24]) + "…"
	}
	return string(text)
}
