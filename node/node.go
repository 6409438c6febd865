// Package node is one honest LGOS peer. This file is its table of contents: it wires the layers and hands each input to
// whom it concerns. A node is a pure state machine: it has no clock, no randomness but its boot's, and no goroutine.
package node

import (
	"cmp"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/app/chat"
	"github.com/lifegraph-os/lgos-sim/node/compute"
	"github.com/lifegraph-os/lgos-sim/node/gossip"
	"github.com/lifegraph-os/lgos-sim/node/graph"
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/kernel"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/replica"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Config is what a node knows before its first boot.
type Config struct {
	Store    *op.Store // the process's table of opened operations
	Kernel   kernel.Version
	Spaces   []Space
	Fanout   int           // neighbours to which a new operation is pushed
	Period   time.Duration // of comparing heads
	Heads    int           // neighbours with which heads are compared in a period; 0 is 2
	Receipts int           // w: other hosts that must hold an operation before it is durable
	Jobs     int           // of others that the host computes at once at most; 0 is 1
	Profile  string        // of the device, as its offers to compute tell it
}

// Space is an invitation: the founding operation of a space, and peers that hold it.
type Space struct {
	Genesis  []byte
	Contacts []step.Addr
}

// Settings of the layers that no scenario changes.
const (
	dials      = 4                      // links that a node opens for each space
	degree     = 24                     // links that it has at most
	turns      = 2                      // neighbours with which heads are compared in a period, unless the node is told otherwise
	spare      = 2                      // neighbours beyond w that are asked for a receipt at once
	retry      = 2 * time.Second        // then others are asked
	flushDelay = 100 * time.Millisecond // received operations are committed this long after they came
	relinkWait = 250 * time.Millisecond // after a link was lost another is dialled
	repairWait = 250 * time.Millisecond // missing causes are asked for this long after they were missed
	viewDelay  = 16 * time.Millisecond  // watched views are shown at most this often: a frame of the screen
	patience   = 6 * time.Second        // a task without a quorum is given to more workers after this
)

// Work of the scheduler.
const (
	compareHeads kernel.Job = iota
	keepLinks
	flushDisk
	repairCauses
	askReceipts
	showViews
)

// Node is one peer.
type Node struct {
	cfg Config
	now step.Now
	out *step.Effects

	keys      keys
	scheduler *kernel.Scheduler
	journal   *journal.Journal
	rights    *rights.Rights
	graphs    map[*journal.Log]*graph.Graph
	overlay   *overlay.Overlay
	gossip    *gossip.Gossip
	replica   *replica.Replica
	compute   *compute.Compute
	chat      *chat.Chat
	views     []view
	watched   bool // a person has asked for a view of the chat
	frame     wire.Holder
	canonical cbor.EncMode
}

// New makes a node that has not booted.
func New(cfg Config) *Node { return &Node{cfg: cfg, canonical: canonical()} }

// Step handles one input.
func (n *Node) Step(now step.Now, in step.Input, out *step.Effects) {
	n.now, n.out = now, out
	switch in := in.(type) {
	case *step.Boot:
		n.boot(in)
	case *step.ConnUp:
		n.overlay.ConnUp(in, now.Mono, out)
	case *step.ConnDown:
		wait := relinkWait
		if !n.overlay.ConnDown(in) {
			wait = n.overlay.Wait()
		}
		n.replica.ConnDown(in)
		n.scheduler.Soon(keepLinks, wait, out)
	case *step.Packet:
		n.packet(in)
	case *step.Drained:
		n.overlay.Drained(in)
	case *step.Timer:
		n.timer(in)
	case *step.Request:
		n.request(in)
	case *step.Committed:
		n.committed(in)
	case *step.JobDone:
		n.compute.JobDone(in, out)
	}
	n.compute.Flush(now, out)
	n.out = nil
}

// boot wires the layers and reads back what the disk holds.
func (n *Node) boot(in *step.Boot) {
	record := n.keys.boot(in)
	n.scheduler = kernel.NewScheduler(in.Entropy)
	n.rights = rights.New()
	n.graphs, n.chat = map[*journal.Log]*graph.Graph{}, chat.New()
	n.journal = journal.New(journal.Config{Store: n.cfg.Store}, n.rights, &n.keys)
	n.compute = compute.New(compute.Config{Author: author{n}, Verdicts: n.rights, Profile: n.cfg.Profile, Jobs: n.cfg.Jobs, Patience: patience, Tries: 3})
	n.compute.Boot(op.KeyOf(n.keys.device))

	var contacts []overlay.Contact
	for _, s := range n.cfg.Spaces {
		log, err := n.journal.Found(s.Genesis)
		if err != nil {
			panic(err) // an invitation that is no founding operation is a mistake of whoever configured the node
		}
		n.graphs[log] = graph.New(n.cfg.Kernel.Known)
		for _, c := range s.Contacts {
			contacts = append(contacts, overlay.Contact{Peer: c, Spaces: []op.SpaceID{log.ID}})
		}
	}
	var spaces []op.SpaceID
	for _, l := range n.journal.Logs() {
		spaces = append(spaces, l.ID)
	}
	n.overlay = overlay.New(overlay.Config{Versions: n.cfg.Kernel, Spaces: spaces, Contacts: contacts, Dials: dials, Degree: degree})
	n.gossip = gossip.New(gossip.Config{Fanout: n.cfg.Fanout, Heads: cmp.Or(n.cfg.Heads, turns)}, n.journal, n.overlay)
	n.replica = replica.New(replica.Config{Receipts: n.cfg.Receipts, Spare: spare, Retry: retry}, n.overlay)

	if record != nil {
		n.out.Commit(deviceCommit, true, []step.Record{*record}, nil)
	}
	for _, e := range n.journal.Boot(in, n.out) {
		n.applied(e, nil)
	}
	if own := n.journal.Undurable(n.out); len(own) > 0 {
		n.replica.Recovered(own)
		n.scheduler.Soon(askReceipts, retry, n.out)
	}
	n.scheduler.Every(compareHeads, n.cfg.Period, n.out)
	n.keepLinks()
}

// deviceCommit is the number of the commit that keeps the device key.
const deviceCommit = uint64('K') << 56

func (n *Node) keepLinks() {
	if wait := n.overlay.Maintain(n.out); wait > 0 {
		n.scheduler.Soon(keepLinks, wait, n.out)
	}
}

// timer does what is due.
func (n *Node) timer(in *step.Timer) {
	job, ok := n.scheduler.Due(in, n.out)
	if !ok {
		n.compute.Timer(n.now, n.out)
		return
	}
	switch job {
	case compareHeads:
		if n.overlay.Expire(n.now.Mono, n.out) {
			n.scheduler.Soon(keepLinks, n.overlay.Wait(), n.out)
		}
		n.gossip.Compare(n.out)
	case keepLinks:
		n.keepLinks()
	case flushDisk:
		n.journal.Flush(false, n.out)
	case repairCauses:
		if n.gossip.Repair(n.now.Mono, n.out) {
			n.scheduler.Soon(repairCauses, repairWait, n.out)
		}
	case askReceipts:
		if wait := n.replica.Retry(n.now.Mono, n.out); wait > 0 {
			n.scheduler.Soon(askReceipts, wait, n.out)
		}
		n.journal.Durable(n.replica.Oldest())
	case showViews:
		n.showViews()
	}
}
