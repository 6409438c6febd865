package bench

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// Naive is the loop that one writes first: container/heap of pointers to closures, a map of seen hashes at every host, and
// nothing of a digest, a ledger or faults but the loss.
func Naive(hosts int) Row {
	peers := Peers(hosts)
	r := rand.New(rand.NewPCG(2, 2))
	seen := make([]map[[32]byte]bool, hosts)
	for i := range seen {
		seen[i] = map[[32]byte]bool{}
	}
	var (
		q     eventHeap
		now   time.Duration
		seq   uint64
		first int64
		row   = Row{Tool: "container/heap", Workload: "jitter", Hosts: hosts}
	)
	at := func(d time.Duration, f func()) {
		seq++
		heap.Push(&q, &event{now + d, seq, f})
	}
	var receive func(host, from int32, msg []byte)
	send := func(from, to int32, msg []byte) {
		if r.Float64() < Loss {
			return
		}
		at(Latency+time.Duration(r.Int64N(int64(Jitter))), func() { receive(to, from, msg) })
	}
	receive = func(host, from int32, msg []byte) {
		row.Deliveries++
		id := sha256.Sum256(msg)
		if seen[host][id] {
			return
		}
		seen[host][id] = true
		first++
		for _, p := range peers[host] {
			if p != from {
				send(host, p, msg)
			}
		}
	}
	m := startMeter()
	for !m.spent() {
		msg := make([]byte, Size)
		binary.BigEndian.PutUint64(msg, uint64(row.Broadcasts))
		row.Broadcasts++
		origin := r.Int32N(int32(hosts))
		seen[origin][sha256.Sum256(msg)] = true
		for _, p := range peers[origin] {
			send(origin, p, msg)
		}
		for len(q) > 0 {
			e := heap.Pop(&q).(*event)
			now = e.at
			e.do()
		}
		m.sample()
	}
	row.Reached = float64(first)
	m.fill(&row, time.Since(m.wall))
	return row
}

type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

type eventHeap []*event

func (q eventHeap) Len() int { return len(q) }
func (q eventHeap) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventHeap) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventHeap) Push(x any)   { *q = append(*q, x.(*event)) }
func (q *eventHeap) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
