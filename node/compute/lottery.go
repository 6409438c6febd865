package compute

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// ticket is a device's place in the lottery of a task: the least tickets win. Nobody chooses it: the task's id is a hash
// that the requester would have to grind, and the device offered before the task was known.
type ticket [32]byte

func (t ticket) compare(o ticket) int { return bytes.Compare(t[:], o[:]) }

// urn draws the tickets of one task.
type urn [14 + 32 + 32]byte

func newUrn(task op.ID) (u urn) {
	copy(u[:], "lgos-lottery-1")
	copy(u[len("lgos-lottery-1"):], task[:])
	return u
}

func (u *urn) draw(device op.Key) ticket {
	copy(u[len(u)-32:], device[:])
	return sha256.Sum256(u[:])
}

// drawn gives the first k devices of a task among the candidates, in order of their tickets.
func drawn(task op.ID, candidates []op.Key, k int) []op.Key {
	u := newUrn(task)
	tickets := make(map[op.Key]ticket, len(candidates))
	for _, d := range candidates {
		tickets[d] = u.draw(d)
	}
	candidates = slices.Clone(candidates)
	slices.SortFunc(candidates, func(a, b op.Key) int { return tickets[a].compare(tickets[b]) })
	return candidates[:min(k, len(candidates))]
}
