package byzantine

import (
	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Withholder takes part in everything and passes on no operation: it greets, compares heads and gives receipts, but its
// pushes and answers never leave it.
type Withholder struct{}

func (*Withholder) Kind() string { return "withholder" }

func (*Withholder) Lies() []string { return []string{"withheld"} }

func (*Withholder) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	return seat(inner, env, func() strategy { return withholder{} })
}

type withholder struct{ honest }

func (withholder) effect(_ *liar, e step.Effect, out *step.Effects) bool {
	s, ok := e.(*step.Send)
	if !ok || wire.Class(s.Bytes) != wire.ClassPush {
		return false
	}
	lie(out, "withheld", -1)
	return true
}
