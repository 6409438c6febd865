package op

import (
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// TestMissingFields: a header that lacks one of the fields that every header has is refused for that.
func TestMissingFields(t *testing.T) {
	var parts [][]byte
	if err := cbor.Unmarshal(Sign(testHeader(), (&Draft{Kind: "x"}).Body(), testKey(3)), &parts); err != nil {
		t.Fatal(err)
	}
	for _, key := range []uint64{0, 1, 2, 3, 4, 7, 8, 9, 10} {
		var fields map[uint64]any
		if err := cbor.Unmarshal(parts[0], &fields); err != nil {
			t.Fatal(err)
		}
		if _, there := fields[key]; !there {
			t.Fatalf("the header has no field %d", key)
		}
		delete(fields, key)
		b, err := canonicalMode(t).Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if why := new(Operation).decodeHeader(b); why != "a field is missing" {
			t.Errorf("without field %d: %q", key, why)
		}
	}
}

// TestLimits: what is as long, as many or as far as may be is read; one more is not.
func TestLimits(t *testing.T) {
	e := ElementOf(ID{1}, 0)
	many := func(n int) (list []Mutation) {
		for range n {
			list = append(list, Mutation{Code: CreateNode, Type: "n"})
		}
		return list
	}
	value := func(n int) []Mutation { // of n bytes, three of which are the length
		return []Mutation{{Code: Register, Element: e, Value: appendBytes(nil, make([]byte, n-3))}}
	}
	edits := func(list ...TextEdit) []Mutation { return []Mutation{{Code: Text, Element: e, Edits: list}} }
	deletion := func(n, offset uint32) []Mutation { return edits(TextEdit{At: Anchor{Op: ID{1}, Offset: offset}, N: n}) }
	dots := func(list ...Dot) []Mutation {
		return []Mutation{{Code: SetRemove, Element: e, Value: []byte{1}, Dots: list}}
	}
	one, two := DotOf(ID{1}, 0), DotOf(ID{1}, 1)
	for _, c := range []struct {
		name      string
		mutations []Mutation
		why       string
	}{
		{"most mutations", many(MaxMutations), ""},
		{"more mutations", many(MaxMutations + 1), "none or too many mutations"},
		{"longest value", value(MaxValue), ""},
		{"longer value", value(MaxValue + 1), "value too long"},
		{"longest deletion", deletion(MaxBytes, 0), ""},
		{"longer deletion", deletion(MaxBytes+1, 0), "empty text edit, or one too long"},
		{"farthest character", deletion(1, MaxBytes-1), ""},
		{"farther character", deletion(1, MaxBytes), "no operation inserts so many characters"},
		{"dots ascending", dots(one, two), ""},
		{"dots descending", dots(two, one), "dots not ascending"},
		{"a dot twice", dots(one, one), "dots not ascending"},
		{"shortest edit", edits(TextEdit{Insert: true, Left: Anchor{Nil: true}, Right: Anchor{Nil: true}}), "empty text edit, or one too long"},
		{"relation of what it makes", []Mutation{{Code: CreateNode, Type: "a"}, {Code: CreateRelation, Type: "r", From: Own(0), To: Own(0)}, {Code: Delete, Element: Own(1)}}, ""},
		{"ref to a deletion", []Mutation{{Code: Delete, Element: e}, {Code: Delete, Element: Own(0)}}, "ref to a mutation that creates nothing"},
	} {
		if why := new(Operation).decodeBody((&Draft{Kind: "x", Mutations: c.mutations}).Body()); why != c.why {
			t.Errorf("%s: %q, want %q", c.name, why, c.why)
		}
	}
	unknown := []byte{0xa3, 0, 0x61, 'x', 1, 0x82, 0x82, 0x18, 99, 0xf6, 0x82, 2, 0, 2, 0xf5}
	if o := new(Operation); o.decodeBody(unknown) != "" || len(o.Args) != 1 || o.Mutations[1].Element != ElementOf(o.ID, 0) {
		t.Errorf("what stands behind an unknown mutation, and may refer to it, is not read: %q, %+v", o.decodeBody(unknown), o)
	}
	if why := new(Operation).decodeBody([]byte{0xa2, 0, 0x61, 'x', 1, 0x81, 0x84, 7, 0x58, 33}); why == "" {
		t.Error("a truncated reference is read")
	}
}

func TestHeads(t *testing.T) {
	for _, n := range []uint64{0, 23, 24, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, 1<<64 - 1} {
		if b := appendHead(nil, majorUint, n); !Canonical(b) || !libraryCanonical(t, b) {
			t.Errorf("%d is written as %x", n, b)
		}
	}
}

func TestIsGenesis(t *testing.T) {
	args := []byte{0xa0}
	good := func() *Operation {
		return &Operation{Kind: SpaceCreate, Args: args, Header: Header{Seq: 1, Space: SpaceOf(args)}}
	}
	for name, bend := range map[string]func(o *Operation){
		"another kind": func(o *Operation) { o.Kind = SendMessage }, "a later one": func(o *Operation) { o.Seq = 2 },
		"one with causes": func(o *Operation) { o.Deps = []ID{{1}} }, "of another space": func(o *Operation) { o.Space[0]++ },
	} {
		o := good()
		if bend(o); o.IsGenesis() {
			t.Errorf("%s is a genesis", name)
		}
	}
	if !good().IsGenesis() {
		t.Error("a genesis is none")
	}
}

// TestOpenCost: a signature, or two where an identity certifies the device, and the bytes.
func TestOpenCost(t *testing.T) {
	for _, c := range []struct {
		bytes int
		first bool
		want  time.Duration
	}{{100, false, CostVerify + CostHashKB}, {100, true, 2*CostVerify + CostHashKB}, {5000, true, 2*CostVerify + 5*CostHashKB}} {
		if got := OpenCost(c.bytes, c.first); got != c.want {
			t.Errorf("%d bytes, first %t: %v, want %v", c.bytes, c.first, got, c.want)
		}
	}
}
