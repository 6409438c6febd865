package checkers

import (
	"maps"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// wished notes that an author's wish for a receipt came to a host.
func (p *promise) wished(of sim.HostID, at time.Duration) {
	if p.asked == nil {
		p.asked = map[sim.HostID]time.Duration{}
	}
	p.asked[of] = at
}

// unasked judges that an author which waits for receipts asks its neighbours in turn, and begins anew once it asked all: a
// neighbour that it keeps hears of it within a round (REP-3). Whoever answered need not be asked; who was asked before may have
// crashed before it wrote anything. What happens while a fault comes between the two is not held against it; others may be away.
func (d *durability) unasked(author sim.HostID, until time.Duration) {
	near := &d.near[author]
	round := d.truth.Promise(2 + (near.most+d.truth.Receipts-1)/max(d.truth.Receipts, 1))
	for _, p := range near.waits {
		for _, peer := range slices.Sorted(maps.Keys(near.since)) {
			h, mutual := d.truth.host(peer), d.near[peer].since
			greeted, both := mutual[author]
			if !h.Honest || !both || !slices.Contains(h.Spaces, array(p.op.head.Space)) ||
				slices.ContainsFunc(p.receipts, func(r receipt) bool { return r.host == peer && r.to == author }) {
				continue
			}
			since := d.truth.undisturbed(author, peer, max(p.saved, near.since[peer], greeted, p.asked[peer]), until)
			if d.asking++; until-since > round {
				d.fail(since, "", "host %d waits for receipts for its operation %s since %v, and from %v to %v it did not ask host %d, its neighbour; with %d neighbours it is to ask each within %v",
					author, p.op, p.saved, since, until, peer, near.most, round)
			}
		}
	}
}
