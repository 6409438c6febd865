package rights

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// chat gives a player's journal with a long chain of writes.
func chat(t testing.TB) (*player, *journal.Entry) {
	g := &stage{store: op.NewStore(1 << 22), names: map[op.ID]string{}, ops: map[string]*op.Operation{}}
	g.found("ann owner\nbob admin\ncat member")
	p := g.player("cat")
	for range 200 {
		p.last = g.sign(p, "w", g.draft("write", nil, ""), p.last)
		g.receive(p, p.last.Bytes)
	}
	return p, p.log.Entries[len(p.log.Entries)-1]
}

// TestJudgingIsFree: judging a plain write allocates nothing, since a node judges each operation that it is sent.
func TestJudgingIsFree(t *testing.T) {
	p, e := chat(t)
	if n := testing.AllocsPerRun(100, func() { p.rights.Judge(p.log, e) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	p, e := chat(b)
	for b.Loop() {
		p.rights.Judge(p.log, e)
	}
}

// BenchmarkAdmitted takes a log of 200 writes in.
func BenchmarkAdmitted(b *testing.B) {
	p, _ := chat(b)
	b.ReportAllocs()
	for b.Loop() {
		r := New()
		for _, e := range p.log.Entries {
			r.Admitted(p.log, e)
		}
	}
}
