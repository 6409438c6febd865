package node

import (
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// packet hands a neighbour's frame to the layer that it is for. Bytes that are no frame are counted and dropped.
func (n *Node) packet(in *step.Packet) {
	l := n.overlay.Link(in.Conn)
	if l == nil {
		return
	}
	// Whatever was agreed, a kernel has no table but its own.
	f, err := wire.Decode(min(l.Version, n.cfg.Kernel.Max), in.Bytes, &n.frame)
	if err != nil {
		n.drop(l, err.Error(), len(in.Bytes))
		return
	}
	if h, ok := f.(*wire.Hello); ok {
		if n.overlay.Hello(l, h, n.out) {
			n.gossip.Greet(l, n.out)
			n.replica.Opened(l, n.out)
		} else {
			n.scheduler.Soon(keepLinks, n.overlay.Wait(), n.out)
		}
		return
	}
	switch f := f.(type) {
	case *wire.Push:
		n.pushed(l, f, in.Channel)
	case *wire.Heads:
		n.gossip.Heads(l, f, n.now.Mono, n.out)
	case *wire.Want:
		n.gossip.Want(l, f, n.out)
	case *wire.Summary:
		n.gossip.Summary(l, f, n.now.Mono, n.out)
	case *wire.Receipt:
		n.replica.Receipt(l, f, n.durable, n.out)
	}
}

func (n *Node) drop(l *overlay.Link, why string, size int) {
	note := n.out.Note(step.NoteDropped)
	note.Peer, note.Text, note.N = l.Peer, why, int64(size)
}

// pushed offers a neighbour's operations to the journal, passes on what was new, and promises receipts that were asked for.
func (n *Node) pushed(l *overlay.Link, f *wire.Push, ch step.Channel) {
	space := op.SpaceID(f.Space)
	log := n.journal.Log(space)
	if log == nil || !l.Open(space) {
		n.drop(l, "a space that is not shared", 0)
		return
	}
	before := log.Count()
	var fresh []*journal.Entry
	for _, b := range f.Ops {
		for _, e := range n.journal.ReceiveFor(log, l.Peer, b, n.out) {
			n.applied(e, n.out)
			fresh = append(fresh, e)
		}
	}
	if len(fresh) > 0 {
		n.gossip.Push(space, fresh, l.Conn, n.out)
		n.scheduler.Soon(flushDisk, flushDelay, n.out)
		n.changed()
	}
	n.promise(l, log, f, fresh)
	if log.Waits() {
		n.scheduler.Soon(repairCauses, repairWait, n.out)
	}
	if ch == step.Reliable && !f.Receipt { // what is pushed as news comes otherwise
		n.gossip.Pushed(l, space, len(f.Ops), log.Count()-before, n.now.Mono, n.out)
	}
}

// maxPromises is for how many operations of one push receipts are given; an honest author asks about one at a time.
const maxPromises = 64

// promise gives or owes receipts for the operations of a push, where it asks for them, and for those that it set free. What
// is admitted and not strictly on the disk is committed so at once.
func (n *Node) promise(l *overlay.Link, log *journal.Log, f *wire.Push, fresh []*journal.Entry) {
	commit := slices.ContainsFunc(fresh, func(e *journal.Entry) bool { return n.replica.Owes(e.Op.ID) })
	for _, b := range f.Ops[:min(len(f.Ops), maxPromises)] {
		if !f.Receipt {
			break
		}
		o, err := n.cfg.Store.Open(b)
		if err != nil {
			continue
		}
		if e, ok := log.Get(o.ID); !ok {
			if log.Waiting(o.ID) {
				n.replica.Owe(l, log.ID, o.ID)
			}
		} else if !n.replica.Asked(l, log.ID, e, n.out) {
			n.journal.Secure(log, e)
			commit = true
		}
	}
	if commit {
		n.journal.Flush(true, n.out)
	}
}

// applied takes an admitted operation into what it changes: rights, graph, tasks. At boot, when the journal is read back,
// out is nil.
func (n *Node) applied(e *journal.Entry, out *step.Effects) {
	log := n.journal.Log(e.Op.Space)
	g := n.graphs[log]
	void := false
	for _, i := range n.rights.Admitted(log, e) {
		if i == e.Index {
			void = true
			continue
		}
		if o := log.Entry(i).Op; g.Has(o.ID) {
			g.SetVoid(o)
		}
	}
	if n.cfg.Kernel.Known(e.Op) {
		g.Apply(e.Op, e.Author, void)
	} else if out != nil {
		note := out.Note(step.NoteUnknown)
		note.Op, note.Text = e.Op.ID, e.Op.Kind
	}
	n.compute.Applied(log, e, out)
}
