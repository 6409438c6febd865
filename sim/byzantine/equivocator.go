package byzantine

import (
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Equivocator tells half of its neighbours one thing and half another: for some of its operations it signs a twin with the
// same place in its chain (SIM-3, SEC-2). The twin of an edit of a text edits that text at the same place; all others make a
// note.
type Equivocator struct {
	Every int           `yaml:"every,omitempty"` // every so many operations have a twin; 0 is 2
	Late  time.Duration `yaml:"late,omitempty"`  // for so long it keeps a twin to itself; 0 shows it at once
}

func (*Equivocator) Kind() string { return "equivocator" }

func (*Equivocator) Lies() []string { return []string{"equivocation"} }

func (s *Equivocator) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	every := s.Every
	if every <= 0 {
		every = 2
	}
	return seat(inner, env, func() strategy { return &equivocator{every: every, late: s.Late} })
}

type equivocator struct {
	every, count int
	late         time.Duration
	kept         int             // twins that were kept to itself in this life
	twins        []*op.Operation // to be shown, the oldest first
}

// input keeps the liar's own timers from the node.
func (s *equivocator) input(_ *liar, in step.Input) step.Input {
	if t, ok := in.(*step.Timer); ok && s.late > 0 && t.ID>>56 == timerBand>>56 {
		return nil
	}
	return in
}

func (s *equivocator) effect(l *liar, e step.Effect, out *step.Effects) bool {
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
			if s.late > 0 {
				out.SetTimer(timerBand+step.TimerID(s.kept), s.late)
				s.kept++
			}
		}
	}
	return false
}

func (s *equivocator) after(l *liar, in step.Input, out *step.Effects) {
	shown := len(s.twins)
	if s.late > 0 {
		if t, ok := in.(*step.Timer); !ok || t.ID>>56 != timerBand>>56 || shown == 0 {
			return
		}
		shown = 1
	}
	inside := l.node.Insides()
	for _, o := range s.twins[:shown] {
		d := other(o)
		h := o.Header
		h.Schema = d.Schema()
		twin := op.Sign(h, d.Body(), inside.Signer.Device())
		for i, link := range inside.Links {
			if link.Open(o.Space) && i%2 == 0 {
				push(link, o.Space, "equivocation", out, twin)
			}
		}
	}
	s.twins = slices.Delete(s.twins, 0, shown)
}

// other is what the twin of an operation says: other words in the same place of a text, or a note of its own.
func other(o *op.Operation) (d op.Draft) {
	story := "the other story of " + o.ID.String()[:8]
	if o.Kind != op.TextEditing || len(o.Mutations) != 1 {
		d.Kind = op.GraphEdit
		e := d.Add(op.Mutation{Code: op.CreateNode, Type: "note"})
		d.Add(op.Mutation{Code: op.Register, Element: e, Prop: "title", Value: text(story)})
		return d
	}
	d.Kind = o.Kind
	m := o.Mutations[0]
	m.Edits = slices.Clone(m.Edits)
	for i := range m.Edits {
		e := &m.Edits[i]
		for _, a := range [...]*op.Anchor{&e.Left, &e.Right, &e.At} {
			if a.Op == o.ID { // a character of its own, which in the twin is the twin's
				a.Op = op.ID{}
			}
		}
		if e.Insert { // as many characters, since others may be named by their number
			e.Text = strings.Repeat(story+" ", int(e.N)/len(story)+1)[:e.N]
		}
	}
	d.Add(m)
	return d
}

func text(s string) cbor.RawMessage {
	b, err := cbor.Marshal(s)
	if err != nil {
		panic(err)
	}
	return b
}
