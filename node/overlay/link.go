package overlay

import (
	"bytes"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
)

// Link is one connection to a neighbour.
type Link struct {
	Conn    step.Conn
	Peer    step.Addr
	Version uint8        // agreed protocol; 0 before the neighbour's Hello
	Shared  []op.SpaceID // spaces that both ends hold, ascending

	promised []op.SpaceID // what the contact said that the peer holds, until its Hello says so itself
	dialed   bool         // this end asked for it
	up       bool
	since    time.Duration // when it came up
	spare    bool          // another open link leads to the same peer
	credit   int           // bytes that may still be handed over before the next Drained
}

// Open tells whether the link may carry frames about a space. What comes over a spare link is taken: the other end may
// hold it for its first.
func (l *Link) Open(s op.SpaceID) bool { return l.Version != 0 && slices.Contains(l.Shared, s) }

// First tells whether the link is open for a space and no other link to the same peer is used before it.
func (l *Link) First(s op.SpaceID) bool { return l.Open(s) && !l.spare }

// Roomy tells whether frames that can wait, or be dropped, may be sent.
func (l *Link) Roomy() bool { return l.credit > 0 }

// Send hands one frame to a link in its protocol version.
func (o *Overlay) Send(l *Link, ch step.Channel, f wire.Frame, out *step.Effects) {
	o.put(l, ch, wire.Append(o.frame[:0], l.Version, f), out)
}

// Broadcast hands one frame to several links: the bytes are made once a protocol version and shared.
func (o *Overlay) Broadcast(links []*Link, ch step.Channel, f wire.Frame, out *step.Effects) {
	var bytesOf [wire.Newest + 1][]byte
	for _, l := range links {
		b := bytesOf[l.Version]
		if b == nil {
			o.frame = wire.Append(o.frame[:0], l.Version, f)
			b = bytes.Clone(o.frame)
			bytesOf[l.Version] = b
		}
		l.credit -= len(b)
		out.Send(l.Conn, ch, b)
	}
}

func (o *Overlay) put(l *Link, ch step.Channel, frame []byte, out *step.Effects) {
	o.frame = frame
	l.credit -= len(frame)
	out.Send(l.Conn, ch, bytes.Clone(frame))
}
