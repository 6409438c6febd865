package op

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// CBOR major types.
const (
	majorUint   = 0
	majorNint   = 1
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
	majorSimple = 7

	simpleFalse = 20
	simpleTrue  = 21
	simpleNull  = 22
)

// Canonical tells whether b is one item of core-deterministic CBOR (RFC 8949 §4.2.1) of at most MaxDepth nested arrays and
// maps. The data model is JSON's with byte strings and integer keys added: no tags, no undefined, no other simple
// values, no integer under -2^63; map keys are integers or text. So every generic decoder reads it alike.
func Canonical(b []byte) bool {
	r := reader{b: b}
	r.skip(MaxDepth)
	return r.why == "" && r.at == len(b)
}

// reader walks CBOR. The first fault sticks in why; everything read after it is zero.
type reader struct {
	b   []byte
	at  int
	why string
}

func (r *reader) fail(why string) {
	if r.why == "" {
		r.why, r.at = why, len(r.b)
	}
}

// head reads an item's head in its shortest form.
func (r *reader) head() (major byte, arg uint64) {
	if r.at >= len(r.b) {
		r.fail("truncated")
		return majorSimple, simpleNull
	}
	major, info := r.b[r.at]>>5, r.b[r.at]&31
	r.at++
	if info < 24 {
		return major, uint64(info)
	}
	if info > 27 {
		r.fail("indefinite length")
		return majorSimple, simpleNull
	}
	n := 1 << (info - 24)
	if len(r.b)-r.at < n {
		r.fail("truncated")
		return majorSimple, simpleNull
	}
	var least uint64
	switch p := r.b[r.at:]; n {
	case 1:
		arg, least = uint64(p[0]), 24
	case 2:
		arg, least = uint64(binary.BigEndian.Uint16(p)), 1<<8
	case 4:
		arg, least = uint64(binary.BigEndian.Uint32(p)), 1<<16
	default:
		arg, least = binary.BigEndian.Uint64(p), 1<<32
	}
	r.at += n
	if major == majorSimple {
		if n == 1 || !shortestFloat(n, arg) {
			r.fail("simple value or float not in its shortest form")
		}
		return major, simpleNull
	}
	if arg < least {
		r.fail("integer not in its shortest form")
	}
	if major == majorNint && arg > math.MaxInt64 {
		r.fail("integer under -2^63") // decoders without big numbers differ in what they make of it
	}
	return major, arg
}

// shortestFloat tells whether a float of n bytes could not be written in fewer without loss; the only NaN is 7e00.
func shortestFloat(n int, bits uint64) bool {
	switch n {
	case 2:
		return bits&0x7c00 != 0x7c00 || bits&0x3ff == 0 || bits == 0x7e00
	case 4:
		exp, mant := int(bits>>23&0xff)-127, bits&(1<<23-1)
		switch {
		case exp == 128: // infinity fits 16 bits; NaN has one form
			return false
		case exp == -127 && mant == 0:
			return false
		case exp >= -14 && exp <= 15:
			return mant&(1<<13-1) != 0
		case exp >= -24 && exp < -14: // a subnormal of 16 bits
			return mant&(1<<(13+uint(-14-exp))-1) != 0
		}
		return true
	default:
		v := math.Float64frombits(bits)
		return v == v && float64(float32(v)) != v
	}
}

// take returns the next n bytes.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)-r.at) {
		r.fail("truncated")
		return nil
	}
	p := r.b[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return p
}

// skip checks and passes one item that nests at most depth arrays and maps.
func (r *reader) skip(depth int) {
	major, arg := r.head()
	switch major {
	case majorUint, majorNint:
	case majorBytes:
		r.take(arg)
	case majorText:
		if !utf8.Valid(r.take(arg)) {
			r.fail("text is not UTF-8")
		}
	case majorArray, majorMap:
		if depth == 0 {
			r.fail("nested too deep")
			return
		}
		if arg > uint64(len(r.b)-r.at) { // every item takes a byte
			r.fail("truncated")
			return
		}
		if major == majorArray {
			for range arg {
				if r.skip(depth - 1); r.why != "" {
					return
				}
			}
			return
		}
		var last []byte
		for i := range arg {
			key := r.at
			if key < len(r.b) && r.b[key]>>5 > majorText || key < len(r.b) && r.b[key]>>5 == majorBytes {
				r.fail("map key is neither integer nor text")
			}
			r.skip(0)
			if r.why != "" {
				return
			}
			if k := r.b[key:r.at]; i > 0 && bytes.Compare(last, k) >= 0 {
				r.fail("map keys not ascending")
			} else {
				last = k
			}
			if r.skip(depth - 1); r.why != "" {
				return
			}
		}
	case majorSimple:
		if arg != simpleFalse && arg != simpleTrue && arg != simpleNull {
			r.fail("simple value")
		}
	default:
		r.fail("tag")
	}
}

// raw passes one item and returns its bytes.
func (r *reader) raw() []byte {
	from := r.at
	if r.skip(MaxDepth); r.why != "" {
		return nil
	}
	return r.b[from:r.at:r.at]
}

func (r *reader) expect(want byte, what string) uint64 {
	major, arg := r.head()
	if major != want {
		r.fail(what)
		return 0
	}
	return arg
}

func (r *reader) uint() uint64  { return r.expect(majorUint, "not an unsigned integer") }
func (r *reader) array() uint64 { return r.expect(majorArray, "not an array") }
func (r *reader) pairs() uint64 { return r.expect(majorMap, "not a map") }

// size is an array that must have exactly n items.
func (r *reader) size(n uint64) {
	if r.array() != n {
		r.fail("array of the wrong length")
	}
}

func (r *reader) int() int64 {
	major, arg := r.head()
	if major > majorNint || arg > math.MaxInt64 {
		r.fail("not an integer of 64 bits")
		return 0
	}
	if major == majorNint {
		return -1 - int64(arg)
	}
	return int64(arg)
}

func (r *reader) bytes() []byte { return r.take(r.expect(majorBytes, "not a byte string")) }

// fixed reads a byte string of exactly len(dst) bytes.
func (r *reader) fixed(dst []byte) {
	if b := r.bytes(); len(b) != len(dst) {
		r.fail("byte string of the wrong length")
	} else {
		copy(dst, b)
	}
}

func (r *reader) text() string {
	b := r.take(r.expect(majorText, "not a text"))
	if !utf8.Valid(b) {
		r.fail("text is not UTF-8")
	}
	return string(b)
}

// null passes a null, if that is what comes next.
func (r *reader) null() bool {
	if r.at < len(r.b) && r.b[r.at] == majorSimple<<5|simpleNull {
		r.at++
		return true
	}
	return false
}

// next is the major type of the next item.
func (r *reader) next() byte {
	if r.at < len(r.b) {
		return r.b[r.at] >> 5
	}
	return majorSimple
}

func appendHead(b []byte, major byte, arg uint64) []byte {
	major <<= 5
	switch {
	case arg < 24:
		return append(b, major|byte(arg))
	case arg < 1<<8:
		return append(b, major|24, byte(arg))
	case arg < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(arg))
	case arg < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(arg))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), arg)
}

func appendInt(b []byte, v int64) []byte {
	if v < 0 {
		return appendHead(b, majorNint, uint64(-1-v))
	}
	return appendHead(b, majorUint, uint64(v))
}

func appendBytes(b, v []byte) []byte { return append(appendHead(b, majorBytes, uint64(len(v))), v...) }

func appendText(b []byte, v string) []byte {
	return append(appendHead(b, majorText, uint64(len(v))), v...)
}
