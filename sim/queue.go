package sim

import "math/bits"

// entry is one thing to come: a key, a host, a kind and handles. It holds no pointer, so that the collector does not look
// at what is pending, and is 32 bytes, half a cache line.
type entry struct {
	at     int64 // with src and n: the Key
	src, n uint32
	to     uint32 // the host that it is for; 0 is the world
	arg    uint32 // by kind: a connection, a timer, a request
	ref    uint32 // by kind: a payload, a generation
	life   uint16 // of the host that it is for, modulo 2^16; stale otherwise
	kind   entryKind
	tag    uint8 // by kind: the lie told by a packet, from 1
}

func (e *entry) before(o *entry) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	if e.src != o.src {
		return e.src < o.src
	}
	return e.n < o.n
}

func (e *entry) compare(o *entry) int {
	if e.before(o) {
		return -1
	}
	if o.before(e) {
		return 1
	}
	return 0
}

const (
	digit      = 10 // bits of time a level of the wheel tells apart
	wheelSlots = 1 << digit
	levels     = (63 + digit - 1) / digit
	chunkSize  = 32 // entries
	slabChunks = 64
	direct     = 1 << 14 // a bucket of at most so many is sorted as it is
	directTop  = 2       // if its level is at most this, or one less where a wide one sends much of what comes soon to the heap
	narrowFor  = 64      // buckets of directTop, before one is tried whole again
	manyTies   = 2048
)

// queue gives entries in the order of their keys. It is a hierarchical wheel on time (a radix queue: what is far away lies
// in wide buckets that are dealt to narrower ones as time nears them). The bucket that is next is sorted into run; what is
// pushed into the time that run covers goes to a small heap beside it.
type queue struct {
	base int64 // the wheel's time: level and slot of an entry are those of the highest digit in which it differs
	edge int64 // run covers all before it
	size int

	run  []entry
	head int
	side []entry // a binary heap
	late entry   // the last taken from it

	aside  int // pushed to the heap since a bucket of directTop was run
	ran    int // what that one held
	narrow int // so many of them are yet to be dealt again rather than run

	wheel [levels]level
	ties  level // of the present instant, where they are many, dealt by sender
	dealt int   // how many lie there
	slabs []*[slabChunks]chunk
	next  []uint32 // chunk after chunk, 0 none; chunks are numbered from 1
	free  []uint32

	keys, spare []uint64 // for sorting
	sorted      []entry
}

type level struct {
	words uint32 // of used, those that are not 0
	used  [wheelSlots / 64]uint64
	slots [wheelSlots]bucket
}

type bucket struct{ first, last, size uint32 }

type chunk [chunkSize]entry

// push adds an entry, which must not lie before the last one popped.
func (q *queue) push(e *entry) {
	q.size++
	if e.at < q.edge {
		q.aside++
		q.pushSide(e)
		return
	}
	q.deal(e)
}

// pushPacket is push for a packet. Its fields come in registers and go straight to their place: to copy a struct that was
// just written in parts stalls the processor.
func (q *queue) pushPacket(at int64, src, n, to, arg, ref uint32, life uint16, tag uint8) {
	if at < q.edge {
		q.push(&entry{at, src, n, to, arg, ref, life, evPacket, tag})
		return
	}
	q.size++
	e := q.place(at)
	e.at, e.src, e.n, e.to, e.arg, e.ref, e.life, e.kind, e.tag = at, src, n, to, arg, ref, life, evPacket, tag
}

// deal puts an entry into the wheel.
func (q *queue) deal(e *entry) { *q.place(e.at) = *e }

// place makes room in the wheel.
func (q *queue) place(at int64) *entry {
	l := uint(bits.Len64(uint64(at^q.base))+digit-1) / digit
	if l > 0 {
		l--
	}
	return q.room(&q.wheel[l], uint(at>>(l*digit))%wheelSlots)
}

// room makes room in a bucket.
func (q *queue) room(lv *level, slot uint) *entry {
	b := &lv.slots[slot]
	at := b.size % chunkSize
	if at == 0 {
		c := q.chunk()
		if b.size == 0 {
			lv.used[slot/64] |= 1 << (slot % 64)
			lv.words |= 1 << (slot / 64)
			b.first = c
		} else {
			q.next[b.last] = c
		}
		b.last = c
	}
	b.size++
	c := b.last - 1
	return &q.slabs[c/slabChunks][c%slabChunks][at]
}

// chunk takes a chunk off the free list.
func (q *queue) chunk() uint32 {
	if n := len(q.free); n > 0 {
		c := q.free[n-1]
		q.free = q.free[:n-1]
		q.next[c] = 0
		return c
	}
	if len(q.next) == 0 {
		q.next = append(q.next, 0)
	}
	c := uint32(len(q.next))
	q.next = append(q.next, 0)
	if int(c-1)/slabChunks == len(q.slabs) {
		q.slabs = append(q.slabs, new([slabChunks]chunk))
	}
	return c
}

// pop takes the least entry out; nil where there is none. The entry stays in place until the next pop.
func (q *queue) pop() *entry {
	if q.head == len(q.run) && (len(q.side) == 0 || q.dealt > 0) && !q.advance() {
		return nil
	}
	q.size--
	if len(q.side) > 0 && (q.head == len(q.run) || q.side[0].before(&q.run[q.head])) {
		q.popSide(&q.late)
		return &q.late
	}
	q.head++
	return &q.run[q.head-1]
}

// advance makes the next bucket the run.
func (q *queue) advance() bool {
	if slot, ok := q.ties.first(); ok { // the rest of an instant that was too much for one run
		q.collect(q.ties.take(slot))
		q.dealt -= len(q.run)
		q.sortTies()
		return true
	}
	for {
		l, slot, ok := q.first()
		if !ok {
			return false
		}
		b := q.wheel[l].take(slot)
		q.base = int64(uint64(q.base)>>((l+1)*digit)<<((l+1)*digit) | uint64(slot)<<(l*digit))
		most, at, tied := q.instant(b)
		switch {
		case tied && b.size > manyTies:
			q.edge = at + 1
			shift := max(bits.Len32(most), digit) - digit
			q.redeal(b, func(e *entry) { *q.room(&q.ties, uint(e.src>>shift)) = *e })
			q.dealt = int(b.size)
			return q.advance()
		case tied:
			q.edge = at + 1
			q.collect(b)
			q.sortTies()
			return true
		case b.size <= direct && (l < directTop || l == directTop && q.wide(b.size)):
			q.collect(b)
			q.sortRun()
			q.edge = q.run[len(q.run)-1].at + 1
			return true
		}
		q.redeal(b, q.deal)
	}
}

// wide tells whether a bucket of directTop with so many entries is run as it is: not while the last one that was sent more
// to the heap than it held, as where links are shorter than it is wide.
func (q *queue) wide(entries uint32) bool {
	if q.narrow > 0 {
		q.narrow--
		return false
	}
	if q.aside > q.ran {
		q.narrow, q.aside = narrowFor, 0
		return false
	}
	q.aside, q.ran = 0, int(entries)
	return true
}

// redeal deals what a bucket holds again, in its order.
func (q *queue) redeal(b bucket, deal func(*entry)) {
	left := b.size
	for c := b.first; c != 0; {
		part := q.part(c, &left)
		for i := range part {
			deal(&part[i])
		}
		after := q.next[c] // only now is the chunk free: what was dealt must not have taken it
		q.free = append(q.free, c)
		c = after
	}
}

// first finds the bucket that is next in time: the lowest level that holds anything, and its first slot.
func (q *queue) first() (l, slot uint, ok bool) {
	for l := range q.wheel {
		if slot, ok := q.wheel[l].first(); ok {
			return uint(l), slot, true
		}
	}
	return 0, 0, false
}

func (l *level) first() (slot uint, ok bool) {
	if l.words == 0 {
		return 0, false
	}
	i := uint(bits.TrailingZeros32(l.words))
	return i*64 + uint(bits.TrailingZeros64(l.used[i%uint(len(l.used))])), true
}

// take empties a slot.
func (l *level) take(slot uint) bucket {
	b := l.slots[slot]
	l.slots[slot] = bucket{}
	if l.used[slot/64] &^= 1 << (slot % 64); l.used[slot/64] == 0 {
		l.words &^= 1 << (slot / 64)
	}
	return b
}

// part is what a chunk holds, given how many entries its bucket has left.
func (q *queue) part(c uint32, left *uint32) []entry {
	n := min(*left, chunkSize)
	*left -= n
	return q.slabs[(c-1)/slabChunks][(c-1)%slabChunks][:n]
}

// instant tells whether all entries of a bucket are of one instant, which, and the greatest sender.
func (q *queue) instant(b bucket) (most uint32, at int64, tied bool) {
	left := b.size
	at = q.slabs[(b.first-1)/slabChunks][(b.first-1)%slabChunks][0].at
	for c := b.first; c != 0; c = q.next[c] {
		part := q.part(c, &left)
		for i := range part {
			if part[i].at != at {
				return 0, 0, false
			}
			most = max(most, part[i].src)
		}
	}
	return most, at, true
}

// collect moves a bucket into run.
func (q *queue) collect(b bucket) {
	q.run, q.head = q.run[:0], 0
	left := b.size
	for c := b.first; c != 0; c = q.next[c] {
		q.run = append(q.run, q.part(c, &left)...)
		q.free = append(q.free, c)
	}
}
