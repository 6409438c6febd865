package explain

import (
	"bytes"
	"hash/maphash"
	"slices"
	"time"
	"unsafe"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// trace is a whole run without its bytes: one record for each input of each host, with the step that sent it where it is a
// packet, which is Lamport's happens-before. What concerns the subject is kept as marks beside. It is an observer.
type trace struct {
	subject *subject

	steps   []stepRecord
	lives   []liveHost
	flying  map[pair][]flight
	seed    maphash.Seed
	written map[op.ID]authoring
	order   []op.ID // of written
	applied []application
	asks    []ask
	marks   []mark
}

// ask is a request of a person, and what she was told of it.
type ask struct {
	host     sim.HostID
	id       uint64
	op       op.ID // that the first reply names
	accepted time.Duration
	durable  time.Duration // 0 where she was never told so
}

// stepRecord is one input that a host took.
type stepRecord struct {
	at, src int64 // src is the key's sender in the upper half, its number in the lower; the world's numbers are left out
	host    uint32
	before  int32 // the host's step before, -1 for its first
	from    int32 // the step that sent the packet, -1 where it is no packet or was sent by the world's own hand
	kind    uint8 // bit of sim.Kinds
	changed bool  // the host's operations, roles or blame may be others after it
}

type liveHost struct {
	boot    time.Duration
	last    int32        // its latest step
	peers   []sim.HostID // by connection of this life
	commits []commit     // under way, that write the subject's or are strict
	relaxed []int        // the subject's operations that a relaxed commit alone covers
}

// commit is a transaction under way.
type commit struct {
	id     uint64
	strict bool
	ops    []int // of the subject's
}

type pair struct{ from, to sim.HostID }

// flight is a packet that left.
type flight struct {
	hash uint64
	at   time.Duration
	step int32
	mark int // the first mark of its sending, -1 where it does not concern the subject
	n    int // how many marks
}

// authoring is what an author's note says.
type authoring struct {
	bytes   []byte
	host    sim.HostID
	at      time.Duration
	request uint64
	step    int32
}

// application is an operation that came to be held at a step.
type application struct {
	step int32
	id   op.ID
}

// mark is something that happened to the subject.
type mark struct {
	what      string // of deeds
	at        time.Duration
	step      int32
	host      sim.HostID
	peer      sim.HostID
	op        int // index of the subject's operations, -1 for none
	class     string
	text      string
	n         int64
	delivered bool // of sent
}

// What a mark may say; a note's own name else.
const (
	asked   = "asked"
	replied = "replied"
	sent    = "sent"
	got     = "got"
	crashed = "crashed"
	booted  = "booted"
	broke   = "broke"
	writes  = "writes"  // a commit with an operation; n is 1 of a strict one
	relaxed = "relaxed" // a relaxed commit with it is done
	safe    = "safe"    // a strict commit covers it
	linked  = "linked"  // a connection to peer is up
	parted  = "parted"  // and down
)

func newTrace(s *subject) *trace {
	return &trace{subject: s, flying: map[pair][]flight{}, seed: maphash.MakeSeed(), written: map[op.ID]authoring{}}
}

func (t *trace) Name() string                   { return "explain" }
func (t *trace) Sample(time.Duration, sim.View) {}
func (t *trace) Verdict(sim.End) sim.Verdict    { return sim.Verdict{Checked: len(t.steps)} }
func (t *trace) Wants() sim.Kinds {
	const inputs = sim.OnBoot | sim.OnConnUp | sim.OnConnDown | sim.OnPacket | sim.OnDrained | sim.OnTimer | sim.OnRequest | sim.OnCommitted | sim.OnLoaded | sim.OnJobDone
	return inputs | sim.OnDial | sim.OnSend | sim.OnCommit | sim.OnReply | sim.OnNote | sim.OnCrash | sim.OnPanic
}

// size is the memory that the whole trace takes, in bytes.
func (t *trace) size() int {
	return len(t.steps)*int(unsafe.Sizeof(stepRecord{})) + len(t.applied)*int(unsafe.Sizeof(application{})) + len(t.marks)*int(unsafe.Sizeof(mark{}))
}

// Observe takes an event in.
func (t *trace) Observe(e *sim.Event) {
	for int(e.Host) >= len(t.lives) {
		t.lives = append(t.lives, liveHost{last: -1})
	}
	h := &t.lives[e.Host]
	at := h.boot + e.Now.Mono // effects leave when the host is through with them, not at their trigger's time
	switch e.Kind {
	case sim.OnCrash:
		t.note(mark{what: crashed, at: e.Key.At, step: h.last, host: e.Host, op: -1, text: e.What})
		return
	case sim.OnPanic:
		t.note(mark{what: broke, at: e.Key.At, step: h.last, host: e.Host, op: -1, text: e.What})
		return
	}
	if e.Effect == nil {
		t.input(e, h)
		return
	}
	switch x := e.Effect.(type) {
	case *step.Dial:
		h.meet(x.Conn, sim.HostOf(x.Peer))
	case *step.Send:
		t.send(h, e.Host, at, x)
	case *step.Commit:
		t.commit(h, e.Host, at, x)
	case *step.Reply:
		t.told(e.Host, at, x)
		if t.subject.request == x.Request && t.subject.asker == e.Host {
			t.note(mark{what: replied, at: at, step: h.last, host: e.Host, op: -1, text: x.Status.String()})
		}
	case *step.Note:
		t.believed(h, e.Host, at, x)
	}
}

func (h *liveHost) meet(c step.Conn, peer sim.HostID) {
	for int(c) >= len(h.peers) {
		h.peers = append(h.peers, 0)
	}
	h.peers[c] = peer
}

func (t *trace) input(e *sim.Event, h *liveHost) {
	r := stepRecord{at: int64(e.Key.At), src: int64(e.Key.Src) << 32, host: uint32(e.Host), before: h.last, from: -1, kind: kindBit(e.Kind)}
	if e.Key.Src != 0 {
		r.src |= int64(e.Key.N)
	}
	i := int32(len(t.steps))
	switch x := e.Input.(type) {
	case *step.Boot:
		*h = liveHost{boot: e.Key.At, last: h.last, peers: h.peers[:0]}
		r.changed = true
		if x.Life > 1 {
			t.note(mark{what: booted, at: e.Key.At, step: i, host: e.Host, op: -1, n: int64(x.Life)})
		}
	case *step.ConnUp:
		h.meet(x.Conn, sim.HostOf(x.Peer))
		t.link(linked, e, h, x.Conn, i)
	case *step.ConnDown:
		t.link(parted, e, h, x.Conn, i)
	case *step.Committed:
		t.committed(h, e, x, i)
	case *step.Packet:
		r.from = t.arrive(e.Key, e.Host, i, x.Bytes)
	case *step.Request:
		t.asks = append(t.asks, ask{host: e.Host, id: x.ID})
		if t.subject.request == x.ID && t.subject.asker == e.Host {
			t.note(mark{what: asked, at: e.Key.At, step: i, host: e.Host, op: -1, text: doing(x.Body)})
		}
	}
	h.last = i
	t.steps = append(t.steps, r)
}

// patience is how long a packet may be under way: a reliable channel repeats for so long.
const patience = 35 * time.Second

func (t *trace) send(h *liveHost, host sim.HostID, at time.Duration, x *step.Send) {
	if int(x.Conn) >= len(h.peers) {
		return
	}
	k := pair{host, h.peers[x.Conn]}
	f := flight{hash: maphash.Bytes(t.seed, x.Bytes), at: at, step: h.last, mark: -1}
	for _, i := range t.subject.carried(x.Bytes) {
		if f.mark < 0 {
			f.mark = len(t.marks)
		}
		f.n++
		t.note(mark{what: sent, at: at, step: h.last, host: host, peer: k.to, op: i, class: wire.KindName(x.Bytes), n: wish(x.Bytes)})
	}
	if t.subject.compares(host, k.to, x.Bytes) {
		if f.mark < 0 {
			f.mark = len(t.marks)
		}
		f.n++
		t.note(mark{what: sent, at: at, step: h.last, host: host, peer: k.to, op: -1, class: wire.KindName(x.Bytes)})
	}
	list := t.flying[k]
	if len(list) >= 64 && list[0].at < at-patience {
		list = slices.DeleteFunc(list, func(f flight) bool { return f.at < at-patience })
	}
	t.flying[k] = append(list, f)
}

// arrive finds the step that sent a packet: the latest one that sent these bytes to this host.
func (t *trace) arrive(key sim.Key, host sim.HostID, i int32, b []byte) int32 {
	from, hash := int32(-1), maphash.Bytes(t.seed, b)
	list := t.flying[pair{key.Src, host}]
	for j := len(list) - 1; j >= 0; j-- {
		if f := &list[j]; f.hash == hash {
			from = f.step
			for k := range f.n {
				t.marks[f.mark+k].delivered = true
			}
			break
		}
	}
	for _, o := range t.subject.carried(b) {
		t.note(mark{what: got, at: key.At, step: i, host: host, peer: key.Src, op: o, class: wire.KindName(b), n: wish(b)})
	}
	if t.subject.compares(host, key.Src, b) {
		t.note(mark{what: got, at: key.At, step: i, host: host, peer: key.Src, op: -1, class: wire.KindName(b)})
	}
	return from
}

func (t *trace) believed(h *liveHost, host sim.HostID, at time.Duration, n *step.Note) {
	switch n.Kind {
	case step.NoteAuthored:
		if _, known := t.written[n.Op]; !known {
			t.written[n.Op] = authoring{bytes.Clone(n.Data), host, at, uint64(n.N), h.last}
			t.order = append(t.order, n.Op)
		}
	case step.NoteApplied:
		t.applied = append(t.applied, application{h.last, n.Op})
		t.steps[h.last].changed = true
	case step.NoteBlamed, step.NoteRecovered, step.NoteRefused:
		t.steps[h.last].changed = true
	}
	if i := t.subject.index(n.Op); i >= 0 {
		t.note(mark{what: n.Kind.String(), at: at, step: h.last, host: host, peer: sim.HostOf(n.Peer), op: i, text: n.Text + receipters(n), n: n.N})
	}
}

// note keeps a mark where there is a subject to be marked.
func (t *trace) note(m mark) {
	if t.subject.known() || m.what == crashed || m.what == booted || m.what == broke {
		t.marks = append(t.marks, m)
	}
}

// cone counts the steps that happened before one, itself among them.
func (t *trace) cone(last int32) (n int) {
	if last < 0 {
		return 0
	}
	seen := make([]bool, last+1)
	seen[last] = true
	for i := last; i >= 0; i-- { // causes have smaller numbers
		if !seen[i] {
			continue
		}
		n++
		for _, c := range [...]int32{t.steps[i].before, t.steps[i].from} {
			if c >= 0 {
				seen[c] = true
			}
		}
	}
	return n
}
