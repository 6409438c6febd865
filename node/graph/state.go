package graph

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// State is the canonical state: core-deterministic CBOR of an array, ascending by element id, with one entry
// [id, type, from, to, deleted, props, meta] for each visible element. It must not be altered.
func (g *Graph) State() []byte { return g.Inspect()[1:] }

// Inspect is the answer to step.InspectState. What did not change since it was last asked for is copied, not encoded
// again; where nothing did, the same bytes are returned. They must not be altered.
func (g *Graph) Inspect() []byte {
	if !g.stale && g.state != nil {
		return g.state
	}
	g.sort()
	n := 0
	for _, e := range g.sorted {
		if g.elements[e].create != nil {
			n++
		}
	}
	old := g.state
	b := append(make([]byte, 0, len(old)+len(old)/8+64), step.InspectLayout)
	b = crdt.AppendHead(b, crdt.MajorArray, uint64(n))
	for i := 0; i < len(g.sorted); i++ {
		x := g.elements[g.sorted[i]]
		if x.stale {
			x.stale = false
			from := len(b)
			if x.create != nil {
				b = g.appendElement(b, x)
			}
			x.offset, x.length = uint32(from), uint32(len(b)-from)
			continue
		}
		if x.length == 0 {
			continue
		}
		// Neighbours that did not change are copied together.
		from, end := x.offset, x.offset
		shift := uint32(len(b)) - from
		for ; i < len(g.sorted); i++ {
			if x = g.elements[g.sorted[i]]; x.stale {
				break
			}
			end += x.length
			x.offset += shift
		}
		i--
		b = append(b, old[from:end]...)
	}
	g.state, g.stale = b, false
	return b
}

// sort takes the fresh elements into the sorted ones.
func (g *Graph) sort() {
	if len(g.fresh) == 0 {
		return
	}
	byID := func(a, b uint32) int { return g.elements[a].id.Compare(*g.elements[b].id) }
	slices.SortFunc(g.fresh, byID)
	merged := slices.Grow(g.sorted, len(g.fresh))
	i, k := len(g.sorted), len(g.fresh)
	for merged = merged[:i+k]; k > 0; {
		if i > 0 && byID(merged[i-1], g.fresh[k-1]) > 0 {
			i--
			merged[i+k] = merged[i]
		} else {
			k--
			merged[i+k] = g.fresh[k]
		}
	}
	g.sorted, g.fresh = merged, nil
}

func (g *Graph) appendElement(b []byte, x *element) []byte {
	const no, yes, emptyMap = 0xf4, 0xf5, 0xa0
	from, to := x.endpoints()
	b = appendID(crdt.AppendHead(b, crdt.MajorArray, 7), x.id)
	b = appendText(b, g.names[x.kind])
	b = appendID(appendID(b, from), to)
	if x.deletes > 0 {
		return append(b, yes, emptyMap, emptyMap)
	}
	b = append(b, no)
	props := x.props
	meta := slices.IndexFunc(props, func(p property) bool { return p.kind == metadata })
	if meta < 0 {
		meta = len(props)
	}
	props, entries := props[:meta], props[meta:]
	n := uint64(0)
	for rest := props; len(rest) > 0; {
		same, present := types(rest)
		if rest = rest[same:]; present > 0 {
			n++
		}
	}
	b = crdt.AppendHead(b, crdt.MajorMap, n)
	for rest := props; len(rest) > 0; {
		same, present := types(rest)
		if present > 0 {
			b = crdt.AppendHead(appendText(b, g.names[rest[0].name]), crdt.MajorMap, present)
			for _, p := range rest[:same] {
				if p.value.Present() {
					b = p.value.AppendCBOR(appendText(b, g.types[p.kind].Name))
				}
			}
		}
		rest = rest[same:]
	}
	n = 0
	for _, p := range entries {
		if p.value.Present() {
			n++
		}
	}
	b = crdt.AppendHead(b, crdt.MajorMap, n)
	for _, p := range entries {
		if p.value.Present() {
			b = p.value.AppendCBOR(appendText(b, g.names[p.name]))
		}
	}
	return b
}

// types counts the values of the first property of a list, and those of them that are present.
func types(props []property) (n int, present uint64) {
	for n < len(props) && props[n].name == props[0].name {
		if props[n].value.Present() {
			present++
		}
		n++
	}
	return n, present
}

const majorBytes33 = "\x58\x21"

func appendID(b []byte, id *op.Element) []byte {
	const null = 0xf6
	if id == nil {
		return append(b, null)
	}
	return append(append(b, majorBytes33...), id[:]...)
}

func appendText(b []byte, s string) []byte {
	return append(crdt.AppendHead(b, crdt.MajorText, uint64(len(s))), s...)
}
