package node

import (
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
)

// Insides are what a peer that misbehaves needs of the node that it once was. An honest node has no use for them.
type Insides struct {
	Signer  journal.Signer
	Journal *journal.Journal
	Links   []*overlay.Link
}

// Insides opens the node up; the zero value before its boot.
func (n *Node) Insides() Insides {
	if n.journal == nil {
		return Insides{}
	}
	return Insides{Signer: &n.keys, Journal: n.journal, Links: n.overlay.Links()}
}
