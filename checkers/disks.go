package checkers

import (
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// diskView reads each disk once: the world makes its list anew at every question, and a verdict asks for every operation.
type diskView struct {
	sim.View
	disks map[sim.HostID][]step.Record
}

func readOnce(v sim.View) *diskView { return &diskView{v, map[sim.HostID][]step.Record{}} }

func (v *diskView) Disk(h sim.HostID) []step.Record {
	d, ok := v.disks[h]
	if !ok {
		d = v.View.Disk(h)
		v.disks[h] = d
	}
	return d
}
