package graph

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// chat is a day of a space: messages in channels, each with a text, some edited, some with reactions, and a shared text.
func chat(n int) []signed {
	authors := make([]*author, 20)
	for i := range authors {
		authors[i] = newAuthor(i + 1)
	}
	var ops []signed
	clock := uint64(0)
	write := func(i int, ms ...op.Mutation) op.ID {
		a := authors[i%len(authors)]
		a.clock, a.graph = clock, New(func(*op.Operation) bool { return false })
		s := a.write(op.SendMessage, ms...)
		clock++
		ops = append(ops, s)
		return s.op.ID
	}
	value := func(s string) cbor.RawMessage { return appendText(nil, s) }
	channel := op.ElementOf(write(0, op.Mutation{Code: op.CreateNode, Type: "channel"}, op.Mutation{Code: op.CreateNode, Type: "doc"}), 0)
	doc := channel
	doc[32] = 1
	last, anchor := channel, op.Anchor{Nil: true}
	for i := 1; i < n; i++ {
		switch i % 10 {
		case 1:
			write(i, op.Mutation{Code: op.Register, Element: last, Prop: "text", Value: value("as it was meant")})
		case 2:
			write(i, op.Mutation{Code: op.SetAdd, Element: last, Prop: "reactions", Value: value("+1")})
		case 3, 4:
			id := write(i, op.Mutation{Code: op.Text, Element: doc, Prop: "body", Edits: []op.TextEdit{{Insert: true, Left: anchor, Right: op.Anchor{Nil: true}, Text: "word ", N: 5}}})
			anchor = op.Anchor{Op: id, Offset: 4}
		default:
			last = op.ElementOf(write(i,
				op.Mutation{Code: op.CreateNode, Type: "message"},
				op.Mutation{Code: op.CreateRelation, Type: "in", From: op.Own(0), To: channel},
				op.Mutation{Code: op.Register, Element: op.Own(0), Prop: "text", Value: value(fmt.Sprint("message number ", i, " of many"))}), 0)
		}
	}
	return ops
}

// TestCost: what a thousand nodes of one process pay for each operation, above the operation itself.
func TestCost(t *testing.T) {
	const nodes, n = 100, 1000
	ops := chat(n)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	graphs := make([]*Graph, nodes)
	for i := range graphs {
		graphs[i] = New(all)
		for _, s := range ops {
			graphs[i].Apply(s.op, s.author, false)
		}
		graphs[i].Drain()
	}
	each := (heap() - before) / (nodes * n)
	for _, g := range graphs {
		g.State()
	}
	with := (heap() - before) / (nodes * n)
	t.Logf("%d B an operation, %d B with the canonical state of %d B", each, with, len(graphs[0].State()))
	if each > 500 {
		t.Errorf("%d B an operation, want at most 500", each)
	}
	runtime.KeepAlive(graphs)
}

func BenchmarkApply(b *testing.B) {
	ops := chat(1000)
	b.ReportAllocs()
	for b.Loop() {
		g := New(all)
		for _, s := range ops {
			g.Apply(s.op, s.author, false)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ops)), "ns/op-applied")
}

func BenchmarkState(b *testing.B) {
	ops := chat(1000)
	g := New(all)
	for _, s := range ops {
		g.Apply(s.op, s.author, false)
	}
	g.State()
	b.Run("one changed", func(b *testing.B) {
		for b.Loop() {
			g.touch(uint32(len(g.elements) / 2))
			g.State()
		}
	})
	b.Run("all changed", func(b *testing.B) {
		for b.Loop() {
			for e := range g.elements {
				g.touch(uint32(e))
			}
			g.State()
		}
	})
}
