package node

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/kernel"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// seedOf is the seed of a person's identity key.
func seedOf(name string) (s [32]byte) {
	copy(s[:], "identity of "+name)
	return s
}

func keyOf(name string) op.Key {
	s := seedOf(name)
	return op.KeyOf(ed25519.NewKeyFromSeed(s[:]))
}

// end is where a connection leads.
type end struct {
	peer *peer
	conn step.Conn
}

// peer is a node with a disk, connections and timers that do what the story tells.
type peer struct {
	g       *stage
	name    string
	addr    step.Addr
	node    *Node
	cfg     Config
	life    uint32
	now     step.Now
	next    step.Conn
	conns   map[step.Conn]end
	handed  map[step.Conn]int // bytes since the last Drained
	disk    map[string][]byte
	held    bool // commits wait for the story
	mute    bool // takes connections and does nothing else
	commits []step.Commit
	timers  map[step.TimerID]time.Duration
	out     step.Effects
	sent    [][]byte // frames of this node, all of them
}

// flight is an input on its way.
type flight struct {
	to   *peer
	life uint32
	in   step.Input
}

// stage holds the peers, what flies between them, and names for operations in the order of signing.
type stage struct {
	t       testing.TB
	store   *op.Store
	peers   []*peer
	genesis []byte
	space   op.SpaceID
	flights []flight
	stalled []flight // until the network is mended
	names   map[op.ID]string
	ids     map[string]op.ID
	said    []string
	cut     bool
}

// newStage founds a space: the roles of its founders as "name:role".
func newStage(t testing.TB, founders ...string) *stage {
	g := &stage{t: t, store: op.NewStore(8 << 20), names: map[op.ID]string{}, ids: map[string]op.ID{}}
	roles := map[string]op.Role{"guest": op.Guest, "member": op.Member, "admin": op.Admin, "owner": op.Owner}
	var members []op.Membership
	owner := ""
	for _, f := range founders {
		name, role, _ := strings.Cut(f, ":")
		members = append(members, op.Membership{Identity: keyOf(name), Role: roles[role]})
		if role == "owner" {
			owner = name
		}
	}
	g.genesis = rights.Genesis("test", [16]byte{1}, members, seedOf(owner), [32]byte{1}, 1)
	o, err := g.store.Open(g.genesis)
	if err != nil {
		t.Fatal(err)
	}
	g.space, g.names[o.ID], g.ids["genesis"] = o.Space, "genesis", o.ID
	return g
}

func (g *stage) find(name string) *peer {
	for _, p := range g.peers {
		if p.name == name {
			return p
		}
	}
	g.t.Fatalf("there is no %q", name)
	return nil
}

// add seats a node; contacts are peers added before it.
func (g *stage) add(name string, protocol uint8, contacts ...string) *peer {
	p := &peer{g: g, name: name, addr: step.Addr(len(g.peers) + 1), disk: map[string][]byte{}, next: 1}
	s := Space{Genesis: g.genesis}
	for _, c := range contacts {
		s.Contacts = append(s.Contacts, g.find(c).addr)
	}
	p.cfg = Config{Store: g.store, Kernel: kernel.Release(protocol), Spaces: []Space{s}, Fanout: 2, Period: time.Second, Receipts: 1}
	g.peers = append(g.peers, p)
	return p
}

func (p *peer) say(format string, args ...any) {
	p.g.said = append(p.g.said, p.name+": "+fmt.Sprintf(format, args...))
}

func (p *peer) boot() {
	p.life++
	p.now = step.Now{Wall: p.now.Wall}
	p.node, p.conns, p.handed, p.timers, p.commits = New(p.cfg), map[step.Conn]end{}, map[step.Conn]int{}, map[step.TimerID]time.Duration{}, nil
	in := &step.Boot{Life: p.life, Entropy: [32]byte{0: byte(p.addr), 1: byte(p.life), 31: byte(p.addr)}}
	for k, v := range p.disk {
		in.Disk = append(in.Disk, step.Record{Key: k, Value: v})
	}
	slices.SortFunc(in.Disk, func(a, b step.Record) int { return strings.Compare(a.Key, b.Key) })
	p.step(in)
}

// crash ends a life: what the disk has not completed is lost, and neighbours see their connections go.
func (p *peer) crash() {
	for c := step.Conn(1); c < p.next; c++ {
		if e, ok := p.conns[c]; ok && e.peer.node != nil {
			delete(e.peer.conns, e.conn)
			p.g.fly(e.peer, &step.ConnDown{Conn: e.conn, Reason: step.Reset})
		}
	}
	p.node = nil
}

func (g *stage) fly(to *peer, in step.Input) {
	g.flights = append(g.flights, flight{to, to.life, in})
}

// step lets the node handle an input, and carries its effects out.
func (p *peer) step(in step.Input) {
	p.out.Reset()
	p.out.NextConn = p.next
	p.node.Step(p.now, in, &p.out)
	p.next = p.out.NextConn
	for _, e := range p.out.List {
		switch e := e.(type) {
		case *step.Dial:
			p.dial(e)
		case *step.Close:
			if other, ok := p.conns[e.Conn]; ok {
				delete(p.conns, e.Conn)
				delete(other.peer.conns, other.conn)
				p.g.fly(other.peer, &step.ConnDown{Conn: other.conn, Reason: step.Closed})
			}
		case *step.Send:
			p.sent = append(p.sent, e.Bytes)
			if other, ok := p.conns[e.Conn]; ok {
				p.g.carry(other, e)
				if p.handed[e.Conn] += len(e.Bytes); p.handed[e.Conn] >= step.SendCredit && !p.g.cut {
					p.handed[e.Conn] -= step.SendCredit
					p.g.fly(p, &step.Drained{Conn: e.Conn})
				}
			}
		case *step.SetTimer:
			p.timers[e.ID] = p.now.Mono + e.After
		case *step.Commit:
			p.commits = append(p.commits, *e)
		case *step.Reply:
			p.reply(e)
		case *step.Note:
			p.note(e)
		}
	}
}

// carry takes a packet on its way. Over a network that is cut, reliable packets wait, as they are sent again, and others go
// lost.
func (g *stage) carry(to end, e *step.Send) {
	f := flight{to.peer, to.peer.life, &step.Packet{Conn: to.conn, Channel: e.Channel, Bytes: e.Bytes}}
	switch {
	case !g.cut:
		g.flights = append(g.flights, f)
	case e.Channel == step.Reliable:
		g.stalled = append(g.stalled, f)
	}
}

func (g *stage) mend() {
	g.cut = false
	g.flights, g.stalled = append(g.flights, g.stalled...), nil
}

func (p *peer) dial(e *step.Dial) {
	for _, to := range p.g.peers {
		if to.addr == e.Peer && to.node != nil && !p.g.cut {
			c := to.next
			to.next++
			p.conns[e.Conn], to.conns[c] = end{to, c}, end{p, e.Conn}
			p.g.fly(p, &step.ConnUp{Conn: e.Conn, Peer: e.Peer, Dialed: true})
			p.g.fly(to, &step.ConnUp{Conn: c, Peer: p.addr})
			return
		}
	}
	p.g.fly(p, &step.ConnDown{Conn: e.Conn, Reason: step.Refused})
}

func (p *peer) reply(r *step.Reply) {
	var m map[string]any
	if err := cbor.Unmarshal(r.Body, &m); err != nil {
		p.g.t.Fatalf("a reply is no map: %x", r.Body)
	}
	text := fmt.Sprint(m)
	if id, ok := m["op"].([]byte); ok {
		text = p.g.names[op.ID(id)]
	} else if why, ok := m["why"]; ok {
		text = fmt.Sprint(why)
	} else if ops, ok := m["ops"].([]any); ok {
		text = fmt.Sprintf("%d operations on the text", len(ops))
	} else if messages, ok := m["messages"].([]any); ok {
		text = fmt.Sprintf("%d messages", len(messages))
		for _, x := range messages {
			text += fmt.Sprintf(" %q", x.(map[any]any)["text"])
		}
	} else if elements, ok := m["elements"].([]any); ok {
		text = fmt.Sprintf("%d elements", len(elements))
	}
	p.say("request %d %v: %s", r.Request, r.Status, text)
}

func (p *peer) note(n *step.Note) {
	name := p.g.names[n.Op]
	switch n.Kind {
	case step.NoteAuthored:
		name = fmt.Sprintf("op%d", len(p.g.names))
		p.g.names[n.Op], p.g.ids[name] = name, n.Op
		p.say("signs %s", name)
	case step.NoteDropped:
		p.say("drops %d bytes: %s", n.N, n.Text)
	case step.NoteVersion:
		p.say("speaks %d with peer %d", n.N, n.Peer)
	case step.NoteRecovered:
		p.say("recovers %d operations %s", n.N, n.Text)
	case step.NoteSynced:
		p.say("caught up by %d", n.N)
	case step.NoteRefused:
		p.say("refuses %s: %s", name, n.Text)
	case step.NoteReceipt:
		p.say("gives a receipt of %s to peer %d", name, n.Peer)
	case step.NoteDurable:
		p.say("%s is durable", name)
	case step.NoteUnknown:
		p.say("does not know %s: %s", name, n.Text)
	case step.NoteApplied:
		p.say("applies %s", name)
	default:
		p.say("%v %s", n.Kind, name)
	}
}

// quick answers the disk's oldest commit.
func (p *peer) disked(err step.CommitError) bool {
	if len(p.commits) == 0 {
		return false
	}
	c := p.commits[0]
	p.commits = p.commits[1:]
	if err == 0 {
		for _, k := range c.Delete {
			delete(p.disk, k)
		}
		for _, r := range c.Put {
			p.disk[r.Key] = bytes.Clone(r.Value)
		}
	}
	p.step(&step.Committed{ID: c.ID, Strict: c.Strict, Err: err})
	return true
}

// settle delivers what flies and answers disks that are not held, until nothing is left.
func (g *stage) settle() {
	for range 100_000 {
		busy := false
		if len(g.flights) > 0 {
			f := g.flights[0]
			g.flights = g.flights[1:]
			if f.to.node != nil && !f.to.mute && f.to.life == f.life {
				f.to.step(f.in)
			}
			busy = true
		}
		for _, p := range g.peers {
			if !p.held && p.node != nil && p.disked(0) {
				busy = true
			}
		}
		if !busy {
			return
		}
	}
	g.t.Fatal("the peers never fall silent")
}

// tick lets time pass in steps, and fires what is due.
func (g *stage) tick(d time.Duration) {
	const slice = 50 * time.Millisecond
	for ; d > 0; d -= slice {
		for _, p := range g.peers {
			p.now.Mono += slice
			p.now.Wall += slice
			if p.node == nil || p.mute {
				continue
			}
			var due []step.TimerID
			for id, at := range p.timers {
				if at <= p.now.Mono {
					due = append(due, id)
				}
			}
			slices.Sort(due)
			for _, id := range due {
				delete(p.timers, id)
				p.step(&step.Timer{ID: id})
			}
		}
		g.settle()
	}
}

// request is what a person asks.
func (g *stage) request(id uint64, do string, fields map[string]any) *step.Request {
	m := map[string]any{"do": do, "space": g.space[:]}
	for k, v := range fields {
		m[k] = v
	}
	b, err := canonical().Marshal(m)
	if err != nil {
		g.t.Fatal(err)
	}
	return &step.Request{ID: id, Body: b}
}

func (p *peer) ask(id uint64, do string, fields map[string]any) { p.step(p.g.request(id, do, fields)) }

func (p *peer) signIn(name string) {
	s := seedOf(name)
	p.ask(1, "sign_in", map[string]any{"seed": s[:]})
}

// element is what an operation's first mutation creates.
func (g *stage) element(name string) []byte {
	id, ok := g.ids[name]
	if !ok {
		g.t.Fatalf("there is no operation %q", name)
	}
	return append(id[:], 0)
}
