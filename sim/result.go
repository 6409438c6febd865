package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"
)

// HostDigest is the running hash over every event that a host saw.
type HostDigest [16]byte

func (d HostDigest) String() string { return hex.EncodeToString(d[:]) }

// Result is what a run leaves.
type Result struct {
	Digest      [32]byte // of all hosts: equal digests mean equal histories
	Hosts       []HostDigest
	Checkpoints []Checkpoint // one a virtual second
	EventHashes EventHashes
	Ledger      *Ledger
	Verdicts    []Verdict // in the order of Config.Checkers
	Outcome     Outcome   // the worst of all verdicts, and of what befell the run itself
	Why         string    // of a run that is not simply what its checkers say
	Broke       string    // the invariant that broke, as a process that panicked: the run fails, whatever its checkers say
	Cut         string    // why the run ended before its plan did; empty if it did not

	Events, Deliveries uint64
	End                time.Duration
	BusiestHost        HostID // which handled most inputs
	BusiestKind        string // the class of which most packets were sent
	Recordings         map[HostID]*Recording
	Jobs               []JobResult // results of inexact kernels, in the order in which they were first computed
}

// Checkpoint holds half of every host's digest at an instant.
type Checkpoint struct {
	At    time.Duration
	Hosts []uint64 // of host i+1
}

// EventHashes holds, for every Stride-th event of a run, the host's digest right after it. Strides are powers of two, so
// that two runs can be compared over what both kept.
type EventHashes struct {
	Stride uint64
	List   []EventHash
}

// EventHash is half of a host's digest after an event.
type EventHash struct {
	Key  Key
	Host HostID
	Sum  uint64
}

// add keeps a hash, thinning by two when the budget is spent.
func (e *EventHashes) add(nth uint64, budget int, h EventHash) {
	if nth&(e.Stride-1) != 0 {
		return
	}
	if len(e.List) == budget {
		half := e.List[:0]
		for i := 0; i < len(e.List); i += 2 {
			half = append(half, e.List[i])
		}
		e.List, e.Stride = half, e.Stride*2
		if nth&(e.Stride-1) != 0 {
			return
		}
	}
	if len(e.List) == cap(e.List) { // by doubling: append's own steps copy long lists three times as often
		e.List = slices.Grow(e.List, min(len(e.List)+1024, budget-len(e.List)))
	}
	e.List = append(e.List, h)
}

// FirstDifference names the first event kept by both runs whose histories differ, and false where there is none. The
// difference lies at that event of that host or less than one stride of events before.
func (e EventHashes) FirstDifference(o EventHashes) (EventHash, bool) {
	if e.Stride == 0 || o.Stride == 0 {
		return EventHash{}, false
	}
	stride := max(e.Stride, o.Stride)
	for i := uint64(0); ; i += stride {
		a, b := i/e.Stride, i/o.Stride
		if a >= uint64(len(e.List)) || b >= uint64(len(o.List)) {
			if a < uint64(len(e.List)) {
				return e.List[a], true
			}
			if b < uint64(len(o.List)) {
				return o.List[b], true
			}
			return EventHash{}, false
		}
		if e.List[a] != o.List[b] {
			return e.List[a], true
		}
	}
}

// combine makes the digest of a run from those of its hosts.
func combine(hosts []HostDigest) [32]byte {
	h := sha256.New()
	var n [4]byte
	for i, d := range hosts {
		binary.BigEndian.PutUint32(n[:], uint32(i+1))
		h.Write(n[:])
		h.Write(d[:])
	}
	return [32]byte(h.Sum(nil))
}
