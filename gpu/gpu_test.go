package gpu

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func u32(list ...uint32) []byte { return packed(list) }

func floats(list ...float32) []byte {
	var b []byte
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// Small cases worked out by hand: what the kernels mean.
func TestReferences(t *testing.T) {
	damped := Damp(RankOne / 2)
	cases := []struct {
		name, kernel string
		input, want  []byte
		work         uint64
	}{
		{"matmul 2×3 by 3×1", MatMul, join(u32(2, 3, 1), floats(1, 2, 3, 4, 5, 6, 7, 8, 9)), floats(50, 122), 6},
		{"matmul adds from k = 0", MatMul, join(u32(1, 3, 1), floats(1<<20, 1, -1<<20, 1<<10, 1.0/64, 1<<10)), floats(0), 3},
		{"prefix sum wraps", PrefixSum, u32(3, 1, 1<<32-1, 7), u32(1, 0, 7), 3},
		{"histogram by remainder", Histogram, u32(3, 5, 0, 3, 1, 5, 4), u32(2, 2, 1), 8},
		{"pagerank of one node without links", PageRank, u32(1, 0, 3), u32(RankOne), 3},
		{"pagerank of two, one link", PageRank, u32(2, 1, 1, 0, 1), u32((RankOne-Damp(RankOne)+damped)/2, (RankOne-Damp(RankOne)+damped)/2+damped), 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k, _ := Find(c.kernel)
			got, work, err := k.Reference(c.input)
			if err != nil || !k.Compare.Same(got, c.want) || work != c.work {
				t.Errorf("got % x, work %d, %v; want % x, work %d", got, work, err, c.want, c.work)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	texts := []string{"thanks Ada!", "the server is down", "when is the report ready?", "please review the contract tomorrow", "hello Grace", "we shipped the website yesterday", ""}
	want := []string{"thanks", "problem", "question", "task", "greeting", "news", ""}
	k, _ := Find(Classify)
	out, work, err := k.Reference(EncodeMessages(texts...))
	if err != nil || work != ClassifyWork(len(texts)) {
		t.Fatal(work, err)
	}
	each := 4 * (1 + len(Classes()))
	for i, w := range want {
		if got := Classes()[binary.LittleEndian.Uint32(out[i*each:])]; w != "" && got != w {
			t.Errorf("%q: %s, want %s", texts[i], got, w)
		}
	}
}

// The words of a message do not depend on case or on spaces, and counts stay within their bound.
func TestCount(t *testing.T) {
	count := func(s string) (c [Features]byte) { Count(c[:], []byte(s)); return c }
	if count("Hello,  WORLD ") != count("hello , world") || count("a b") == count("b a") || count("ab") == count("a b") {
		t.Error("words are cut in the wrong places")
	}
	for _, n := range count(strings.Repeat("x ", 2000)) {
		if n > maxCount {
			t.Errorf("a count of %d", n)
		}
	}
}

func TestBadInputs(t *testing.T) {
	nan, tiny := float32(math.NaN()), float32(math.SmallestNonzeroFloat32)
	cases := []struct {
		kernel string
		input  []byte
		want   string
	}{
		{MatMul, nil, "its header alone takes 12"},
		{MatMul, u32(1, 0, 1), "k is 0; it must be 1 to 1024"},
		{MatMul, u32(1025, 1, 1), "m is 1025"},
		{MatMul, join(u32(1, 1, 1), floats(1)), "4 bytes follow the header; it announces 8"},
		{MatMul, join(u32(1, 1, 1), floats(1, nan)), "element 1 is NaN"},
		{MatMul, join(u32(1, 1, 1), floats(tiny, 1)), "element 0 is 1e-45"},
		{MatMul, join(u32(1, 1, 1), floats(1, float32(math.Inf(-1)))), "element 1 is -Inf"},
		{PrefixSum, u32(0), "n is 0"},
		{PrefixSum, u32(1<<20 + 1), "n is 1048577"},
		{PrefixSum, u32(2, 1), "it announces 8"},
		{Histogram, u32(4097, 1, 1), "bins is 4097"},
		{PageRank, u32(2, 1, 1, 0, 2), "end 1 of the edges is node 2; there are 2 nodes"},
		{PageRank, u32(2, 0, 65), "rounds is 65"},
		{Classify, u32(257), "count is 257"},
		{Classify, u32(1, 9), "message 0 is said to have 9 bytes"},
		{Classify, u32(2, 0), "the input ends before message 1"},
		{Classify, u32(1, 0, 7), "4 bytes follow"},
		{Histogram, make([]byte, MaxInput+1), "at most 8388672 are allowed"},
	}
	for _, c := range cases {
		k, _ := Find(c.kernel)
		_, e1 := k.Work(c.input)
		_, _, e2 := k.Reference(c.input)
		_, e3 := k.Lower(c.input)
		for _, err := range []error{e1, e2, e3} {
			if err == nil || !strings.HasPrefix(err.Error(), c.kernel+": ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.kernel, err, c.want)
			}
		}
	}
}

// Random inputs are valid, stay within the bounds at any size, and repeat for a seed.
func TestRandomInputsAreValid(t *testing.T) {
	for _, k := range All() {
		for _, size := range []int{-1, 0, 1, 2, 3, 17, 1000, 20000, 1 << 30} {
			if size == 1<<30 && testing.Short() {
				continue
			}
			input := k.Random(rand.New(rand.NewPCG(5, uint64(size))), size)
			if work, err := k.Work(input); err != nil || work == 0 {
				t.Errorf("%s, size %d: work %d, %v", k.Name, size, work, err)
			}
			if size < 20000 && !bytes.Equal(input, k.Random(rand.New(rand.NewPCG(5, uint64(size))), size)) {
				t.Errorf("%s, size %d: not repeatable", k.Name, size)
			}
		}
	}
}

// Ranks never add up to more than one: hence no sum of them can overflow.
func TestRanksAddUpToAtMostOne(t *testing.T) {
	k, _ := Find(PageRank)
	rapid.Check(t, func(t *rapid.T) {
		draw := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		out, _, err := k.Reference(k.Random(draw, rapid.IntRange(0, 400).Draw(t, "size")))
		if err != nil {
			t.Fatal(err)
		}
		var sum uint64
		for _, r := range words(out) {
			sum += uint64(r)
		}
		if sum > RankOne {
			t.Fatalf("ranks add up to %d", sum)
		}
	})
}

func TestDampIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Uint32Max(RankOne).Draw(t, "rank")
		if got, want := uint64(Damp(r)), uint64(r)*17/20; got != want {
			t.Fatalf("Damp(%d) = %d, want %d", r, got, want)
		}
	})
}

func TestModelRoundTrip(t *testing.T) {
	m, err := ReadModel(ChatModel())
	if err != nil || !slices.Equal(m.Classes, Classes()) || !bytes.Equal(m.Write(), ChatModel()) {
		t.Errorf("%v: the embedded model is not what Write gives", err)
	}
	for n := range len(ChatModel()) {
		if _, err := ReadModel(ChatModel()[:n]); err == nil && n < len(ChatModel())-200 {
			t.Fatalf("%d bytes of it were accepted", n)
		}
	}
}

func FuzzKernels(f *testing.F) {
	draw := rand.New(rand.NewPCG(1, 1))
	for i, k := range All() {
		for _, size := range []int{1, 10} {
			f.Add(byte(i), k.Random(draw, size))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, input []byte) {
		k := All()[int(which)%len(All())]
		work, err := k.Work(input)
		out, counted, referr := k.Reference(input)
		p, lowerr := k.Lower(input)
		if (err == nil) != (referr == nil) || (err == nil) != (lowerr == nil) {
			t.Fatalf("%s: Work says %v, Reference %v, Lower %v", k.Name, err, referr, lowerr)
		}
		if err == nil && (work != counted || len(out) != p.Size) {
			t.Fatalf("%s: work %d or %d, output %d or %d bytes", k.Name, work, counted, len(out), p.Size)
		}
	})
}

func FuzzReadModel(f *testing.F) {
	f.Add(ChatModel()[:300])
	f.Add(ChatModel())
	f.Fuzz(func(t *testing.T, b []byte) { ReadModel(b) })
}
