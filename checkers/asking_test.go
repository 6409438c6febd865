package checkers

import (
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestWhoWaitsGoesOnAsking: an author that waits for receipts asks each honest neighbour of the space that it keeps within a
// round, whether it asked him before or not.
func TestWhoWaitsGoesOnAsking(t *testing.T) {
	const author, peer, saved = 1, 2, time.Second
	for _, c := range []struct {
		name  string
		play  func(d *durability, p *promise, round time.Duration)
		asks  int
		fails bool
	}{
		{"never asked", nil, 1, true},
		{"asked long ago", func(d *durability, p *promise, round time.Duration) { p.wished(peer, saved+1) }, 1, true},
		{"asked a round before the end", func(d *durability, p *promise, round time.Duration) { p.wished(peer, saved+2) }, 1, false},
		{"gave a receipt", func(d *durability, p *promise, round time.Duration) {
			p.receipts = []receipt{{host: peer, to: author}}
		}, 0, false},
		{"another gave a receipt", func(d *durability, p *promise, round time.Duration) {
			p.receipts = []receipt{{host: 3, to: author}}
		}, 1, true},
		{"it has more neighbours to ask", func(d *durability, p *promise, round time.Duration) { d.near[author].most = 3 }, 1, false},
		{"a liar", func(d *durability, p *promise, round time.Duration) { d.truth.Hosts[peer-1].Honest = false }, 0, false},
		{"of another space", func(d *durability, p *promise, round time.Duration) { d.truth.Hosts[peer-1].Spaces = nil }, 0, false},
		{"who has lost the author", func(d *durability, p *promise, round time.Duration) { d.near[peer].part(author, saved) }, 0, false},
		{"who greeted late", func(d *durability, p *promise, round time.Duration) { d.near[peer].since[author] = saved + 2 }, 1, false},
		{"under a fault", func(d *durability, p *promise, round time.Duration) {
			d.truth.Reach = []Cut{{End: saved + 2 - d.truth.Net.DownMax, Parts: between(author, peer)}}
		}, 1, false},
		{"long after a fault", func(d *durability, p *promise, round time.Duration) {
			d.truth.Reach = []Cut{{End: saved + 1 - d.truth.Net.DownMax, Parts: between(author, peer)}}
		}, 1, true},
		{"under a fault of others", func(d *durability, p *promise, round time.Duration) {
			d.truth.Reach = []Cut{{End: time.Hour, Parts: between(author, 3)}}
		}, 1, true},
		{"durable meanwhile", func(d *durability, p *promise, round time.Duration) {
			d.durable(&sim.Event{Host: author}, &step.Note{}, p)
			d.tally = tally{name: d.name} // that it had no receipts is not the matter here
		}, 0, false},
	} {
		d := newDurability(newBook(newStage(t, nil).truth))
		for _, x := range [...][2]sim.HostID{{author, peer}, {peer, author}} {
			d.near[x[0]].conns[step.Conn(x[1])] = x[1]
			d.near[x[0]].greets(x[1], saved/2)
		}
		op := &operation{host: author}
		op.head.Space = d.truth.Spaces[0].ID[:]
		p := &promise{op: op, saved: saved, at: -1}
		d.near[author].waits = []*promise{p}
		round := d.truth.Promise(3)
		if c.play != nil {
			c.play(d, p, round)
		}
		d.neighbour(&sim.Event{Kind: sim.OnConnDown, Host: author, Key: sim.Key{At: saved + round + 2}, Input: &step.ConnDown{Conn: peer}})
		if d.asking != c.asks || d.faults > 0 != c.fails || c.fails && !strings.Contains(d.first, "it did not ask host 2, its neighbour") {
			t.Errorf("%s: %d neighbours could be asked, %d faults: %s", c.name, d.asking, d.faults, d.first)
		}
	}
}

func between(x, y sim.HostID) func(a, b sim.HostID) bool {
	return func(a, b sim.HostID) bool { return a == x && b == y }
}
