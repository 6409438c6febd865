package sim

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// A run's events in an order that its world did not take, each host's own order kept: the digest is the same. This is
// what lets another engine interleave hosts as it likes.
func TestSwappingEventsOfTwoHostsKeepsTheDigest(t *testing.T) {
	s := restlessShape{seed: 5, hosts: 6, size: 60, end: 6 * time.Second, faults: []string{"crash", "cut"}}
	run := runRestless(t, s)
	c := restlessConfig(t, s)
	players, logs := make([]*Player, s.hosts), make([][]item, s.hosts)
	left := 0
	for i := range players {
		players[i] = NewPlayer(c.Seats[i].New)
		logs[i] = itemsOf(t, run.Recordings[HostID(i+1)])
		left += len(logs[i])
	}
	if left < 500 {
		t.Fatalf("only %d events", left)
	}
	luck := Seed(9).Stream("order")
	for i := 0; left > 0; i = luck.IntN(len(players)) {
		if len(logs[i]) == 0 {
			continue
		}
		n := 1
		limit := -1
		if len(logs[i]) > 1 && logs[i][1].kind == itemCut {
			n, limit = 2, int(logs[i][1].cut)
		}
		if err := players[i].play(logs[i][0], limit); err != nil {
			t.Fatal(err)
		}
		logs[i], left = logs[i][n:], left-n
	}
	sums := make([]HostDigest, len(players))
	for i := range players {
		sums[i] = players[i].Digest()
	}
	if combine(sums) != run.Digest {
		t.Fatal("another order of the hosts gives another digest")
	}
}

// Two events of one host in the other order give another digest of this host.
func TestSwappingEventsOfOneHostChangesTheDigest(t *testing.T) {
	s := restlessShape{seed: 5, hosts: 3, size: 40, end: 4 * time.Second}
	rec, c := runRestless(t, s).Recordings[2], restlessConfig(t, s)
	log := itemsOf(t, rec)
	swaps := 0
	for i := range len(log) - 1 {
		a, b := log[i], log[i+1]
		if _, boot := a.in.(*step.Boot); boot || a.kind != itemInput || b.kind != itemInput {
			continue
		}
		p := NewPlayer(c.Seats[1].New)
		for k, it := range log {
			switch k {
			case i:
				it = b
			case i + 1:
				it = a
			}
			if err := p.play(it, -1); err != nil {
				t.Fatal(err)
			}
		}
		if p.Digest() == rec.Digest {
			t.Fatalf("inputs %d and %d, at %v and %v, change places and the digest does not see it", i, i+1, a.key, b.key)
		}
		swaps++
	}
	if swaps < 20 {
		t.Fatalf("only %d swaps were tried", swaps)
	}
}

func itemsOf(t *testing.T, rec *Recording) (list []item) {
	for in := (reader{b: rec.log}); len(in.b) > 0; {
		list = append(list, in.item())
		if in.bad {
			t.Fatal("the recording is damaged")
		}
	}
	return list
}
