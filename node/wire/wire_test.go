package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func drawIDs(t *rapid.T, max int) IDs {
	ids := IDs{}
	for range rapid.IntRange(0, max).Draw(t, "ids") {
		ids = ids.Add(draw32(t))
	}
	return ids
}

func draw32(t *rapid.T) [32]byte {
	return [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id"))
}

func drawFrame(t *rapid.T, version uint8) Frame {
	switch rapid.IntRange(1, Classes-1).Draw(t, "class") {
	case ClassHello:
		return &Hello{rapid.Byte().Draw(t, "min"), rapid.Byte().Draw(t, "max"), drawIDs(t, 3)}
	case ClassPush:
		p := &Push{Space: draw32(t), Receipt: rapid.Bool().Draw(t, "receipt"), Ops: [][]byte{}}
		if version == V2 {
			p.Hops = rapid.Byte().Draw(t, "hops")
		}
		for range rapid.IntRange(0, 4).Draw(t, "ops") {
			p.Ops = append(p.Ops, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "op"))
		}
		return p
	case ClassHeads:
		return &Heads{draw32(t), rapid.Uint32().Draw(t, "count"), [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "digest")), drawIDs(t, 3)}
	case ClassWant:
		return &Want{draw32(t), drawIDs(t, 5)}
	case ClassSummary:
		s := &Summary{Space: draw32(t), Reply: rapid.Bool().Draw(t, "reply"), Chains: []ChainTip{}}
		for range rapid.IntRange(0, 3).Draw(t, "chains") {
			s.Chains = append(s.Chains, ChainTip{draw32(t), rapid.Uint64().Draw(t, "incarnation"), rapid.Uint64().Draw(t, "seq")})
		}
		return s
	default:
		return &Receipt{draw32(t), drawIDs(t, 5)}
	}
}

// TestRoundTrip: every frame comes back in both versions, with bytes of a later version behind it too; every shorter
// prefix is refused; a kernel of an older version refuses it; the class is told without decoding.
func TestRoundTrip(t *testing.T) {
	var h Holder
	rapid.Check(t, func(t *rapid.T) {
		version := uint8(rapid.IntRange(V1, V2).Draw(t, "version"))
		f := drawFrame(t, version)
		b := Append([]byte("before"), version, f)[6:]
		for range 2 {
			got, err := Decode(version, b, &h)
			if err != nil || !cmp.Equal(got, f, cmpopts.EquateEmpty()) {
				t.Fatalf("%+v, %v, want %+v", got, err, f)
			}
			b = append(b, rapid.SliceOf(rapid.Byte()).Draw(t, "later fields")...)
		}
		whole := Append(nil, version, f)
		for i := range whole {
			if _, err := Decode(version, whole[:i:i], &h); err == nil {
				t.Fatalf("accepted %d of %d bytes", i, len(whole))
			}
		}
		_, err := Decode(version-1, whole, &h)
		if f.class() == ClassHello && err != nil || f.class() != ClassHello && !errors.Is(err, ErrVersion) {
			t.Fatal("older kernel:", err)
		}
		if Class(whole) != f.class() || KindName(whole) != ClassName(f.class()) {
			t.Fatal("class", Class(whole))
		}
	})
}

// TestTablesApart: no frame of one version reads as one of the other when its version byte is bent.
func TestTablesApart(t *testing.T) {
	var h Holder
	for _, f := range []Frame{&Push{}, &Heads{}, &Want{}, &Summary{}, &Receipt{}} {
		one, two := Append(nil, V1, f), Append(nil, V2, f)
		one[0], two[0] = V2, V1
		for _, b := range [][]byte{one, two} {
			if _, err := Decode(V2, b, &h); !errors.Is(err, ErrKind) {
				t.Errorf("%T: %v", f, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	space := make([]byte, 32)
	frame := func(b ...byte) []byte { return append(append(b[:2:2], space...), b[2:]...) }
	var h Holder
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, ErrTruncated},
		{"version alone", []byte{1}, ErrTruncated},
		{"too long", make([]byte, MaxFrame+1), ErrTooLong},
		{"version 3", []byte{3, 2}, ErrVersion},
		{"no such kind", []byte{1, 9}, ErrKind},
		{"no such kind of version 0", []byte{0, 2}, ErrKind},
		{"varint with a needless group", frame(V2, v2Want, 0x80, 0), ErrVarint},
		{"varint over 64 bits", frame(V2, v2Want, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2), ErrVarint},
		{"ids beyond the frame", frame(V2, v2Want, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), ErrLimit},
		{"as many ids as a frame has room for", frame(V2, v2Want, 0x80, 0x80, 2), ErrTruncated},
		{"an id more than any frame has room for", frame(V2, v2Want, 0x81, 0x80, 2), ErrLimit},
		{"a count of heads over 32 bits", frame(V2, v2Heads, 0x80, 0x80, 0x80, 0x80, 16), ErrLimit},
		{"operation beyond the frame", frame(V2, v2Push, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), ErrTruncated},
		{"too many operations", frame(V2, v2Push, 0, 0, 255, 255, 3), ErrLimit},
		{"too many heads", append(Append(nil, V1, &Heads{})[:54], append([]byte{17}, make([]byte, 17*32)...)...), ErrLimit},
	} {
		if f, err := Decode(9, c.b, &h); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", c.name, f, err, c.want)
		}
	}
}

// TestLimits: a list of its greatest length and a frame of its greatest length come back in both versions; of one more, Append
// panics, for the caller has lost count.
func TestLimits(t *testing.T) {
	ids := func(n int) IDs { return make(IDs, 32*n) }
	push := func(bytes int) Frame { return &Push{Ops: [][]byte{make([]byte, bytes)}} }
	var h Holder
	for version, header := range map[uint8]int{V1: len(Append(nil, V1, push(0))), V2: len(Append(nil, V2, push(1<<14))) - 1<<14} {
		for _, full := range []Frame{&Hello{Spaces: ids(MaxSpaces)}, &Push{Ops: make([][]byte, MaxOps)}, &Heads{Count: 1<<32 - 1, Heads: ids(MaxHeads)},
			&Want{IDs: ids(MaxIDs)}, &Summary{Chains: make([]ChainTip, MaxChains)}, &Receipt{IDs: ids(MaxIDs)}, push(MaxFrame - header)} {
			b := Append(nil, version, full)
			if got, err := Decode(version, b, &h); err != nil || !bytes.Equal(Append(nil, version, got), b) {
				t.Errorf("version %d, %T of %d bytes: %v", version, full, len(b), err)
			}
		}
		if b := Append(nil, version, push(MaxFrame-header)); len(b) != MaxFrame {
			t.Errorf("version %d: the longest frame has %d bytes", version, len(b))
		}
		for _, over := range []Frame{&Hello{Spaces: ids(MaxSpaces + 1)}, &Push{Ops: make([][]byte, MaxOps+1)}, &Heads{Heads: ids(MaxHeads + 1)},
			&Want{IDs: ids(MaxIDs + 1)}, &Summary{Chains: make([]ChainTip, MaxChains+1)}, &Receipt{IDs: ids(MaxIDs + 1)}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("version %d: Append takes %T over its limit", version, over)
					}
				}()
				Append(nil, version, over)
			}()
		}
	}
}

// TestClass: of all pairs of a version and a kind, two bytes that no frame may be, eleven have a class.
func TestClass(t *testing.T) {
	want := map[[2]byte]uint8{{0, kindHello}: ClassHello}
	for i := range uint8(5) {
		want[[2]byte{V1, v1Push + i}] = ClassPush + i
		want[[2]byte{V2, v2Push + i}] = ClassPush + i
	}
	for i := range 1 << 16 {
		b := [2]byte{byte(i >> 8), byte(i)}
		if got := Class(b[:]); got != want[b] {
			t.Errorf("version %d, kind %d is of class %d, want %d", b[0], b[1], got, want[b])
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	op := make([]byte, 400)
	var h Holder
	for version := uint8(V1); version <= V2; version++ {
		b := Append(nil, version, &Push{Ops: [][]byte{op, op, op, op}})
		decode := func() {
			if _, err := Decode(V2, b, &h); err != nil {
				t.Fatal(err)
			}
		}
		decode()
		if n := testing.AllocsPerRun(100, decode); n != 0 {
			t.Errorf("version %d: %v allocations", version, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	ids := IDsOf([32]byte{1}, [32]byte{2})
	for _, frame := range []Frame{&Hello{1, 2, ids}, &Push{Ops: [][]byte{{1, 2, 3}, {}}, Receipt: true}, &Heads{Count: 300, Heads: ids},
		&Want{IDs: ids}, &Summary{Reply: true, Chains: []ChainTip{{[32]byte{3}, 1 << 63, 7}}}, &Receipt{IDs: ids}} {
		f.Add(Append(nil, V1, frame))
		f.Add(Append(nil, V2, frame))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Holder
		got, err := Decode(V2, b, &h)
		if err != nil {
			return
		}
		again := Append(nil, b[0], got)
		var h2 Holder
		got2, err := Decode(V2, again, &h2)
		if err != nil || !cmp.Equal(got, got2, cmpopts.EquateEmpty()) || len(again) > len(b) || !bytes.Equal(again[:2], b[:2]) {
			t.Fatalf("%+v, then %+v, %v", got, got2, err)
		}
	})
}

func BenchmarkPush(b *testing.B) {
	p := &Push{Ops: [][]byte{make([]byte, 400)}}
	for version := uint8(V1); version <= V2; version++ {
		frame := Append(nil, version, p)
		b.Run("append", func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = Append(buf[:0], version, p)
			}
		})
		b.Run("decode", func(b *testing.B) {
			b.ReportAllocs()
			var h Holder
			for b.Loop() {
				if _, err := Decode(V2, frame, &h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
