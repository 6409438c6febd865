package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Seed is where all chance of a run comes from.
type Seed uint64

// Stream gives the seed's generator of a name. Every consumer has its own, so that a new draw disturbs nobody.
func (s Seed) Stream(name string) *rand.Rand {
	sum := s.bytes(name)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// bytes gives 32 bytes of chance for a name.
func (s Seed) bytes(name string) [32]byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 64), uint64(s))
	return sha256.Sum256(append(b, name...))
}
