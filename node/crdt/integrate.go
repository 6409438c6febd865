package crdt

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// insert integrates an insertion, and then those that waited for its characters.
func (t *Text) insert(p pending) {
	if !t.join(p) || len(t.waiting) == 0 {
		return
	}
	for queue := []pending{p}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		o := t.ops[p.op].op
		e := &o.Mutations[p.mutation].Edits[p.edit]
		for k := range e.N {
			n := name{o.ID, e.Offset + k}
			for _, w := range t.waiting[n] {
				if t.join(w) {
					queue = append(queue, w)
				}
			}
			delete(t.waiting, n)
		}
	}
}

// join integrates one insertion if its anchors are here, else lets it wait.
func (t *Text) join(p pending) bool {
	o := &t.ops[p.op]
	e := &o.op.Mutations[p.mutation].Edits[p.edit]
	if e.N == 0 {
		return false
	}
	var left, right char
	for _, a := range [...]struct {
		anchor *op.Anchor
		char   *char
	}{{&e.Left, &left}, {&e.Right, &right}} {
		if a.anchor.Nil {
			continue
		}
		if *a.char = t.charOf(a.anchor); *a.char == 0 {
			if t.waiting == nil {
				t.waiting = map[name][]pending{}
			}
			n := name{a.anchor.Op, a.anchor.Offset}
			t.waiting[n] = append(t.waiting[n], p)
			return false
		}
	}
	base := t.chars() + 1
	if q := (piece{e.Offset, e.N, base}); o.first.n == 0 {
		o.first = q
	} else {
		at, _ := slices.BinarySearchFunc(o.more, q.offset, func(p piece, offset uint32) int { return int(p.offset) - int(offset) })
		o.more = slices.Insert(o.more, at, q)
	}
	t.spans = append(t.spans, span{base, p.op, p.mutation, p.edit})
	t.integrate(run{start: base, n: e.N, left: left, right: right})
	if o.void {
		t.markChars(base, e.N, func(r *run) { r.flags |= isVoid })
	}
	for _, d := range t.late[o.op.ID] {
		if from, to := max(d.offset, e.Offset), min(d.offset+d.n, e.Offset+e.N); from < to && !t.ops[d.op].void {
			t.markChars(base+char(from-e.Offset), to-from, func(r *run) { r.deletions++ })
		}
	}
	return true
}

// integrate finds the place of new characters in the FugueMax tree, and from it their place in the order.
func (t *Text) integrate(x run) {
	left, right := x.left, x.right
	if right != 0 && t.leftOf(right) == left {
		x.flags |= onLeft
		siblings := t.lefts[right]
		at, _ := slices.BinarySearchFunc(siblings, x.start, t.compareKeys)
		next := right
		if at < len(siblings) {
			for next = siblings[at]; len(t.lefts[next]) > 0; {
				next = t.lefts[next][0]
			}
		}
		t.split(next)
		t.insertBefore(t.where[next], t.add(x))
		if t.lefts == nil {
			t.lefts = map[char][]char{}
		}
		t.lefts[right] = slices.Insert(siblings, at, x.start)
		return
	}
	if left != 0 {
		r := t.where[left]
		y := &t.runs[r]
		if left == y.end() && x.start == left+1 && right == y.right && y.hidden() == 0 {
			for range x.n {
				t.where = append(t.where, r)
			}
			t.change(r, func(y *run) { y.n += x.n })
			return
		}
		if left < y.end() {
			t.split(left + 1)
		}
	}
	siblings, stored := t.rights[left]
	if !stored {
		if c := t.onlyRight(left); c != 0 {
			siblings = []char{c}
		}
	}
	at := 0
	if len(siblings) > 0 {
		place := t.end(right)
		at, _ = slices.BinarySearchFunc(siblings, x.start, func(s, _ char) int {
			if p := t.end(t.rightOf(s)); p != place {
				if p > place {
					return -1
				}
				return 1
			}
			return t.compareKeys(s, x.start)
		})
	}
	if after := left; at == 0 && after == 0 {
		t.insertAfter(0, t.add(x))
	} else {
		if at > 0 {
			after = t.lastBelow(siblings[at-1])
		}
		t.insertAfter(t.where[after], t.add(x))
	}
	if len(siblings) == 0 && x.start == left+1 {
		return
	}
	if t.rights == nil {
		t.rights = map[char][]char{}
	}
	t.rights[left] = slices.Insert(siblings, at, x.start)
}

// end is the place of a right origin, the end of the document being the greatest.
func (t *Text) end(right char) uint32 {
	if right == 0 {
		return uint32(t.chars()) + 1
	}
	return t.order.place(right)
}

// onlyRight is the right child of a character whose right children are not stored: the next char, or none (0).
func (t *Text) onlyRight(c char) char {
	if n := c + 1; n <= t.chars() && t.leftOf(n) == c && !t.isLeft(n) {
		return n
	}
	return 0
}

// lastBelow is the last character of the subtree of c.
func (t *Text) lastBelow(c char) char {
	for {
		c = t.runs[t.where[c]].end()
		next := t.onlyRight(c)
		if s := t.rights[c]; len(s) > 0 {
			next = s[len(s)-1]
		}
		if next == 0 {
			return c
		}
		c = next
	}
}

func (t *Text) delete(by uint32, e *op.TextEdit) {
	if t.mark(e.At.Op, e.At.Offset, e.N, func(r *run) { r.deletions++ }) < e.N {
		if t.late == nil {
			t.late = map[op.ID][]deletion{}
		}
		t.late[e.At.Op] = append(t.late[e.At.Op], deletion{by, e.At.Offset, e.N})
	}
}

// mark changes the runs of the characters of an operation with offsets from from on, those that are here, and tells how
// many these are.
func (t *Text) mark(id op.ID, from, n uint32, f func(*run)) (marked uint32) {
	i, ok := t.find(&id)
	if !ok {
		return 0
	}
	o := &t.ops[i]
	one := func(p piece) {
		if a, b := max(from, p.offset), min(from+n, p.offset+p.n); a < b {
			t.markChars(p.base+char(a-p.offset), b-a, f)
			marked += b - a
		}
	}
	one(o.first)
	at, _ := slices.BinarySearchFunc(o.more, from, func(p piece, from uint32) int {
		if p.offset+p.n <= from {
			return -1
		}
		return 1
	})
	for ; at < len(o.more) && o.more[at].offset < from+n; at++ {
		one(o.more[at])
	}
	return marked
}

// markChars changes the runs of n successive chars, and splits those that reach beyond.
func (t *Text) markChars(c char, n uint32, f func(*run)) {
	end := c + char(n)
	t.split(c)
	for c < end {
		r := t.where[c]
		if t.runs[r].end() >= end {
			t.split(end)
			r = t.where[c]
		}
		next := t.runs[r].end() + 1
		t.change(r, f)
		c = next
	}
}
