package op

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"pgregory.net/rapid"
)

func testKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32))
}

func testArgs() []byte {
	f := Founding{Name: "home", Members: []Membership{{KeyOf(testKey(1)), Owner}}}
	return f.Args()
}

func testGenesis() []byte { return Genesis(testArgs(), testKey(1), testKey(2), 7, 1000) }

// testHeader is the header of a first operation in a chain after the genesis.
func testHeader() Header {
	g, _ := decode(testGenesis(), nil)
	device := KeyOf(testKey(3))
	return Header{Format: 1, Space: g.Space, Device: device, Incarnation: math.MaxUint64, Seq: 1, Deps: []ID{g.ID}, Clock: 2, Schema: 1,
		WallMS: -5, Identity: KeyOf(testKey(1)), Certificate: Certify(testKey(1), device)}
}

func mustOpen(t testing.TB, s *Store, b []byte) *Operation {
	t.Helper()
	o, err := s.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestGenesis(t *testing.T) {
	o := mustOpen(t, NewStore(1<<20), testGenesis())
	if !o.IsGenesis() || o.Fault != "" || !o.Knows(1) || o.Kind != SpaceCreate {
		t.Fatalf("%+v", o)
	}
	f, ok := FoundingOf(o.Args)
	if !ok || f.Name != "home" || f.Members[0].Role != Owner {
		t.Fatal(f, ok)
	}
	stranger := Genesis(testArgs(), testKey(9), testKey(2), 7, 0)
	if o := mustOpen(t, NewStore(1<<20), stranger); o.Fault == "" {
		t.Fatal("a space founded by a stranger")
	}
}

// fullDraft uses every mutation.
func fullDraft() Draft {
	var other ID
	other[0] = 9
	text, _ := cbor.Marshal("hello")
	d := Draft{Kind: GraphEdit, Args: []byte{0xa0}}
	a := d.Add(Mutation{Code: CreateNode, Type: "note"})
	b := d.Add(Mutation{Code: CreateNode, Type: "note"})
	r := d.Add(Mutation{Code: CreateRelation, Type: "link", From: a, To: b})
	d.Add(Mutation{Code: Delete, Element: ElementOf(other, 3)})
	d.Add(Mutation{Code: Register, Element: a, Prop: "title", Value: text})
	d.Add(Mutation{Code: SetAdd, Element: a, Prop: "tags", Value: text})
	d.Add(Mutation{Code: SetRemove, Element: a, Prop: "tags", Value: text, Dots: []Dot{DotOf(other, 1), DotOf(other, 2)}})
	d.Add(Mutation{Code: CounterAdd, Element: a, Prop: "n", Delta: math.MinInt64})
	d.Add(Mutation{Code: Text, Element: a, Prop: "body", Edits: []TextEdit{
		{Insert: true, Left: Anchor{Nil: true}, Right: Anchor{Op: other, Offset: 4}, Text: "жук"},
		{Insert: true, Left: Anchor{Offset: 2}, Right: Anchor{Nil: true}, Text: "s"},
		{At: Anchor{Offset: 0}, N: 2},
		{At: Anchor{Op: other, Offset: 70}, N: 300},
	}})
	d.Add(Mutation{Code: Metadata, Element: a, Prop: "k", Value: text})
	d.Add(Mutation{Code: Move, Element: r, From: b, To: a})
	return d
}

// TestRoundTrip: what a draft says is what the opened operation says, with own refs resolved; the bytes are canonical by
// the library's judgement too.
func TestRoundTrip(t *testing.T) {
	d := fullDraft()
	o := mustOpen(t, NewStore(1<<20), Sign(testHeader(), d.Body(), testKey(3)))
	if o.Fault != "" || !o.Known || len(o.Mutations) != len(d.Mutations) {
		t.Fatalf("%+v", o)
	}
	if m := o.Mutations[2]; m.Element != ElementOf(o.ID, 2) || m.From != ElementOf(o.ID, 0) || m.To != ElementOf(o.ID, 1) {
		t.Fatalf("own refs: %+v", m)
	}
	e := o.Mutations[8].Edits
	if e[0].N != 3 || e[1].Offset != 3 || e[1].Left != (Anchor{Op: o.ID, Offset: 2}) || e[2].At.Op != o.ID || e[3].At.Offset != 70 {
		t.Fatalf("edits: %+v", e)
	}
	h := testHeader()
	h.BodyHash = o.BodyHash
	if !reflect.DeepEqual(o.Header, h) {
		t.Fatalf("header: %+v, want %+v", o.Header, h)
	}
	var parts []any
	if err := cbor.Unmarshal(o.Bytes, &parts); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts[:2] {
		if !libraryCanonical(t, p.([]byte)) {
			t.Fatalf("%x", p)
		}
	}
}

// libraryCanonical decodes and encodes again with the library.
func libraryCanonical(t *testing.T, b []byte) bool {
	dec, err := cbor.DecOptions{IndefLength: cbor.IndefLengthForbidden, DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 32}.DecMode()
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if dec.Unmarshal(b, &v) != nil {
		return false
	}
	again, err := canonicalMode(t).Marshal(v)
	return err == nil && bytes.Equal(again, b)
}

func canonicalMode(t *testing.T) cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestCanonicalAgreesWithLibrary: what the reader accepts, the library encodes to the same bytes; what the library encodes
// from plain data, the reader accepts. Bytes are bent a little to reach the forms that nobody writes.
func TestCanonicalAgreesWithLibrary(t *testing.T) {
	enc := canonicalMode(t)
	rapid.Check(t, func(rt *rapid.T) {
		b, err := enc.Marshal(drawValue(rt, 4))
		if err != nil {
			rt.Fatal(err)
		}
		if !Canonical(b) {
			rt.Fatalf("refused %x", b)
		}
		for range rapid.IntRange(0, 2).Draw(rt, "bends") {
			i := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
			b[i] = rapid.Byte().Draw(rt, "byte")
		}
		if Canonical(b) && !libraryCanonical(t, b) {
			rt.Fatalf("accepted %x", b)
		}
	})
}

func drawValue(t *rapid.T, depth int) any {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.Uint64().Draw(t, "uint")
	case 1:
		return rapid.Int64().Draw(t, "int")
	case 2:
		return rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
	case 3:
		return rapid.String().Draw(t, "text")
	case 4:
		switch rapid.IntRange(0, 3).Draw(t, "width") {
		case 0:
			return float64(rapid.Float32().Draw(t, "float32"))
		case 1: // every value of 16 bits, subnormals too
			return math.Ldexp(float64(rapid.IntRange(-2048, 2048).Draw(t, "mantissa")), rapid.IntRange(-26, 17).Draw(t, "exponent"))
		}
		return rapid.Float64().Draw(t, "float64")
	case 5:
		return [...]any{nil, true, false}[rapid.IntRange(0, 2).Draw(t, "simple")]
	case 6:
		a := make([]any, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range a {
			a[i] = drawValue(t, depth-1)
		}
		return a
	default:
		m := map[any]any{}
		for range rapid.IntRange(0, 3).Draw(t, "pairs") {
			if rapid.Bool().Draw(t, "text key") {
				m[rapid.String().Draw(t, "key")] = drawValue(t, depth-1)
			} else {
				m[rapid.Int64().Draw(t, "key")] = drawValue(t, depth-1)
			}
		}
		return m
	}
}

func TestNotCanonical(t *testing.T) {
	for _, b := range [][]byte{{}, {0x18, 23}, {0x19, 0, 255}, {0x1a, 0, 0, 255, 255}, {0x1b, 0, 0, 0, 0, 255, 255, 255, 255}, {0x5f, 0xff},
		{0x9f, 0xff}, {0xa2, 1, 0, 0, 0}, {0xa2, 1, 0, 1, 0}, {0xa1, 0x40, 0}, {0xa1, 0xf6, 0}, {0xa1, 0xf9, 0x3c, 0, 0}, {0xc0, 0}, {0xf7}, {0xf8, 0x18}, {0xf8, 0xff}, {0xe0}, {0x61, 0xff},
		{0xfa, 0x3f, 0x80, 0, 0}, {0xfa, 0x7f, 0xc0, 0, 0}, {0xf9, 0x7e, 1}, {0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0}, {0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0},
		{0, 0}, {0x81}, {0x9b, 255, 255, 255, 255, 255, 255, 255, 255}, bytes.Repeat([]byte{0x81}, 20),
		append(bytes.Repeat([]byte{0x81}, MaxDepth+1), 0)} {
		if Canonical(b) {
			t.Errorf("accepted %x", b)
		}
	}
	if !Canonical(append(bytes.Repeat([]byte{0x81}, MaxDepth), 0)) {
		t.Error("refused the greatest depth")
	}
	if !Canonical([]byte{0xfa, 0x47, 0x80, 0, 0}) {
		t.Error("refused 65536, a power of two that 16 bits do not hold")
	}
}

// TestFloatsAgreeWithLibrary: every float of 16 bits, and of 32 and 64 bits those at all exponents with one bit set or all, are
// canonical where the library writes them so.
func TestFloatsAgreeWithLibrary(t *testing.T) {
	agrees := func(b []byte) {
		if got, want := Canonical(b), libraryCanonical(t, b); got != want {
			t.Errorf("%x: canonical %t, the library says %t", b, got, want)
		}
	}
	for bits := range 1 << 16 {
		agrees(binary.BigEndian.AppendUint16([]byte{0xf9}, uint16(bits)))
	}
	for exponent := range uint32(1 << 9) { // and sign
		for k := range 23 {
			for _, mantissa := range []uint32{0, 1 << k, 1<<23 - 1<<k} {
				agrees(binary.BigEndian.AppendUint32([]byte{0xfa}, exponent<<23|mantissa))
			}
		}
	}
	for exponent := range uint64(1 << 12) {
		for k := range 52 {
			for _, mantissa := range []uint64{0, 1 << k, 1<<52 - 1<<k} {
				agrees(binary.BigEndian.AppendUint64([]byte{0xfb}, exponent<<52|mantissa))
			}
		}
	}
}

// TestBool: nothing but false and true is a bool, whatever its argument.
func TestBool(t *testing.T) {
	for b := range 256 {
		r := reader{b: []byte{byte(b), 0}}
		got := r.bool()
		if good := b == 0xf4 || b == 0xf5; (r.why == "") != good || good && got != (b == 0xf5) {
			t.Errorf("%#x is read as %t: %q", b, got, r.why)
		}
	}
}

// TestIsRights: these three kinds change roles, and no other; a new kind must be told here.
func TestIsRights(t *testing.T) {
	for kind, want := range map[string]bool{SpaceCreate: true, RightsGrant: true, RightsRevoke: true, SendMessage: false, ComputeOffer: false, "": false} {
		if o := (&Operation{Kind: kind}); o.IsRights() != want {
			t.Errorf("%s changes roles: %t, want %t", kind, !want, want)
		}
	}
}

// TestRefusals bends one thing at a time.
func TestRefusals(t *testing.T) {
	draft := fullDraft()
	body := draft.Body()
	header := func(edit func(h *Header)) []byte { h := testHeader(); edit(&h); return Sign(h, body, testKey(3)) }
	withBody := func(b []byte) []byte { return Sign(testHeader(), b, testKey(3)) }
	mutation := func(m ...byte) []byte {
		return withBody(append([]byte{0xa2, 0, 0x61, 'x', 1, 0x81}, m...))
	}
	good := header(func(*Header) {})
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for _, c := range []struct {
		name   string
		b      []byte
		reason string
	}{
		{"good", good, ""},
		{"empty", nil, step.RefuseMalformed},
		{"truncated", good[:len(good)-1], step.RefuseMalformed},
		{"trailing", append(bytes.Clone(good), 0), step.RefuseMalformed},
		{"too long", make([]byte, MaxBytes+1), step.RefuseMalformed},
		{"signature bit", flip(len(good) - 1), step.RefuseSignature},
		{"body bit", flip(len(good) - 70), step.RefuseMalformed},
		{"certificate of another device", header(func(h *Header) { h.Certificate = Certify(testKey(1), KeyOf(testKey(4))) }), step.RefuseSignature},
		{"certificate by another person", header(func(h *Header) { h.Certificate = Certify(testKey(4), h.Device) }), step.RefuseSignature},
		{"another device", header(func(h *Header) { h.Device = KeyOf(testKey(4)) }), step.RefuseSignature},
		{"format", header(func(h *Header) { h.Format = 2 }), step.RefuseMalformed},
		{"seq 0", header(func(h *Header) { h.Seq = 0 }), step.RefuseMalformed},
		{"deps not ascending", header(func(h *Header) { h.Deps = []ID{h.Deps[0], {}} }), step.RefuseMalformed},
		{"deps twice", header(func(h *Header) { h.Deps = []ID{h.Deps[0], h.Deps[0]} }), step.RefuseMalformed},
		{"too many deps", header(func(h *Header) { h.Deps = manyIDs(MaxDeps + 1) }), step.RefuseMalformed},
		{"most deps", header(func(h *Header) { h.Deps = manyIDs(MaxDeps) }), ""},
		{"prev among deps", header(func(h *Header) { h.Seq, h.Prev = 2, h.Deps[0] }), step.RefuseMalformed},
		{"no kind", withBody([]byte{0xa0}), step.RefuseMalformed},
		{"empty kind", withBody([]byte{0xa1, 0, 0x60}), step.RefuseMalformed},
		{"unknown key kept", withBody([]byte{0xa2, 0, 0x61, 'x', 9, 0xf6}), ""},
		{"body not canonical", withBody([]byte{0xa1, 0x18, 0, 0x61, 'x'}), step.RefuseMalformed},
		{"no mutations listed", withBody([]byte{0xa2, 0, 0x61, 'x', 1, 0x80}), step.RefuseMalformed},
		{"unknown code", mutation(0x82, 0x18, 99, 0xf6), ""},
		{"mutation too long", mutation(0x83, 0, 0x61, 'n', 0), step.RefuseMalformed},
		{"ref to itself", mutation(0x82, 2, 0), step.RefuseMalformed},
		{"delta over 64 bits", mutation(0x84, 6, 0x58, 33, 0), step.RefuseMalformed},
		{"value too long", func() []byte {
			d := Draft{Kind: "x", Mutations: []Mutation{{Code: Register, Element: ElementOf(ID{1}, 0), Value: appendBytes(nil, make([]byte, MaxValue))}}}
			return withBody(d.Body())
		}(), step.RefuseMalformed},
		{"empty insertion", func() []byte {
			d := Draft{Kind: "x", Mutations: []Mutation{{Code: Text, Element: ElementOf(ID{1}, 0), Edits: []TextEdit{{Insert: true, Left: Anchor{Nil: true}, Right: Anchor{Nil: true}}}}}}
			return withBody(d.Body())
		}(), step.RefuseMalformed},
		{"anchor ahead of itself", func() []byte {
			d := Draft{Kind: "x", Mutations: []Mutation{{Code: Text, Element: ElementOf(ID{1}, 0), Edits: []TextEdit{{Insert: true, Left: Anchor{Offset: 0}, Right: Anchor{Nil: true}, Text: "a"}}}}}
			return withBody(d.Body())
		}(), step.RefuseMalformed},
	} {
		o, err := NewStore(1 << 20).Open(c.b)
		var r *Refusal
		if errors.As(err, &r); c.reason == "" && err != nil || c.reason != "" && (r == nil || r.Reason != c.reason) {
			t.Errorf("%s: %v, want %q", c.name, err, c.reason)
		}
		if c.name == "unknown code" && (o == nil || o.Known || o.Knows(1)) {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
}

func manyIDs(n int) (ids []ID) {
	for i := range n {
		ids = append(ids, ID{byte(i), 1})
	}
	return ids
}

// TestFaults: body rules bind the kinds of schema 1 alone, so that old and new kernels admit alike.
func TestFaults(t *testing.T) {
	change := Change{Who: []Key{{1}, {2}}, Role: Member}
	twice := Change{Who: []Key{{1}, {1}}, Role: Member}
	revoke := Change{Who: []Key{{1}}}
	task := Task{Kernel: "sum", Input: []byte("x"), Quorum: 2, Workers: 3}
	offer := Offer{Consent: true, MaxWork: 1 << 40, Profile: "laptop"}
	ext := Extension{Task: ID{1}, Workers: 2}
	res := Result{Task: ID{1}, Output: []byte{2}}
	acc := Acceptance{Task: ID{1}, Output: []byte{2}, Results: []ID{{1}, {2}}}
	for _, c := range []struct {
		kind   string
		args   []byte
		schema uint64
		fault  bool
	}{
		{RightsGrant, change.Args(), 1, false}, {RightsGrant, twice.Args(), 1, true}, {RightsGrant, revoke.Args(), 1, true},
		{RightsGrant, nil, 1, true}, {RightsRevoke, revoke.Args(), 1, false}, {RightsRevoke, change.Args(), 1, false},
		{RightsGrant, change.Args(), 2, true}, {ComputeTask, task.Args(), 1, false}, {ComputeTask, offer.Args(), 1, true},
		{ComputeOffer, offer.Args(), 1, false}, {ComputeExtend, ext.Args(), 1, false}, {ComputeResult, res.Args(), 1, false},
		{ComputeAccept, acc.Args(), 1, false}, {ComputeAccept, res.Args(), 1, true}, {SpaceCreate, testArgs(), 1, true},
		{AddReaction, nil, 2, false}, {AddReaction, nil, 1, false}, {"later", nil, 77, false}, {SendMessage, nil, 1, false},
	} {
		d := Draft{Kind: c.kind, Args: c.args}
		h := testHeader()
		h.Schema = c.schema
		o := mustOpen(t, NewStore(1<<20), Sign(h, d.Body(), testKey(3)))
		if (o.Fault != "") != c.fault {
			t.Errorf("%s %x: %q", c.kind, c.args, o.Fault)
		}
		if c.args != nil && !Canonical(c.args) {
			t.Errorf("%s: args not canonical", c.kind)
		}
	}
	if got, ok := TaskOf(task.Args()); !ok || !reflect.DeepEqual(got, task) {
		t.Error(got)
	}
	if got, ok := AcceptanceOf(acc.Args()); !ok || !reflect.DeepEqual(got, acc) {
		t.Error(got)
	}
	double := acc
	double.Results = []ID{{1}, {1}}
	if got, ok := AcceptanceOf(double.Args()); ok {
		t.Errorf("one result is named twice, and would count twice: %+v", got)
	}
	if got, ok := ChangeOf(RightsGrant, change.Args()); !ok || !reflect.DeepEqual(got, change) {
		t.Error(got)
	}
	if got, ok := OfferOf(offer.Args()); !ok || got != offer {
		t.Error(got)
	}
}

// TestStore: a verdict belongs to whole bytes; the bound holds against floods of rubbish; refusals drop no operation.
func TestStore(t *testing.T) {
	s := NewStore(1 << 20)
	good := testGenesis()
	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1
	if _, err := s.Open(bad); err == nil {
		t.Fatal("bad copy accepted")
	}
	first := mustOpen(t, s, good)
	if _, err := s.Open(bad); err == nil {
		t.Fatal("bad copy accepted after the good one")
	}
	if again := mustOpen(t, s, bytes.Clone(good)); again != first {
		t.Fatal("opened twice")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		junk := make([]byte, 300)
		for i := range junk {
			junk[i] = byte(rng.Uint32())
		}
		s.Open(junk)
	}
	if again := mustOpen(t, s, good); again != first {
		t.Fatal("rubbish drove out an operation")
	}
	if n := len(s.bad.young) + len(s.bad.old); n*(300+bookkeeping) > 1<<20/8 {
		t.Fatal("unbounded refusals:", n)
	}
	for i := range 2000 {
		h := testHeader()
		h.WallMS = int64(i)
		mustOpen(t, s, Sign(h, []byte{0xa1, 0, 0x61, 'x'}, testKey(3)))
	}
	if n := len(s.good.young) + len(s.good.old); n*bookkeeping > 1<<20 {
		t.Fatal("unbounded operations:", n)
	}
	if again := mustOpen(t, s, good); again == first || again.Serial == first.Serial || again.ID != first.ID {
		t.Fatal("eviction must neither change an operation nor use a serial again")
	}
}

// TestStoreComparesWholeBytes plants an entry under the fast hash of other bytes, as a liar who can collide it would.
func TestStoreComparesWholeBytes(t *testing.T) {
	s := NewStore(1 << 20)
	o := mustOpen(t, s, testGenesis())
	for h := range s.good.young {
		if s.find(h, []byte("other")) != nil {
			t.Fatal("found by the fast hash alone")
		}
		s.good.add(h, &opened{bytes: []byte("collides")})
		if s.find(h, testGenesis()).op != o {
			t.Fatal("lost behind a collision")
		}
	}
}

func FuzzOpen(f *testing.F) {
	d := fullDraft()
	f.Add(testGenesis())
	f.Add(Sign(testHeader(), d.Body(), testKey(3)))
	f.Add([]byte{0x83, 0x40, 0x40, 0x40})
	s := NewStore(1 << 20)
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := s.Open(b)
		if again, err2 := s.Open(bytes.Clone(b)); o != again || (err == nil) != (err2 == nil) {
			t.Fatal("another verdict on the same bytes")
		}
	})
}

// FuzzDecode reads fuzzed bytes as header, body and arguments, signatures apart: those no fuzzer would ever get right.
func FuzzDecode(f *testing.F) {
	d := fullDraft()
	f.Add(d.Body())
	h := testHeader()
	f.Add(AppendHeader(nil, &h))
	f.Add(testArgs())
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Operation{ID: ID{1}, Known: true}
		if o.decodeHeader(b) == "" {
			if !libraryCanonical(t, b) {
				t.Fatalf("header %x", b)
			}
			p := Operation{}
			if why := p.decodeHeader(AppendHeader(nil, &o.Header)); why != "" || !reflect.DeepEqual(p.Header, o.Header) {
				t.Fatalf("%s: %+v, then %+v", why, o.Header, p.Header)
			}
		}
		if o.decodeBody(b) == "" {
			if !libraryCanonical(t, b) {
				t.Fatalf("body %x", b)
			}
			for _, m := range o.Mutations {
				if m.Code != Unknown && (len(m.Value) > MaxValue || m.Code > Move) {
					t.Fatalf("%+v", m)
				}
			}
		}
		for _, kind := range []string{SpaceCreate, RightsGrant, RightsRevoke, ComputeOffer, ComputeTask, ComputeExtend, ComputeResult, ComputeAccept} {
			p := Operation{Header: Header{Schema: 1}, Kind: kind, Args: b}
			p.bodyFault()
		}
		if Canonical(b) && !libraryCanonical(t, b) {
			t.Fatalf("accepted %x", b)
		}
	})
}

func benchmarkOps(n int) (all [][]byte) {
	d := Draft{Kind: SendMessage, Mutations: []Mutation{{Code: CreateNode, Type: "message"},
		{Code: Register, Element: Own(0), Prop: "text", Value: appendText(nil, "a message of some length, as people write them")}}}
	for i := range n {
		h := testHeader()
		h.Seq, h.Prev, h.WallMS = 2, ID{byte(i)}, int64(i)
		all = append(all, Sign(h, d.Body(), testKey(3)))
	}
	return all
}

func BenchmarkOpenHit(b *testing.B) {
	s := NewStore(16 << 20)
	all := benchmarkOps(1000)
	for _, o := range all {
		mustOpen(b, s, o)
	}
	b.ReportMetric(float64(len(all[0])), "B/operation")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := s.Open(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkOpenFirst(b *testing.B) {
	all := benchmarkOps(100)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := decode(all[i%len(all)], nil); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkDecodeAlone(b *testing.B) {
	o, _ := decode(benchmarkOps(1)[0], nil)
	header := AppendHeader(nil, &o.Header)
	b.ReportAllocs()
	for b.Loop() {
		p := Operation{Known: true}
		if p.decodeHeader(header) != "" || p.decodeBody(o.Body) != "" {
			b.Fatal("refused")
		}
	}
}

// TestStoreSigns: what a store signs is what any store opens, and under another's key it is refused as any bytes are.
func TestStoreSigns(t *testing.T) {
	body := (&Draft{Kind: SendMessage}).Body()
	for _, seq := range []uint64{1, 2} {
		h := testHeader()
		if h.Seq = seq; seq > 1 {
			h.Prev = ID{9}
		}
		mine, err := NewStore(1<<20).Sign(h, body, testKey(3))
		if err != nil {
			t.Fatal(err)
		}
		if other := mustOpen(t, NewStore(1<<20), mine.Bytes); !reflect.DeepEqual(mine, other) {
			t.Errorf("seq %d: signed %+v, opened %+v", seq, mine, other)
		}
		if _, err := NewStore(1<<20).Sign(h, body, testKey(4)); err == nil || err.(*Refusal).Reason != step.RefuseSignature {
			t.Errorf("seq %d: signed in the name of another device: %v", seq, err)
		}
		h.Certificate[5] ^= 1
		if _, err := NewStore(1<<20).Sign(h, body, testKey(3)); seq == 1 && (err == nil || err.(*Refusal).Reason != step.RefuseSignature) {
			t.Errorf("a certificate that does not verify: %v", err)
		}
	}
}

// TestStoreBeside: a store beside another knows what that one knows, puts nothing into it, and shares no serial with it.
func TestStoreBeside(t *testing.T) {
	s := NewStore(1 << 20)
	b := s.Beside(1 << 20)
	good := testGenesis()
	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1
	first := mustOpen(t, s, good)
	if mustOpen(t, b, good) != first {
		t.Error("what is known was opened again")
	}
	body := (&Draft{Kind: SendMessage}).Body()
	seen := map[uint32]bool{first.Serial: true}
	for i := range 20 {
		h := testHeader()
		h.WallMS = int64(i)
		store := s
		if i%2 == 0 {
			store = b
		}
		o := mustOpen(t, store, Sign(h, body, testKey(3)))
		if seen[o.Serial] {
			t.Errorf("serial %d was given twice", o.Serial)
		}
		seen[o.Serial] = true
		bad[len(bad)-2] ^= byte(i + 1)
		if _, err := b.Open(bad); err == nil {
			t.Error("a bad copy was accepted")
		}
	}
	if n := len(s.good.young) + len(s.good.old); n != 11 || len(s.bad.young) > 0 {
		t.Errorf("the store holds %d operations of others and %d refusals; want 11 and none", n, len(s.bad.young))
	}
}
