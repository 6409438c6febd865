package spec

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// foldText: FugueMax (Weidner, Kleppmann: "The Art of the Fugue: Minimizing Interleaving in Collaborative Text Editing",
// 2023, §4). The characters are a tree, read in order: left children, the character, right children. A character inserted
// between left and right is a left child of right where right itself was inserted after left, else a right child of left.
// Left siblings are ascending by key. Right siblings are descending by the place of their right neighbour, then ascending
// by key. The key is (identity, device, incarnation, seq, operation, offset).
//
// The characters of void operations stay in the tree, hidden; their deletions do not count. An insertion between
// characters that are not in this text waits for them. Ids being hashes, what one names is older than itself.
func foldText(writes []write) (any, bool) {
	t := tree{chars: map[charID]*char{}, waiting: map[charID][]insertion{}, ends: map[[32]byte]uint64{}}
	for _, w := range writes {
		for _, e := range w.mutation.edits {
			if e.insert && e.text != "" {
				t.insert(insertion{w.op, e})
			}
		}
	}
	writes = effective(writes)
	for _, w := range writes {
		for _, e := range w.mutation.edits {
			if !e.insert && e.at != nil {
				t.delete(*e.at, e.n)
			}
		}
	}
	return t.text(), len(writes) > 0
}

type insertion struct {
	op   *Op
	edit edit
}

type side int

const (
	left side = iota
	right
)

type char struct {
	op          *Op
	offset      uint64
	rune        rune
	left, right *char // between which it was inserted; the root is the start, nil the end
	parent      *char
	side        side
	children    [2][]*char
	depth       int
	deleted     bool
}

type tree struct {
	root    char
	chars   map[charID]*char
	waiting map[charID][]insertion // by the character that is missing
	ends    map[[32]byte]uint64    // one more than the greatest offset of each operation
}

// insert puts a run into the tree, and then what waited for it. The first character stands between the edit's anchors,
// each further one between the one before and the same right anchor.
func (t *tree) insert(first insertion) {
	for queue := []insertion{first}; len(queue) > 0; queue = queue[1:] {
		o, e := queue[0].op, queue[0].edit
		l, r := &t.root, (*char)(nil)
		if e.left != nil {
			if l = t.chars[*e.left]; l == nil {
				t.waiting[*e.left] = append(t.waiting[*e.left], queue[0])
				continue
			}
		}
		if e.right != nil {
			if r = t.chars[*e.right]; r == nil {
				t.waiting[*e.right] = append(t.waiting[*e.right], queue[0])
				continue
			}
		}
		offset := e.offset
		for _, ru := range e.text {
			c := &char{op: o, offset: offset, rune: ru, left: l, right: r}
			t.place(c)
			id := charID{o.ID, offset}
			t.chars[id] = c
			queue = append(queue, t.waiting[id]...)
			delete(t.waiting, id)
			l = c
			offset++
		}
		t.ends[o.ID] = max(t.ends[o.ID], offset)
	}
}

func (t *tree) place(c *char) {
	c.parent, c.side = c.left, right
	if c.right != nil && c.right.left == c.left {
		c.parent, c.side = c.right, left
	}
	c.depth = c.parent.depth + 1
	siblings := &c.parent.children[c.side]
	at, _ := slices.BinarySearchFunc(*siblings, c, compareSiblings)
	*siblings = slices.Insert(*siblings, at, c)
}

func compareSiblings(a, b *char) int {
	if a.side == right && a.right != b.right {
		if a.right == nil || b.right != nil && before(b.right, a.right) {
			return -1
		}
		return 1
	}
	return cmp.Or(bytes.Compare(a.op.Identity[:], b.op.Identity[:]), bytes.Compare(a.op.Device[:], b.op.Device[:]),
		cmp.Compare(a.op.Incarnation, b.op.Incarnation), cmp.Compare(a.op.Seq, b.op.Seq), bytes.Compare(a.op.ID[:], b.op.ID[:]),
		cmp.Compare(a.offset, b.offset))
}

// before says whether a stands before b, by where their paths to the root part.
func before(a, b *char) bool {
	x, y, below := a, b, (*char)(nil)
	for x.depth > y.depth {
		x, below = x.parent, x
	}
	for y.depth > x.depth {
		y, below = y.parent, y
	}
	if x == y { // one stands in the other's subtree
		return (below.side == left) == (y == b)
	}
	for x.parent != y.parent {
		x, y = x.parent, y.parent
	}
	if x.side != y.side {
		return x.side == left
	}
	siblings := x.parent.children[x.side]
	return slices.Index(siblings, x) < slices.Index(siblings, y)
}

func (t *tree) delete(at charID, n uint64) {
	for n = min(n, t.ends[at.op]); n > 0; n-- {
		if c := t.chars[at]; c != nil {
			c.deleted = true
		}
		at.offset++
	}
}

// text reads the tree in order, with a stack of its own, since a tree is as deep as the text is long.
func (t *tree) text() string {
	var b strings.Builder
	type visit struct {
		c     *char
		again bool // its left children were read
	}
	for stack := []visit{{&t.root, false}}; len(stack) > 0; {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !v.again {
			stack = append(stack, visit{v.c, true})
			for _, l := range slices.Backward(v.c.children[left]) {
				stack = append(stack, visit{l, false})
			}
			continue
		}
		if v.c != &t.root && !v.c.deleted && !v.c.op.Void {
			b.WriteRune(v.c.rune)
		}
		for _, r := range slices.Backward(v.c.children[right]) {
			stack = append(stack, visit{r, false})
		}
	}
	return b.String()
}
