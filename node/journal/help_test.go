package journal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

func testKey(n uint64) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint64(make([]byte, 24), n))
}

// laxJudge refuses the kind "forbidden" and nothing else.
type laxJudge struct{}

func (laxJudge) Judge(_ *Log, e *Entry) string {
	if e.Op.Kind == "forbidden" {
		return step.RefuseRights
	}
	return ""
}

// person is a test's signer: one identity on one device.
type person struct{ identity, device ed25519.PrivateKey }

func newPerson(n uint64) *person { return &person{testKey(2 * n), testKey(2*n + 1)} }

func (p *person) Device() ed25519.PrivateKey { return p.device }

// Identity is zero for a person who signed out.
func (p *person) Identity() op.Key {
	if p.identity == nil {
		return op.Key{}
	}
	return op.KeyOf(p.identity)
}
func (p *person) Certificate() [64]byte { return op.Certify(p.identity, op.KeyOf(p.device)) }

func testGenesis() []byte {
	f := op.Founding{Name: "test", Members: []op.Membership{{Identity: newPerson(0).Identity(), Role: op.Owner}}}
	return op.Genesis(f.Args(), newPerson(0).identity, newPerson(0).device, 1, 0)
}

// writer makes operations by hand, good and bad.
type writer struct {
	*person
	store       *op.Store
	incarnation uint64
	last        *op.Operation
	n           int64
}

func newWriter(store *op.Store, n uint64) *writer {
	return &writer{person: newPerson(n), store: store, incarnation: 1}
}

// write signs an operation that follows prev (nil begins the chain) and deps. edit, if given, spoils the header.
func (w *writer) write(kind string, prev *op.Operation, deps []*op.Operation, edit func(*op.Header)) *op.Operation {
	w.n++
	h := op.Header{Format: 1, Device: op.KeyOf(w.device), Incarnation: w.incarnation, Seq: 1, Schema: 1, WallMS: w.n}
	if s, ok := op.SchemaOf(kind); ok {
		h.Schema = s
	}
	if prev != nil {
		h.Space, h.Incarnation, h.Seq, h.Prev, h.Clock = prev.Space, prev.Incarnation, prev.Seq+1, prev.ID, prev.Clock
	} else {
		h.Identity, h.Certificate = w.Identity(), w.Certificate()
	}
	for _, d := range deps {
		if prev != nil && d.ID == prev.ID {
			continue
		}
		h.Space, h.Clock = d.Space, max(h.Clock, d.Clock)
		h.Deps = append(h.Deps, d.ID)
	}
	slices.SortFunc(h.Deps, op.ID.Compare)
	h.Deps = slices.Compact(h.Deps)
	h.Clock++
	if edit != nil {
		edit(&h)
	}
	d := op.Draft{Kind: kind}
	if kind == op.RightsRevoke {
		c := op.Change{Who: []op.Key{{byte(w.n)}}}
		d.Args = c.Args()
	}
	o, err := w.store.Open(op.Sign(h, d.Body(), w.device))
	if err != nil {
		panic(err)
	}
	return o
}

// next writes the chain's next operation.
func (w *writer) next(kind string, deps ...*op.Operation) *op.Operation {
	w.last = w.write(kind, w.last, deps, nil)
	return w.last
}

// host is a journal with a disk that does what it is told.
type host struct {
	t     testing.TB
	store *op.Store
	who   *person
	j     *Journal
	l     *Log
	out   step.Effects
	disk  map[string][]byte
	asked []step.Commit // not answered yet
	life  byte
	most  int // operations that wait in one share, in place of MaxWaiting; 0 is that
}

func newHost(t testing.TB, store *op.Store, who uint64) *host {
	h := &host{t: t, store: store, who: newPerson(who), disk: map[string][]byte{}}
	h.boot()
	return h
}

// boot begins another life: what was not committed is lost.
func (h *host) boot() (notes []string) {
	h.life++
	h.asked = nil
	h.j = New(Config{Store: h.store}, laxJudge{}, h.who)
	var err error
	if h.l, err = h.j.Found(testGenesis()); err != nil {
		h.t.Fatal(err)
	}
	if h.most > 0 {
		h.l.buffer.most = h.most // before the disk is read: what lost its causes there waits too
	}
	boot := &step.Boot{Life: uint32(h.life), Entropy: [32]byte{h.life, op.KeyOf(h.who.device)[0]}}
	for k, v := range h.disk {
		boot.Disk = append(boot.Disk, step.Record{Key: k, Value: v})
	}
	slices.SortFunc(boot.Disk, func(a, b step.Record) int { return strings.Compare(a.Key, b.Key) })
	h.j.Boot(boot, &h.out)
	return h.effects()
}

// effects takes what the last call wanted; commits wait for an answer.
func (h *host) effects() (notes []string) {
	for _, e := range h.out.List {
		switch e := e.(type) {
		case *step.Note:
			s := e.Kind.String()
			if e.Text != "" {
				s += " " + e.Text
			}
			notes = append(notes, s)
		case *step.Commit:
			if !IsJournalCommit(e.ID) {
				h.t.Fatal("not a commit of the journal")
			}
			h.asked = append(h.asked, *e)
		}
	}
	h.out.Reset()
	return notes
}

// answer completes the oldest commit.
func (h *host) answer(err step.CommitError) (saved []Saved, failed []uint64, strict []op.ID) {
	c := h.asked[0]
	h.asked = h.asked[1:]
	if err == 0 {
		for _, k := range c.Delete {
			delete(h.disk, k)
		}
		for _, r := range c.Put {
			h.disk[r.Key] = r.Value
		}
	}
	return h.j.Committed(&step.Committed{ID: c.ID, Strict: c.Strict, Err: err}, &h.out)
}

// idle answers every commit.
func (h *host) idle() {
	for len(h.asked) > 0 {
		h.answer(0)
		h.effects()
	}
}

func (h *host) receive(peer step.Addr, o *op.Operation) (admitted int, notes []string) {
	admitted = len(h.j.Receive(peer, o.Bytes, &h.out))
	return admitted, h.effects()
}

// sameLogs tells where two journals with equal sets differ.
func sameLogs(a, b *Log) string {
	switch {
	case !bytes.Equal(a.Inspect(), b.Inspect()):
		return "sets"
	case !slices.Equal(a.Heads(), b.Heads()) || a.HeadsDigest() != b.HeadsDigest():
		return "heads"
	case !slices.Equal(a.Tips(), b.Tips()):
		return "tips"
	}
	for _, e := range a.Entries {
		f, ok := b.Get(e.Op.ID)
		if !ok || e.Forked != f.Forked || e.Author != f.Author || !slices.Equal(pastOf(a, e), pastOf(b, f)) {
			return "entry " + e.Op.ID.String()
		}
	}
	return ""
}

func pastOf(l *Log, e *Entry) (ids []op.ID) {
	for x := range l.Rights(e.Past) {
		ids = append(ids, x.Op.ID)
	}
	slices.SortFunc(ids, op.ID.Compare)
	return ids
}
