package scenarios

import (
	"math/bits"
	"time"

	"github.com/lifegraph-os/lgos-sim/checkers"
	"github.com/lifegraph-os/lgos-sim/netsim"
)

// figures fills in what settle times are computed from. They come from the scenario, the world's defaults and the
// configuration that nodes are given: never from a constant of the nodes.
func (b *build) figures(t *checkers.Truth, net *netsim.Network) {
	s := &b.scenario
	longest := farthest(net, len(b.cast.members))
	queue := time.Duration(0)
	if s.Network.Bandwidth {
		queue = 200 * time.Millisecond // a full credit of a connection on the slowest uplink of the matrix
	}
	t.Net = checkers.NetFigures{
		Latency: longest + time.Duration(s.Network.Jitter*float64(longest)) + queue,
		Loss:    s.Network.Loss,
		RTO:     max(200*time.Millisecond, 2*2*longest),
		DialMax: 10 * time.Second,
		DownMax: 30 * time.Second,
	}
	t.Node = checkers.NodeFigures{
		GossipPeriod: s.Node.period(),
		GossipTurns:  turns(s.Node.fanout(), len(b.cast.members)),
		Compared:     compared,
		Dials:        dials,
		Greet:        10 * time.Second,
		Relink:       250 * time.Millisecond,
		BackoffMin:   250 * time.Millisecond,
		BackoffMax:   4 * time.Second,
		BatchFlush:   100 * time.Millisecond,
		Retry:        2 * time.Second,
		CatchUp:      3 * time.Second,
		Repair:       repair(s.Node.fanout()),
		Diameter:     diameter(len(b.cast.members)),
		DiskStrict:   s.Disk.profile().Strict + 50*time.Millisecond,
		StepCPU:      20 * time.Millisecond,
		Debts:        256,
		Patience:     6 * time.Second,
		Jobs:         jobs,
	}
}

// farthest is the greatest base latency between two hosts; of many hosts, every k-th is looked at.
func farthest(net *netsim.Network, n int) time.Duration {
	stride := max(1, n/1000)
	longest := time.Duration(0)
	for a := 1; a <= n; a += stride {
		for b := 1; b <= n; b += stride {
			if a != b {
				longest = max(longest, net.Latency(netsim.HostID(a), netsim.HostID(b)))
			}
		}
	}
	return longest
}

// repair is after how long a neighbour who is asked for a receipt asks for causes that it misses. Where operations are pushed
// to four neighbours and more, it has them already: what its neighbour had reached it by some way about as soon.
func repair(fanout int) time.Duration {
	if fanout < defaultFanout {
		return 250 * time.Millisecond
	}
	return 0
}

// diameter bounds the links between two hosts of a random graph with at least four neighbours each: log2(n) + 2 exceeds
// what Bollobás and de la Vega (1982) give for four or more, log3(n log n).
func diameter(n int) int { return bits.Len(uint(n)) + 2 }

// turns is after how many periods an operation is where it must be, but for hosts whose last comparison was lost. Where it
// is pushed to four neighbours and more, pushes reach all but about e^-4 of the hosts (Eugster et al. 2004), and their
// neighbours have had their turn after two. Where it is pushed to fewer, it spreads as a rumour by push and pull: each host
// opens some comparisons in a period, as many are opened to it, and either side learns, so that those who know become
// 1+2·compared times as many until most know, and a round later all but nobody does not (Karp et al. 2000; that round is
// the one which Spread adds). It begins with its author and those who gave the receipts.
func turns(fanout, n int) int {
	rounds := 0
	for know := Receipts + 1; know < n && fanout < defaultFanout; know *= 1 + 2*compared {
		rounds++
	}
	return max(2, rounds)
}
