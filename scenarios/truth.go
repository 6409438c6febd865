package scenarios

import (
	"fmt"
	"slices"

	"github.com/lifegraph-os/lgos-sim/checkers"
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/kernel"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// tell writes down what the checkers must know.
func (b *build) tell(net *netsim.Network, seats []sim.Seat) *checkers.Truth {
	t := &checkers.Truth{Receipts: Receipts, MinDurable: b.scenario.durable()}
	for i := range b.cast.members {
		m := &b.cast.members[i]
		v := kernel.Release(m.group.kernel())
		h := checkers.Host{Honest: seats[i].Liar == "", Liar: seats[i].Liar, Identity: m.identity, Protocol: v.Max, Schema: uint8(v.Schema)}
		for _, k := range m.spaces {
			if m.absent {
				break
			}
			h.Spaces = append(h.Spaces, b.cast.spaces[k].id)
		}
		t.Hosts = append(t.Hosts, h)
	}
	for k := range b.cast.spaces {
		t.Spaces = append(t.Spaces, checkers.Space{ID: b.cast.spaces[k].id, Genesis: b.cast.spaces[k].genesis})
	}
	b.figures(t, net)
	return t
}

// texts tells what the people who replay a recording will have written.
func (b *build) texts(t *checkers.Truth) error {
	for _, w := range b.scenario.Work {
		spec, ok := w.Spec.(*workload.Trace)
		if !ok || len(spec.Writers) == 0 {
			continue
		}
		rec, err := b.data.recording(spec.File)
		if err != nil {
			return err
		}
		seats := b.cast.seats()[spec.Writers[0]]
		if len(seats) == 0 {
			continue // drawing the scripts says what is wrong
		}
		text := checkers.Text{Space: seats[0].Spaces[0], Type: workload.TextType, Prop: workload.TextProp, Edits: len(rec.Txns), Want: rec.EndContent, Known: true}
		if spec.Limit > 0 && spec.Limit < len(rec.Txns) {
			text.Edits, text.Known = spec.Limit, false
		}
		t.Texts = append(t.Texts, text)
	}
	return nil
}

// cuts are those of a plan's faults that part hosts; reach tells of each fault whom it may disturb: hosts that it names, or the
// two sides of a cut.
func cuts(windows []sim.Window) (all, reach []checkers.Cut, err error) {
	for i, w := range windows {
		f, err := fault.New(w)
		if err != nil {
			return nil, nil, fmt.Errorf("faults[%d]: %w", i, err)
		}
		hosts := fault.Hosts(w)
		c := checkers.Cut{Begin: w.Begin, End: w.End, Parts: func(a, b sim.HostID) bool { return hosts.Has(a) || hosts.Has(b) }}
		if cut, ok := f.(fault.Cutter); ok {
			c.Parts = cut.Parts
			all = append(all, c)
		}
		reach = append(reach, c)
	}
	return all, reach, nil
}

// durable is the share of requests that must become durable: all, where nothing goes wrong and nobody lies.
func (s *Scenario) durable() float64 {
	switch {
	case s.Durable > 0:
		return s.Durable
	case len(s.Faults) == 0 && !slices.ContainsFunc(s.Groups, func(g Group) bool { return g.Liar != nil }):
		return 1
	}
	return 0.8
}
