// Package byzantine is peers that misbehave, one file a strategy: each wraps a whole node and goes wrong in one way. A liar
// says NoteLie for each lie, so that the world can count which of them were delivered. Liars confer by packets and by the
// common seed only.
package byzantine

import (
	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Spec is what a scenario writes of a liar.
type Spec interface {
	Kind() string
	// Lies are the kinds of NoteLie that this strategy tells.
	Lies() []string
	// Seat turns the factory of an honest node into that of a liar.
	Seat(inner func(life uint32) *node.Node, env Env) func(life uint32) sim.Process
}

// Env is what a liar may know before the run.
type Env struct {
	Host     sim.HostID
	Seed     sim.Seed // what colluders have in common
	Identity [32]byte // seed of the identity key of the person beside it
}

// strategy is one way to go wrong. A method that does nothing special returns its argument, or false.
type strategy interface {
	// input may change what the node gets to see; nil keeps it from the node.
	input(l *liar, in step.Input) step.Input
	// effect may carry out an effect of the node in its own way. False leaves it as it is.
	effect(l *liar, e step.Effect, out *step.Effects) bool
	// after may add to what the node did in this step.
	after(l *liar, in step.Input, out *step.Effects)
}

// liar is a node gone wrong.
type liar struct {
	node     *node.Node
	env      Env
	strategy strategy
	own      step.Effects
}

func seat(inner func(life uint32) *node.Node, env Env, s func() strategy) func(life uint32) sim.Process {
	return func(life uint32) sim.Process { return &liar{node: inner(life), env: env, strategy: s()} }
}

func (l *liar) Inspect(query string) []byte { return l.node.Inspect(query) }

// Step lets the node step, and passes on its effects as the strategy likes.
func (l *liar) Step(now step.Now, in step.Input, out *step.Effects) {
	l.own.Reset()
	l.own.NextConn = out.NextConn
	if seen := l.strategy.input(l, in); seen != nil {
		l.node.Step(now, seen, &l.own)
	}
	out.NextConn = l.own.NextConn
	out.Cost += l.own.Cost
	for _, e := range l.own.List {
		if !l.strategy.effect(l, e, out) {
			pass(e, out)
		}
	}
	l.strategy.after(l, in, out)
}

// pass copies an effect as it is.
func pass(e step.Effect, out *step.Effects) {
	switch e := e.(type) {
	case *step.Dial:
		next := out.NextConn
		out.NextConn = e.Conn
		out.Dial(e.Peer)
		out.NextConn = next
	case *step.Close:
		out.Close(e.Conn)
	case *step.Send:
		out.Send(e.Conn, e.Channel, e.Bytes)
	case *step.SetTimer:
		out.SetTimer(e.ID, e.After)
	case *step.Commit:
		out.Commit(e.ID, e.Strict, e.Put, e.Delete)
	case *step.Read:
		out.Read(e.ID, e.Prefix)
	case *step.Run:
		out.Run(e.ID, e.Kernel, e.Input)
	case *step.Reply:
		out.Reply(e.Request, e.Status, e.Body)
	case *step.Note:
		*out.Note(e.Kind) = *e
	}
}

// lie says that the effect at a place of the list is a lie; -1 where no packet carries it.
func lie(out *step.Effects, kind string, effect int) {
	n := out.Note(step.NoteLie)
	n.Text, n.N = kind, int64(effect)
}

// push sends operations of one space over a link, as a lie of a kind.
func push(l *overlay.Link, space op.SpaceID, kind string, out *step.Effects, ops ...[]byte) {
	frame := wire.Append(nil, l.Version, &wire.Push{Space: space, Ops: ops})
	lie(out, kind, out.Send(l.Conn, step.Reliable, frame))
}

// honest is the strategy of doing nothing wrong, for others to embed.
type honest struct{}

func (honest) input(_ *liar, in step.Input) step.Input       { return in }
func (honest) effect(*liar, step.Effect, *step.Effects) bool { return false }
func (honest) after(_ *liar, _ step.Input, _ *step.Effects)  {}

// kinds lists every strategy.
func kinds() []func() Spec {
	return []func() Spec{
		func() Spec { return &Equivocator{} },
		func() Spec { return &Forger{} },
		func() Spec { return &Trespasser{} },
		func() Spec { return &Withholder{} },
		func() Spec { return &LyingWorker{} },
		func() Spec { return &Colluder{} },
	}
}

// Kinds lists the names of all strategies.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k().Kind())
	}
	return names
}

// NewSpec makes an empty spec of a kind; nil where there is no such kind.
func NewSpec(kind string) Spec {
	for _, k := range kinds() {
		if s := k(); s.Kind() == kind {
			return s
		}
	}
	return nil
}
