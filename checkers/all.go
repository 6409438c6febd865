// Package checkers judges runs: convergence, policy, compute, delivery, durability. The checkers know the truth of the
// scenario and see every event; they decode operations themselves, re-derive what nodes claim, and must not import the
// code that they judge.
package checkers

import "github.com/lifegraph-os/lgos-sim/sim"

// All lists the checkers of one run. They share what they learn of operations; a new one is a file and a word here.
func All(t *Truth) []sim.Checker {
	b := newBook(t)
	return []sim.Checker{newConvergence(b), newPolicy(b), newCompute(b), newDelivery(b), newDurability(b)}
}
