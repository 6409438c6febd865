// Package netsim decides what becomes of a packet: latency, jitter, loss, duplication, reordering, corruption, bandwidth
// and partitions. It has no clock and no queue of its own, and knows nothing of hosts but their numbers.
package netsim

import "time"

// HostID names a host. 0 is the world itself; hosts are numbered from 1 without gaps.
type HostID uint32

// Reason says why a packet was lost.
type Reason uint8

const (
	Kept      Reason = iota // not lost
	Loss                    // drawn by the loss rate
	Cut                     // a partition or one-way cut stood between the two
	Corrupted               // altered, and found out below a reliable channel
	QueueFull               // the uplink's queue was full
	Down                    // the receiver was down or its connection gone (said by the world, never by netsim)
	Reasons   = int(iota)
)

func (r Reason) String() string {
	return [...]string{"kept", "loss", "cut", "corrupted", "queue full", "receiver down"}[min(int(r), Reasons-1)]
}

// Packet is one datagram about to leave a host. N counts the packets of its directed link, from 0: all luck of a packet
// is drawn from (seed, From, To, N), so that one packet more or less disturbs no other link.
type Packet struct {
	From, To HostID
	N        uint32
	Size     int  // bytes, headers apart
	Reliable bool // corruption is then a loss, duplicates are not made and reordering is left to the caller to undo
}

// Arrival is one copy of a packet: when it reaches the receiver's downlink, or why it does not.
type Arrival struct {
	At    time.Duration // of a lost one: when it left the sender
	Cause int32         // the cause of the rule that lost, delayed, doubled or altered it; 0 is the network itself
	Bit   int32         // the bit to flip, counted from the first byte's lowest, where altered; -1 otherwise
	Size  int32         // the packet's bytes, headers apart
	Lost  Reason
	Extra uint8  // 0 the packet itself, 1 and up its duplicates
	Bent  Effect // which conditions a rule imposed on this copy, for the ledger
}

// Effect is a set of conditions that a rule imposed on an arrival.
type Effect uint8

const (
	Delayed Effect = 1 << iota
	Doubled
	Altered
	Reordered
)
