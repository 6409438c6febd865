package checkers

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
)

// drawn are the devices that the lottery draws for a task and for its extensions before an acceptance, by each ruling by which
// its requester may have held it.
func (c *compute) drawn(s *space, hall *ruling, before bitset, t *operation, workers uint64) map[key]bool {
	all := map[key]bool{}
	draw := func(at *operation, k uint64) {
		past := s.pastOf(at)
		for _, r := range c.rulings(s, hall, past, before, at) {
			for _, d := range c.lottery(s, r, past, t, k) {
				all[d] = true
			}
		}
	}
	draw(t, workers)
	for _, i := range before.members() {
		if o := s.ops[i]; o.kind == "compute.extend" && o.chain.device == t.chain.device {
			if a, ok := args[extendArgs](c.cbor, o); ok && array(a.Task) == t.id {
				draw(o, a.Workers)
			}
		}
	}
	return all
}

// rulings are those by which a requester may have drawn workers for an operation of its own: it knew what stands in the
// operation's past, and perhaps what came until it was saved. What the whole run knows counts too, and that nothing is void,
// which is nil.
func (c *compute) rulings(s *space, hall *ruling, past, before bitset, at *operation) []*ruling {
	all := []*ruling{hall, nil, s.whole(past)}
	known := slices.Clone(past)
	for _, r := range s.rules {
		if i := r.op.index; before.has(i) && !past.has(i) && r.op.at <= at.at+c.truth.Node.DiskStrict {
			known.add(i)
			all = append(all, s.whole(known))
		}
	}
	return all
}

// lottery gives the first k devices by SHA-256("lgos-lottery-1" || task || device) among those whose last offer in a past,
// by (clock, id), is not void by a ruling and consents. The requester's own device takes no part.
func (c *compute) lottery(s *space, by *ruling, past bitset, t *operation, k uint64) []key {
	last := map[key]*operation{}
	for _, i := range past.members() {
		o := s.ops[i]
		if o.kind != "compute.offer" || o.chain.device == t.chain.device || by != nil && by.void(o) {
			continue
		}
		if p := last[o.chain.device]; p == nil || cmp.Or(cmp.Compare(o.head.Clock, p.head.Clock), bytes.Compare(o.id[:], p.id[:])) > 0 {
			last[o.chain.device] = o
		}
	}
	var devices []key
	tickets := map[key]key{}
	for _, d := range sortedKeys(last) {
		if a, ok := args[offerArgs](c.cbor, last[d]); ok && a.Consent {
			devices = append(devices, d)
			tickets[d] = sha256.Sum256(slices.Concat([]byte("lgos-lottery-1"), t.id[:], d[:]))
		}
	}
	slices.SortFunc(devices, func(a, b key) int {
		x, y := tickets[a], tickets[b]
		return bytes.Compare(x[:], y[:])
	})
	return devices[:min(uint64(len(devices)), k)]
}

// worked judges one result of an honest worker: a device computes only what the lottery drew it for, by the offers before the
// task or before an extension of it, wherever that stands. Where offers before one of these are void, it may have been held
// while only some of them were, and nothing can be said.
func (c *compute) worked(s *space, hall *ruling, members bitset, o *operation, memo map[key]map[key]bool) (why string) {
	a, ok := args[resultArgs](c.cbor, o)
	t := c.ops[array(a.Task)]
	if !ok || t == nil || t.space != s || t.kind != "compute.task" || t.index < 0 || !s.pastOf(o).has(t.index) {
		return "it names no task of its past"
	}
	ta, ok := args[taskArgs](c.cbor, t)
	if !ok {
		return "its task has no arguments"
	}
	all, known := memo[t.id]
	if !known {
		all = c.drawn(s, hall, members, t, ta.Workers)
		for _, i := range members.members() {
			if x := s.ops[i]; x.kind == "compute.offer" && hall.void(x) {
				all = nil
				break
			}
		}
		memo[t.id] = all
	}
	if all != nil && !all[o.chain.device] {
		return fmt.Sprintf("device %s was not drawn for task %s", short(o.chain.device), t)
	}
	return ""
}

// repeated says which result of the same device for the same task came before: a host that crashed finds on its disk what it
// has answered, unless it lost that.
func (c *compute) repeated(o *operation, answered map[effort]*operation) string {
	a, _ := args[resultArgs](c.cbor, o)
	k := effort{array(a.Task), o.chain.device}
	before := answered[k]
	answered[k] = o
	if before == nil || c.lost[o.host] >= before.at {
		return ""
	}
	return fmt.Sprintf("its device gave %s for task %s before", before, short(k.task))
}
