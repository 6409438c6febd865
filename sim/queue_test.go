package sim

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The queue gives what a sort gives, whatever is pushed between pops: mass ties, far timers, the present instant.
func TestQueueIsASort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := &queue{}
		var model []entry
		var last entry
		n := map[uint32]uint32{}
		push := func(at int64, src uint32) {
			n[src]++
			e := entry{at: at, src: src, n: n[src]}
			if e.before(&last) { // what lies in the past cannot be pushed
				e.at++
			}
			q.push(&e)
			model = append(model, e)
		}
		t.Repeat(map[string]func(*rapid.T){
			"one": func(t *rapid.T) {
				width := rapid.IntRange(0, 55).Draw(t, "width")
				push(last.at+rapid.Int64Range(0, 1<<width).Draw(t, "after"), rapid.Uint32Range(0, 1<<22).Draw(t, "src"))
			},
			"ties": func(t *rapid.T) {
				at := last.at + rapid.SampledFrom([]int64{0, 1, 50e6, 1 << 30, 1<<40 + 1}).Draw(t, "after")
				step := rapid.SampledFrom([]uint32{1, 7, 4099}).Draw(t, "step")
				for i := range uint32(rapid.IntRange(1, 500).Draw(t, "many")) {
					push(at, i*step%1021)
				}
			},
			"mass": func(t *rapid.T) {
				at := last.at + rapid.SampledFrom([]int64{0, 50e6}).Draw(t, "after")
				senders := rapid.SampledFrom([]uint32{3, 1000, 100003}).Draw(t, "senders")
				for i := range uint32(manyTies + rapid.IntRange(1, 500).Draw(t, "many")) {
					push(at, i*2654435761%senders)
				}
			},
			"spread": func(t *rapid.T) {
				seed := rapid.Uint64().Draw(t, "seed")
				width := rapid.IntRange(1, 40).Draw(t, "width")
				r := rand.New(rand.NewPCG(seed, 0))
				for range rapid.IntRange(1, 500).Draw(t, "many") {
					push(last.at+r.Int64N(1<<width), r.Uint32N(100))
				}
			},
			"pop": func(t *rapid.T) {
				slices.SortFunc(model, func(a, b entry) int { return a.compare(&b) })
				for range min(len(model), rapid.IntRange(1, 700).Draw(t, "pops")) {
					got := q.pop()
					if got == nil || *got != model[0] {
						t.Fatalf("popped %+v, want %+v", got, model[0])
					}
					last, model = *got, model[1:]
				}
			},
			"": func(t *rapid.T) {
				if q.size != len(model) {
					t.Fatalf("size %d, want %d", q.size, len(model))
				}
			},
		})
	})
}

// TestQueueOfFullBuckets: buckets of about direct entries and more, of mixed instants with ties and of one, are sorted as well;
// what is pushed meanwhile into the time that they cover comes in its place, also once they are dealt again instead.
func TestQueueOfFullBuckets(t *testing.T) {
	for _, n := range []int{direct, direct + 1, 3 * direct} {
		for _, span := range []int64{1, 1 << 8, 1 << 20} {
			q, r := &queue{}, rand.New(rand.NewPCG(uint64(n), uint64(span)))
			push := func(at int64) { q.push(&entry{at: at, src: r.Uint32N(5000), n: uint32(q.size)}) }
			for i := range n {
				push(1<<40 + r.Int64N(span) + int64(i%3)<<21)
			}
			var last entry
			for i := 0; q.size > 0; i++ {
				e := *q.pop()
				if e.before(&last) {
					t.Fatalf("%d over %d: %+v comes after %+v", n, span, e, last)
				}
				if last = e; i < 4*n {
					push(e.at + 1 + r.Int64N(1<<12))
				}
			}
		}
	}
}

func TestQueueAtTheEndsOfTime(t *testing.T) {
	q := &queue{}
	for _, at := range []int64{1<<63 - 2, 0, 1 << 62, 1, 1<<63 - 2} {
		q.push(&entry{at: at, n: uint32(q.size)})
	}
	var got []int64
	for e := q.pop(); e != nil; e = q.pop() {
		got = append(got, e.at)
	}
	if want := []int64{0, 1, 1 << 62, 1<<63 - 2, 1<<63 - 2}; !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
}

// BenchmarkQueueHold pops one and pushes one 50 ms later with 0-20 % jitter, or none.
func BenchmarkQueueHold(b *testing.B) {
	for _, pending := range []int{1e4, 1e5, 1e6} {
		for _, jitter := range []int64{10e6, 0} {
			name := strconv.Itoa(pending) + "/jitter"
			if jitter == 0 {
				name = strconv.Itoa(pending) + "/ties"
			}
			b.Run(name, func(b *testing.B) {
				q := &queue{}
				x := uint64(1)
				rnd := func() uint64 { x ^= x << 13; x ^= x >> 7; x ^= x << 17; return x }
				delay := func() int64 { return 50e6 + int64(rnd()%uint64(jitter+1)) }
				for i := range pending {
					q.push(&entry{at: delay(), src: uint32(rnd() % 100000), n: uint32(i)})
				}
				for i := range pending * 3 {
					e := *q.pop()
					e.at, e.src, e.n = e.at+delay(), uint32(rnd()%100000), uint32(i)
					q.push(&e)
				}
				b.ResetTimer()
				b.ReportAllocs()
				for i := range b.N {
					e := *q.pop()
					e.at, e.src, e.n = e.at+delay(), uint32(rnd()%100000), uint32(pending*4+i)
					q.push(&e)
				}
			})
		}
	}
}

type naive []*entry

func (h naive) Len() int           { return len(h) }
func (h naive) Less(i, j int) bool { return h[i].before(h[j]) }
func (h naive) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *naive) Push(x any)        { *h = append(*h, x.(*entry)) }
func (h *naive) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

// BenchmarkQueueNaive is container/heap on pointers, for comparison.
func BenchmarkQueueNaive(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	h := &naive{}
	for i := range 100000 {
		heap.Push(h, &entry{at: r.Int64N(int64(10 * time.Millisecond)), n: uint32(i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		e := heap.Pop(h).(*entry)
		heap.Push(h, &entry{at: e.at + 50e6 + r.Int64N(10e6), n: e.n})
	}
}
