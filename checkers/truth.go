package checkers

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// Truth is what the builder of a scenario knows and no node does: who is honest, who is who, and the figures from which
// every bound of a verdict is computed. No bound comes from a constant of the nodes.
type Truth struct {
	Hosts  []Host // host h is Hosts[h-1]
	Spaces []Space
	Faults []sim.Window  // the plan's windows: what is due is not due while one is open
	Calm   time.Duration // every fault has ended, and no person asks anything new
	End    time.Duration

	Receipts   int     // w: an operation is durable with receipts from so many other hosts
	MinDurable float64 // the share of the requests that must become durable; 0 asks for none

	Net  NetFigures
	Node NodeFigures

	// Reference computes a kernel as its definition says. Nil stands for the References of the gpu package.
	Reference func(kernel string, input []byte) ([]byte, error)
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
	BackoffMax   time.Duration // the longest wait before a node dials again
	BatchFlush   time.Duration // received operations are passed on and committed after this long at most
	Retry        time.Duration // receipts are asked for again after this long
	Diameter     int           // links between any two honest hosts of one space over honest hosts, at most
	DiskStrict   time.Duration // the longest strict commit
	DiskRelaxed  time.Duration // the longest relaxed commit
	DiskDepth    int           // commits that may be queued before one, at most
	StepCPU      time.Duration // virtual CPU time of one step, at most
	StepDepth    int           // inputs that may be queued before one, at most
}

// Settle is how long after the last disturbance everything known to one connected honest host is known to all. It is the
// sum of the worst cases of what must happen one after the other:
//
//   - connect: a dead connection is noticed (DownMax), the dial under way fails (DialMax), the backoff passes (BackoffMax),
//     and a dial and a greeting each cross the link and come back (4 latencies);
//   - notice: a neighbour that has more is compared with after GossipTurns periods, and the comparison, the wish and its
//     answer cross the link (3 latencies); a comparison that is lost is made up for in the next period;
//   - spread: over each of Diameter links an operation waits for a batch to be flushed and crosses once.
//
// Each crossing costs, beside its latency, the resends that loss makes likely (see Net.resends), and one step of CPU.
func (t *Truth) Settle() time.Duration {
	n, f := &t.Node, &t.Net
	again := time.Duration(f.resends())
	cross := f.Latency + again*f.RTO + n.StepCPU
	connect := f.DownMax + f.DialMax + n.BackoffMax + 4*cross
	notice := (time.Duration(max(n.GossipTurns, 1))+again)*n.GossipPeriod + 3*cross
	spread := time.Duration(n.Diameter) * (cross + n.BatchFlush)
	return connect + notice + spread
}

// resends is the least r such that r+1 losses in a row, which have the chance Loss^(r+1), are no more than two in a million.
func (f *NetFigures) resends() int {
	r, p := 0, f.Loss
	for p > 2e-6 && r < 32 {
		r, p = r+1, p*f.Loss
	}
	return r
}

// ReplyWithin bounds the first reply to a request by figures of its host alone: the inputs queued before it, the commits
// queued before its own, its own strict commit, and the step that takes each of these up. No term knows the network.
func (t *Truth) ReplyWithin() time.Duration {
	n := &t.Node
	cpu := time.Duration(2*(n.StepDepth+1)) * n.StepCPU
	return cpu + time.Duration(n.DiskDepth)*max(n.DiskStrict, n.DiskRelaxed) + n.DiskStrict
}

// Due is when something known since start must have reached everybody: Settle after it, or after the end of the last
// fault that stood in the way. Without windows it is Settle after the calm.
func (t *Truth) Due(start time.Duration) time.Duration {
	settle := t.Settle()
	if len(t.Faults) == 0 {
		return max(start, t.Calm) + settle
	}
	due := start + settle
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
