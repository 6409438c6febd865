package spec

import (
	"bytes"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// foldSet: the distinct values of effective additions whose dot no effective removal names, in bytewise order of their
// encoding. A removal takes away what its author had observed and nothing else (Shapiro et al., "A comprehensive study of
// CRDTs", 2011, §3.3.5). A removal's value is for readers: its dots alone decide.
func foldSet(writes []write) (any, bool) {
	writes = effective(writes)
	removed := map[dot]bool{}
	for _, w := range writes {
		for _, d := range w.mutation.dots {
			removed[d] = true
		}
	}
	values := []cbor.RawMessage{}
	for _, w := range writes {
		if w.mutation.code == addToSet && !removed[dot(madeBy(w.op.ID, uint64(w.mutation.index)))] {
			values = append(values, w.mutation.value)
		}
	}
	slices.SortFunc(values, func(a, b cbor.RawMessage) int { return bytes.Compare(a, b) })
	return slices.CompactFunc(values, func(a, b cbor.RawMessage) bool { return bytes.Equal(a, b) }), len(writes) > 0
}
