package node

import (
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// view is a subscription of a person: it is shown again whenever it changed (NODE-1, NODE-3).
type view struct {
	request uint64
	show    func() (body any, changed bool)
}

// maxViews is how many subscriptions one node answers, those to the chat apart: each looks at every new operation.
const maxViews = 256

// changed asks for the watched views to be shown, soon: a burst of operations is one new picture.
func (n *Node) changed() {
	if len(n.views) > 0 || n.watched {
		n.scheduler.Soon(showViews, viewDelay, n.out)
	}
}

func (n *Node) showViews() {
	for _, log := range n.journal.Logs() {
		n.graphs[log].Drain()
	}
	n.chat.Flush(n.out)
	for _, v := range n.views {
		if body, changed := v.show(); changed {
			n.show(v.request, body)
		}
	}
}

// subscribe adds a view, after its first picture, unless there are too many.
func (n *Node) subscribe(request uint64, show func() (any, bool)) error {
	if len(n.views) >= maxViews {
		return fmt.Errorf("too many subscriptions: this node answers %d", maxViews)
	}
	if body, changed := show(); changed {
		n.show(request, body)
	}
	n.views = append(n.views, view{request, show})
	return nil
}

// watchText shows which operations on a text are new in this replica, in the order in which it admitted them.
func (n *Node) watchText(in *step.Request, log *journal.Log) error {
	var f graphFields
	if err := cbor.Unmarshal(in.Body, &f); err != nil {
		return fmt.Errorf("watch_text: %w", err)
	}
	e, err := element("element", f.Element)
	if err != nil {
		return fmt.Errorf("watch_text: %w", err)
	}
	next := 0
	err = n.subscribe(in.ID, func() (any, bool) {
		ops := []map[string]any{}
		for ; next < log.Count(); next++ {
			x := log.Entry(uint32(next))
			if slices.ContainsFunc(x.Op.Mutations, func(m op.Mutation) bool { return m.Code == op.Text && m.Element == e && m.Prop == f.Prop }) {
				ops = append(ops, map[string]any{"id": x.Op.ID[:], "author": x.Author[:]})
			}
		}
		return map[string]any{"ops": ops}, len(ops) > 0
	})
	if err != nil {
		return fmt.Errorf("watch_text: %w", err)
	}
	return nil
}
