package compute

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// offers are the compute.offer operations of a space. Every node keeps them, so they are small: 12 bytes an offer, 4 a
// device.
type offers struct {
	all    []offer
	latest []uint32 // of each device, ascending by device: its last offer in all
}

type offer struct {
	entry   uint32
	older   uint32 // 1 + the place of the device's offer before it; 0 if there is none
	consent bool
}

// add takes in an offer. A device's offers are chained by (clock, id), the last one first.
func (o *offers) add(l *journal.Log, e *journal.Entry, consent bool) {
	n := uint32(len(o.all))
	o.all = append(o.all, offer{entry: e.Index, consent: consent})
	i, ok := slices.BinarySearchFunc(o.latest, e.Op.Device, func(at uint32, d op.Key) int {
		return l.Entries[o.all[at].entry].Op.Device.Compare(d)
	})
	if !ok {
		o.latest = slices.Insert(o.latest, i, n)
		return
	}
	if at := o.latest[i]; later(e.Op, l.Entries[o.all[at].entry].Op) {
		o.all[n].older, o.latest[i] = at+1, n
		return
	}
	// Another incarnation's earlier offer came late.
	at := o.latest[i]
	for o.all[at].older != 0 && !later(e.Op, l.Entries[o.all[o.all[at].older-1].entry].Op) {
		at = o.all[at].older - 1
	}
	o.all[n].older, o.all[at].older = o.all[at].older, n+1
}

// stands tells whether the device whose last offer is at this place is a candidate by the offers of a past.
func (o *offers) stands(at uint32, in func(entry uint32) bool) bool {
	for n := at + 1; n != 0; n = o.all[n-1].older {
		if in(o.all[n-1].entry) {
			return o.all[n-1].consent
		}
	}
	return false
}

// candidates are the devices that offer in a past, all but one, ascending.
func (o *offers) candidates(l *journal.Log, but op.Key, in func(entry uint32) bool) []op.Key {
	var keys []op.Key
	for _, at := range o.latest {
		if d := l.Entries[o.all[at].entry].Op.Device; d != but && o.stands(at, in) {
			keys = append(keys, d)
		}
	}
	return keys
}

// wins tells whether a device is among the first k candidates of a task. It looks at no more of the others than it takes
// to find k better tickets.
func (o *offers) wins(l *journal.Log, task op.ID, own, but op.Key, k int, in func(entry uint32) bool) bool {
	u := newUrn(task)
	mine := u.draw(own)
	better, stands := 0, false
	for _, at := range o.latest {
		d := l.Entries[o.all[at].entry].Op.Device
		switch {
		case d == but:
		case d == own:
			if stands = o.stands(at, in); !stands {
				return false
			}
		case u.draw(d).compare(mine) < 0 && o.stands(at, in):
			if better++; better >= k {
				return false
			}
		}
	}
	return stands
}

// last is the last offer of a device that is not void.
func (o *offers) last(l *journal.Log, device op.Key, in func(entry uint32) bool) (entry uint32, ok bool) {
	i, ok := slices.BinarySearchFunc(o.latest, device, func(at uint32, d op.Key) int {
		return l.Entries[o.all[at].entry].Op.Device.Compare(d)
	})
	if !ok {
		return 0, false
	}
	for n := o.latest[i] + 1; n != 0; n = o.all[n-1].older {
		if in(o.all[n-1].entry) {
			return o.all[n-1].entry, true
		}
	}
	return 0, false
}

// later orders operations by (clock, id).
func later(a, b *op.Operation) bool {
	if a.Clock != b.Clock {
		return a.Clock > b.Clock
	}
	return a.ID.Compare(b.ID) > 0
}
