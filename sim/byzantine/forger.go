package byzantine

import (
	"bytes"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Forger passes on altered copies of what others wrote, and signs in their names with a key that is not theirs (SEC-2).
type Forger struct {
	Every int `yaml:"every,omitempty"` // every so many pushes that it gets are forged; 0 is 4
}

func (*Forger) Kind() string { return "forger" }

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

// forge alters a bit of the body or signature, or signs another's next operation with its own key.
func (s *forger) forge(l *liar, b []byte) (kind string, forged []byte) {
	if s.count/s.every%2 == 0 {
		forged = bytes.Clone(b)
		forged[len(forged)-1-s.count%min(len(forged), 90)] ^= 1 << (s.count % 8)
		return "altered bytes", forged
	}
	o, err := s.store.Open(b)
	if err != nil || o.Seq == 0 {
		return "", nil
	}
	h := o.Header
	h.Prev, h.Seq, h.Clock, h.Deps = o.ID, o.Seq+1, o.Clock+1, nil
	h.Identity, h.Certificate = op.Key{}, [64]byte{}
	d := op.Draft{Kind: op.GraphEdit}
	d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
	h.Schema = d.Schema()
	return "bad signature", op.Sign(h, d.Body(), l.node.Insides().Signer.Device())
}
