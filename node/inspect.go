package node

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Inspect answers checkers and tools; it changes nothing that a peer or a person could tell.
func (n *Node) Inspect(query string) []byte {
	if n.journal == nil {
		return nil
	}
	name, arg, _ := strings.Cut(query, " ")
	raw, err := hex.DecodeString(arg)
	if err != nil {
		return nil
	}
	answer := []byte{step.InspectLayout}
	switch name {
	case step.InspectSpaces:
		var ids []op.SpaceID
		for _, l := range n.journal.Logs() {
			ids = append(ids, l.ID)
		}
		slices.SortFunc(ids, op.SpaceID.Compare)
		for i := range ids {
			answer = append(answer, ids[i][:]...)
		}
		return answer
	case step.InspectOp:
		return n.inspectOp(answer, raw)
	case step.InspectVersion:
		return append(answer, n.cfg.Kernel.Max, uint8(n.cfg.Kernel.Schema))
	case step.InspectBlamed:
		for _, k := range n.journal.Blamed() {
			answer = append(answer, k[:]...)
		}
		return answer
	case step.InspectQueues:
		return append(answer, n.queues()...)
	}
	if len(raw) != 32 {
		return nil
	}
	log := n.journal.Log(op.SpaceID(raw))
	if log == nil {
		return nil
	}
	switch name {
	case step.InspectOps:
		return log.Inspect()
	case step.InspectState:
		return n.graphs[log].Inspect()
	case step.InspectIndex:
		return n.graphs[log].AppendIndex(answer)
	case step.InspectRights:
		return n.rights.Inspect(log)
	case step.InspectVoid:
		return appendIDs(answer, n.rights.Void(log))
	case step.InspectHeads:
		return appendIDs(answer, log.Heads())
	}
	return nil
}

func appendIDs(b []byte, ids []op.ID) []byte {
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	return b
}

func (n *Node) inspectOp(answer, raw []byte) []byte {
	if len(raw) != 32 {
		return nil
	}
	for _, l := range n.journal.Logs() {
		if e, ok := l.Get(op.ID(raw)); ok {
			return append(answer, e.Op.Bytes...)
		}
	}
	return nil
}

// queues says what waits, for people.
func (n *Node) queues() string {
	awaiting, owed := n.replica.Queues()
	return n.journal.Queues() + fmt.Sprintf("operations awaiting receipts: %d\nreceipts owed: %d\nlinks: %d of %d\nviews: %d\n",
		awaiting, owed, len(n.overlay.Links()), degree, len(n.views))
}
