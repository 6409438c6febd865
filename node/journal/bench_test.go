package journal

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// benchOps is a history of some authors who each follow what they saw.
func benchOps(t testing.TB, store *op.Store, authors, n int) (all []*op.Operation) {
	genesis, err := store.Open(testGenesis())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	all = append(all, genesis)
	writers := make([]*writer, authors)
	for i := range writers {
		writers[i] = newWriter(store, uint64(i+1))
	}
	for range n {
		w := writers[rng.IntN(authors)]
		deps := []*op.Operation{all[max(0, len(all)-1-rng.IntN(20))], all[max(0, len(all)-1-rng.IntN(20))]}
		all = append(all, w.next(op.SendMessage, deps...))
	}
	return all[1:]
}

func BenchmarkReceiveAgain(b *testing.B) {
	store := op.NewStore(64 << 20)
	all := benchOps(b, store, 100, 1000)
	h := newHost(b, store, 1000)
	for _, o := range all {
		h.receive(1, o)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h.j.Receive(1, all[i%len(all)].Bytes, &h.out)
		if i++; i%64 == 0 {
			h.out.Reset()
		}
	}
}

// BenchmarkReceiveFirst is one operation's first sight at a node whose process has seen it.
func BenchmarkReceiveFirst(b *testing.B) {
	store := op.NewStore(64 << 20)
	all := benchOps(b, store, 100, 1000)
	var before, after runtime.MemStats
	b.ReportAllocs()
	var kept []*Journal
	for i := 0; i < b.N; {
		b.StopTimer()
		if len(kept) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		j := New(Config{Store: store}, laxJudge{}, newPerson(1000))
		if _, err := j.Found(testGenesis()); err != nil {
			b.Fatal(err)
		}
		var out step.Effects
		j.Boot(&step.Boot{}, &out)
		b.StartTimer()
		for _, o := range all {
			if i++; len(j.Receive(1, o.Bytes, &out)) != 1 {
				b.Fatal("not admitted")
			}
			out.Reset()
		}
		j.disk.todo = nil
		if kept = append(kept, j); len(kept) == 50 {
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(int64(after.HeapAlloc-before.HeapAlloc))/float64(50*len(all)), "B/kept")
			runtime.KeepAlive(kept)
			kept = nil
			b.StartTimer()
		}
	}
}

func BenchmarkHeads(b *testing.B) {
	store := op.NewStore(64 << 20)
	all := benchOps(b, store, 100, 1000)
	h := newHost(b, store, 1000)
	for _, o := range all {
		h.receive(1, o)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.l.stale = true
		h.l.HeadsDigest()
	}
}

func BenchmarkRecover(b *testing.B) {
	store := op.NewStore(64 << 20)
	all := benchOps(b, store, 100, 1000)
	h := newHost(b, store, 1000)
	for _, o := range all {
		h.receive(1, o)
	}
	h.j.Flush(true, &h.out)
	h.effects()
	h.idle()
	b.ReportAllocs()
	for b.Loop() {
		h.boot()
	}
	if h.l.Count() != len(all)+1 {
		b.Fatal("not recovered")
	}
}
