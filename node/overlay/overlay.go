// Package overlay keeps a bounded set of neighbours: it dials contacts, greets them, agrees on a protocol version, and
// hands frames to links within their credit. It must not know what the frames are for.
package overlay

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Versions is the kernel's part in a greeting.
type Versions interface {
	Hello(spaces []op.SpaceID) *wire.Hello
	Agree(h *wire.Hello) (protocol uint8, ok bool)
}

// Contact is a peer that is said to hold some of our spaces.
type Contact struct {
	Peer   step.Addr
	Spaces []op.SpaceID
}

// Config says whom to know and how many.
type Config struct {
	Versions Versions
	Spaces   []op.SpaceID // held by this node
	Contacts []Contact    // dialled round and round, in this order
	Dials    int          // links that this node opens for each space
	Degree   int          // links that it has at most
}

// Limits of redialling: the wait doubles from the least to the most with each round of dials, until a neighbour greets.
const (
	backoffMin = 250 * time.Millisecond
	backoffMax = 4 * time.Second
)

// greetWait is for how long a connection may stay open without a greeting: as long as a handshake is given elsewhere (Go's
// TLS: 10 s), which outlives a partition of some seconds.
const greetWait = 10 * time.Second

// perPeer is how many connections of one peer are let in: one too many is what a lost end or two dials at once leave behind.
const perPeer = 2

// Overlay is a node's set of neighbours.
type Overlay struct {
	cfg     Config
	links   []*Link // by connection number, ascending
	next    int     // the contact to try next
	backoff time.Duration
	frame   []byte
}

// New makes an overlay without neighbours.
func New(cfg Config) *Overlay {
	cfg.Spaces = slices.Clone(cfg.Spaces)
	slices.SortFunc(cfg.Spaces, op.SpaceID.Compare) // greetings are looked up in it
	cfg.Spaces = slices.Compact(cfg.Spaces)
	return &Overlay{cfg: cfg, backoff: backoffMin}
}

// Links are all connections, also those that are not open yet, by connection number.
func (o *Overlay) Links() []*Link { return o.links }

// Link finds a connection, or nil.
func (o *Overlay) Link(c step.Conn) *Link {
	i, ok := o.place(c)
	if !ok {
		return nil
	}
	return o.links[i]
}

// place is where a connection stands among the links, or belongs. Each packet asks, so that it is written out.
func (o *Overlay) place(c step.Conn) (at int, found bool) {
	end := len(o.links)
	for at < end {
		if mid := (at + end) / 2; o.links[mid].Conn < c {
			at = mid + 1
		} else {
			end = mid
		}
	}
	return at, at < len(o.links) && o.links[at].Conn == c
}

// Maintain dials until every space has its links. It returns after what time to look again; 0 is when something happens.
func (o *Overlay) Maintain(out *step.Effects) time.Duration {
	if !o.lacks() {
		return 0
	}
	wait := o.backoff
	o.backoff = min(2*o.backoff, backoffMax)
	for range o.cfg.Contacts {
		if !o.lacks() {
			return 0
		}
		c := &o.cfg.Contacts[o.next%len(o.cfg.Contacts)]
		o.next++
		if len(o.links) < o.cfg.Degree && !o.knows(c.Peer) && slices.ContainsFunc(c.Spaces, o.lacksFor) {
			o.links = append(o.links, &Link{Conn: out.Dial(c.Peer), Peer: c.Peer, dialed: true, promised: c.Spaces})
		}
	}
	if !o.lacks() {
		return 0
	}
	return wait
}

// Wait is for how long a failed dial is not followed by another.
func (o *Overlay) Wait() time.Duration { return o.backoff }

func (o *Overlay) lacks() bool { return slices.ContainsFunc(o.cfg.Spaces, o.lacksFor) }

// lacksFor tells whether this node should dial another holder of a space. Links that others opened do not count, so
// that a liar who dials everybody cannot be all that anyone knows.
func (o *Overlay) lacksFor(s op.SpaceID) bool {
	n := 0
	for _, l := range o.links {
		if l.dialed && slices.Contains(l.promised, s) {
			n++
		}
	}
	return n < o.cfg.Dials
}

func (o *Overlay) knows(p step.Addr) bool {
	return slices.ContainsFunc(o.links, func(l *Link) bool { return l.Peer == p })
}

// ConnUp greets a new neighbour, or closes a connection that is one too many.
func (o *Overlay) ConnUp(in *step.ConnUp, now time.Duration, out *step.Effects) {
	l := o.Link(in.Conn)
	if l == nil {
		if len(o.links) >= o.cfg.Degree || !o.welcome(in.Peer) {
			out.Close(in.Conn)
			return
		}
		l = &Link{Conn: in.Conn, Peer: in.Peer}
		i, _ := o.place(in.Conn)
		o.links = slices.Insert(o.links, i, l)
	}
	l.up, l.since, l.credit = true, now, step.SendCredit
	o.put(l, step.Reliable, wire.Append(o.frame[:0], 0, o.cfg.Versions.Hello(o.cfg.Spaces)), out)
}

// welcome tells whether a stranger's connection is let in. Some places are kept for this node's own dials, so that those who
// dial it cannot be all that it knows.
func (o *Overlay) welcome(p step.Addr) bool {
	strangers, same := 0, 0
	for _, l := range o.links {
		if l.dialed {
			continue
		}
		strangers++
		if l.Peer == p {
			same++
		}
	}
	return same < perPeer && strangers < o.cfg.Degree-min(o.cfg.Dials*len(o.cfg.Spaces), o.cfg.Degree/2)
}

// Hello takes a neighbour's greeting. It returns false, and closes the connection, where no protocol or no space is shared.
func (o *Overlay) Hello(l *Link, h *wire.Hello, out *step.Effects) bool {
	v, ok := o.cfg.Versions.Agree(h)
	if l.Version != 0 {
		return false
	}
	l.Shared = l.Shared[:0]
	for id := range h.Spaces.All() {
		if i, held := slices.BinarySearchFunc(o.cfg.Spaces, op.SpaceID(id), op.SpaceID.Compare); held {
			l.Shared = append(l.Shared, o.cfg.Spaces[i])
		}
	}
	slices.SortFunc(l.Shared, op.SpaceID.Compare)
	l.Shared = slices.Compact(l.Shared)
	if !ok || len(l.Shared) == 0 {
		out.Close(l.Conn)
		o.drop(l.Conn)
		return false
	}
	l.Version, l.promised = v, l.Shared
	o.backoff = backoffMin
	l.spare = slices.ContainsFunc(o.links, func(k *Link) bool { return k != l && k.Peer == l.Peer && k.Version != 0 && !k.spare })
	n := out.Note(step.NoteVersion)
	n.Peer, n.N = l.Peer, int64(v)
	return true
}

// Expire closes the connections on which no greeting came in greetWait: a peer that holds its tongue holds no place. It
// tells whether there were any.
func (o *Overlay) Expire(now time.Duration, out *step.Effects) bool {
	before := len(o.links)
	o.links = slices.DeleteFunc(o.links, func(l *Link) bool {
		mute := l.up && l.Version == 0 && now >= l.since+greetWait
		if mute {
			out.Close(l.Conn)
			n := out.Note(step.NoteDropped)
			n.Peer, n.Text = l.Peer, "no greeting"
		}
		return mute
	})
	return len(o.links) < before
}

// ConnDown forgets a connection. It tells whether it was open; else a dial failed, or a neighbour went without a greeting.
func (o *Overlay) ConnDown(in *step.ConnDown) (open bool) {
	gone := o.drop(in.Conn)
	if gone == nil {
		return false
	}
	if gone.Version != 0 && !gone.spare {
		for _, l := range o.links {
			if l.Peer == gone.Peer && l.spare {
				l.spare = false
				break
			}
		}
	}
	return gone.Version != 0
}

func (o *Overlay) drop(c step.Conn) *Link {
	i, ok := o.place(c)
	if !ok {
		return nil
	}
	l := o.links[i]
	o.links = slices.Delete(o.links, i, i+1)
	return l
}

// Drained gives a link its credit back.
func (o *Overlay) Drained(in *step.Drained) {
	if l := o.Link(in.Conn); l != nil {
		l.credit += step.SendCredit
	}
}
