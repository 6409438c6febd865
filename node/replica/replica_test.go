package replica

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

type lax struct{}

func (lax) Judge(*journal.Log, *journal.Entry) string { return "" }

type signer struct{ key ed25519.PrivateKey }

func newSigner(n byte) signer               { return signer{ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))} }
func (s signer) Device() ed25519.PrivateKey { return s.key }
func (s signer) Identity() op.Key           { return op.KeyOf(s.key) }
func (s signer) Certificate() [64]byte      { return op.Certify(s.key, op.KeyOf(s.key)) }

type newest struct{}

func (newest) Hello(spaces []op.SpaceID) *wire.Hello {
	return &wire.Hello{Min: 1, Max: 2, Spaces: wire.IDsOf(spaces...)}
}
func (newest) Agree(*wire.Hello) (uint8, bool) { return 2, true }

// host is the replica of one node with links 1..n to peers 101..; commits wait to be answered.
type host struct {
	*Replica
	journal *journal.Journal
	overlay *overlay.Overlay
	log     *journal.Log
	out     step.Effects
	commits []step.Commit
	sent    map[step.Conn]int // operations asked about, or receipts, since the last look
	notes   []step.NoteKind
	durable []uint64
}

func newHost(n byte, store *op.Store, links int) *host {
	owner := newSigner(100)
	f := op.Founding{Name: "test", Members: []op.Membership{{Identity: owner.Identity(), Role: op.Owner}}}
	h := &host{journal: journal.New(journal.Config{Store: store}, lax{}, newSigner(n))}
	var err error
	if h.log, err = h.journal.Found(op.Genesis(f.Args(), owner.key, owner.key, 1, 0)); err != nil {
		panic(err)
	}
	h.journal.Boot(&step.Boot{Life: 1, Entropy: [32]byte{n}}, &h.out)
	h.overlay = overlay.New(overlay.Config{Versions: newest{}, Spaces: []op.SpaceID{h.log.ID}, Dials: 1, Degree: 40})
	for c := range step.Conn(links) {
		h.link(c+1, step.Addr(101+c))
	}
	h.Replica = New(Config{Receipts: 2, Spare: 1, Retry: time.Second}, h.overlay)
	h.carry()
	return h
}

func (h *host) link(c step.Conn, p step.Addr) *overlay.Link {
	h.overlay.ConnUp(&step.ConnUp{Conn: c, Peer: p}, 0, &h.out)
	h.overlay.Hello(h.overlay.Link(c), newest{}.Hello([]op.SpaceID{h.log.ID}), &h.out)
	return h.overlay.Link(c)
}

// carry takes the effects since the last time.
func (h *host) carry() {
	h.sent, h.notes = map[step.Conn]int{}, nil
	for _, e := range h.out.List {
		switch e := e.(type) {
		case *step.Send:
			h.sent[e.Conn]++
		case *step.Commit:
			h.commits = append(h.commits, *e)
		case *step.Note:
			h.notes = append(h.notes, e.Kind)
		}
	}
	h.out.Reset()
}

// disk answers the oldest commit.
func (h *host) disk() (saved []journal.Saved, strict []op.ID) {
	c := h.commits[0]
	h.commits = h.commits[1:]
	saved, _, strict = h.journal.Committed(&step.Committed{ID: c.ID, Strict: c.Strict}, &h.out)
	h.carry()
	return saved, strict
}

// write signs an operation and saves it.
func (h *host) write() *journal.Entry {
	d := op.Draft{Kind: op.GraphEdit}
	d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
	if _, err := h.journal.Author(h.log.ID, &d, 1, 0, &h.out); err != nil {
		panic(err)
	}
	h.carry()
	saved, _ := h.disk()
	return saved[0].Entry
}

func (h *host) sentTo() map[step.Conn]bool {
	to := map[step.Conn]bool{}
	for c := range h.sent {
		to[c] = true
	}
	return to
}

func (h *host) receipt(c step.Conn, ids ...op.ID) {
	h.Receipt(h.overlay.Link(c), &wire.Receipt{Space: h.log.ID, IDs: wire.IDsOf(ids...)}, func(r uint64, _ op.ID) { h.durable = append(h.durable, r) }, &h.out)
	h.carry()
}

func TestReceipts(t *testing.T) {
	h := newHost(1, op.NewStore(1<<20), 5)
	e := h.write()
	h.Saved(h.log.ID, e, 7, 0, &h.out)
	if h.carry(); len(h.sent) != 3 {
		t.Fatalf("asked %d neighbours", len(h.sent))
	}
	h.receipt(1, op.ID{9}, op.ID{8})
	h.receipt(1, e.Op.ID, e.Op.ID, e.Op.ID)
	h.receipt(1, e.Op.ID)
	h.link(9, 101) // the same peer over another link
	h.receipt(9, e.Op.ID)
	h.Receipt(h.overlay.Link(2), &wire.Receipt{Space: [32]byte{1}, IDs: wire.IDsOf(e.Op.ID)}, func(uint64, op.ID) { t.Error("a receipt of another space counted") }, &h.out)
	h.overlay.Link(3).Shared = nil
	h.receipt(3, e.Op.ID)
	if len(h.durable) > 0 {
		t.Fatal("one peer's receipts made an operation durable")
	}
	h.receipt(4, e.Op.ID)
	if !slices.Equal(h.durable, []uint64{7}) || !slices.Equal(h.notes, []step.NoteKind{step.NoteDurable}) {
		t.Fatalf("durable %v, notes %v", h.durable, h.notes)
	}
	h.receipt(5, e.Op.ID)
	if n, _ := h.Queues(); len(h.durable) != 1 || n != 0 {
		t.Errorf("durable %v, %d wait", h.durable, n)
	}
	if h.Retry(time.Hour, &h.out) > 0 {
		t.Error("something still waits")
	}
}

func TestRetry(t *testing.T) {
	h := newHost(1, op.NewStore(1<<20), 6)
	first, second := h.write(), h.write()
	h.Saved(h.log.ID, first, 1, 0, &h.out)
	h.Saved(h.log.ID, second, 2, time.Second/2, &h.out)
	h.carry()
	h.receipt(2, first.Op.ID)
	if wait := h.Retry(time.Second-1, &h.out); wait != 1 {
		t.Fatalf("it looks again after %v, and should when the first is due", wait)
	}
	if h.carry(); len(h.sent) > 0 {
		t.Fatal("asked again too early")
	}
	asked := map[step.Conn]bool{}
	for i := range 4 {
		wait := h.Retry(time.Duration(i+1)*time.Second, &h.out)
		h.carry()
		if i == 0 && wait != time.Second/2 {
			t.Errorf("it looks again after %v, and should when the second is due", wait)
		}
		for c := range h.sent {
			asked[c] = true
		}
		if i == 0 && (len(h.sent) != 3 || h.sent[2] > 0) {
			t.Errorf("the first was asked about: %v", h.sent)
		}
	}
	if len(asked) != 6 {
		t.Errorf("asked %d of 6 neighbours", len(asked))
	}
	// All are asked once before any is asked twice.
	fresh := newHost(3, op.NewStore(1<<20), 8)
	e := fresh.write()
	fresh.Saved(fresh.log.ID, e, 1, 0, &fresh.out)
	fresh.carry()
	asked = fresh.sentTo()
	for i := range 2 {
		fresh.Retry(time.Duration(i+1)*time.Second, &fresh.out)
		fresh.carry()
		for c := range fresh.sentTo() {
			if asked[c] && len(asked) < 8 && i == 0 {
				t.Errorf("neighbour %d was asked again before others were at all", c)
			}
			asked[c] = true
		}
		if len(fresh.sent) != 3 {
			t.Errorf("try %d asked %d neighbours", i+2, len(fresh.sent))
		}
	}
	if len(asked) != 8 {
		t.Errorf("three tries asked %d of 8 neighbours", len(asked))
	}
	// Who was saved with too few links asks those that come.
	lone := newHost(4, op.NewStore(1<<20), 1)
	lone.Saved(lone.log.ID, lone.write(), 1, 0, &lone.out)
	lone.carry()
	for c := range step.Conn(4) {
		lone.Opened(lone.link(c+2, step.Addr(102+c)), &lone.out)
	}
	lone.out.List = slices.DeleteFunc(lone.out.List, func(e step.Effect) bool { // greetings
		s, ok := e.(*step.Send)
		return ok && len(s.Bytes) < 100
	})
	if lone.carry(); len(lone.sent) != 2 || lone.sent[2] != 1 || lone.sent[3] != 1 {
		t.Errorf("asked the new neighbours %v", lone.sent)
	}
	// A link that is full would break: it is left alone.
	many := newHost(2, op.NewStore(1<<20), 1)
	for range 3000 {
		many.Saved(many.log.ID, first, 1, 0, &many.out)
	}
	bytes := 0
	for _, e := range many.out.List {
		bytes += len(e.(*step.Send).Bytes)
	}
	if bytes > step.SendCredit+1000 {
		t.Errorf("%d bytes handed to one link", bytes)
	}
}

// TestDebts: a receipt is given only once the operation is strictly on the disk, also where it is there relaxed.
func TestDebts(t *testing.T) {
	for _, relaxed := range []bool{false, true} {
		t.Run(fmt.Sprint("relaxed first: ", relaxed), func(t *testing.T) {
			store := op.NewStore(1 << 20)
			author, h := newHost(1, store, 0), newHost(2, store, 3)
			e := h.journal.Receive(101, author.write().Op.Bytes, &h.out)[0]
			if relaxed {
				h.journal.Flush(false, &h.out)
				h.carry()
				h.disk()
			}
			for c := range step.Conn(3) {
				for range 5 {
					if h.Asked(h.overlay.Link(c+1), h.log.ID, e, &h.out) {
						t.Fatal("a receipt before the disk")
					}
				}
			}
			if _, owed := h.Queues(); owed != 3 {
				t.Fatalf("%d receipts owed to 3 links", owed)
			}
			h.ConnDown(&step.ConnDown{Conn: 3})
			h.overlay.ConnDown(&step.ConnDown{Conn: 3})
			h.journal.Secure(h.log, e)
			h.journal.Flush(true, &h.out)
			if h.carry(); len(h.sent) > 0 {
				t.Fatal("a receipt before the disk")
			}
			_, strict := h.disk()
			h.Strict([]op.ID{{1}}, &h.out)
			h.Strict(strict, &h.out)
			if h.carry(); len(h.sent) != 2 || h.sent[1] != 1 || h.sent[2] != 1 {
				t.Fatalf("receipts: %v", h.sent)
			}
			if _, owed := h.Queues(); owed != 0 {
				t.Errorf("%d still owed", owed)
			}
			if !h.Asked(h.overlay.Link(1), h.log.ID, e, &h.out) {
				t.Error("what is strictly on the disk needs no debt")
			}
		})
	}
}

func TestDebtsAreBounded(t *testing.T) {
	store := op.NewStore(8 << 20)
	author, h := newHost(1, store, 0), newHost(2, store, 2)
	for i := range maxDebts + 50 {
		e := h.journal.Receive(101, author.write().Op.Bytes, &h.out)[0]
		h.Asked(h.overlay.Link(1), h.log.ID, e, &h.out)
		if _, owed := h.Queues(); owed > maxDebts {
			t.Fatalf("%d receipts owed over one link", owed)
		}
		if i == maxDebts+40 {
			h.Asked(h.overlay.Link(2), h.log.ID, e, &h.out)
			if _, owed := h.Queues(); owed != maxDebts+1 {
				t.Error("one link's debts shut out another's")
			}
			break
		}
	}
}

// TestDebtOfAWaiter: who asks about an operation that waits for its causes gets the receipt once it is admitted and on the
// disk, not only when he asks again.
func TestDebtOfAWaiter(t *testing.T) {
	store := op.NewStore(1 << 20)
	author, h := newHost(1, store, 0), newHost(2, store, 1)
	first, second := author.write(), author.write()
	h.journal.Receive(101, second.Op.Bytes, &h.out)
	for range 2 {
		h.Owe(h.overlay.Link(1), h.log.ID, second.Op.ID)
	}
	if _, owed := h.Queues(); owed != 1 || !h.Owes(second.Op.ID) || h.Owes(first.Op.ID) {
		t.Fatalf("%d owed", owed)
	}
	h.journal.Receive(101, first.Op.Bytes, &h.out)
	h.journal.Flush(true, &h.out)
	h.carry()
	_, strict := h.disk()
	h.Strict(strict, &h.out)
	if h.carry(); h.sent[1] != 1 || h.Owes(second.Op.ID) {
		t.Errorf("receipts: %v", h.sent)
	}
}
