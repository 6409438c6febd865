package crdt

import (
	"bytes"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Set is an observed-remove set (Shapiro et al., "A comprehensive study of CRDTs", 2011, §3.3.5): an addition is named by
// its dot, a removal names the dots that its author saw, and an addition that it did not see survives. A removal counts
// whenever it comes, so dots may be removed before they are added.
type Set struct {
	adds   []addition        // ascending by dot
	early  map[op.Dot]uint32 // effective removals of dots that were not added yet, if ever
	writes uint32            // effective ones
}

type addition struct {
	mark
	removals uint32 // effective ones that name it
}

func (a addition) compare(d op.Dot) int {
	if c := bytes.Compare(a.op.ID[:], d[:32]); c != 0 {
		return c
	}
	return int(a.index) - int(d[32])
}

func (s *Set) find(d op.Dot) (int, bool) {
	return slices.BinarySearchFunc(s.adds, d, addition.compare)
}

// Apply takes an addition or a removal.
func (s *Set) Apply(w Write) {
	if w.Void {
		return
	}
	s.writes++
	m := w.Mutation()
	if m.Code == op.SetRemove {
		s.remove(m.Dots, 1)
		return
	}
	d := op.DotOf(w.Op.ID, w.Index)
	at, _ := s.find(d)
	s.adds = slices.Insert(s.adds, at, addition{mark{w.Op, w.Index}, s.early[d]})
	delete(s.early, d)
}

// Void takes an addition or a removal back.
func (s *Set) Void(w Write) {
	s.writes--
	m := w.Mutation()
	if m.Code == op.SetRemove {
		s.remove(m.Dots, ^uint32(0))
		return
	}
	d := op.DotOf(w.Op.ID, w.Index)
	if at, ok := s.find(d); ok {
		if n := s.adds[at].removals; n > 0 {
			s.addEarly(d, n)
		}
		s.adds = slices.Delete(s.adds, at, at+1)
	}
}

// remove counts a removal of dots, or counts it back by -1 modulo 2³².
func (s *Set) remove(dots []op.Dot, by uint32) {
	for _, d := range dots {
		if at, ok := s.find(d); ok {
			s.adds[at].removals += by
		} else {
			s.addEarly(d, by)
		}
	}
}

func (s *Set) addEarly(d op.Dot, by uint32) {
	if s.early == nil {
		s.early = map[op.Dot]uint32{}
	}
	if s.early[d] += by; s.early[d] == 0 {
		delete(s.early, d)
	}
}

// Values are the distinct values in the set, in bytewise order of their encoding.
func (s *Set) Values() []cbor.RawMessage {
	var values []cbor.RawMessage
	for _, a := range s.adds {
		if a.removals == 0 {
			values = append(values, a.mutation().Value)
		}
	}
	slices.SortFunc(values, func(a, b cbor.RawMessage) int { return bytes.Compare(a, b) })
	return slices.CompactFunc(values, func(a, b cbor.RawMessage) bool { return bytes.Equal(a, b) })
}

// Dots are the additions that hold a value in the set, ascending: what a removal of it must name.
func (s *Set) Dots(value cbor.RawMessage) []op.Dot {
	var dots []op.Dot
	for _, a := range s.adds {
		if a.removals == 0 && bytes.Equal(a.mutation().Value, value) {
			dots = append(dots, op.DotOf(a.op.ID, a.index))
		}
	}
	return dots
}

// Adders calls f for each addition that holds a value in the set, ascending by dot, until f returns false.
func (s *Set) Adders(f func(o *op.Operation, value cbor.RawMessage) bool) {
	for _, a := range s.adds {
		if a.removals == 0 && !f(a.op, a.mutation().Value) {
			return
		}
	}
}

// Present tells whether anything effective was added or removed: an emptied set is present.
func (s *Set) Present() bool { return s.writes > 0 }

// AppendCBOR appends the array of values.
func (s *Set) AppendCBOR(dst []byte) []byte {
	values := s.Values()
	dst = AppendHead(dst, MajorArray, uint64(len(values)))
	for _, v := range values {
		dst = append(dst, v...)
	}
	return dst
}

func randomSet(v Value, draw func(int) int) op.Mutation {
	s := v.(*Set)
	if values := s.Values(); len(values) > 0 && draw(2) == 0 {
		value := values[draw(len(values))]
		return op.Mutation{Code: op.SetRemove, Value: value, Dots: s.Dots(value)}
	}
	return op.Mutation{Code: op.SetAdd, Value: randomValue(draw)}
}
