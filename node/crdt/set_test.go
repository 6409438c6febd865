package crdt

import (
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestSetOfOneOperation: one operation adds two values; each can be taken out without the other, and what a removal must name
// are the additions that still hold its value.
func TestSetOfOneOperation(t *testing.T) {
	tea, milk := cbor.RawMessage("ctea"), cbor.RawMessage("dmilk")
	add := func(seq uint64, values ...cbor.RawMessage) *op.Operation {
		var list []op.Mutation
		for _, v := range values {
			list = append(list, op.Mutation{Code: op.SetAdd, Element: textElement, Prop: "tags", Value: v})
		}
		return operation(op.GraphEdit, op.Header{Seq: seq}, list...)
	}
	take := func(seq uint64, value cbor.RawMessage, dots ...op.Dot) *op.Operation {
		return operation(op.GraphEdit, op.Header{Seq: seq}, op.Mutation{Code: op.SetRemove, Element: textElement, Prop: "tags", Value: value, Dots: dots})
	}
	both, again := add(1, tea, milk), add(2, milk)
	first, second, third := op.DotOf(both.ID, 0), op.DotOf(both.ID, 1), op.DotOf(again.ID, 0)
	one, other := take(3, milk, second), take(4, milk, second, third)
	type deed struct {
		o    *op.Operation
		void bool // it becomes so
	}
	does := func(list ...*op.Operation) (deeds []deed) {
		for _, o := range list {
			deeds = append(deeds, deed{o: o})
		}
		return deeds
	}
	void := func(deeds []deed, o *op.Operation) []deed { return append(deeds, deed{o, true}) }
	for name, c := range map[string]struct {
		deeds     []deed
		want      string
		tea, milk []op.Dot
	}{
		"both":                        {does(both), "\x82cteadmilk", []op.Dot{first}, []op.Dot{second}},
		"one is taken":                {does(both, one), "\x81ctea", []op.Dot{first}, nil},
		"taken before it comes":       {does(one, both), "\x81ctea", []op.Dot{first}, nil},
		"taken twice before it comes": {does(one, other, both, again), "\x81ctea", []op.Dot{first}, nil},
		"once void":                   {void(does(one, other, both, again), other), "\x82cteadmilk", []op.Dot{first}, []op.Dot{third}},
		"once void before it comes":   {append(void(does(one, other), other), does(both)...), "\x81ctea", []op.Dot{first}, nil},
		"both void before it comes":   {append(void(void(does(one, other), other), one), does(both)...), "\x82cteadmilk", []op.Dot{first}, []op.Dot{second}},
		"an addition void":            {void(does(both, again, one), again), "\x81ctea", []op.Dot{first}, nil},
		"an addition void and taken":  {append(void(does(both, again), both), does(one)...), "\x81dmilk", nil, []op.Dot{third}},
	} {
		s := &Set{}
		for _, d := range c.deeds {
			for i := range d.o.Mutations {
				if w := (Write{Op: d.o, Index: uint8(i)}); d.void {
					s.Void(w)
				} else {
					s.Apply(w)
				}
			}
		}
		if got := string(s.AppendCBOR(nil)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := s.Dots(tea); !slices.Equal(got, c.tea) {
			t.Errorf("%s: tea is held by %x, want %x", name, got, c.tea)
		}
		if got := s.Dots(milk); !slices.Equal(got, c.milk) {
			t.Errorf("%s: milk is held by %x, want %x", name, got, c.milk)
		}
	}
}
