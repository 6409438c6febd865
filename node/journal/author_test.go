package journal

import (
	"errors"
	"slices"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

func (h *host) author(version []op.ID) (*op.Operation, error) {
	id, err := h.j.AuthorAt(version, h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out)
	h.effects()
	h.idle()
	if err != nil {
		return nil, err
	}
	e, ok := h.l.Get(id)
	if !ok {
		h.t.Fatal("not admitted")
	}
	return e.Op, nil
}

// TestManyHeads: an operation names at most 64 heads, those of the lowest ids; the next ones name the rest.
func TestManyHeads(t *testing.T) {
	store := op.NewStore(1 << 22)
	h := newHost(t, store, 1000)
	for i := range uint64(150) {
		h.receive(1, newWriter(store, i+1).next(op.SendMessage, h.l.Entries[0].Op))
	}
	for _, want := range []int{150 - 64 + 1, 150 - 128 + 1, 1, 1} {
		before := slices.Clone(h.l.Heads())
		o, err := h.author(nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(h.l.Heads()) != want {
			t.Fatal(len(h.l.Heads()), "heads, want", want)
		}
		before = slices.DeleteFunc(before, func(id op.ID) bool { return id == o.Prev })
		if !slices.Equal(o.Deps, before[:min(64, len(before))]) {
			t.Fatal("not the lowest heads")
		}
	}
}

func TestAuthorAt(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 100)
	genesis := h.l.Entries[0].Op
	a := newWriter(store, 1).next(op.SendMessage, genesis)
	b := newWriter(store, 2).next(op.SendMessage, genesis)
	h.receive(1, a)
	if _, err := h.author([]op.ID{b.ID}); !errors.Is(err, ErrVersion) {
		t.Fatal("a version that is not there:", err)
	}
	if _, err := h.author([]op.ID{}); !errors.Is(err, ErrVersion) {
		t.Fatal("a version of nothing:", err)
	}
	h.receive(1, b)
	o, err := h.author([]op.ID{a.ID, a.ID})
	if err != nil || !slices.Equal(o.Deps, []op.ID{a.ID}) || o.Clock != 3 {
		t.Fatalf("%+v, %v", o, err)
	}
	if len(h.l.Heads()) != 2 {
		t.Fatal("b is a head still")
	}
	p, err := h.author([]op.ID{o.ID})
	if err != nil || len(p.Deps) != 0 || p.Prev != o.ID {
		t.Fatalf("%+v, %v", p, err)
	}
}

// TestAnotherPerson: a chain belongs to one person; when another signs in on the device, another begins.
func TestAnotherPerson(t *testing.T) {
	h := newHost(t, op.NewStore(1<<20), 100)
	first, err := h.author(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.who.identity = testKey(12345)
	second, err := h.author(nil)
	if err != nil || second.Seq != 1 || second.Incarnation == first.Incarnation || second.Identity == first.Identity {
		t.Fatalf("%+v, %v", second, err)
	}
	h.who.identity = nil
	if _, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out); !errors.Is(err, ErrNobody) {
		t.Fatal(err)
	}
	if _, err := h.j.Author(op.SpaceID{}, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out); !errors.Is(err, ErrSpace) {
		t.Fatal(err)
	}
}

// pastJudge notes the rights operations that each operation is judged by, time after time.
type pastJudge map[op.ID][]PastID

func (j pastJudge) Judge(_ *Log, e *Entry) string {
	j[e.Op.ID] = append(j[e.Op.ID], e.Past)
	return ""
}

// TestRehearsal: an own operation is judged by the same rights operations before it is signed and when it is admitted: also by
// those that only its chain's pending operations follow, whatever came since.
func TestRehearsal(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 100)
	judge := pastJudge{}
	h.j.judge = judge
	genesis := h.l.Entries[0].Op
	var own []op.ID
	author := func() {
		id, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out)
		if err != nil {
			t.Fatal(err)
		}
		h.effects()
		own = append(own, id)
	}
	h.receive(1, newWriter(store, 1).next(op.RightsRevoke, genesis))
	author()
	author() // of which all causes are pending
	h.receive(1, newWriter(store, 2).next(op.SendMessage, genesis))
	author()
	h.idle()
	for i, id := range own {
		e, ok := h.l.Get(id)
		if !ok || len(judge[id]) != 2 || judge[id][0] != e.Past || judge[id][1] != e.Past {
			t.Errorf("operation %d was judged by the rights operations of %v, and has %v", i, judge[id], e.Past)
		}
	}
}

// TestRefusedBeforeSigned: what the node itself would refuse is not signed, and costs the chain nothing.
func TestRefusedBeforeSigned(t *testing.T) {
	h := newHost(t, op.NewStore(1<<20), 100)
	for kind, reason := range map[string]string{"forbidden": step.RefuseRights, op.RightsGrant: step.RefuseBody} {
		var refusal *op.Refusal
		if _, err := h.j.Author(h.l.ID, &op.Draft{Kind: kind}, 1, 0, &h.out); !errors.As(err, &refusal) || refusal.Reason != reason {
			t.Fatal(kind, err)
		}
	}
	if h.effects(); len(h.asked) > 0 {
		t.Fatal("committed")
	}
	if o, err := h.author(nil); err != nil || o.Seq != 1 {
		t.Fatal(o, err)
	}
}
