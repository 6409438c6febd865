package checkers

import (
	"encoding/binary"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// commits are a host's transactions with tracked operations.
type commits struct {
	pending []transaction
	relaxed []*promise // completed, but not yet covered by a strict commit
}

type transaction struct {
	id     uint64
	strict bool
	ops    []*promise
}

// booted takes in what a host finds on its disk: what a former life committed relaxed outlives a crash of the tab, and the
// next strict commit makes it safe like any other.
func (d *durability) booted(h sim.HostID, in *step.Boot) {
	k := &commits{}
	var found map[*promise]bool
	for i := range in.Disk {
		p := d.record(in.Disk[i].Value)
		if p == nil {
			continue
		}
		if found == nil {
			found = map[*promise]bool{}
		}
		if found[p] = true; !p.safe.has(int(h)) {
			k.relaxed = append(k.relaxed, p)
		}
	}
	d.debtors[h].found = found
	if len(k.relaxed) > 0 {
		d.disks[h] = k
	}
}

// commit notes which tracked operations a transaction writes.
func (d *durability) commit(e *sim.Event, c *step.Commit) {
	if soft := &d.debtors[e.Host].soft; c.Strict && len(*soft) > 0 {
		d.unsecured(e)
		*soft = (*soft)[:0]
	}
	k := d.disks[e.Host]
	if k == nil {
		k = &commits{}
		d.disks[e.Host] = k
	}
	t := transaction{id: c.ID, strict: c.Strict, ops: make([]*promise, 0, len(c.Put))}
	for i := range c.Put {
		if p := d.record(c.Put[i].Value); p != nil {
			t.ops = append(t.ops, p)
		}
	}
	if len(t.ops) > 0 || t.strict {
		k.pending = append(k.pending, t)
	}
}

// record finds the tracked operation that a record holds: its bytes end the value, or a checksum of 4 or 8 bytes does.
func (d *durability) record(value []byte) *promise {
	for _, sum := range [...]int{0, 4, 8, 32} {
		n := len(value) - sum
		if n < 8 {
			return nil
		}
		p := d.tails[binary.LittleEndian.Uint64(value[n-8:n])]
		if p != nil && n >= len(p.op.bytes) && string(value[n-len(p.op.bytes):n]) == string(p.op.bytes) {
			return p
		}
	}
	return nil
}

// committed ends a transaction. A strict one makes safe what was relaxed before it, since commits complete in order.
func (d *durability) committed(e *sim.Event, in *step.Committed) {
	h := e.Host
	if debtor := &d.debtors[h]; debtor.ripe > 0 {
		d.unpaid(debtor, e)
	}
	k := d.disks[h]
	if k == nil {
		return
	}
	i := slices.IndexFunc(k.pending, func(t transaction) bool { return t.id == in.ID })
	if i < 0 {
		return
	}
	t := k.pending[i]
	k.pending = slices.Delete(k.pending, i, i+1)
	switch {
	case in.Err != 0:
	case t.strict:
		for _, p := range k.relaxed {
			p.safe.add(int(h))
		}
		for _, p := range t.ops {
			p.safe.add(int(h))
		}
		d.ripen(e, k.relaxed)
		d.ripen(e, t.ops)
		k.relaxed = k.relaxed[:0]
	default:
		k.relaxed = append(k.relaxed, t.ops...)
	}
}

// read finds the tracked operations on a disk.
func (d *durability) read(disk []step.Record) bitset {
	on := make(bitset, (len(d.order)+63)/64)
	for i := range disk {
		if p := d.record(disk[i].Value); p != nil {
			on.add(p.number)
		}
	}
	return on
}
