package op

import "time"

// Virtual CPU time of an operation's handling, charged by every node for its own first sight, whatever the store had.
// Figures: RESEARCH §1 (Ed25519 verify 52-63 µs, sign 30 µs, SHA-256 of 256 B 0.26 µs), rounded up.
const (
	CostVerify  = 60 * time.Microsecond
	CostSign    = 30 * time.Microsecond
	CostHashKB  = time.Microsecond     // decode, hash and compare
	CostAdmit   = 2 * time.Microsecond // links, clocks, indexes
	CostLookup  = 200 * time.Nanosecond
	CostRecover = 3 * time.Microsecond // reading one record, the verification apart
)

// OpenCost is what it costs to open bytes of this length that were never seen before.
func OpenCost(n int, first bool) time.Duration {
	d := CostVerify + CostHashKB*time.Duration(1+n/1024)
	if first {
		d += CostVerify // the identity's certificate
	}
	return d
}
