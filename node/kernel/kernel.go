// Package kernel is what a node is by its version: which protocol and schema it speaks, how two nodes agree on one, and
// when periodic work is due. It must not know what the work does.
package kernel

import (
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Version is a released kernel: protocol versions Min..Max on the wire (each with a codec table of its own in node/wire),
// and the highest schema whose operation kinds it projects.
type Version struct {
	Min, Max uint8
	Schema   uint64
}

// Release returns the kernel that was released under a protocol number: 1 speaks protocol 1 and knows schema 1; 2 speaks
// 1 and 2, and knows schemas 1 and 2.
func Release(protocol uint8) Version {
	if protocol == 1 {
		return Version{Min: 1, Max: 1, Schema: 1}
	}
	return Version{Min: 1, Max: 2, Schema: 2}
}

// Hello announces the version at first contact.
func (v Version) Hello(spaces []op.SpaceID) *wire.Hello {
	return &wire.Hello{Min: v.Min, Max: v.Max, Spaces: wire.IDsOf(spaces...)}
}

// Agree picks the highest protocol that both speak; ok is false where there is none (VER-4).
func (v Version) Agree(h *wire.Hello) (protocol uint8, ok bool) {
	p := min(v.Max, h.Max)
	return p, p >= max(v.Min, h.Min)
}

// Known tells whether this kernel projects an operation. What it does not know it keeps and forwards (VER-4, I26).
func (v Version) Known(o *op.Operation) bool { return o.Knows(v.Schema) }
