package checkers

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// Truth is what the builder of a scenario knows and no node does: who is honest, who is who, and the figures from which
// every bound of a verdict is computed. No bound comes from a constant of the nodes.
type Truth struct {
	Hosts  []Host // host h is Hosts[h-1]
	Spaces []Space
	Texts  []Text
	Faults []sim.Window  // the plan's windows: what is due is not due while one is open
	Cuts   []Cut         // those of them that part hosts
	Reach  []Cut         // all of them, with the pairs of hosts of which they may disturb one or both
	Calm   time.Duration // every fault has ended, and no person asks anything new
	End    time.Duration // of the plan

	Receipts   int     // w: an operation is durable with receipts from so many other hosts
	MinDurable float64 // the share of the requests that must become durable; 0 asks for none

	Net  NetFigures
	Node NodeFigures

	// Reference computes a kernel as its definition says. Nil stands for the References of the gpu package.
	Reference func(kernel string, input []byte) ([]byte, error)
}

// Cut is a fault between whose begin and end nothing that some hosts send reaches some others, or not as it should.
type Cut struct {
	Begin, End time.Duration
	Parts      func(a, b sim.HostID) bool // in one direction at least
}

// Host is one seat.
type Host struct {
	Honest   bool
	Liar     string   // the name of its misbehaviour; empty for an honest host
	Identity [32]byte // public key of the person beside it; zero where there is none
	Spaces   [][32]byte
	Protocol uint8 // the highest that its kernel speaks
	Schema   uint8 // the highest whose kinds its kernel knows
}

// Space is one space of the run with its founding operation, which every one of its hosts was given.
type Space struct {
	ID      [32]byte
	Genesis []byte
}

// NetFigures say how long bytes take where no fault stands in the way.
type NetFigures struct {
	Latency time.Duration // the greatest one-way latency of a packet, jitter and queueing included
	Loss    float64       // the share of packets that the network loses by itself
	RTO     time.Duration // the longest time after which a reliable channel sends a lost packet again
	DialMax time.Duration // an attempt to connect is given up after this long
	DownMax time.Duration // a connection through which nothing comes is given up after this long
}

// NodeFigures are the periods and bounds that nodes were configured with, and what the profile of their hosts allows.
type NodeFigures struct {
	GossipPeriod time.Duration // heads are compared this often
	GossipTurns  int           // periods after which each neighbour has had its turn
	Compared     int           // neighbours with which a node compares heads in a period
	Dials        int           // links that a node opens for each space
	Greet        time.Duration // a connection on which no greeting came is closed after this long
	Relink       time.Duration // after a link is lost another is dialled after this long
	BackoffMin   time.Duration // the wait before a node dials again, doubled by each round of dials since a neighbour greeted
	BackoffMax   time.Duration // the longest wait before a node dials again
	BatchFlush   time.Duration // received operations are passed on and committed after this long at most
	Retry        time.Duration // receipts are asked for again after this long
	CatchUp      time.Duration // the answer to a summary is waited for so long
	Repair       time.Duration // missing causes are asked for after this long; 0 where those who are asked for receipts have them
	Diameter     int           // links between any two honest hosts of one space over honest hosts, at most
	DiskStrict   time.Duration // the longest strict commit
	StepCPU      time.Duration // virtual CPU time of one step, at most
	Debts        int           // receipts that a host owes over one connection, at most
	Patience     time.Duration // a task without a quorum is given to more workers after this
	Jobs         int           // of others that a host computes at once, at most
}

// Settle is how long after the last disturbance (the end of a fault, or a boot) everything known to one connected honest
// host is known to all: first the links must be there again, then Spread passes. For the links, a dead connection is noticed
// (DownMax), the dial under way fails (DialMax), the backoff passes (BackoffMax), and a dial and a greeting each cross the
// link and come back (4 latencies).
func (t *Truth) Settle() time.Duration {
	f := &t.Net
	connect := f.DownMax + f.DialMax + t.Node.BackoffMax + 4*(f.Latency+t.Node.StepCPU) + time.Duration(f.resends(4))*f.RTO
	return connect + t.Spread()
}

// Spread is how long an operation takes to reach all honest hosts where nothing disturbs them. It is the sum of the worst
// cases of what must happen one after the other:
//
//   - along the way: over each of Diameter links an operation waits for a batch to be flushed, and crosses (one latency and
//     one step of CPU);
//   - at its end: a push was lost, and a neighbour that has the operation is compared with after GossipTurns periods, or one
//     more if that comparison is lost too; the comparison, the wish and its answer cross the link (3 latencies);
//   - and as many packets of these Diameter+3 crossings are lost and sent again, an RTO each, as resends gives.
func (t *Truth) Spread() time.Duration {
	n, f := &t.Node, &t.Net
	cross := f.Latency + n.StepCPU
	way := time.Duration(n.Diameter) * (cross + n.BatchFlush)
	notice := time.Duration(max(n.GossipTurns, 1)+1)*n.GossipPeriod + 3*cross
	return way + notice + time.Duration(f.resends(n.Diameter+3))*f.RTO
}

// resends is how many losses a chain of n crossings suffers at most: the least r for which more have a chance below one in
// a million. More than r losses among n+r tries have at most the chance C(n+r, r+1) Loss^(r+1), by the union bound.
func (f *NetFigures) resends(n int) int {
	for r := range 32 {
		chance := 1.0
		for i := range r + 1 {
			chance *= f.Loss * float64(n+r-i) / float64(i+1)
		}
		if chance < 1e-6 {
			return r
		}
	}
	return 32
}

// Promise is how long after its author accepted it an operation takes to become durable, where so many tries are needed and
// no packet is lost: the wish for a receipt crosses the link, causes that are missed are asked for and come (2 latencies), the
// commit under way and then a strict one complete, and the receipt crosses back. A try that brought too few is followed by
// another after Retry.
func (t *Truth) Promise(tries int) time.Duration {
	n := &t.Node
	cross := t.Net.Latency + n.StepCPU
	try := 2*cross + 2*n.DiskStrict
	if n.Repair > 0 {
		try += n.Repair + 2*cross
	}
	return try + time.Duration(tries-1)*(n.Retry+try)
}

// Disturbed tells whether a fault is open at some time between two instants.
func (t *Truth) Disturbed(from, to time.Duration) bool {
	return slices.ContainsFunc(t.Faults, func(w sim.Window) bool { return w.Begin <= to && w.End >= from })
}

// parted tells whether a fault keeps packets of one of two hosts from the other at some time between two instants.
func (t *Truth) parted(a, b sim.HostID, from, to time.Duration) bool {
	return slices.ContainsFunc(t.Cuts, func(c Cut) bool { return c.Begin <= to && c.End >= from && c.Parts(a, b) })
}

// undisturbed is from when on no fault came between two hosts, until an instant; not before another instant. What stood still
// under a fault may do so until the connection is given up.
func (t *Truth) undisturbed(a, b sim.HostID, from, to time.Duration) time.Duration {
	for _, c := range t.Reach {
		if c.Begin <= to && c.End+t.Net.DownMax >= from && c.Parts(a, b) {
			from = max(from, min(c.End+t.Net.DownMax, to))
		}
	}
	return from
}

// Due is when an operation must have reached a host: Spread after it could leave, but not before Settle after the last
// boot of either end, nor before Settle after the end of a fault that stood in the way until then.
func (t *Truth) Due(saved, booted time.Duration) time.Duration {
	settle := t.Settle()
	due := max(saved+t.Spread(), booted+settle)
	for moved := true; moved; {
		moved = false
		for i := range t.Faults {
			if w := &t.Faults[i]; w.Begin < due && w.End+settle > due {
				due, moved = w.End+settle, true
			}
		}
	}
	return due
}

// host returns what is known of a host, an honest stranger to every space where nothing is.
func (t *Truth) host(h sim.HostID) *Host {
	if h == 0 || int(h) > len(t.Hosts) {
		return &Host{Liar: "unknown"}
	}
	return &t.Hosts[h-1]
}
