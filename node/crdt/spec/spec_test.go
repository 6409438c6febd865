package spec

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// o is an operation with a small number for an id, a clock, and mutations as generic values.
func o(t *testing.T, id byte, clock uint64, kind string, mutations ...any) Op {
	t.Helper()
	b, err := encode(map[int]any{0: kind, 1: mutations})
	if err != nil {
		t.Fatal(err)
	}
	return Op{ID: [32]byte{id}, Identity: [32]byte{id}, Seq: 1, Clock: clock, Body: b}
}

func void(x Op) Op { x.Void = true; return x }

func in(id byte, i int) []byte     { b := make([]byte, 33); b[0], b[32] = id, byte(i); return b }
func at(id byte, offset int) []any { b := make([]byte, 32); b[0] = id; return []any{b, offset} }

type list = []any

// TestState says by example what the state is. Every case begins with node "n" made by operation 1.
func TestState(t *testing.T) {
	n := in(1, 0)
	node := func(props string) string {
		return fmt.Sprintf(`[[h'%x', "n", null, null, false, %s, {}]]`, n, props)
	}
	edit := func(id byte, clock uint64, m ...any) Op { return o(t, id, clock, "edit", m...) }
	for _, c := range []struct {
		name string
		ops  []Op
		want string
	}{
		{"a node", nil, node(`{}`)},
		{"the later write wins", []Op{edit(2, 3, list{3, n, "p", "late"}), edit(9, 2, list{3, n, "p", "early"})}, node(`{"p": {"register": "late"}}`)},
		{"at one clock the greater id wins", []Op{edit(2, 2, list{3, n, "p", "a"}), edit(3, 2, list{3, n, "p", "b"})}, node(`{"p": {"register": "b"}}`)},
		{"within an operation the last write wins", []Op{edit(2, 2, list{3, n, "p", "a"}, list{3, n, "p", "b"})}, node(`{"p": {"register": "b"}}`)},
		{"a void write gives way", []Op{void(edit(2, 3, list{3, n, "p", "late"})), edit(9, 2, list{3, n, "p", "early"})}, node(`{"p": {"register": "early"}}`)},
		{"only void writes leave nothing", []Op{void(edit(2, 3, list{3, n, "p", 1}, list{6, n, "p", 1}, list{4, n, "p", 1}, list{7, n, "p", list{list{0, nil, nil, "x"}}}))}, node(`{}`)},
		{"an unseen addition survives", []Op{edit(2, 2, list{4, n, "p", "x"}), edit(3, 2, list{4, n, "p", "x"}), edit(4, 3, list{5, n, "p", "x", list{in(2, 0)}})}, node(`{"p": {"set": ["x"]}}`)},
		{"an emptied set is there", []Op{edit(2, 2, list{4, n, "p", "x"}), edit(4, 3, list{5, n, "p", "x", list{in(2, 0)}})}, node(`{"p": {"set": []}}`)},
		{"values are distinct and bytewise ordered", []Op{edit(2, 2, list{4, n, "p", "b"}, list{4, n, "p", 7}, list{4, n, "p", "b"}, list{4, n, "p", "aa"})}, node(`{"p": {"set": [7, "b", "aa"]}}`)},
		{"counters add and wrap", []Op{edit(2, 2, list{6, n, "p", int64(math.MaxInt64)}, list{6, n, "p", 2}, list{6, n, "q", -3})}, node(`{"p": {"counter": -9223372036854775807}, "q": {"counter": -3}}`)},
		{"types of one property, in canonical order", []Op{edit(2, 2, list{3, n, "p", 1}, list{6, n, "p", 2}, list{4, n, "p", 3}, list{7, n, "p", list{list{0, nil, nil, "x"}}})},
			node(`{"p": {"set": [3], "text": "x", "counter": 2, "register": 1}}`)},
		{"metadata", []Op{edit(2, 2, list{8, n, "k", true})}, fmt.Sprintf(`[[h'%x', "n", null, null, false, {}, {"k": true}]]`, n)},
		{"a deletion wins for ever", []Op{edit(2, 2, list{2, n}), edit(3, 3, list{3, n, "p", 1}, list{8, n, "k", 1})}, fmt.Sprintf(`[[h'%x', "n", null, null, true, {}, {}]]`, n)},
		{"a void deletion does not count", []Op{void(edit(2, 2, list{2, n}))}, node(`{}`)},
		{"a relation, moved", []Op{edit(2, 2, list{1, "r", n, in(8, 0)}, list{9, 0, in(7, 0), n}), edit(1, 9, list{9, in(2, 0), n, n}), void(edit(3, 10, list{9, in(2, 0), in(6, 0), n}))},
			fmt.Sprintf(`[[h'%x', "n", null, null, false, {}, {}], [h'%x', "r", h'%x', h'%x', false, {}, {}]]`, n, in(2, 0), n, n)},
		{"what is not visible yet is not there", []Op{edit(2, 2, list{3, in(9, 0), "p", 1}), void(edit(3, 3, list{0, "gone"}))}, node(`{}`)},
		{"an unknown kind", []Op{o(t, 2, 2, "novelty", list{3, n, "p", 1})}, node(`{}`)},
		{"an unknown mutation silences its operation", []Op{edit(2, 2, list{3, n, "p", 1}, list{10, "what"})}, node(`{}`)},
		{"repetition", []Op{edit(2, 2, list{6, n, "p", 1}), edit(2, 2, list{6, n, "p", 1})}, node(`{"p": {"counter": 1}}`)},
		{"concurrent runs do not interleave", []Op{edit(2, 2, list{7, n, "p", list{list{0, nil, nil, "milk"}}}), edit(3, 2, list{7, n, "p", list{list{0, nil, nil, "eggs"}}})}, node(`{"p": {"text": "milkeggs"}}`)},
		{"right siblings descend by their right neighbours", []Op{
			edit(2, 2, list{7, n, "p", list{list{0, nil, nil, "a"}}}),
			edit(9, 3, list{7, n, "p", list{list{0, at(2, 0), nil, "z"}}}), // azb
			edit(3, 4, list{7, n, "p", list{list{0, at(9, 0), nil, "b"}}}),
			edit(4, 5, list{7, n, "p", list{list{0, at(2, 0), at(3, 0), "m"}}}), // a liar's: b is no neighbour of a
		}, node(`{"p": {"text": "azbm"}}`)},
		{"a left child", []Op{edit(2, 2, list{7, n, "p", list{list{0, nil, nil, "c"}, list{0, nil, 0, "b"}, list{0, nil, 1, "a"}}})}, node(`{"p": {"text": "abc"}}`)},
		{"deletions", []Op{edit(2, 2, list{7, n, "p", list{list{0, nil, nil, "жabc"}}}), edit(3, 3, list{7, n, "p", list{list{1, at(2, 0), 2}}}), void(edit(4, 4, list{7, n, "p", list{list{1, at(2, 2), int64(1) << 40}}}))},
			node(`{"p": {"text": "bc"}}`)},
		{"characters of a void operation are hidden anchors", []Op{void(edit(2, 2, list{7, n, "p", list{list{0, nil, nil, "xy"}}})), edit(3, 3, list{7, n, "p", list{list{0, at(2, 0), at(2, 1), "in"}}})}, node(`{"p": {"text": "in"}}`)},
		{"an insertion waits for its anchors", []Op{edit(2, 2, list{7, n, "p", list{list{0, at(5, 0), nil, "lost"}, list{0, nil, nil, "here"}}})}, node(`{"p": {"text": "here"}}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ops := append([]Op{o(t, 1, 1, "edit", list{0, "n"})}, c.ops...)
			for turn := range 3 { // as they are, the other way round, and read before
				state, err := State(ops, func(kind string) bool { return kind == "edit" })
				if err != nil {
					t.Fatal(err)
				}
				got, err := cbor.Diagnose(state)
				if err != nil {
					t.Fatal(err)
				}
				if got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				for i, k := 0, len(ops)-1; i < k; i, k = i+1, k-1 {
					ops[i], ops[k] = ops[k], ops[i]
				}
				for i := range ops {
					if turn == 1 {
						ops[i].Reading = Read(ops[i].ID, ops[i].Body)
					}
				}
			}
		})
	}
}

// TestStateBad: bodies that no admission lets through are errors, not panics.
func TestStateBad(t *testing.T) {
	for _, body := range [][]byte{nil, {0xff}, {0x80}} {
		for _, r := range []*Reading{nil, Read([32]byte{}, body)} {
			if _, err := State([]Op{{Body: body, Reading: r}}, func(string) bool { return true }); err == nil {
				t.Errorf("body %x: no error", body)
			}
		}
	}
	n := in(1, 0)
	for _, m := range []any{3, list{}, list{3}, list{3, n}, list{3, "n", "p", 1}, list{7, n, "p", 1}, list{7, n, "p", list{list{2}}}, list{7, n, "p", list{list{0, "x", nil, "y"}}},
		list{0}, list{6, n, "p", "x"}, list{3, int64(1) << 40, "p", 1}} {
		if _, err := State([]Op{o(t, 1, 1, "edit", m)}, func(string) bool { return true }); err == nil {
			t.Errorf("mutation %v: no error", m)
		}
	}
}

// TestTextSize: what a checker folds in a run: one text of 26,000 operations, typed in two halves at once.
func TestTextSize(t *testing.T) {
	const n = 26_000
	ops := []Op{o(t, 1, 1, "edit", list{0, "n"})}
	var want bytes.Buffer
	for author := range 2 {
		var left any
		for i := range n / 2 {
			x := Op{ID: [32]byte{2, byte(author), byte(i), byte(i >> 8)}, Identity: [32]byte{byte(author)}, Seq: uint64(i), Clock: uint64(i) + 2}
			x.Body, _ = encode(map[int]any{0: "edit", 1: list{list{7, in(1, 0), "p", list{list{0, left, nil, string(rune('a' + i%26))}}}}})
			left = list{x.ID[:], 0}
			ops = append(ops, x)
			want.WriteByte(byte('a' + i%26))
		}
	}
	state, err := State(ops, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(state, want.Bytes()) {
		t.Error("the text is not one half after the other")
	}
}
