package checkers

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// debt is a receipt that one honest host wished for and another owes: it is to be given in the step in which the operation is
// strictly on the other's disk, or at once if it is there already (REP-3). An author whom nobody pays asks others a while
// later: so nothing but the time shows that a receipt was forgotten.
type debt struct {
	promise *promise
	to      sim.HostID
	conn    step.Conn
	event   string  // of the wish
	due     sim.Key // of the step in which it is to be given; zero before that
}

// debtor is what one host owes in its life.
type debtor struct {
	debts []debt
	ripe  int               // those that are due
	found map[*promise]bool // on its disk at boot: when it is admitted again is not seen here
	soft  []debt            // what it was asked for in the step at due, and had written, but not strictly
}

// owe takes a wish for a receipt in.
func (d *durability) owe(e *sim.Event) {
	k := &d.debtors[e.Host]
	if k.ripe > 0 {
		d.unpaid(k, e)
	}
	if len(k.soft) > 0 {
		d.unsecured(e)
	}
	in := e.Input.(*step.Packet)
	if in.Channel != step.Reliable || frameKind(in.Bytes) != pushFrame || !d.truth.host(e.Host).Honest || !d.truth.host(e.Key.Src).Honest {
		return
	}
	f, _ := opened(in.Bytes)
	receipt, ops := f.push()
	if !receipt {
		return
	}
	for raw := range ops {
		p := d.record(raw)
		if p != nil && p.op.host == e.Key.Src {
			p.wished(e.Host, e.Key.At)
		}
		if p == nil || k.found[p] || slices.ContainsFunc(k.debts, func(x debt) bool { return x.promise == p && x.conn == in.Conn }) {
			continue
		}
		if over(k.debts, in.Conn) >= d.truth.Node.Debts {
			continue // honest hosts may forget it, and are asked again
		}
		x := debt{promise: p, to: e.Key.Src, conn: in.Conn, event: e.ID()}
		if p.safe.has(int(e.Host)) && e.Life == 1 { // what a former life had, its disk may have damaged
			x.due = e.Key
			k.ripe++
		}
		k.debts = append(k.debts, x)
		if d.disks[e.Host].softly(p) {
			x.due = e.Key
			k.soft = append(k.soft, x)
			d.secured++
		}
		d.owed++
	}
}

// softly tells whether an operation was written, and neither it nor anything after it strictly.
func (k *commits) softly(p *promise) bool {
	if k == nil || slices.ContainsFunc(k.pending, func(t transaction) bool { return t.strict }) {
		return false
	}
	return slices.Contains(k.relaxed, p) || slices.ContainsFunc(k.pending, func(t transaction) bool { return slices.Contains(t.ops, p) })
}

// unsecured judges what was asked for in steps before this event and lay there softly: a strict commit was due in that step.
// Else the receipt waits until its host happens to write something else.
func (d *durability) unsecured(e *sim.Event) {
	k := &d.debtors[e.Host]
	for i := range k.soft {
		if x := &k.soft[i]; x.due != e.Key {
			d.fail(x.due.At, x.event, "host %d was asked by host %d for a receipt for operation %s, which it had written, but not strictly, and did not write it strictly at once", e.Host, x.to, x.promise.op)
		}
	}
	k.soft = slices.DeleteFunc(k.soft, func(x debt) bool { return x.due != e.Key })
}

// over counts what is owed over one connection.
func over(debts []debt, c step.Conn) (n int) {
	for i := range debts {
		if debts[i].conn == c {
			n++
		}
	}
	return n
}

// ripen says that operations of a transaction survive power loss now.
func (d *durability) ripen(e *sim.Event, ops []*promise) {
	k := &d.debtors[e.Host]
	for i := range k.debts {
		if x := &k.debts[i]; x.due == (sim.Key{}) && slices.Contains(ops, x.promise) {
			x.due = e.Key
			k.ripe++
		}
	}
}

// paid ends a debt.
func (d *durability) paid(e *sim.Event, p *promise, to sim.HostID) {
	k := &d.debtors[e.Host]
	i := slices.IndexFunc(k.debts, func(x debt) bool { return x.promise == p && x.to == to })
	if i < 0 {
		return
	}
	if k.debts[i].due != (sim.Key{}) {
		k.ripe--
	}
	k.debts = slices.Delete(k.debts, i, i+1)
	d.given++
}

// excused takes back debts that a host no longer has, over a connection that is gone or for an operation that it forgot.
func (d *durability) excused(h sim.HostID, gone func(x *debt) bool) {
	k := &d.debtors[h]
	k.debts = slices.DeleteFunc(k.debts, func(x debt) bool {
		if gone(&x) && x.due != (sim.Key{}) {
			k.ripe--
		}
		return gone(&x)
	})
}

// unpaid judges what was due in steps before this event: the host went on, so that all of them were carried out.
func (d *durability) unpaid(k *debtor, e *sim.Event) {
	for i := range k.debts {
		x := &k.debts[i]
		if x.due == (sim.Key{}) || x.due == e.Key {
			continue
		}
		d.fail(x.due.At, x.event, "host %d was asked by host %d for a receipt for operation %s, had it strictly on its disk at %v, and gave none", e.Host, x.to, x.promise.op, x.due.At)
	}
	d.excused(e.Host, func(x *debt) bool { return x.due != (sim.Key{}) && x.due != e.Key })
}
