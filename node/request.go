package node

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/app/chat"
	"github.com/lifegraph-os/lgos-sim/node/compute"
	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// heading is what every request of a person begins with.
type heading struct {
	Do    string `cbor:"do"`
	Space []byte `cbor:"space"`
	Seed  []byte `cbor:"seed"` // of sign_in
}

// request carries out what a person asks, or says why not. Nothing here waits for another host (VM-9).
func (n *Node) request(in *step.Request) {
	var h heading
	if err := cbor.Unmarshal(in.Body, &h); err != nil {
		n.deny(in.ID, fmt.Errorf("the request is not a CBOR map: %w", err))
		return
	}
	if h.Do == "sign_in" {
		n.signIn(in.ID, &h)
		return
	}
	if len(h.Space) != 32 {
		n.deny(in.ID, errors.New("space is not 32 bytes"))
		return
	}
	log := n.journal.Log(op.SpaceID(h.Space))
	if log == nil {
		n.deny(in.ID, errors.New("this node does not hold the space"))
		return
	}
	if err := n.carry(in, h.Do, log); err != nil {
		n.deny(in.ID, err)
	}
}

func (n *Node) signIn(request uint64, h *heading) {
	if len(h.Seed) != 32 {
		n.deny(request, errors.New("seed is not 32 bytes"))
		return
	}
	n.keys.signIn(h.Seed)
	n.show(request, map[string]any{"signed_in": true})
}

// carry hands a request to the layer whose it is.
func (n *Node) carry(in *step.Request, do string, log *journal.Log) error {
	g := n.graphs[log]
	switch {
	case compute.Handles(do):
		return n.compute.Request(log, do, in.Body, in.ID, n.out)
	case do == "grant" || do == "revoke":
		d, err := rightsRequest(do, in.Body)
		if err != nil {
			return err
		}
		return n.author(log.ID, &d, in.ID)
	case do == "view_chat":
		n.watched = true
		return n.chat.View(n.scene(log), in.Body, in.ID, n.out)
	case chat.Handles(do):
		d, err := n.chat.Draft(n.scene(log), do, in.Body)
		if err != nil {
			return err
		}
		return n.author(log.ID, &d, in.ID)
	case do == "edit_text":
		d, version, err := textRequest(g, log, in.Body)
		if err != nil {
			return err
		}
		return n.authorAt(version, log.ID, &d, in.ID)
	case handlesGraph(do):
		d, view, err := graphRequest(g, n.journal.Pending(log), do, in.Body)
		switch {
		case err != nil:
			return err
		case view != nil:
			n.show(in.ID, view)
			return nil
		}
		return n.author(log.ID, &d, in.ID)
	case do == "watch_text":
		return n.watchText(in, log)
	}
	return fmt.Errorf("there is no request %q", do)
}

// author signs an operation for a request. It is admitted, shown, answered and spread once it is strictly on the disk.
func (n *Node) author(space op.SpaceID, d *op.Draft, request uint64) error {
	return n.authorAt(nil, space, d, request)
}

// authorAt is author with a named version as the causes, in place of all that this node knows.
func (n *Node) authorAt(version []op.ID, space op.SpaceID, d *op.Draft, request uint64) error {
	_, err := n.sign(version, space, d, request)
	return err
}

func (n *Node) sign(version []op.ID, space op.SpaceID, d *op.Draft, request uint64) (op.ID, error) {
	if d.Schema() > n.cfg.Kernel.Schema {
		return op.ID{}, fmt.Errorf("this kernel does not know %q", d.Kind)
	}
	// The journal judges by the operation's causes alone. What others took away meanwhile would make it void: better say so.
	if me := n.keys.Identity(); me != (op.Key{}) && !n.rights.May(n.journal.Log(space), me, d) {
		return op.ID{}, fmt.Errorf("%s: you have no right to %s in this space", step.RefuseRights, d.Kind)
	}
	return n.journal.AuthorAt(version, space, d, request, n.now.Wall.Milliseconds(), n.out)
}

// author lets the compute layer sign.
type author struct{ n *Node }

func (a author) Author(space op.SpaceID, d op.Draft, request uint64) (op.ID, error) {
	return a.n.sign(nil, space, &d, request)
}

// scene is a space as this node's person sees it.
func (n *Node) scene(log *journal.Log) *chat.Scene {
	me := n.keys.Identity()
	return &chat.Scene{Graph: n.graphs[log], Pending: n.journal.Pending(log), Authors: authors{log}, Me: me, Role: n.rights.Role(log, me)}
}

// authors tells whose an operation is.
type authors struct{ log *journal.Log }

func (a authors) AuthorOf(o *op.Operation) op.Key {
	e, ok := a.log.Get(o.ID)
	if !ok {
		return op.Key{}
	}
	return e.Author
}

// rightsRequest drafts the gift or the removal of a role.
func rightsRequest(do string, body []byte) (d op.Draft, err error) {
	var f struct {
		Who  [][]byte `cbor:"who"`
		Role uint8    `cbor:"role"`
	}
	if err := cbor.Unmarshal(body, &f); err != nil {
		return d, fmt.Errorf("%s: %w", do, err)
	}
	if len(f.Who) == 0 {
		return d, fmt.Errorf("%s: who is missing", do)
	}
	var who []op.Key
	for _, w := range f.Who {
		if len(w) != 32 {
			return d, fmt.Errorf("%s: who must be identity keys of 32 bytes", do)
		}
		who = append(who, op.Key(w))
	}
	if do == "revoke" {
		return rights.Revoke(who), nil
	}
	role := op.Role(f.Role)
	if role < op.Guest || role > op.Admin {
		return d, fmt.Errorf("grant: role %d is not guest (1), member (2) or admin (3)", f.Role)
	}
	return rights.Grant(who, role), nil
}

// committed takes up what the disk has completed: own operations enter the log and leave the host, receipts owed are given.
func (n *Node) committed(in *step.Committed) {
	saved, failed, strict := n.journal.Committed(in, n.out)
	for _, s := range saved {
		n.applied(s.Entry, n.out)
		space := s.Entry.Op.Space
		if !compute.Mine(s.Request) {
			n.reply(s.Request, step.Accepted, map[string]any{"op": s.Entry.Op.ID[:]})
		}
		n.replica.Saved(space, s.Entry, s.Request, n.now.Mono, n.out)
		n.gossip.Push(space, []*journal.Entry{s.Entry}, 0, n.out)
	}
	for _, request := range failed {
		if compute.Mine(request) {
			n.compute.Failed(request)
			continue
		}
		n.deny(request, fmt.Errorf("the disk refused it: %v", in.Err))
	}
	if len(saved) > 0 {
		n.scheduler.Soon(askReceipts, retry, n.out)
		n.changed()
	}
	n.replica.Strict(strict, n.out)
}

// durable answers the request of an operation that has its receipts.
func (n *Node) durable(request uint64, id op.ID) {
	if !compute.Mine(request) {
		n.reply(request, step.Durable, map[string]any{"op": id[:]})
	}
}

func (n *Node) deny(request uint64, why error) {
	n.reply(request, step.Denied, map[string]any{"why": why.Error()})
}

func (n *Node) show(request uint64, view any) { n.reply(request, step.Shown, view) }

// reply encodes what a person is told, as core-deterministic CBOR. Only types of this package come here, so that an error is
// a broken invariant.
func (n *Node) reply(request uint64, s step.Status, body any) {
	b, err := n.canonical.Marshal(body)
	if err != nil {
		panic(err)
	}
	n.out.Reply(request, s, b)
}

// canonical makes the encoder of replies.
func canonical() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}
