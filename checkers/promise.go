package checkers

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// promise follows one operation of an honest author.
type promise struct {
	op        *operation
	number    int
	safe      bitset // hosts on which a strict commit covers it
	receipts  []receipt
	saved     time.Duration                // strictly, on its author's disk; 0 while it was not
	witnesses []witness                    // who could give a receipt then
	asked     map[sim.HostID]time.Duration // who heard last when that its author wishes for a receipt
	at        time.Duration                // when its author called it durable; -1 while it has not
	holders   []receipt                    // author and receipters then
	event     string
}

// receipt is a host that said it holds an operation strictly, and when.
type receipt struct {
	host, to sim.HostID
	at       time.Duration
}

// durable judges the receipts on which an author calls its operation durable.
func (d *durability) durable(e *sim.Event, n *step.Note, p *promise) {
	d.checked++
	p.at, p.event = e.Key.At, e.ID()
	p.holders = []receipt{{host: e.Host, at: e.Key.At}}
	if !p.safe.has(int(e.Host)) {
		d.fail(e.Key.At, p.event, "host %d calls operation %s durable; no strict commit on its own disk covers it", e.Host, p.op)
	}
	for i := 0; i+4 <= len(n.Data); i += 4 {
		h := sim.HostID(binary.BigEndian.Uint32(n.Data[i:]))
		if slices.ContainsFunc(p.holders, func(r receipt) bool { return r.host == h }) {
			d.fail(e.Key.At, p.event, "host %d counts host %d twice for operation %s, or itself", e.Host, h, p.op)
			continue
		}
		given := slices.IndexFunc(p.receipts, func(r receipt) bool { return r.host == h && r.to == e.Host })
		switch {
		case !d.truth.host(h).Honest:
			p.holders = append(p.holders, receipt{host: h})
		case given < 0 && p.safe.has(int(h)) && d.downs[h] >= p.op.at:
			p.holders = append(p.holders, receipt{host: h, at: e.Key.At}) // torn between the receipt and the note of it
		case given < 0:
			d.fail(e.Key.At, p.event, "host %d counts a receipt of host %d for operation %s, which it never gave", e.Host, h, p.op)
		default:
			p.holders = append(p.holders, p.receipts[given])
		}
	}
	if got := len(p.holders) - 1; got < d.truth.Receipts {
		d.fail(e.Key.At, p.event, "host %d calls operation %s durable with %d receipts of others; the space asks for %d", e.Host, p.op, got, d.truth.Receipts)
	}
	p.receipts = nil
	near := &d.near[e.Host]
	near.waits = slices.DeleteFunc(near.waits, func(q *promise) bool { return q == p })
}

// broken counts the holders that lie, or lost their disk after they had the operation.
func (d *durability) broken(p *promise, v sim.View) (n int) {
	for _, r := range p.holders {
		at, lost := d.lost[r.host]
		wiped := d.wrote[r.host] && len(v.Disk(r.host)) == 0
		if !d.truth.host(r.host).Honest || lost && at >= r.at || wiped {
			n++
		}
	}
	return n
}

// survives judges that a durable operation is still there: at an honest host that is up, or on the disk of one that is
// down; and that each holder which lost nothing still has it on its disk.
func (d *durability) survives(p *promise, union []bitset, disks map[sim.HostID]bitset, end sim.End) {
	d.checked++
	found := false
	var gone []sim.HostID
	if p.op.index >= 0 {
		found = union[p.op.space.number].has(p.op.index)
	}
	for _, r := range p.holders {
		at, lost := d.lost[r.host]
		if !d.truth.host(r.host).Honest || lost && at >= r.at || d.wrote[r.host] && len(end.View.Disk(r.host)) == 0 {
			continue
		}
		on, read := disks[r.host]
		if !read {
			on = d.read(end.View.Disk(r.host))
			disks[r.host] = on
		}
		if on.has(p.number) {
			found = true
		} else {
			gone = append(gone, r.host)
		}
	}
	switch {
	case !found:
		d.fail(end.At, p.event, "operation %s (%s) of host %d, durable since %v, is at no honest host any more", p.op, p.op.kind, p.op.host, p.at)
	case len(gone) > 0:
		d.fail(end.At, p.event, "operation %s, durable since %v, is no more on the disk of host %d, which lost nothing", p.op, p.at, gone[0])
	}
}
