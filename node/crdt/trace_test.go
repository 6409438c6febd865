package crdt

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// history is a recorded text: transactions, each made against exactly its parents.
type history struct {
	Txns []struct {
		Parents  []int
		Agent    json.RawMessage
		SeqStart uint64
		Span     []int
		Patches  []patchJSON
		Ops      []patchJSON
	}
	EndContent string
}

type patchJSON Patch

func (p *patchJSON) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.Pos, &p.Del, &p.Insert})
}

// openData opens a file of the data folder: LGOS_DATA, or ../shared/data beside the project. Where neither is, it says so
// and returns nil: the caller goes on with generated histories. Where one is, the file must be there.
func openData(t testing.TB, file string) *json.Decoder {
	dir := os.Getenv("LGOS_DATA")
	if dir == "" {
		shared := filepath.Join("..", "..", "..", "shared")
		if _, err := os.Stat(shared); err != nil {
			t.Logf("no LGOS_DATA and no %s: %s is not looked at, generated histories are", shared, file)
			return nil
		}
		dir = filepath.Join(shared, "data")
	}
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return json.NewDecoder(z)
}

var textElement = op.ElementOf(op.ID{1}, 0)

func operation(kind string, h op.Header, ms ...op.Mutation) *op.Operation {
	d := op.Draft{Kind: kind, Mutations: ms}
	o := &op.Operation{Header: h, Kind: kind, Body: d.Body(), Known: true}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], h.Incarnation)
	binary.BigEndian.PutUint64(b[8:], h.Seq)
	o.ID = sha256.Sum256(append(append(b[:], h.Device[:]...), o.Body...))
	var offset uint32
	for i := range ms {
		m := &ms[i]
		m.Index = uint8(i)
		for k := range m.Edits {
			e := &m.Edits[k]
			for _, a := range []*op.Anchor{&e.Left, &e.Right, &e.At} {
				if a.Op.IsZero() {
					a.Op = o.ID
				}
			}
			if e.Insert {
				e.Offset = offset
				offset += e.N
			}
		}
	}
	o.Mutations = ms
	return o
}

func textOperation(h op.Header, edits []op.TextEdit) *op.Operation {
	return operation(op.TextEditing, h, op.Mutation{Code: op.Text, Element: textElement, Prop: "body", Edits: edits})
}

// specText folds operations on one text by the spec.
func specText(t interface{ Fatal(...any) }, ops []*op.Operation, authors []*op.Key, void func(i int) bool) string {
	in := []spec.Op{{ID: textElement.Op(), Clock: 1, Body: (&op.Draft{Kind: op.GraphEdit, Mutations: []op.Mutation{{Code: op.CreateNode, Type: "doc"}}}).Body()}}
	for i, o := range ops {
		in = append(in, spec.Op{ID: o.ID, Identity: *authors[i], Device: o.Device, Incarnation: o.Incarnation, Seq: o.Seq, Clock: o.Clock, Body: o.Body,
			Void: void != nil && void(i)})
	}
	state, err := spec.State(in, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	const mark = "body\xa1dtext"
	at := strings.Index(string(state), mark)
	if at < 0 {
		return ""
	}
	return textOf(state[at+len(mark):])
}

func textOf(b []byte) string {
	n, skip := int(b[0]&31), 1
	switch n {
	case 24:
		n, skip = int(b[1]), 2
	case 25:
		n, skip = int(b[1])<<8|int(b[2]), 3
	}
	return string(b[skip : skip+n])
}

// replay makes every transaction against exactly its parents on one replica that holds everything before it.
func replay(t testing.TB, h *history, header func(i int) (op.Header, *op.Key), inside func(i int) func(*op.Operation) bool) (*Text, []*op.Operation, []*op.Key) {
	text := new(Text)
	var ops []*op.Operation
	var authors []*op.Key
	for i := range h.Txns {
		txn := &h.Txns[i]
		var patches []Patch
		for _, p := range append(txn.Patches, txn.Ops...) {
			patches = append(patches, Patch(p))
		}
		edits, err := text.Edit(inside(i), patches)
		if err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
		hd, key := header(i)
		hd.Clock = uint64(i) + 2
		o := textOperation(hd, edits)
		text.Apply(Write{Op: o, Author: key})
		ops, authors = append(ops, o), append(authors, key)
	}
	return text, ops, authors
}

// TestConformance: 600 random concurrent histories with the text that FugueMax gives, by the implementation and by the
// spec, in the recorded order and backwards (so that everything waits).
func TestConformance(t *testing.T) {
	d := openData(t, "conformance.json.gz")
	if d == nil {
		return
	}
	var all []history
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 600 {
		t.Fatalf("%d histories, want 600", len(all))
	}
	for n := range all {
		h := &all[n]
		past := make([]map[int]bool, len(h.Txns))
		last := map[int]int{}
		for i, x := range h.Txns {
			past[i] = map[int]bool{}
			for _, p := range x.Parents {
				p = last[p]
				past[i][p] = true
				for q := range past[p] {
					past[i][q] = true
				}
			}
			last[x.Span[1]-1] = i
		}
		keys := map[string]*op.Key{}
		text, ops, authors := replay(t, h, func(i int) (op.Header, *op.Key) {
			name := string(h.Txns[i].Agent)
			if keys[name] == nil {
				k := op.Key{}
				copy(k[:], name)
				keys[name] = &k
			}
			return op.Header{Device: *keys[name], Incarnation: h.Txns[i].SeqStart, Seq: 1, WallMS: int64(i)}, keys[name]
		}, func(i int) func(*op.Operation) bool {
			return func(o *op.Operation) bool { return past[i][int(o.WallMS)] }
		})
		if got := text.String(); got != h.EndContent {
			t.Fatalf("history %d:\n got %q\nwant %q", n, got, h.EndContent)
		}
		if got := specText(t, ops, authors, nil); got != h.EndContent {
			t.Fatalf("history %d by the spec:\n got %q\nwant %q", n, got, h.EndContent)
		}
		back := new(Text)
		for i := len(ops) - 1; i >= 0; i-- {
			back.Apply(Write{Op: ops[i], Author: authors[i]})
		}
		if got := back.String(); got != h.EndContent {
			t.Fatalf("history %d backwards:\n got %q\nwant %q", n, got, h.EndContent)
		}
	}
}

func friendsForever(t testing.TB) (h *history, header func(int) (op.Header, *op.Key), inside func(int) func(*op.Operation) bool) {
	d := openData(t, "friendsforever.json.gz")
	if d == nil {
		return nil, nil, nil
	}
	h = new(history)
	if err := d.Decode(h); err != nil {
		t.Fatal(err)
	}
	agent := func(i int) int { return int(h.Txns[i].Agent[0] - '0') }
	past := make([][2]uint64, len(h.Txns)) // how many of each agent's are in the causal past, itself included
	for i := range h.Txns {
		for _, p := range h.Txns[i].Parents {
			for a := range past[i] {
				past[i][a] = max(past[i][a], past[p][a])
			}
		}
		past[i][agent(i)]++
	}
	keys := [2]op.Key{{0: 'a'}, {0: 'b'}}
	header = func(i int) (op.Header, *op.Key) {
		return op.Header{Device: keys[agent(i)], Seq: past[i][agent(i)]}, &keys[agent(i)]
	}
	inside = func(i int) func(*op.Operation) bool {
		return func(o *op.Operation) bool {
			a := int(o.Device[0] - 'a')
			n := past[i][a]
			if a == agent(i) {
				n--
			}
			return o.Seq <= n
		}
	}
	return h, header, inside
}

// TestFriendsForever: two people write one text at once, 26,078 transactions, 2,258 merges.
func TestFriendsForever(t *testing.T) {
	h, header, inside := friendsForever(t)
	if h == nil {
		return
	}
	text, ops, authors := replay(t, h, header, inside)
	if text.String() != h.EndContent {
		t.Error("the text is not the recorded one")
	}
	if specText(t, ops, authors, nil) != h.EndContent {
		t.Error("the spec's text is not the recorded one")
	}
	t.Logf("%d operations, %d chars, %d runs", len(text.ops), text.chars(), len(text.runs))
}

// TestTwoWriters is what stands in for the recorded trace where that is not: two people type, delete and merge now and
// then, 4,000 operations, the same every time.
func TestTwoWriters(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole := new(Text)
	var writers [2]*writer
	for i := range writers {
		writers[i] = &writer{key: op.Key{byte(i + 1)}, text: new(Text), held: map[op.ID]bool{}}
	}
	var ops []*op.Operation
	var authors []*op.Key
	seen := [2]int{}
	for len(ops) < 4000 {
		i := r.IntN(2)
		w := writers[i]
		if r.IntN(20) == 0 {
			for ; seen[i] < len(ops); seen[i]++ {
				w.receive(ops[seen[i]], authors[seen[i]])
			}
		}
		pos := r.IntN(w.text.Len() + 1)
		for range 1 + r.IntN(30) {
			p := Patch{Pos: pos, Insert: "e"}
			if pos > 0 && r.IntN(8) == 0 {
				p = Patch{Pos: pos - 1, Del: 1}
			}
			want, err := w.text.Edit(nil, []Patch{p})
			if err != nil {
				t.Fatal(err)
			}
			got, err := whole.Edit(func(o *op.Operation) bool { return w.held[o.ID] }, []Patch{p})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("operation %d against its version: %s", len(ops), d)
			}
			pos = p.Pos + len(p.Insert)
			w.seq++
			o := textOperation(op.Header{Device: w.key, Seq: w.seq, Clock: uint64(len(ops)) + 2}, got)
			w.receive(o, &w.key)
			whole.Apply(Write{Op: o, Author: &w.key})
			ops, authors = append(ops, o), append(authors, &w.key)
		}
	}
	if whole.String() != specText(t, ops, authors, nil) {
		t.Error("the text is not the spec's")
	}
	for i, w := range writers {
		for k, o := range ops {
			w.receive(o, authors[k])
		}
		if w.text.String() != whole.String() {
			t.Errorf("writer %d ends with another text", i)
		}
	}
}

// sephBlog: one person writes a blog post, 137,154 transactions.
func sephBlog(t testing.TB) (h *history, header func(int) (op.Header, *op.Key), inside func(int) func(*op.Operation) bool) {
	d := openData(t, "seph-blog1.json.gz")
	if d == nil {
		return nil, nil, nil
	}
	h = new(history)
	if err := d.Decode(h); err != nil {
		t.Fatal(err)
	}
	key := op.Key{1}
	return h, func(i int) (op.Header, *op.Key) { return op.Header{Seq: uint64(i) + 1}, &key },
		func(int) func(*op.Operation) bool { return nil }
}

func BenchmarkSephBlog(b *testing.B) {
	h, header, inside := sephBlog(b)
	if h == nil {
		b.SkipNow()
	}
	for b.Loop() {
		if text, _, _ := replay(b, h, header, inside); text.String() != h.EndContent {
			b.Fatal("the text is not the recorded one")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(h.Txns)), "ns/edit")
}

func BenchmarkFriendsForever(b *testing.B) {
	h, header, inside := friendsForever(b)
	if h == nil {
		b.SkipNow()
	}
	_, ops, authors := replay(b, h, header, inside)
	per := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ops)), "ns/edit")
	}
	b.Run("versioned", func(b *testing.B) {
		for b.Loop() {
			replay(b, h, header, inside)
		}
		per(b)
	})
	b.Run("remote", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text := new(Text)
			for i, o := range ops {
				text.Apply(Write{Op: o, Author: authors[i]})
			}
		}
		per(b)
	})
}
