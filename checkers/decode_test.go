package checkers

import (
	"encoding/hex"
	"testing"

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
		{"c100", true}, {"f4", true}, {"f5", true}, {"f6", true}, {"f814", false}, {"f820", true},
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
