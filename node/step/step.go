// Package step is the vocabulary between a process and its world: inputs go in, an ordered list of effects comes out.
// It imports nothing of ours, knows neither LGOS nor the simulator, and holds no behaviour beyond the pooling of effects.
package step

import "time"

// Now is what a process may know of time: Mono is performance.now (never goes back within a life, starts at 0 at boot),
// Wall is Date.now as an offset from the Unix epoch (may be wrong, may jump either way).
type Now struct{ Mono, Wall time.Duration }

// Addr names a peer. It is opaque to a process: only equality means anything. Zero is nobody.
type Addr uint32

// Conn names one end of a connection within one life of a process. The numbers are small and dense, and are not reused
// within a life. Zero is no connection.
type Conn uint32

// TimerID is chosen by the process. Setting a timer that is set replaces it.
type TimerID uint64

// Channel says how the bytes of a connection travel, as WebRTC's data channels do.
type Channel uint8

const (
	Reliable   Channel = iota // in order and whole: loss becomes delay, then ConnDown
	Unreliable                // may be lost, doubled, reordered or altered
)

func (c Channel) String() string {
	if c == Reliable {
		return "reliable"
	}
	return "unreliable"
}

// Flow control of a connection, in bytes. A process may hand SendCredit bytes to one connection; the world answers each
// SendCredit bytes handed over with one Drained, when they have left the host. More than SendLimit bytes waiting fails
// the connection (ConnDown with Overflow), as a browser closes a data channel whose buffer is full.
const (
	SendCredit = 64 << 10
	SendLimit  = 1 << 20
)

// Record is one entry of the disk's key-value store.
type Record struct {
	Key   string
	Value []byte
}
