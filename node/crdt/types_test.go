package crdt

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// TestHead: numbers of every length are written as the library writes them, each byte distinguishable.
func TestHead(t *testing.T) {
	for _, n := range []uint64{0, 23, 24, 0xff, 0x100, 0xfffe, 0x10000, 0x01020304, 0xffffffff, 1 << 32, 0x0102030405060708, 1<<64 - 2} {
		want, err := cbor.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendHead(nil, MajorUint, n); !bytes.Equal(got, want) {
			t.Errorf("%d is written as %x, want %x", n, got, want)
		}
	}
	if got := AppendHead(nil, MajorMap, 3); !bytes.Equal(got, []byte{0xa3}) {
		t.Errorf("a map of 3 begins with %x", got)
	}
}
