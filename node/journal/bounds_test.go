package journal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// waits is an operation that follows nobody knows what.
func waits(w *writer, space op.SpaceID, seq uint64, causes ...op.ID) *op.Operation {
	return w.write(op.SendMessage, nil, nil, func(h *op.Header) {
		h.Space, h.Clock, h.Incarnation, h.Deps = space, 2, uint64(w.n), causes
		if h.Seq = seq; seq > 1 {
			h.Prev, h.Identity, h.Certificate = op.ID{9, byte(w.n)}, op.Key{}, [64]byte{}
		}
	})
}

// TestAllShares: all shares together are bounded as well, and what is dropped is of whoever takes the most.
func TestAllShares(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	b, w := &h.l.buffer, newWriter(store, 1)
	b.most = 2
	const greedy = 5
	fell := map[step.Addr]int{}
	for peer := step.Addr(1); peer <= maxShares+4; peer++ {
		for range b.most {
			causes := []op.ID{{1, byte(w.n)}}
			for n := range byte(12) {
				if peer == greedy {
					causes = append(causes, op.ID{2, byte(w.n), n})
				}
			}
			b.add(waits(w, h.l.ID, 1, causes...), causes, peer, func(w *waiter) { fell[w.share.peer]++ })
		}
	}
	if len(b.waiting) != maxShares*b.most || fell[greedy] != b.most {
		t.Errorf("%d wait, and %v fell", len(b.waiting), fell)
	}
}

// TestForgotten: nobody asks for what only a forgotten operation waited for; it is asked for itself, unless too many are.
func TestForgotten(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	b, w := &h.l.buffer, newWriter(store, 1)
	b.most = 2
	var gone []op.ID
	for n := range 3 {
		o := waits(w, h.l.ID, 2, op.ID{1, byte(n)})
		b.add(o, []op.ID{o.Prev, o.Deps[0]}, 1, nil)
		b.forget(b.waiting[o.ID], func(*waiter) {})
		gone = append(gone, o.ID)
		if b.needs[o.Prev] != nil || b.needs[o.Deps[0]] != nil {
			t.Errorf("causes of a forgotten operation are asked for")
		}
		want := gone[max(0, len(gone)-b.most):]
		if got := b.missing(); !slices.Equal(got, want) {
			t.Errorf("asked for %x, want %x", got, want)
		}
	}
}

// TestMissingOfMany: however many peers have something to be asked for, the ids are not more than maxMissing.
func TestMissingOfMany(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	b, w := &h.l.buffer, newWriter(store, 1)
	for peer := range step.Addr(maxMissing + 8) {
		cause := op.ID{1, byte(peer), byte(peer >> 8)}
		b.add(waits(w, h.l.ID, 1, cause), []op.ID{cause}, peer+1, nil)
	}
	if n := len(b.missing()); n != maxMissing || len(b.deep) != 0 {
		t.Errorf("%d ids are asked for, want %d; %d are far behind", n, maxMissing, len(b.deep))
	}
}

// TestDeep: a chain of operations that wait for each other is long enough to be far behind from deepFrom on.
func TestDeep(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	b, w := &h.l.buffer, newWriter(store, 1)
	o := waits(w, h.l.ID, 1, op.ID{1})
	chain := []*op.Operation{o}
	for range deepFrom {
		o = w.write(op.SendMessage, o, nil, nil)
		chain = append(chain, o)
	}
	for n, o := range slices.Backward(chain) {
		cause := op.ID{1}
		if n > 0 {
			cause = o.Prev
		}
		b.add(o, []op.ID{cause}, 7, nil)
		b.missing()
		if deep := len(chain)-1-n >= deepFrom; (len(b.deep) == 1) != deep {
			t.Errorf("%d wait: far behind %t", len(chain)-n, !deep)
		}
	}
}

func TestForkedChain(t *testing.T) {
	if got := (&chain{bySeq: make([]uint32, 5), fork: 3}).sure(); got != 2 {
		t.Errorf("a chain that forks at 3 is sure up to %d", got)
	}
	if got := (&chain{bySeq: make([]uint32, 5)}).sure(); got != 5 {
		t.Errorf("a chain of 5 is sure up to %d", got)
	}
	store := op.NewStore(1 << 20)
	h, w := newHost(t, store, 100), newWriter(store, 1)
	first := w.next(op.SendMessage, h.l.Entries[0].Op)
	for _, o := range []*op.Operation{first, w.write(op.SendMessage, first, nil, nil), w.write(op.SendMessage, first, nil, nil)} {
		h.receive(1, o)
	}
	e, _ := h.l.Get(first.ID)
	for seq, want := range map[uint64]int{0: 3, 1: 3, 2: 2, 3: 0} {
		if got := h.l.Branches(e.Chain, seq); len(got) != want {
			t.Errorf("from %d on it has %d operations, want %d", seq, len(got), want)
		}
	}
}

// TestDurableBehindACommit: while an own operation is on its way to the disk, nothing from it on is called durable; what was
// is not asked about in the next life.
func TestDurableBehindACommit(t *testing.T) {
	h := newHost(t, op.NewStore(1<<20), 100)
	write := func() {
		if _, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out); err != nil {
			t.Fatal(err)
		}
		h.effects()
	}
	undurable := func() int {
		h.boot()
		n := len(h.j.Undurable(&h.out))
		if h.effects(); len(h.asked) != min(n, 1) || n > 0 && !h.asked[0].Strict {
			t.Errorf("%d operations may lack receipts, and %d commits are on the way", n, len(h.asked))
		}
		h.idle()
		return n
	}
	write()
	h.j.Durable(nil)
	h.idle()
	write()
	h.idle()
	if len(h.l.own.pending) != 0 {
		t.Errorf("%d own operations are pending though all are saved", len(h.l.own.pending))
	}
	if n := undurable(); n != 2 {
		t.Errorf("%d operations may lack receipts, want 2", n)
	}
	h.j.Durable(nil)
	write() // which takes the mark along
	h.idle()
	if n := undurable(); n != 1 {
		t.Errorf("%d operations may lack receipts, want the last", n)
	}
}

// TestRecoveredNote: what the disk gave is noted; an operation that lies there twice does not end the reading.
func TestRecoveredNote(t *testing.T) {
	store := op.NewStore(1 << 20)
	for _, c := range []struct {
		good, damaged int
		twice         bool
		want          string
	}{{0, 0, false, ""}, {2, 0, false, "2"}, {2, 0, true, "3"}, {1, 1, false, "1 damaged"}, {0, 1, false, "0 damaged"}} {
		h, w := newHost(t, store, 100), newWriter(store, 1)
		place := uint32(0)
		put := func(o *op.Operation) {
			place++
			r := record(o.Space, place, o)
			h.disk[r.Key] = r.Value
		}
		for n := range c.good {
			o := w.next(op.SendMessage, h.l.Entries[0].Op)
			if put(o); c.twice && n == 0 {
				put(o)
			}
		}
		for n := range c.damaged {
			h.disk[fmt.Sprintf("op/%08x/%010d", n, 100+n)] = []byte("torn")
		}
		var got string
		h.j = New(Config{Store: store}, laxJudge{}, h.who)
		h.l, _ = h.j.Found(testGenesis())
		boot := &step.Boot{Life: 2}
		for k, v := range h.disk {
			boot.Disk = append(boot.Disk, step.Record{Key: k, Value: v})
		}
		slices.SortFunc(boot.Disk, func(a, b step.Record) int { return strings.Compare(a.Key, b.Key) })
		h.j.Boot(boot, &h.out)
		for _, e := range h.out.List {
			if n, ok := e.(*step.Note); ok && n.Kind == step.NoteRecovered {
				if got = fmt.Sprint(n.N); n.Text != "" {
					got += " damaged"
				}
			}
		}
		if got != c.want || h.l.Count() != 1+c.good {
			t.Errorf("%+v: it notes %q and holds %d", c, got, h.l.Count())
		}
	}
}

func TestFound(t *testing.T) {
	store := op.NewStore(1 << 20)
	genesis, err := store.Open(testGenesis())
	if err != nil {
		t.Fatal(err)
	}
	other := newWriter(store, 1).write(op.SendMessage, nil, []*op.Operation{genesis}, func(h *op.Header) { h.Clock = 1 })
	j := New(Config{Store: store}, laxJudge{}, newPerson(1))
	if _, err := j.Found(other.Bytes); !errors.Is(err, ErrGenesis) {
		t.Errorf("a message founds a space: %v", err)
	}
}

// TestCosts: what a host does is charged, beside what was charged before.
func TestCosts(t *testing.T) {
	store := op.NewStore(1 << 20)
	h, w := newHost(t, store, 100), newWriter(store, 1)
	o := w.next(op.SendMessage, h.l.Entries[0].Op)
	cost := func(f func()) time.Duration {
		h.out.Cost = time.Second
		f()
		defer h.effects()
		return h.out.Cost - time.Second
	}
	if got := cost(func() { h.j.Receive(1, o.Bytes, &h.out) }); got < op.OpenCost(len(o.Bytes), true)+op.CostLookup+op.CostAdmit {
		t.Errorf("a new operation costs %v", got)
	}
	if got := cost(func() { h.j.Receive(1, o.Bytes, &h.out) }); got != op.CostLookup {
		t.Errorf("a known operation costs %v", got)
	}
	elsewhere := w.write(op.SendMessage, nil, nil, func(h *op.Header) { h.Space, h.Clock = op.SpaceID{9}, 2 })
	if got := cost(func() { h.j.Receive(1, elsewhere.Bytes, &h.out) }); got != op.CostLookup+op.OpenCost(len(elsewhere.Bytes), true) || h.l.Count() != 2 {
		t.Errorf("an operation of another space costs %v, and %d are held", got, h.l.Count())
	}
	if got := cost(func() { h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out) }); got < op.CostSign+op.CostHashKB {
		t.Errorf("an own operation costs %v", got)
	}
}

func TestQueues(t *testing.T) {
	store := op.NewStore(1 << 20)
	h, w := newHost(t, store, 100), newWriter(store, 1)
	h.receive(1, waits(w, h.l.ID, 1, op.ID{1}))
	s := h.l.ID.String()[:8]
	want := fmt.Sprintf("journal.waiting.%s 1 %d\njournal.waiting-bytes.%s %d %d\njournal.missing.%s 1 -\njournal.refused.%s 0 %d\njournal.pending.%s 0 -\njournal.unsaved 0 -\njournal.commits 0 -\n",
		s, maxShares*MaxWaiting, s, h.l.buffer.bytes, maxShares*MaxWaitingBytes, s, s, maxRefused, s)
	if got := h.j.Queues(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestSinceForks: tips name every chain, and what a peer without any is sent is all of it, both branches of a fork too, causes
// first; or as many as it may be, those that are not forked before.
func TestSinceForks(t *testing.T) {
	store := op.NewStore(1 << 20)
	h, liar, honest := newHost(t, store, 100), newWriter(store, 1), newWriter(store, 2)
	first := liar.next(op.SendMessage, h.l.Entries[0].Op)
	one, other := liar.write(op.SendMessage, first, nil, nil), liar.write(op.SendMessage, first, nil, nil)
	late := honest.next(op.SendMessage, one)
	for _, o := range []*op.Operation{first, one, other, late} {
		h.receive(1, o)
	}
	if tips := h.l.Tips(); len(tips) != 3 {
		t.Errorf("tips %v", tips)
	}
	index := func(list []*Entry) (all []uint32) {
		for _, e := range list {
			all = append(all, e.Index)
		}
		return all
	}
	for most, want := range map[int][]uint32{10: {0, 1, 2, 3, 4}, 4: {0, 1, 2, 4}, 3: {0, 1, 4}, 1: {0}} {
		if got := index(h.l.Since(nil, most, 1<<20)); !slices.Equal(got, want) {
			t.Errorf("up to %d: %v, want %v", most, got, want)
		}
	}
}
