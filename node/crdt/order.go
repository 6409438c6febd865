package crdt

// order keeps the runs of a text in sequence: a treap whose priorities are hashes of the run's number, so that its shape
// is that of chance and yet the same in every replay. Number 0 is no run.
type order struct {
	runs  []run
	where []uint32 // the run of each char
	root  uint32
}

// run is a range of chars that stand together, were inserted one after the other (each but the first between the one
// before and the same right origin), and are shown or hidden together. Only the last may have children other than the
// next in line.
type run struct {
	start       char
	n           uint32
	left, right char // origins of the first; right is that of all
	deletions   uint32
	flags       uint8

	up, low, high uint32 // parent, children
	shown, all    uint32 // chars in the subtree
}

const (
	isVoid uint8 = 1 << iota // inserted by a void operation
	isAway                   // not in the version that is looked at
	onLeft                   // the first is a left child
)

// hidden is zero where the run is visible.
func (r *run) hidden() uint32 { return r.deletions | uint32(r.flags&(isVoid|isAway)) }

func (r *run) end() char { return r.start + char(r.n) - 1 }

func (r *run) visible() uint32 {
	if r.hidden() != 0 {
		return 0
	}
	return r.n
}

func (o *order) visible() uint32 {
	if o.root == 0 {
		return 0
	}
	return o.runs[o.root].shown
}

// chars is how many chars there are, hidden ones too.
func (o *order) chars() char { return char(max(1, len(o.where)) - 1) }

func (o *order) firstRun() uint32 {
	r := o.root
	for r != 0 && o.runs[r].low != 0 {
		r = o.runs[r].low
	}
	return r
}

func (o *order) next(r uint32) uint32 {
	if h := o.runs[r].high; h != 0 {
		for r = h; o.runs[r].low != 0; {
			r = o.runs[r].low
		}
		return r
	}
	for {
		p := o.runs[r].up
		if p == 0 || o.runs[p].low == r {
			return p
		}
		r = p
	}
}

// place is how many chars, hidden ones too, stand before c.
func (o *order) place(c char) uint32 {
	r := o.where[c]
	n := uint32(c - o.runs[r].start)
	if l := o.runs[r].low; l != 0 {
		n += o.runs[l].all
	}
	for p := o.runs[r].up; p != 0; r, p = p, o.runs[p].up {
		if o.runs[p].high == r {
			n += o.runs[p].n
			if l := o.runs[p].low; l != 0 {
				n += o.runs[l].all
			}
		}
	}
	return n
}

// at is the visible char at a position, which must exist.
func (o *order) at(position uint32) char {
	for r := o.root; ; {
		x := &o.runs[r]
		if l := x.low; l != 0 {
			if position < o.runs[l].shown {
				r = l
				continue
			}
			position -= o.runs[l].shown
		}
		if v := x.visible(); position < v {
			return x.start + char(position)
		} else {
			position -= v
		}
		r = x.high
	}
}

// leftOf is the left origin of a char.
func (o *order) leftOf(c char) char {
	if r := &o.runs[o.where[c]]; c == r.start {
		return r.left
	}
	return c - 1
}

func (o *order) rightOf(c char) char { return o.runs[o.where[c]].right }

func (o *order) isLeft(c char) bool {
	r := &o.runs[o.where[c]]
	return c == r.start && r.flags&onLeft != 0
}

// add gives a new run its number; where is extended if its chars are new.
func (o *order) add(x run) uint32 {
	if len(o.runs) == 0 {
		o.runs, o.where = append(o.runs, run{}), append(o.where, 0)
	}
	r := uint32(len(o.runs))
	o.runs = append(o.runs, x)
	for range int(x.start) + int(x.n) - len(o.where) {
		o.where = append(o.where, r)
	}
	return r
}

// insertAfter puts a new run behind another, 0 being the start.
func (o *order) insertAfter(at, r uint32) {
	switch {
	case o.root == 0:
		o.root = r
	case at == 0:
		at = o.firstRun()
		o.runs[at].low = r
	case o.runs[at].high == 0:
		o.runs[at].high = r
	default:
		at = o.next(at)
		o.runs[at].low = r
	}
	o.settle(at, r)
}

// insertBefore puts a new run before another.
func (o *order) insertBefore(at, r uint32) {
	if l := o.runs[at].low; l == 0 {
		o.runs[at].low = r
	} else {
		for at = l; o.runs[at].high != 0; {
			at = o.runs[at].high
		}
		o.runs[at].high = r
	}
	o.settle(at, r)
}

// settle counts a new leaf and rotates it up to where its priority belongs.
func (o *order) settle(at, r uint32) {
	x := &o.runs[r]
	x.up, x.shown, x.all = at, x.visible(), x.n
	for p := at; p != 0; p = o.runs[p].up {
		o.runs[p].shown += x.shown
		o.runs[p].all += x.all
	}
	for x.up != 0 && priority(r) > priority(x.up) {
		o.rotate(r)
	}
}

func (o *order) rotate(r uint32) {
	x := &o.runs[r]
	p := x.up
	y := &o.runs[p]
	var moved uint32
	if y.low == r {
		moved = x.high
		y.low, x.high = moved, p
	} else {
		moved = x.low
		y.high, x.low = moved, p
	}
	if moved != 0 {
		o.runs[moved].up = p
	}
	x.up, y.up = y.up, r
	switch g := x.up; {
	case g == 0:
		o.root = r
	case o.runs[g].low == p:
		o.runs[g].low = r
	default:
		o.runs[g].high = r
	}
	x.shown, x.all = y.shown, y.all
	o.sum(y)
}

func (o *order) sum(x *run) {
	x.shown, x.all = x.visible(), x.n
	if l := x.low; l != 0 {
		x.shown, x.all = x.shown+o.runs[l].shown, x.all+o.runs[l].all
	}
	if h := x.high; h != 0 {
		x.shown, x.all = x.shown+o.runs[h].shown, x.all+o.runs[h].all
	}
}

// change alters whether, or how many of, a run's chars are visible, and keeps the sums.
func (o *order) change(r uint32, f func(*run)) {
	x := &o.runs[r]
	v, n := x.visible(), x.n
	f(x)
	v, n = x.visible()-v, x.n-n
	if v|n == 0 {
		return
	}
	for ; r != 0; r = o.runs[r].up {
		o.runs[r].shown += v
		o.runs[r].all += n
	}
}

// split parts a run before c, so that c begins a run; the longer part keeps its number, so that a char changes its run at
// most log n times.
func (o *order) split(c char) {
	r := o.where[c]
	x := o.runs[r]
	if c == x.start {
		return
	}
	head, tail := x, x
	head.n = uint32(c - x.start)
	tail.start, tail.n, tail.left, tail.flags = c, x.n-head.n, c-1, x.flags&^onLeft
	part, keep := &head, &tail
	if head.n > tail.n {
		part, keep = &tail, &head
	}
	o.change(r, func(x *run) { x.start, x.n, x.left, x.flags = keep.start, keep.n, keep.left, keep.flags })
	part.low, part.high = 0, 0
	q := o.add(*part)
	for k := range part.n {
		o.where[part.start+char(k)] = q
	}
	if part == &head {
		o.insertBefore(r, q)
	} else {
		o.insertAfter(r, q)
	}
}

// priority is a hash (splitmix64's finish) of the number.
func priority(r uint32) uint32 {
	z := uint64(r) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return uint32(z>>32) ^ uint32(z)
}
