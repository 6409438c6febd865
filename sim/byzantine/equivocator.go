package byzantine

import (
	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Equivocator tells half of its neighbours one thing and half another: for some of its operations it signs a twin with the
// same place in its chain (SIM-3, SEC-2).
type Equivocator struct {
	Every int `yaml:"every,omitempty"` // every so many operations have a twin; 0 is 2
}

func (*Equivocator) Kind() string { return "equivocator" }

func (*Equivocator) Lies() []string { return []string{"equivocation"} }

func (s *Equivocator) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	every := s.Every
	if every <= 0 {
		every = 2
	}
	return seat(inner, env, func() strategy { return &equivocator{every: every} })
}

type equivocator struct {
	honest
	every, count int
	twins        []*op.Operation // to be sent after this step
}

func (s *equivocator) effect(l *liar, e step.Effect, _ *step.Effects) bool {
	n, ok := e.(*step.Note)
	if !ok || n.Kind != step.NoteSaved {
		return false
	}
	if s.count++; s.count%s.every != 0 {
		return false
	}
	for _, log := range l.node.Insides().Journal.Logs() {
		if e, ok := log.Get(n.Op); ok {
			s.twins = append(s.twins, e.Op)
		}
	}
	return false
}

func (s *equivocator) after(l *liar, _ step.Input, out *step.Effects) {
	in := l.node.Insides()
	for _, o := range s.twins {
		d := op.Draft{Kind: op.GraphEdit}
		e := d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
		d.Add(op.Mutation{Code: op.Register, Element: e, Prop: "title", Value: text("the other story of " + o.ID.String()[:8])})
		h := o.Header
		h.Schema = d.Schema()
		twin := op.Sign(h, d.Body(), in.Signer.Device())
		for i, link := range in.Links {
			if link.Open(o.Space) && i%2 == 0 {
				push(link, o.Space, "equivocation", out, twin)
			}
		}
	}
	s.twins = s.twins[:0]
}

func text(s string) cbor.RawMessage {
	b, err := cbor.Marshal(s)
	if err != nil {
		panic(err)
	}
	return b
}
