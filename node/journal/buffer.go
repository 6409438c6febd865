package journal

import (
	"container/heap"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Bounds of the causal buffer, for each space and each peer who fills it, and over all peers.
const (
	MaxWaiting      = 4096
	MaxWaitingBytes = 4 << 20
	maxShares       = 8   // all peers together take at most so many times the bounds
	maxMissing      = 256 // ids that Missing gives at once
	deepFrom        = 2   // causes of causes of causes on: who waits for such has a long way to walk back
	needBytes       = 128 // what one missing cause takes, besides the operation that needs it
)

// buffer holds operations of one space until their causes come: n operations in any order cost O(n log n). What a peer sends
// is charged to its own share, so that nobody fills another's. A full share forgets its operation of the greatest clock, the
// furthest from being admitted, and asks for it again when there is room to ask.
type buffer struct {
	waiting map[op.ID]*waiter
	needs   map[op.ID]*need
	shares  []*share // ascending by peer
	bytes   int
	most    int // MaxWaiting, and what tests put in its place
	turn    int
	deep    []step.Addr // peers with needs of depth deepFrom among those that missing gave last
	steps   int         // counted work, for tests
}

// waiter is an operation with causes that are not admitted.
type waiter struct {
	op      *op.Operation
	share   *share
	missing int  // causes not admitted
	bytes   int  // charged
	at      int  // place in the share's heap
	gone    bool // admitted, refused or forgotten
}

// need is a cause that is not admitted, or a forgotten operation.
type need struct {
	id         op.ID
	share      *share
	waiters    []*waiter // those gone are still listed
	live       int       // waiters that are not gone
	depth      int       // how many causes were missed one after the other until this one was
	forgotten  bool      // asked for even if nobody waits for it
	listed     bool      // in the share's list: neither admitted nor waiting here
	prev, next *need
}

// share is one peer's part of the buffer.
type share struct {
	peer      step.Addr
	heap      byClock
	bytes     int
	forgotten int
	list      need // head of the ring of needs to ask for, those asked longest ago first
}

func newBuffer() buffer {
	return buffer{waiting: map[op.ID]*waiter{}, needs: map[op.ID]*need{}, most: MaxWaiting}
}

func (b *buffer) share(peer step.Addr) *share {
	i, ok := slices.BinarySearchFunc(b.shares, peer, func(s *share, p step.Addr) int { return int(int64(s.peer) - int64(p)) })
	if !ok {
		s := &share{peer: peer}
		s.list.prev, s.list.next = &s.list, &s.list
		b.shares = slices.Insert(b.shares, i, s)
	}
	return b.shares[i]
}

// add takes an operation in that waits for some causes. It calls forget for each operation that had to go, perhaps this one.
func (b *buffer) add(o *op.Operation, missing []op.ID, peer step.Addr, forget func(*waiter)) {
	s := b.share(peer)
	w := &waiter{op: o, share: s, missing: len(missing), bytes: len(o.Bytes) + needBytes*len(missing)}
	b.waiting[o.ID] = w
	depth := 0
	if n := b.needs[o.ID]; n != nil { // it need not be asked for while it waits here
		depth = n.depth + 1
		b.unlist(n)
		b.remember(n, false)
		b.tidy(n)
	}
	for _, id := range missing {
		b.steps++
		n := b.needs[id]
		if n == nil {
			n = &need{id: id, share: s}
			b.needs[id] = n
		}
		n.depth = max(n.depth, depth)
		if n.live++; len(n.waiters) > 2*n.live+8 {
			n.waiters = slices.DeleteFunc(n.waiters, func(w *waiter) bool { return w.gone })
		}
		n.waiters = append(n.waiters, w)
		if b.waiting[id] == nil {
			b.list(n)
		}
	}
	heap.Push(&s.heap, w)
	s.bytes += w.bytes
	b.bytes += w.bytes
	for len(s.heap) > b.most || s.bytes > MaxWaitingBytes {
		b.forget(s.heap[0], forget)
	}
	for len(b.waiting) > maxShares*b.most || b.bytes > maxShares*MaxWaitingBytes {
		b.forget(slices.MaxFunc(b.shares, func(x, y *share) int { return x.bytes - y.bytes }).heap[0], forget)
	}
}

// forget drops a waiting operation, which is to be asked for again.
func (b *buffer) forget(w *waiter, tell func(*waiter)) {
	b.drop(w)
	for i := range w.op.Deps {
		b.release(w.op.Deps[i])
	}
	if w.op.Seq > 1 {
		b.release(w.op.Prev)
	}
	n := b.needs[w.op.ID]
	if n == nil {
		n = &need{id: w.op.ID, share: w.share}
		b.needs[n.id] = n
	}
	b.remember(n, true)
	b.list(n)
	if s := n.share; s.forgotten > b.most {
		for old := s.list.next; old != &s.list; old = old.next {
			if old.forgotten && old != n {
				b.remember(old, false)
				b.tidy(old)
				break
			}
		}
	}
	tell(w)
}

// drop takes a waiting operation out, its needs apart.
func (b *buffer) drop(w *waiter) {
	w.gone = true
	delete(b.waiting, w.op.ID)
	heap.Remove(&w.share.heap, w.at)
	w.share.bytes -= w.bytes
	b.bytes -= w.bytes
}

// release says that one operation less waits for a cause.
func (b *buffer) release(id op.ID) {
	b.steps++
	if n := b.needs[id]; n != nil {
		n.live--
		b.tidy(n)
	}
}

// tidy forgets a need that nobody has.
func (b *buffer) tidy(n *need) {
	if n.live == 0 && !n.forgotten {
		b.unlist(n)
		delete(b.needs, n.id)
	}
}

func (b *buffer) remember(n *need, forgotten bool) {
	if n.forgotten != forgotten {
		n.forgotten = forgotten
		if forgotten {
			n.share.forgotten++
		} else {
			n.share.forgotten--
		}
	}
}

// admitted says that a cause is there. It appends the operations that are ready now.
func (b *buffer) admitted(id op.ID, ready []*op.Operation, from []step.Addr) ([]*op.Operation, []step.Addr) {
	n := b.needs[id]
	if n == nil {
		return ready, from
	}
	b.settled(n)
	for _, w := range n.waiters {
		b.steps++
		if w.gone {
			continue
		}
		if w.missing--; w.missing == 0 {
			b.drop(w)
			ready, from = append(ready, w.op), append(from, w.share.peer)
		}
	}
	return ready, from
}

// refused says that a cause will never be there. It appends the operations that are refused with it.
func (b *buffer) refused(id op.ID, fell []*op.Operation, from []step.Addr) ([]*op.Operation, []step.Addr) {
	n := b.needs[id]
	if n == nil {
		return fell, from
	}
	b.settled(n)
	for _, w := range n.waiters {
		b.steps++
		if w.gone {
			continue
		}
		b.drop(w)
		for i := range w.op.Deps {
			b.release(w.op.Deps[i])
		}
		if w.op.Seq > 1 {
			b.release(w.op.Prev)
		}
		fell, from = append(fell, w.op), append(from, w.share.peer)
	}
	return fell, from
}

// settled ends a need whose operation is admitted or refused.
func (b *buffer) settled(n *need) {
	b.unlist(n)
	b.remember(n, false)
	delete(b.needs, n.id)
}

// missing gives up to maxMissing ids to ask for, as many of each peer's share, those asked for longest ago first.
func (b *buffer) missing() (ids []op.ID) {
	left, askers := maxMissing, 0
	b.deep = b.deep[:0]
	for _, s := range b.shares {
		if s.list.next != &s.list {
			askers++
		}
	}
	for i := range b.shares {
		s := b.shares[(b.turn+i)%len(b.shares)]
		last := s.list.prev // what is asked for moves behind it
		if last == &s.list {
			continue
		}
		quota, deep := max(1, left/askers), false
		for askers--; quota > 0 && left > 0; {
			n := s.list.next
			ids = append(ids, n.id)
			quota, left = quota-1, left-1
			deep = deep || n.depth >= deepFrom
			b.unlist(n)
			b.list(n)
			if n == last {
				break
			}
		}
		if deep {
			b.deep = append(b.deep, s.peer)
		}
	}
	b.turn++
	return ids
}

func (b *buffer) list(n *need) {
	if !n.listed {
		end := n.share.list.prev
		n.prev, n.next = end, &n.share.list
		end.next, n.share.list.prev = n, n
		n.listed = true
	}
}

func (b *buffer) unlist(n *need) {
	if n.listed {
		n.prev.next, n.next.prev = n.next, n.prev
		n.prev, n.next, n.listed = nil, nil, false
	}
}

// byClock is a heap with the greatest clock on top; ties by id, so that nothing depends on the order of arrival.
type byClock []*waiter

func (h byClock) Len() int { return len(h) }
func (h byClock) Less(i, j int) bool {
	if h[i].op.Clock != h[j].op.Clock {
		return h[i].op.Clock > h[j].op.Clock
	}
	return h[i].op.ID.Compare(h[j].op.ID) > 0
}
func (h byClock) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}
func (h *byClock) Push(x any) {
	w := x.(*waiter)
	w.at = len(*h)
	*h = append(*h, w)
}
func (h *byClock) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return w
}
