package byzantine

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/kernel"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

func seedOf(n byte) [32]byte { return [32]byte{n} }

// inner makes the honest node that a liar wraps, with two contacts.
func inner() (func(uint32) *node.Node, []byte, op.SpaceID) {
	s := seedOf(1)
	founder := op.Membership{Identity: op.KeyOf(ed25519.NewKeyFromSeed(s[:])), Role: op.Owner}
	genesis := rights.Genesis("x", [16]byte{}, []op.Membership{founder}, seedOf(1), seedOf(2), 1)
	store := op.NewStore(1 << 20)
	o, err := store.Open(genesis)
	if err != nil {
		panic(err)
	}
	cfg := node.Config{Store: store, Kernel: kernel.Release(2), Fanout: 2, Period: 1e9, Receipts: 1,
		Spaces: []node.Space{{Genesis: genesis, Contacts: []step.Addr{2, 3}}}}
	return func(uint32) *node.Node { return node.New(cfg) }, genesis, o.Space
}

// script is a small life: a boot, two links, frames good and bad, timers.
func script(genesis []byte, space op.SpaceID) []step.Input {
	hello := kernel.Release(2).Hello([]op.SpaceID{space})
	in := []step.Input{&step.Boot{Life: 1, Entropy: [32]byte{7}}}
	for c := step.Conn(5); c <= 6; c++ {
		in = append(in, &step.ConnUp{Conn: c, Peer: step.Addr(c - 3), Dialed: true}, &step.Packet{Conn: c, Bytes: wire.Append(nil, 0, hello)})
	}
	for range 8 {
		in = append(in, &step.Packet{Conn: 5, Bytes: wire.Append(nil, 2, &wire.Push{Space: space, Ops: [][]byte{genesis}})})
	}
	return append(in,
		&step.Packet{Conn: 5, Bytes: wire.Append(nil, 2, &wire.Push{Space: space, Ops: [][]byte{{}}})},
		&step.Packet{Conn: 5, Bytes: []byte("rubbish")},
		&step.Timer{ID: timerBand}, &step.ConnDown{Conn: 6, Reason: step.Reset}, &step.Timer{ID: step.TimerID('K')<<56 | 1},
	)
}

// play hands the script to a process. It gives all effects but lies and what carries them; and the lies by kind.
func play(t *testing.T, p sim.Process, in []step.Input) (effects []any, lies map[string]int, next step.Conn) {
	var out step.Effects
	lies = map[string]int{}
	out.NextConn = 5
	for _, x := range in {
		p.Step(step.Now{}, x, &out)
		carries := map[int64]bool{}
		for _, e := range out.List {
			if n, ok := e.(*step.Note); ok && n.Kind == step.NoteLie {
				lies[n.Text]++
				if n.N < 0 {
					continue
				}
				carries[n.N] = true
				if s, ok := out.List[n.N].(*step.Send); !ok || wire.Class(s.Bytes) != wire.ClassPush {
					t.Fatalf("the lie %q is said to be in %T", n.Text, out.List[n.N])
				}
			}
		}
		for i, e := range out.List {
			if n, ok := e.(*step.Note); ok && n.Kind == step.NoteLie || carries[int64(i)] {
				continue
			}
			switch e := e.(type) {
			case *step.Dial:
				effects = append(effects, *e)
			case *step.Close:
				effects = append(effects, *e)
			case *step.Send:
				effects = append(effects, *e)
			case *step.SetTimer:
				if e.ID != timerBand {
					effects = append(effects, *e)
				}
			case *step.Commit:
				effects = append(effects, *e)
			case *step.Reply:
				effects = append(effects, *e)
			case *step.Note:
				effects = append(effects, *e)
			}
		}
		next = out.NextConn
		out.Reset()
		out.NextConn = next
	}
	return effects, lies, next
}

// TestPassThrough holds each liar to be the honest node in all but its lies: the same dials by the same numbers, the same
// frames, commits and notes, in one order.
func TestPassThrough(t *testing.T) {
	make, genesis, space := inner()
	in := script(genesis, space)
	honestNode := make(1)
	want, _, next := play(t, honestNode, in)
	if len(want) < 10 {
		t.Fatalf("an honest node did %d things", len(want))
	}
	told := map[string]int{"forger": 2, "trespasser": 1}
	for _, kind := range Kinds() {
		spec := NewSpec(kind)
		if spec.Kind() != kind {
			t.Fatalf("%s is called %s", kind, spec.Kind())
		}
		got, lies, n := play(t, spec.Seat(make, Env{Host: 1, Seed: 5, Identity: seedOf(9)})(1), in)
		if kind == "withholder" {
			if len(lies) != 0 { // this life has nothing to withhold
				t.Errorf("%s told %v", kind, lies)
			}
		}
		if d := cmp.Diff(want, got); d != "" || n != next {
			t.Errorf("%s: next connection %d, want %d\n%s", kind, n, next, d)
		}
		if len(lies) < told[kind] {
			t.Errorf("%s told %v", kind, lies)
		}
	}
	if NewSpec("saint") != nil {
		t.Error("a spec of no kind")
	}
}

// TestWorkers: a lying worker alters a result in its own way, colluders in one; an error stays what it is.
func TestWorkers(t *testing.T) {
	result := func(own bool, host sim.HostID, task string, size int) []byte {
		w := &worker{own: own, inputs: map[uint64][]byte{}}
		l := &liar{env: Env{Host: host, Seed: 3}}
		w.effect(l, &step.Run{ID: 1, Input: []byte(task)}, nil)
		return w.input(l, &step.JobDone{ID: 1, Out: make([]byte, size)}).(*step.JobDone).Out
	}
	out := func(own bool, host sim.HostID) []byte { return result(own, host, "task", 64) }
	if string(out(false, 1)) != string(out(false, 2)) {
		t.Error("colluders differ")
	}
	if string(out(true, 1)) == string(out(true, 2)) {
		t.Error("liars agree")
	}
	if string(out(true, 1)) == string(make([]byte, 64)) {
		t.Error("the result is right")
	}
	for n := range 1000 { // all 32 results that colluders can give of four bytes
		task := fmt.Sprint("task ", n)
		for host := sim.HostID(1); host <= 64; host++ {
			if string(result(true, host, task, 4)) == string(result(false, 1, task, 4)) {
				t.Fatalf("the liar at host %d gives what the colluders give", host)
			}
		}
	}
	w := &worker{inputs: map[uint64][]byte{}}
	failed := &step.JobDone{ID: 2, Err: "no"}
	if w.input(&liar{}, failed) != step.Input(failed) || w.lied {
		t.Error("a failure was altered")
	}
}

// TestTwins: the twin of an edit of a text edits the same text in the same place, with as many characters of its own, and
// that of anything else is a note.
func TestTwins(t *testing.T) {
	element := op.Element{5}
	anchor := op.Anchor{Op: op.ID{6}, Offset: 2}
	d := op.Draft{Kind: op.TextEditing, Mutations: []op.Mutation{{Code: op.Text, Element: element, Prop: "body", Edits: []op.TextEdit{
		{Insert: true, Left: anchor, Right: op.Anchor{Nil: true}, Text: "жizn", N: 4},
		{Insert: true, Left: op.Anchor{Offset: 3}, Right: op.Anchor{Nil: true}, Text: "x", N: 1},
		{At: anchor, N: 7},
	}}}}
	store := op.NewStore(1 << 20)
	sign := func(d op.Draft) *op.Operation {
		device := ed25519.NewKeyFromSeed(make([]byte, 32))
		o, err := store.Sign(op.Header{Format: 1, Device: op.KeyOf(device), Seq: 2, Prev: op.ID{1}, Clock: 3, Schema: d.Schema()}, d.Body(), device)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := sign(d)
	twin := sign(other(o))
	if twin.ID == o.ID || twin.Kind != op.TextEditing || len(twin.Mutations) != 1 || twin.Mutations[0].Element != element {
		t.Fatalf("the twin is %+v", twin)
	}
	for i, e := range twin.Mutations[0].Edits {
		was := o.Mutations[0].Edits[i]
		if e.N != was.N || e.Insert != was.Insert || e.At != was.At || e.Insert && (e.Text == was.Text || e.Offset != was.Offset) {
			t.Errorf("edit %d was %+v and is %+v", i, was, e)
		}
	}
	if left := twin.Mutations[0].Edits[1].Left; left.Op != twin.ID || left.Offset != 3 {
		t.Errorf("what stands behind its own character stands behind %+v", left)
	}
	if n := other(sign(op.Draft{Kind: op.GraphEdit, Mutations: []op.Mutation{{Code: op.CreateNode, Type: "x"}}})); n.Kind != op.GraphEdit || len(n.Mutations) != 2 {
		t.Errorf("the twin of a node is %+v", n)
	}
}
