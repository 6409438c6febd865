package byzantine

import (
	"bytes"
	"crypto/ed25519"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Forger passes on altered copies of what others wrote, signs the next of their chains with a key that is not theirs, and
// begins chains in their names with a certificate that they never gave (SEC-2).
type Forger struct {
	Every int `yaml:"every,omitempty"` // every so many pushes that it gets are forged; 0 is 4
}

func (*Forger) Kind() string { return "forger" }

func (*Forger) Lies() []string { return []string{"altered bytes", "bad signature", "stolen identity"} }

func (s *Forger) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	every := s.Every
	if every == 0 {
		every = 4
	}
	return seat(inner, env, func() strategy { return &forger{every: every, store: op.NewStore(1 << 20)} })
}

type forger struct {
	honest
	every, count int
	frame        wire.Holder
	store        *op.Store
}

func (s *forger) after(l *liar, in step.Input, out *step.Effects) {
	p, ok := in.(*step.Packet)
	if !ok {
		return
	}
	f, err := wire.Decode(wire.Newest, p.Bytes, &s.frame)
	if err != nil {
		return
	}
	got, ok := f.(*wire.Push)
	if !ok || len(got.Ops) == 0 || len(got.Ops[0]) == 0 {
		return
	}
	if s.count++; s.count%s.every != 0 {
		return
	}
	kind, forged := s.forge(l, got.Ops[0])
	for _, link := range l.node.Insides().Links {
		if forged != nil && link.Open(got.Space) {
			push(link, got.Space, kind, out, forged)
		}
	}
}

// forge tells its three lies in turn.
func (s *forger) forge(l *liar, b []byte) (kind string, forged []byte) {
	turn := s.count / s.every % 3
	if turn == 0 {
		forged = bytes.Clone(b)
		forged[len(forged)-1-s.count%min(len(forged), 90)] ^= 1 << (s.count % 8)
		return "altered bytes", forged
	}
	in := l.node.Insides()
	o, err := s.store.Open(b)
	if err != nil {
		return "", nil
	}
	log := in.Journal.Log(o.Space)
	if log == nil {
		return "", nil
	}
	e, ok := log.Get(o.ID)
	if !ok {
		return "", nil
	}
	d := op.Draft{Kind: op.GraphEdit}
	d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
	h := o.Header
	h.Clock, h.Deps, h.Schema = o.Clock+1, nil, d.Schema()
	device := in.Signer.Device()
	if turn == 1 {
		h.Prev, h.Seq, h.Identity, h.Certificate = o.ID, o.Seq+1, op.Key{}, [64]byte{}
		return "bad signature", op.Sign(h, d.Body(), device)
	}
	h.Device, h.Incarnation, h.Seq, h.Prev, h.Deps = op.KeyOf(device), uint64(s.count), 1, op.ID{}, []op.ID{o.ID}
	h.Identity, h.Certificate = e.Author, op.Certify(ed25519.NewKeyFromSeed(l.env.Identity[:]), h.Device)
	return "stolen identity", op.Sign(h, d.Body(), device)
}
