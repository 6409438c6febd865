package journal

import "github.com/lifegraph-os/lgos-sim/node/op"

// maxRefused bounds how many refused operations of one space are remembered.
const maxRefused = 4096

// refusals remembers, by id, opened operations that were not admitted. Their signatures and hashes verified, so that the
// id stands for all that the verdict looked at; bytes that do not even open are remembered whole, by op.Store alone, or a
// bad copy sent first would shut out the good one. What is forgotten is judged again.
type refusals struct {
	reasons map[op.ID]string
	ring    []op.ID
	at      int
}

func newRefusals() refusals { return refusals{reasons: map[op.ID]string{}} }

func (r *refusals) add(id op.ID, reason string) {
	if _, ok := r.reasons[id]; ok {
		return
	}
	if len(r.ring) < maxRefused {
		r.ring = append(r.ring, id)
	} else {
		delete(r.reasons, r.ring[r.at])
		r.ring[r.at] = id
		r.at = (r.at + 1) % maxRefused
	}
	r.reasons[id] = reason
}
