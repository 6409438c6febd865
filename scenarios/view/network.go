package view

import (
	"slices"
	"time"
)

// network is who is up and who is connected to whom, as the hosts themselves know it.
type network struct {
	life []uint32 // how often each host has booted
	up   []bool
	ends [][]end // of each host
	lies []uint32
	size int // of all ends
	last int // the entry at which it was last kept
}

// end is one end of a connection.
type end struct{ conn, peer uint32 }

// shot is the network before an entry.
type shot struct {
	entry int
	net   *network
}

// shotEvery is how many entries lie between two shots at least; where the network is large they are further apart, so that
// all shots together take little more than the entries.
const shotEvery = 1 << 15

func newNetwork(hosts int) *network {
	return &network{life: make([]uint32, hosts+1), up: make([]bool, hosts+1), ends: make([][]end, hosts+1), lies: make([]uint32, hosts+1)}
}

// due tells whether the network should be kept before the entry of this number.
func (n *network) due(entry int) bool {
	if entry > 0 && entry-n.last < max(shotEvery, n.size+len(n.life)) {
		return false
	}
	n.last = entry
	return true
}

// clone copies it; the ends of all hosts lie side by side.
func (n *network) clone() *network {
	c := &network{life: slices.Clone(n.life), up: slices.Clone(n.up), ends: make([][]end, len(n.ends)), lies: slices.Clone(n.lies), size: n.size}
	flat := make([]end, 0, n.size)
	for h, list := range n.ends {
		from := len(flat)
		flat = append(flat, list...)
		c.ends[h] = flat[from:len(flat):len(flat)]
	}
	return c
}

// peer is who is at the other end of a connection; 0 where it is not open.
func (n *network) peer(host, conn uint32) uint32 {
	for _, e := range n.ends[host] {
		if e.conn == conn {
			return e.peer
		}
	}
	return 0
}

func (n *network) apply(e *entry) {
	h := e.host
	switch e.kind {
	case kindBoot:
		n.life[h], n.up[h] = e.ref, true
	case kindConnUp:
		n.ends[h] = append(n.ends[h], end{e.ref, e.peer})
		n.size++
	case kindConnDown, kindClose:
		if i := slices.IndexFunc(n.ends[h], func(x end) bool { return x.conn == e.ref }); i >= 0 {
			n.ends[h] = slices.Delete(n.ends[h], i, i+1)
			n.size--
		}
	case kindCrash, kindPanic:
		n.up[h] = false
		n.size -= len(n.ends[h])
		n.ends[h] = nil
	case kindLie:
		n.lies[h]++
	}
}

// at is the network right after everything that happened by an instant.
func (x *index) at(at time.Duration) *network {
	end := x.upTo(at)
	i, found := slices.BinarySearchFunc(x.shots, end, func(s shot, e int) int { return s.entry - e })
	if !found {
		i--
	}
	if i < 0 {
		return newNetwork(len(x.now.life) - 1)
	}
	n := x.shots[i].net.clone()
	for k := x.shots[i].entry; k < end; k++ {
		n.apply(x.entry(k))
	}
	return n
}

// link is a connection between two hosts, the smaller first. Ends tells who believes in it: 1 the smaller, 2 the greater,
// 3 both.
type link struct{ a, b, ends uint32 }

// links are all connections, each pair once.
func (n *network) links() []link {
	var list []link
	for h, ends := range n.ends {
		for _, e := range ends {
			l := link{uint32(h), e.peer, 1}
			if l.a > l.b {
				l = link{l.b, l.a, 2}
			}
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(p, q link) int {
		if p.a != q.a {
			return int(p.a) - int(q.a)
		}
		return int(p.b) - int(q.b)
	})
	out := list[:0]
	for _, l := range list {
		if k := len(out) - 1; k >= 0 && out[k].a == l.a && out[k].b == l.b {
			out[k].ends |= l.ends
			continue
		}
		out = append(out, l)
	}
	return out
}
