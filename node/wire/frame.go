// Package wire holds the frames between nodes: one small codec with one table per protocol version. It knows layouts and
// nothing else; what operations are, and who sends what to whom, is for others. Ids are plain [32]byte here, which op's
// types convert to and from without a word.
package wire

import "iter"

// MaxFrame is the greatest length of a frame.
const MaxFrame = 1 << 20

// Limits of lists within frames; longer ones are refused.
const (
	MaxSpaces = 1024
	MaxHeads  = 16
	MaxIDs    = 256 // of a Want or a Receipt
	MaxOps    = 4096
	MaxChains = 16384
)

// Versions of the protocol. Version 0 is the Hello alone, which never changes.
const (
	V1     = 1
	V2     = 2
	Newest = V2
)

// Frame is one of *Hello, *Push, *Heads, *Want, *Summary and *Receipt.
type Frame interface{ class() uint8 }

// Classes of frames, whatever the version; 0 is none of them.
const (
	ClassNone = iota
	ClassHello
	ClassPush
	ClassHeads
	ClassWant
	ClassSummary
	ClassReceipt
	Classes // one more than the greatest class
)

// Hello opens a connection from both ends: which versions this end speaks, and the spaces it holds.
type Hello struct {
	Min, Max uint8
	Spaces   IDs
}

// Push carries operations, whole.
type Push struct {
	Space   [32]byte
	Receipt bool  // please send a receipt once they are strictly on disk
	Hops    uint8 // how many hosts passed them on; version 2 only, else 0
	Ops     [][]byte
}

// Heads tells how far this end is.
type Heads struct {
	Space  [32]byte
	Count  uint32   // admitted operations
	Digest [16]byte // first half of SHA-256 of all heads, ascending
	Heads  IDs      // some of them
}

// Want asks for operations.
type Want struct {
	Space [32]byte
	IDs   IDs
}

// Summary tells how much of each chain this end has, and asks for what comes after.
type Summary struct {
	Space  [32]byte
	Reply  bool // please answer with a summary of your own
	Chains []ChainTip
}

// ChainTip is the greatest seq up to which this end holds a chain without a gap.
type ChainTip struct {
	Device      [32]byte
	Incarnation uint64
	Seq         uint64
}

// Receipt says that this end holds operations strictly committed.
type Receipt struct {
	Space [32]byte
	IDs   IDs
}

func (*Hello) class() uint8   { return ClassHello }
func (*Push) class() uint8    { return ClassPush }
func (*Heads) class() uint8   { return ClassHeads }
func (*Want) class() uint8    { return ClassWant }
func (*Summary) class() uint8 { return ClassSummary }
func (*Receipt) class() uint8 { return ClassReceipt }

// IDs is a list of ids, 32 bytes each, as it stands in a frame.
type IDs []byte

// IDsOf packs a list.
func IDsOf[T ~[32]byte](list ...T) IDs {
	b := make(IDs, 0, 32*len(list))
	for _, id := range list {
		b = b.Add(id)
	}
	return b
}

// Add appends one id.
func (s IDs) Add(id [32]byte) IDs { return append(s, id[:]...) }

// Len is how many there are.
func (s IDs) Len() int { return len(s) / 32 }

// At is one of them.
func (s IDs) At(i int) [32]byte { return [32]byte(s[32*i : 32*i+32]) }

// All goes through them in order.
func (s IDs) All() iter.Seq[[32]byte] {
	return func(yield func([32]byte) bool) {
		for i := range s.Len() {
			if !yield(s.At(i)) {
				return
			}
		}
	}
}
