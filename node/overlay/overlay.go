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
	Spaces   []op.SpaceID // ascending
	Contacts []Contact    // dialled round and round, in this order
	Dials    int          // links that this node opens for each space
	Degree   int          // links that it has at most
}

// Limits of redialling: the wait doubles from the least to the most while a space lacks links.
const (
	backoffMin = 250 * time.Millisecond
	backoffMax = 4 * time.Second
)

// Overlay is a node's set of neighbours.
type Overlay struct {
	cfg     Config
	links   []*Link // by connection number, ascending
	next    int     // the contact to try next
	backoff time.Duration
	frame   []byte
}

// New makes an overlay without neighbours.
func New(cfg Config) *Overlay { return &Overlay{cfg: cfg, backoff: backoffMin} }

// Links are all connections, also those that are not open yet, by connection number.
func (o *Overlay) Links() []*Link { return o.links }

// Link finds a connection, or nil.
func (o *Overlay) Link(c step.Conn) *Link {
	i, ok := slices.BinarySearchFunc(o.links, c, func(l *Link, c step.Conn) int { return int(l.Conn) - int(c) })
	if !ok {
		return nil
	}
	return o.links[i]
}

// Maintain dials until every space has its links. It returns after what time to look again; 0 is when something happens.
func (o *Overlay) Maintain(out *step.Effects) time.Duration {
	for range o.cfg.Contacts {
		if !o.lacks() {
			break
		}
		c := &o.cfg.Contacts[o.next%len(o.cfg.Contacts)]
		o.next++
		if len(o.links) < o.cfg.Degree && !o.knows(c.Peer) && slices.ContainsFunc(c.Spaces, o.lacksFor) {
			o.links = append(o.links, &Link{Conn: out.Dial(c.Peer), Peer: c.Peer, dialed: true, promised: c.Spaces})
		}
	}
	if !o.lacks() {
		o.backoff = backoffMin
		return 0
	}
	wait := o.backoff
	o.backoff = min(2*o.backoff, backoffMax)
	return wait
}

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
func (o *Overlay) ConnUp(in *step.ConnUp, out *step.Effects) {
	l := o.Link(in.Conn)
	if l == nil {
		if len(o.links) >= o.cfg.Degree {
			out.Close(in.Conn)
			return
		}
		l = &Link{Conn: in.Conn, Peer: in.Peer}
		i, _ := slices.BinarySearchFunc(o.links, in.Conn, func(l *Link, c step.Conn) int { return int(l.Conn) - int(c) })
		o.links = slices.Insert(o.links, i, l)
	}
	l.up, l.credit = true, step.SendCredit
	o.put(l, step.Reliable, wire.Append(o.frame[:0], 0, o.cfg.Versions.Hello(o.cfg.Spaces)), out)
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
	l.spare = slices.ContainsFunc(o.links, func(k *Link) bool { return k != l && k.Peer == l.Peer && k.Version != 0 && !k.spare })
	n := out.Note(step.NoteVersion)
	n.Peer, n.N = l.Peer, int64(v)
	return true
}

// ConnDown forgets a connection.
func (o *Overlay) ConnDown(in *step.ConnDown) {
	if gone := o.drop(in.Conn); gone != nil && !gone.spare {
		for _, l := range o.links {
			if l.Peer == gone.Peer && l.spare {
				l.spare = false
				break
			}
		}
	}
}

func (o *Overlay) drop(c step.Conn) *Link {
	i, ok := slices.BinarySearchFunc(o.links, c, func(l *Link, c step.Conn) int { return int(l.Conn) - int(c) })
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
