package checkers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/x448/float16"
)

// maxDepth is how deep arrays and maps may nest.
const maxDepth = 16

var errNotCanonical = errors.New("not canonical CBOR")

// canonical tells whether b is exactly one item in core deterministic encoding (RFC 8949 §4.2.1): shortest heads, no
// indefinite lengths, map keys ascending by their bytes and unique, shortest floats, valid UTF-8; and of the data model of
// operations: no tags, no simple values but false, true and null, no integer under -2^63, keys that are integers or text.
func canonical(b []byte) error {
	n, err := canonicalItem(b, maxDepth)
	if err == nil && n != len(b) {
		err = errNotCanonical
	}
	return err
}

// canonicalItem returns the length of the first item of b.
func canonicalItem(b []byte, depth int) (int, error) {
	major, arg, n, err := head(b)
	if err != nil {
		return 0, err
	}
	switch major {
	case 1:
		if arg > math.MaxInt64 {
			return 0, errNotCanonical
		}
	case 2, 3:
		if arg > uint64(len(b)-n) {
			return 0, errNotCanonical
		}
		end := n + int(arg)
		if major == 3 && !utf8.Valid(b[n:end]) {
			return 0, errNotCanonical
		}
		return end, nil
	case 4, 5:
		return canonicalInside(b, n, major, arg, depth-1)
	case 6:
		return 0, errNotCanonical
	case 7:
		return n, canonicalSimple(b, arg, n)
	}
	return n, nil
}

// canonicalInside walks what an array or a map holds.
func canonicalInside(b []byte, n int, major byte, arg uint64, depth int) (int, error) {
	if depth < 0 || arg > uint64(len(b)) {
		return 0, errNotCanonical
	}
	items := arg
	if major == 5 {
		items = 2 * arg
	}
	var last []byte
	for i := range items {
		k, err := canonicalItem(b[n:], depth)
		if err != nil {
			return 0, err
		}
		if major == 5 && i%2 == 0 {
			key := b[n : n+k]
			if kind := key[0] >> 5; kind != 0 && kind != 1 && kind != 3 {
				return 0, errNotCanonical
			}
			if last != nil && bytes.Compare(last, key) >= 0 {
				return 0, errNotCanonical
			}
			last = key
		}
		n += k
	}
	return n, nil
}

// head reads the major type and the argument of an item.
func head(b []byte) (major byte, arg uint64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, errNotCanonical
	}
	major, low := b[0]>>5, b[0]&31
	if low < 24 {
		return major, uint64(low), 1, nil
	}
	size := 1 << (low - 24)
	if low > 27 || len(b) < 1+size {
		return 0, 0, 0, errNotCanonical
	}
	var wide [8]byte
	copy(wide[8-size:], b[1:1+size])
	arg = binary.BigEndian.Uint64(wide[:])
	least := uint64(24)
	if size > 1 {
		least = 1 << (4 * size)
	}
	if arg < least && major != 7 {
		return 0, 0, 0, errNotCanonical
	}
	return major, arg, 1 + size, nil
}

// canonicalSimple checks simple values and that a float has no shorter form.
func canonicalSimple(b []byte, arg uint64, n int) error {
	ok := true
	switch n {
	case 1:
		ok = arg >= 20 && arg <= 22 // false, true and null
	case 2:
		ok = false
	case 3:
		f := float16.Frombits(uint16(arg))
		ok = !f.IsNaN() || arg == 0x7e00
	case 5:
		f := math.Float32frombits(uint32(arg))
		ok = f == f && float16.PrecisionFromfloat32(f) != float16.PrecisionExact && float16.Fromfloat32(f).Float32() != f
	case 9:
		f := math.Float64frombits(arg)
		ok = f == f && float64(float32(f)) != f
	}
	if !ok {
		return errNotCanonical
	}
	return nil
}
