package checkers

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		hex string
		ok  bool
	}{
		{"00", true}, {"17", true}, {"1818", true}, {"1817", false}, {"190100", true}, {"1900ff", false}, {"1a00010000", true},
		{"1a0000ffff", false}, {"1b0000000100000000", true}, {"1b00000000ffffffff", false}, {"20", true}, {"3817", false},
		{"40", true}, {"4100", true}, {"41", false}, {"5800", false}, {"6161", true}, {"61ff", false}, {"5f4100ff", false},
		{"80", true}, {"8100", true}, {"81", false}, {"820001", true}, {"9fff", false}, {"8000", false}, {"", false},
		{"a10000", true}, {"a200000100", true}, {"a201000000", false}, {"a200000000", false}, {"a1ff00", false},
		{"c100", false}, {"f4", true}, {"f5", true}, {"f6", true}, {"f814", false}, {"f820", false},
		{"f7", false}, {"e0", false}, {"a1f400", false}, {"a1400100", false}, {"a1410000", false}, {"3b7fffffffffffffff", true}, {"3b8000000000000000", false},
		{"1bffffffffffffffff", true},
		{"f93c00", true}, {"f97e00", true}, {"f97e01", false}, {"fa3f800000", false}, {"fa47c35000", true},
		{"fb3ff0000000000000", false}, {"fb3fb999999999999a", true}, {"fb7ff8000000000000", false}, {"f90001", true},
		{"8181818181818181818181818181818100", true}, {"818181818181818181818181818181818100", false},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := canonical(b) == nil; got != c.ok {
			t.Errorf("%s: canonical %v, want %v", c.hex, got, c.ok)
		}
	}
}

// TestCanonicalAgreesWithTheEncoder: what the library writes in core deterministic encoding is canonical.
func TestCanonicalAgreesWithTheEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaf := rapid.OneOf(
			rapid.Int64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Float64().AsAny(),
			rapid.Float32().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
		)
		v := rapid.MapOf(rapid.Int32().AsAny(), rapid.SliceOf(leaf).AsAny()).Draw(t, "value")
		if b := encode(v); canonical(b) != nil {
			t.Fatalf("%x is not canonical", b)
		}
	})
}

// FuzzCanonical: what is canonical is what the library decodes to plain data and encodes to the same bytes. The node's
// reader is held to the library as well: if the two differed, one would call the other's refusals wrong.
func FuzzCanonical(f *testing.F) {
	for _, h := range []string{"a2006161018200f6", "c100", "3b8000000000000000", "fb3fb999999999999a", "a1206161", "f7", "8181818181818181818181818181818100"} {
		b, err := hex.DecodeString(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		want := decoding(maxDepth+4, 1<<17).Unmarshal(b, &v) == nil && plain(v, maxDepth)
		if want {
			again, err := mode.Marshal(v)
			want = err == nil && bytes.Equal(again, b)
		}
		if got := canonical(b) == nil; got != want {
			t.Errorf("%x: canonical %t, to the library %t", b, got, want)
		}
	})
}

// plain tells whether a value is of the data model of operations.
func plain(v any, depth int) bool {
	switch x := v.(type) {
	case []any:
		return depth > 0 && !slices.ContainsFunc(x, func(e any) bool { return !plain(e, depth-1) })
	case map[any]any:
		for k, e := range x {
			switch k.(type) {
			case uint64, int64, string:
			default:
				return false
			}
			if depth == 0 || !plain(e, depth-1) {
				return false
			}
		}
		return depth > 0
	case nil, bool, uint64, int64, float64, string, []byte:
		return true
	}
	return false
}

// FuzzOpen: no bytes make the decoder panic, and what it admits has an id.
func FuzzOpen(f *testing.F) {
	s := newScript()
	f.Add(s.ops["g"].bytes)
	s.say("a: adam grants nina")
	f.Add(s.ops["a"].bytes)
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := newBook(&Truth{})
		if o := b.open(raw); o.reason == "" && o.id == (key{}) {
			t.Error("an operation without an id")
		}
		if o := b.learn(raw); o != nil {
			b.resolve(o)
		}
	})
}

// FuzzFrame: whatever stands in a frame, it is read to its end and no further.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{1, pushFrame})
	f.Add(slices.Concat([]byte{1, pushFrame}, make([]byte, 32), []byte{1, 0, 2, 0, 0, 0, 1, 7, 0, 0, 0, 0}))
	f.Add(slices.Concat([]byte{2, newerKinds + pushFrame}, make([]byte, 32), []byte{3, 1, 2, 1, 7, 0}))
	f.Add(slices.Concat([]byte{2, newerKinds + wantFrame}, make([]byte, 32), []byte{1}, make([]byte, 32)))
	f.Add(slices.Concat([]byte{1, summaryFrame}, make([]byte, 32), []byte{0, 0, 1}, make([]byte, 48)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if frameKind(b) == 0 {
			return
		}
		left := len(b)
		shorter := func(rest int) {
			if rest >= left {
				t.Fatalf("%d bytes are left after %d", rest, left)
			}
			left = rest
		}
		r, _ := opened(b)
		shorter(len(r.rest))
		for range r.want {
			shorter(len(r.rest))
		}
		r, _ = opened(b)
		left = len(b)
		for range r.summary {
			shorter(len(r.rest))
		}
		r, _ = opened(b)
		left = len(b)
		_, ops := r.push()
		for range ops {
			shorter(len(r.rest))
		}
	})
}
