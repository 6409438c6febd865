package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestPlacesNeverMeet: spaces share the count of places, so that records of two spaces with equal first digits, or of two
// lives, never overwrite each other.
func TestPlacesNeverMeet(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 100)
	w := newWriter(store, 1)
	for life := range 3 {
		for range 3 {
			h.receive(1, w.next(op.SendMessage, h.l.Entries[0].Op))
		}
		h.j.Flush(life%2 == 0, &h.out)
		h.effects()
		h.idle()
		h.boot()
	}
	if len(h.disk) != 9 || h.l.Count() != 10 {
		t.Fatal(len(h.disk), h.l.Count())
	}
}

// TestQuota: received operations whose commit failed are committed again with the next flush, and an own operation behind
// the failure goes alone, since it may still fit.
func TestQuota(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 100)
	w := newWriter(store, 1)
	a := w.next(op.SendMessage, h.l.Entries[0].Op)
	h.receive(1, a)
	h.j.Flush(false, &h.out)
	h.effects()
	if _, failed, strict := h.answer(step.QuotaExceeded); failed != nil || strict != nil || h.j.Unsaved() != 1 {
		t.Fatal(failed, strict, h.j.Unsaved())
	}
	if _, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, 1, 0, &h.out); err != nil {
		t.Fatal(err)
	}
	h.effects()
	if len(h.asked[0].Put) != 1 {
		t.Fatal("it should go alone")
	}
	h.idle()
	if !h.j.Flush(true, &h.out) {
		t.Fatal("nothing to flush")
	}
	h.effects()
	_, _, strict := h.answer(0)
	if e, _ := h.l.Get(a.ID); len(strict) != 1 || !e.Strict() || h.j.Unsaved() != 0 {
		t.Fatal(strict)
	}
}

// TestSecure: what was found on the disk may not survive power loss until a strict commit completed.
func TestSecure(t *testing.T) {
	store := op.NewStore(1 << 20)
	h := newHost(t, store, 100)
	a := newWriter(store, 1).next(op.SendMessage, h.l.Entries[0].Op)
	h.receive(1, a)
	h.j.Flush(true, &h.out)
	h.effects()
	h.idle()
	h.boot()
	e, _ := h.l.Get(a.ID)
	if e.Strict() {
		t.Fatal("trusts a disk that it only found")
	}
	h.j.Secure(h.l, e)
	h.j.Secure(h.l, e)
	h.j.Flush(true, &h.out)
	h.effects()
	if len(h.asked[0].Put) != 1 {
		t.Fatal(h.asked[0].Put)
	}
	if _, _, strict := h.answer(0); len(strict) != 1 || !e.Strict() || len(h.disk) != 1 {
		t.Fatal(strict, len(h.disk))
	}
}

// FuzzRecover boots from disks that no journal wrote: it never panics, admits nothing that does not verify, and leaves no
// damaged record under op/.
func FuzzRecover(f *testing.F) {
	store := op.NewStore(1 << 20)
	genesis, err := store.Open(testGenesis())
	if err != nil {
		f.Fatal(err)
	}
	w := newWriter(store, 1)
	one := w.next(op.SendMessage, genesis)
	two := w.next(op.SendMessage)
	seed := func(records ...step.Record) {
		var b []byte
		for _, r := range records {
			b = append(binary.BigEndian.AppendUint16(append(b, byte(len(r.Key))), uint16(len(r.Value))), r.Key...)
			b = append(b, r.Value...)
		}
		f.Add(b)
	}
	good := []step.Record{record(one.Space, 1, one), record(two.Space, 2, two)}
	seed(good...)
	seed(good[1])
	seed(good[0], step.Record{Key: good[1].Key, Value: two.Bytes[:100]})
	seed(step.Record{Key: "op/", Value: one.Bytes}, step.Record{Key: "op/00000000/0000000001", Value: one.Bytes})
	seed(step.Record{Key: "bad/" + good[0].Key, Value: nil}, step.Record{Key: "key/device", Value: []byte("secret")})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := newHost(t, store, 100)
		for len(b) >= 3 {
			k, v := int(b[0]), int(binary.BigEndian.Uint16(b[1:]))
			b = b[3:]
			k = min(k, len(b))
			v = min(v, len(b)-k)
			h.disk[string(b[:k])] = b[k : k+v]
			b = b[k+v:]
		}
		h.boot()
		for _, e := range h.l.Entries {
			if o, err := store.Open(e.Op.Bytes); err != nil || o.ID != e.Op.ID {
				t.Fatal("admitted what does not verify")
			}
		}
		h.idle()
		for k, v := range h.disk {
			if _, err := store.Open(v); err != nil && bytes.HasPrefix([]byte(k), []byte("op/")) {
				t.Fatalf("left behind: %q", k)
			}
		}
		n := h.l.Count()
		if h.boot(); h.l.Count() != n {
			t.Fatal("another history from the same disk")
		}
	})
}

func TestManyDamaged(t *testing.T) {
	h := newHost(t, op.NewStore(1<<20), 100)
	for life := range 3 {
		for i := range 500 {
			h.disk[fmt.Sprintf("op/%08x/%010d", i, 500*life+i+1)] = []byte("torn")
		}
		h.boot()
		h.idle()
	}
	if len(h.disk) > maxBad {
		t.Fatal(len(h.disk), "records")
	}
}
