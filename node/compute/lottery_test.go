package compute

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// lot is a log of offers made by hand, each after all before it, and a task at its end.
func lot(devices int, made []int, consents []bool) (*journal.Log, *offers, []op.Key) {
	l := &journal.Log{}
	var keys []op.Key
	for i := range devices {
		keys = append(keys, sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))))
	}
	o := &offers{}
	for i, d := range made {
		e := &journal.Entry{Index: uint32(i), Op: &op.Operation{Header: op.Header{Device: keys[d], Clock: uint64(i + 1)}, ID: op.ID{byte(i)}}}
		if i > 0 {
			e.Causes = []uint32{uint32(i - 1)}
		}
		l.Entries = append(l.Entries, e)
		o.add(l, e, consents[i])
	}
	return l, o, keys
}

// TestLottery: the quick test of one device agrees with the rule written out: the last offer of each device in the past
// counts, and the first k by SHA-256("lgos-lottery-1" || task || device) win.
func TestLottery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const devices = 8
		made := rapid.SliceOfN(rapid.IntRange(0, devices-1), 0, 20).Draw(t, "offers")
		consents := rapid.SliceOfN(rapid.Bool(), len(made), len(made)).Draw(t, "consents")
		l, o, keys := lot(devices, made, consents)
		hidden := map[uint32]bool{} // void, or not in the past
		for i := range made {
			hidden[uint32(i)] = rapid.IntRange(0, 3).Draw(t, "hidden") == 0
		}
		in := func(i uint32) bool { return !hidden[i] }
		task, requester, k := op.ID{7}, keys[0], rapid.IntRange(1, 5).Draw(t, "k")

		last := map[op.Key]bool{}
		for i, d := range made {
			if !hidden[uint32(i)] {
				last[keys[d]] = consents[i]
			}
		}
		var want []op.Key
		for _, d := range keys {
			if last[d] && d != requester {
				want = append(want, d)
			}
		}
		rank := func(d op.Key) [32]byte {
			return sha256.Sum256([]byte("lgos-lottery-1" + string(task[:]) + string(d[:])))
		}
		slices.SortFunc(want, func(a, b op.Key) int {
			x, y := rank(a), rank(b)
			return op.Key(x).Compare(op.Key(y))
		})
		want = want[:min(k, len(want))]
		if got := drawn(task, o.candidates(l, requester, in), k); !slices.Equal(got, want) {
			t.Fatalf("drawn %v, by the rule %v", got, want)
		}
		for _, d := range keys[1:] {
			if got := o.wins(l, task, d, requester, k, in); got != slices.Contains(want, d) {
				t.Fatalf("%v wins: %v", d, got)
			}
		}
	})
}

// BenchmarkAssign asks whether one of 300 devices wins one of 5 places, its past of 1,000 entries walked anew.
func BenchmarkAssign(b *testing.B) {
	made := make([]int, 1000)
	for i := range made {
		made[i] = i % 300
	}
	l, o, keys := lot(300, made, slices.Repeat([]bool{true}, len(made)))
	var p past
	n := uint64(0)
	for b.Loop() {
		n++
		var task op.ID
		binary.BigEndian.PutUint64(task[:], n)
		p.of(l, 999, 0)
		o.wins(l, task, keys[n%300], op.Key{}, 5, p.has)
	}
}
