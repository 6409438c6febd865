package byzantine

import (
	"crypto/ed25519"
	"time"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Trespasser writes without the right to, with valid signatures and in its own name; now and then it also gives itself
// the right (I18, I20).
type Trespasser struct {
	Gap time.Duration `yaml:"gap,omitempty"` // between two writings; 0 is 2 s
}

func (*Trespasser) Kind() string { return "trespasser" }

func (*Trespasser) Lies() []string { return []string{"trespass", "usurpation"} }

func (s *Trespasser) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	gap := s.Gap
	if gap <= 0 {
		gap = 2 * time.Second
	}
	return seat(inner, env, func() strategy { return &trespasser{gap: gap} })
}

type trespasser struct {
	honest
	gap         time.Duration
	incarnation uint64
}

// timerBand keeps the liars' timers apart from the node's.
const timerBand = step.TimerID('Z') << 56

func (s *trespasser) input(_ *liar, in step.Input) step.Input {
	if t, ok := in.(*step.Timer); ok && t.ID == timerBand {
		return nil
	}
	return in
}

func (s *trespasser) after(l *liar, in step.Input, out *step.Effects) {
	switch in := in.(type) {
	case *step.Boot:
		s.incarnation = uint64(in.Entropy[0])<<32 | uint64(in.Entropy[1])<<40
		out.SetTimer(timerBand, s.gap)
	case *step.Timer:
		if in.ID != timerBand {
			return
		}
		out.SetTimer(timerBand, s.gap)
		for _, log := range l.node.Insides().Journal.Logs() {
			s.write(l, log, out)
		}
	}
}

// write begins a chain of its own, above all that it knows, with an operation that it has no right to.
func (s *trespasser) write(l *liar, log *journal.Log, out *step.Effects) {
	s.incarnation++
	in := l.node.Insides()
	identity := ed25519.NewKeyFromSeed(l.env.Identity[:])
	own := op.Key(identity.Public().(ed25519.PublicKey))
	device := in.Signer.Device()
	d := op.Draft{Kind: op.GraphEdit}
	kind := "trespass"
	if s.incarnation%3 == 0 {
		kind = "usurpation"
		d = op.Draft{Kind: op.RightsGrant, Args: (&op.Change{Who: []op.Key{own}, Role: op.Admin}).Args()}
	} else {
		e := d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
		d.Add(op.Mutation{Code: op.Register, Element: e, Prop: "title", Value: text("I was here")})
	}
	h := op.Header{
		Format: 1, Space: log.ID, Device: op.Key(device.Public().(ed25519.PublicKey)), Incarnation: s.incarnation, Seq: 1,
		Clock: 1, Schema: d.Schema(), Identity: own,
	}
	h.Certificate = op.Certify(identity, h.Device)
	for _, id := range log.Heads() {
		if e, ok := log.Get(id); ok && len(h.Deps) < op.MaxDeps {
			h.Deps = append(h.Deps, id)
			h.Clock = max(h.Clock, e.Op.Clock+1)
		}
	}
	b := op.Sign(h, d.Body(), device)
	for _, link := range in.Links {
		if link.Open(log.ID) {
			push(link, log.ID, kind, out, b)
		}
	}
}
