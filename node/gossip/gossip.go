// Package gossip spreads admitted operations: it pushes what is new, compares heads with neighbours now and then, and
// catches up where they differ. It must not judge operations, and lives on their headers alone.
package gossip

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/overlay"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Config of one node's gossip.
type Config struct {
	Fanout int // neighbours to which a new operation is pushed; the others learn of it by comparing heads
	Heads  int // neighbours with which heads are compared in one period
}

// Limits of one frame and of one catch-up.
const (
	pushOps   = 64
	pushBytes = 32 << 10
	syncOps   = 256 // of an answer to a Summary, which is one frame
	syncBytes = 64 << 10
	wantGap   = 8               // from this difference in operations on, chains are compared instead of heads
	syncWait  = 3 * time.Second // after this long another neighbour may be asked to catch up
)

// Gossip spreads the operations of one node.
type Gossip struct {
	cfg     Config
	journal *journal.Journal
	overlay *overlay.Overlay
	turn    int // rises by one with each link that has its turn to compare heads
	turns   map[op.SpaceID]*turns
	syncs   []sync
	answers []answer
	targets []*overlay.Link
	ops     [][]byte
}

// turns of a space rise by one with each push, with each neighbour that was asked for missing causes, and with each part of
// its chains that a neighbour was told. Each thing has its own count: the steps of one for all could fit the number of
// neighbours, so that some never had their turn.
type turns struct{ push, repair, tips int }

// turnsOf are the turns of a space.
func (g *Gossip) turnsOf(space op.SpaceID) *turns {
	if g.turns[space] == nil {
		g.turns[space] = &turns{}
	}
	return g.turns[space]
}

// sync is a catch-up that was asked for.
type sync struct {
	space op.SpaceID
	peer  step.Addr
	done  bool          // it was answered, with nothing new
	until time.Duration // when another neighbour may be asked if it is not done, and this one if it is
	again time.Duration // when this one may be asked again, having left it unanswered
}

// answer is how far a neighbour's Summary was answered.
type answer struct {
	space op.SpaceID
	conn  step.Conn
	last  uint32        // the greatest entry sent, forked chains apart
	until time.Duration // after which it may be sent again
}

// New makes the gossip of a node without operations.
func New(cfg Config, j *journal.Journal, o *overlay.Overlay) *Gossip {
	return &Gossip{cfg: cfg, journal: j, overlay: o, turns: map[op.SpaceID]*turns{}}
}

// Push sends new operations of one space to neighbours, but not to the one that brought them.
func (g *Gossip) Push(space op.SpaceID, entries []*journal.Entry, from step.Conn, out *step.Effects) {
	targets := g.choose(space, from)
	if len(targets) == 0 {
		return
	}
	g.batches(entries, func(ops [][]byte) {
		g.overlay.Broadcast(targets, step.Unreliable, &wire.Push{Space: space, Ops: ops}, out)
	})
}

// choose picks Fanout neighbours of a space, another run of them each time.
func (g *Gossip) choose(space op.SpaceID, from step.Conn) []*overlay.Link {
	targets := g.neighbours(space, from)
	if n := len(targets); n > g.cfg.Fanout {
		t := g.turnsOf(space)
		t.push++
		k := t.push % n
		slices.Reverse(targets[:k])
		slices.Reverse(targets[k:])
		slices.Reverse(targets)
		targets = targets[:g.cfg.Fanout]
	}
	return targets
}

// neighbours of a space are those to whom frames that can wait may be sent, but for one. The slice is valid until the next call.
func (g *Gossip) neighbours(space op.SpaceID, but step.Conn) []*overlay.Link {
	g.targets = g.targets[:0]
	for _, l := range g.overlay.Links() {
		if l.Conn != but && l.First(space) && l.Roomy() {
			g.targets = append(g.targets, l)
		}
	}
	return g.targets
}

// batches cuts entries into the operations of single frames.
func (g *Gossip) batches(entries []*journal.Entry, send func(ops [][]byte)) {
	size := 0
	g.ops = g.ops[:0]
	for _, e := range entries {
		if len(g.ops) == pushOps || size+len(e.Op.Bytes) > pushBytes && len(g.ops) > 0 {
			send(g.ops)
			g.ops, size = g.ops[:0], 0
		}
		g.ops = append(g.ops, e.Op.Bytes)
		size += len(e.Op.Bytes)
	}
	if len(g.ops) > 0 {
		send(g.ops)
	}
}

// Compare sends this node's heads to the neighbours whose turn it is; its period is the node's.
func (g *Gossip) Compare(out *step.Effects) {
	links := g.overlay.Links()
	for range min(g.cfg.Heads, len(links)) {
		g.turn++
		g.Greet(links[g.turn%len(links)], out)
	}
}

// Greet sends this node's heads of every shared space to one neighbour.
func (g *Gossip) Greet(l *overlay.Link, out *step.Effects) {
	for _, s := range l.Shared {
		if log := g.journal.Log(s); log != nil && l.First(s) && l.Roomy() {
			g.sendHeads(l, log, out)
		}
	}
}

func (g *Gossip) sendHeads(l *overlay.Link, log *journal.Log, out *step.Effects) {
	heads := log.Heads()
	g.overlay.Send(l, step.Unreliable, &wire.Heads{
		Space: log.ID, Count: uint32(log.Count()), Digest: log.HeadsDigest(), Heads: wire.IDsOf(heads[:min(len(heads), wire.MaxHeads)]...),
	}, out)
}

// Heads compares a neighbour's heads with ours. Where they differ, the side that lacks something asks for it.
func (g *Gossip) Heads(l *overlay.Link, h *wire.Heads, now time.Duration, out *step.Effects) {
	log := g.journal.Log(h.Space)
	if log == nil || !l.Open(h.Space) || log.HeadsDigest() == h.Digest {
		return
	}
	var unknown wire.IDs
	for id := range h.Heads.All() {
		if _, ok := log.Get(id); !ok && !log.Waiting(id) {
			unknown = unknown.Add(id)
		}
	}
	switch {
	case int(h.Count) >= log.Count()+wantGap || len(unknown) == 0 && int(h.Count) >= log.Count():
		g.catchUp(l, log, now, out)
	case len(unknown) > 0:
		g.overlay.Send(l, step.Reliable, &wire.Want{Space: h.Space, IDs: unknown}, out)
	case int(h.Count) < log.Count() && l.Roomy():
		g.sendHeads(l, log, out)
	}
}

// catchUp tells one neighbour what chains we hold, so that it sends the rest; one catch-up a space at a time. Who left one
// unanswered is passed over once, so that a neighbour who boasts and is silent cannot keep us from the others.
func (g *Gossip) catchUp(l *overlay.Link, log *journal.Log, now time.Duration, out *step.Effects) {
	g.syncs = slices.DeleteFunc(g.syncs, func(s sync) bool { return s.again <= now })
	for _, s := range g.syncs {
		switch same := s.peer == l.Peer; {
		case s.space != log.ID, s.done && !same:
		case s.until > now, same && !s.done && g.another(l, log.ID):
			return
		}
	}
	g.syncs = slices.DeleteFunc(g.syncs, func(s sync) bool { return s.space == log.ID && s.peer == l.Peer })
	g.syncs = append(g.syncs, sync{space: log.ID, peer: l.Peer, until: now + syncWait, again: now + 2*syncWait})
	tips := log.Tips()
	if n := len(tips); n > wire.MaxChains { // a part of them, another each time: what comes back twice is known
		t := g.turnsOf(log.ID)
		t.tips++
		at := t.tips * wire.MaxChains % n
		tips = append(tips[at:], tips[:at]...)[:wire.MaxChains]
	}
	g.overlay.Send(l, step.Reliable, &wire.Summary{Space: log.ID, Chains: tips}, out)
}

// another tells whether a space has a link to another peer.
func (g *Gossip) another(l *overlay.Link, space op.SpaceID) bool {
	return slices.ContainsFunc(g.overlay.Links(), func(o *overlay.Link) bool { return o.Peer != l.Peer && o.First(space) })
}

// Summary answers a neighbour's catch-up with what it lacks, oldest first, as much as one frame and the link's credit hold.
// An empty answer says that nothing is left. An honest neighbour has what it was sent before it asks on. One that has not is
// answered again only after a while: so nobody draws more than one copy of a log over one connection in that time, and one
// more of its forked chains.
func (g *Gossip) Summary(l *overlay.Link, s *wire.Summary, now time.Duration, out *step.Effects) {
	log := g.journal.Log(s.Space)
	if log == nil || !l.Open(s.Space) || !l.Roomy() {
		return
	}
	entries, ok := g.unsent(l.Conn, log.ID, log.Since(s.Chains, syncOps, syncBytes), now)
	if !ok {
		return
	}
	g.ops = g.ops[:0]
	for _, e := range entries {
		g.ops = append(g.ops, e.Op.Bytes)
	}
	g.overlay.Send(l, step.Reliable, &wire.Push{Space: s.Space, Ops: g.ops}, out)
}

// unsent gives what of an answer was not sent yet, and remembers how far it goes. It is not ok to send one that begins before
// the end of the one before it. Branches of forked chains, which tips cannot tell apart, are no reason to send another.
func (g *Gossip) unsent(c step.Conn, space op.SpaceID, entries []*journal.Entry, now time.Duration) (_ []*journal.Entry, ok bool) {
	g.answers = slices.DeleteFunc(g.answers, func(a answer) bool { return a.until <= now })
	i := slices.IndexFunc(g.answers, func(a answer) bool { return a.conn == c && a.space == space })
	k := slices.IndexFunc(entries, func(e *journal.Entry) bool { return !e.Forked })
	switch {
	case len(entries) == 0 || i >= 0 && k < 0:
		return nil, true
	case i < 0:
		i = len(g.answers)
		g.answers = append(g.answers, answer{space: space, conn: c})
	case entries[k].Index <= g.answers[i].last:
		return nil, false
	}
	for _, e := range entries {
		if !e.Forked {
			g.answers[i].last = e.Index
		}
	}
	g.answers[i].until = now + syncWait
	return entries, true
}

// Pushed is told what a Push that may answer a catch-up brought: offered operations, of which some were new. A catch-up goes
// on while it brings. One that brought nothing makes way for other neighbours.
func (g *Gossip) Pushed(l *overlay.Link, space op.SpaceID, offered, fresh int, now time.Duration, out *step.Effects) {
	i := slices.IndexFunc(g.syncs, func(s sync) bool { return s.space == space && s.peer == l.Peer })
	if i < 0 {
		return
	}
	g.syncs[i].done = true
	if offered > 0 {
		n := out.Note(step.NoteSynced)
		n.Peer, n.N = l.Peer, int64(fresh)
	}
	if log := g.journal.Log(space); fresh > 0 && log != nil {
		g.syncs = slices.Delete(g.syncs, i, i+1)
		g.catchUp(l, log, now, out)
	}
}

// Want sends the operations that a neighbour asked for and we hold, each once, as far as the link's credit goes: the
// neighbour asks again for what it still misses.
func (g *Gossip) Want(l *overlay.Link, w *wire.Want, out *step.Effects) {
	log := g.journal.Log(w.Space)
	if log == nil || !l.Open(w.Space) || !l.Roomy() {
		return
	}
	var found []*journal.Entry
	for id := range w.IDs.All() {
		if e, ok := log.Get(id); ok && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	g.batches(found, func(ops [][]byte) {
		if l.Roomy() {
			g.overlay.Send(l, step.Reliable, &wire.Push{Space: w.Space, Ops: ops}, out)
		}
	})
}

// Repair asks the neighbours, in turn, for causes that operations have waited for. Where that leads further and further back,
// it catches up with those who brought them, who have them all: they, and nobody else, pay for causes that they made up. It
// returns whether any are missing.
func (g *Gossip) Repair(now time.Duration, out *step.Effects) bool {
	missing := false
	for _, log := range g.journal.Logs() {
		ids := log.Missing()
		if len(ids) == 0 {
			continue
		}
		missing = true
		for _, l := range g.overlay.Links() {
			if slices.Contains(log.Deep(), l.Peer) && l.First(log.ID) && l.Roomy() {
				g.catchUp(l, log, now, out)
			}
		}
		if links := g.neighbours(log.ID, 0); len(links) > 0 {
			t := g.turnsOf(log.ID)
			t.repair++
			l := links[t.repair%len(links)]
			g.overlay.Send(l, step.Reliable, &wire.Want{Space: log.ID, IDs: wire.IDsOf(ids[:min(len(ids), wire.MaxIDs)]...)}, out)
		}
	}
	return missing
}
