package checkers

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// thrift judges that honest hosts send and ask for nothing that the receiver has just shown to have (VM-6, VM-9). What is
// sent twice does no harm to the state: but an answer that begins with what was told fills up with it, and a question for
// nothing leaves its asker waiting for the next comparison of heads.
type thrift struct {
	took    []question        // by host: what its last step about operations took
	tails   map[uint64]*track // operations by the last 8 bytes, their signature ends them
	lanes   map[key][]*lane   // by space
	told    int               // tips of chains in summaries
	called  map[call]bool     // who asked to be brought up to date
	owed    int               // answers that were due at once
	answers int               // answers to questions
	sent    int               // operations of honest authors in them
	asked   int               // operations asked for
}

// question is a frame that a step took, and the connection that brought it.
type question struct {
	key  sim.Key
	conn step.Conn
	kind byte
	owed string // the event, if it is to be answered in this step
	left []key  // operations that are to be in the answer
	copy []byte // of what asks for operations
}

// lane is what an honest host wrote on one chain, in order.
type lane struct {
	chain  chain
	tracks []*track
}

// after gives what follows an operation's place, or nil.
func (l *lane) after(seq uint64) *track {
	if i := seq + 1 - l.tracks[0].op.head.Seq; i < uint64(len(l.tracks)) && l.tracks[i].op.head.Seq == seq+1 {
		return l.tracks[i]
	}
	return nil
}

// call is a connection of a host, over which a neighbour asks to be brought up to date in a space.
type call struct {
	host  sim.HostID
	life  uint32
	conn  step.Conn
	space key
}

func newThrift(hosts int) thrift {
	return thrift{took: make([]question, hosts+1), tails: map[uint64]*track{}, called: map[call]bool{}, lanes: map[key][]*lane{}}
}

// learn notes an operation of an honest author.
func (t *thrift) learn(k *track) {
	if b := k.op.bytes; len(b) >= 8 {
		t.tails[binary.LittleEndian.Uint64(b[len(b)-8:])] = k
	}
	space := array(k.op.head.Space)
	i := slices.IndexFunc(t.lanes[space], func(l *lane) bool { return l.chain == k.op.chain })
	if i < 0 {
		i = len(t.lanes[space])
		t.lanes[space] = append(t.lanes[space], &lane{chain: k.op.chain})
	}
	t.lanes[space][i].tracks = append(t.lanes[space][i].tracks, k)
}

func (t *thrift) known(raw []byte) *track {
	if len(raw) < 8 {
		return nil
	}
	if k := t.tails[binary.LittleEndian.Uint64(raw[len(raw)-8:])]; k != nil && bytes.Equal(k.op.bytes, raw) {
		return k
	}
	return nil
}

// take notes what a step takes.
func (d *delivery) take(e *sim.Event, in *step.Packet) {
	kind := frameKind(in.Bytes)
	if kind != pushFrame && kind != wantFrame && kind != summaryFrame {
		return
	}
	t := &d.thrift
	q := &t.took[e.Host]
	d.silent(e.Host)
	q.key, q.conn, q.kind = e.Key, in.Conn, kind
	if kind == pushFrame {
		return
	}
	q.copy = append(q.copy[:0], in.Bytes...)
	if !d.truth.host(e.Host).Honest || !d.truth.host(e.Key.Src).Honest || !d.circles.hosts[e.Host].roomy(in.Conn) {
		return
	}
	f, space := opened(in.Bytes)
	if kind == summaryFrame {
		if c := (call{e.Host, e.Life, in.Conn, space}); !t.called[c] {
			t.called[c], q.owed = true, e.ID()
			t.owed++
		}
		return
	}
	for id := range f.want {
		if k := d.tracks[id]; k != nil && e.Life == 1 && k.got.has(int(e.Host)) { // what a former life had may be lost
			q.left, q.owed = append(q.left, id), e.ID()
			t.owed++
		}
	}
}

// silent judges that what a host was asked for was sent in the step that took the question, as far as credit went: what it
// has of the operations that a neighbour wished for, and an answer to the first summary of a space over a connection, whoever
// else was brought up to date meanwhile. An answer that does not come is missed only by a wait.
func (d *delivery) silent(h sim.HostID) {
	q := &d.thrift.took[h]
	switch {
	case q.owed == "":
	case q.kind == summaryFrame:
		d.fail(q.key.At, q.owed, "host %d was asked by host %d to be brought up to date, for the first time over this connection, and did not answer", h, q.key.Src)
	case len(q.left) > 0:
		d.fail(q.key.At, q.owed, "host %d was asked by host %d for operation %s, which it has, and did not send it", h, q.key.Src, d.tracks[q.left[0]].op)
	}
	q.owed, q.left = "", q.left[:0]
}

// sends judges a frame that a host sends.
func (d *delivery) sends(e *sim.Event, out *step.Send) {
	kind := frameKind(out.Bytes)
	if kind != pushFrame && kind != headsFrame && kind != wantFrame && kind != summaryFrame || !d.truth.host(e.Host).Honest {
		return
	}
	if kind == headsFrame || kind == wantFrame {
		d.inTurn(e, out, kind)
	}
	if kind == headsFrame {
		return
	}
	if kind == summaryFrame {
		d.turn(e, out)
		d.tells(e, out)
		return
	}
	if kind == wantFrame {
		d.wishes(e, out)
		return
	}
	q := &d.thrift.took[e.Host]
	if q.key != e.Key || q.conn != out.Conn || !d.truth.host(e.Key.Src).Honest {
		return
	}
	f, _ := opened(out.Bytes)
	receipt, ops := f.push()
	switch {
	case receipt:
	case q.kind == pushFrame:
		d.fail(e.Key.At, e.ID(), "host %d pushes operations back to host %d, which brought them", e.Host, e.Key.Src)
	default:
		d.answer(e, q, ops)
	}
}

// answer judges an answer: to a summary, that it goes on from the tips that the summary tells, and is empty only where nothing
// follows them; to a wish, that it holds what was wished for alone, each once. Chains of honest hosts do not fork, so that a
// tip says all of them.
func (d *delivery) answer(e *sim.Event, q *question, ops func(func([]byte) bool)) {
	d.thrift.answers++
	tips, ids := map[chain]uint64{}, map[key]bool{}
	f, space := opened(q.copy)
	if q.kind == summaryFrame {
		q.owed = ""
		for c, seq := range f.summary {
			tips[c] = seq
		}
	} else {
		for id := range f.want {
			ids[id] = true
		}
	}
	empty := true
	for raw := range ops {
		empty = false
		k := d.thrift.known(raw)
		if k == nil {
			continue
		}
		d.thrift.sent++
		switch o := k.op; {
		case q.kind == summaryFrame && o.head.Seq <= tips[o.chain]:
			d.fail(e.Key.At, e.ID(), "host %d sends operation %s (%s) to host %d, which has just told that it has this chain up to %d, and this is %d", e.Host, o, o.kind, e.Key.Src, tips[o.chain], o.head.Seq)
		case q.kind == summaryFrame && o.head.Seq > tips[o.chain]+1:
			d.fail(e.Key.At, e.ID(), "host %d sends operation %s (%s) to host %d, which has just told that it has this chain up to %d, and this is %d: it lacks what is between", e.Host, o, o.kind, e.Key.Src, tips[o.chain], o.head.Seq)
		case q.kind == wantFrame && !ids[o.id]:
			d.fail(e.Key.At, e.ID(), "host %d sends operation %s (%s) to host %d, which did not ask for it, or once", e.Host, o, o.kind, e.Key.Src)
		}
		delete(ids, k.op.id)
		if q.kind == summaryFrame {
			tips[k.op.chain] = max(tips[k.op.chain], k.op.head.Seq)
		} else {
			q.left = slices.DeleteFunc(q.left, func(id key) bool { return id == k.op.id })
		}
	}
	if !d.circles.hosts[e.Host].roomy(q.conn) {
		q.left = q.left[:0] // the rest waits until it is asked for again
	}
	if empty && q.kind == summaryFrame && e.Life == 1 { // what a former life had may be lost
		for _, k := range d.order {
			if o := k.op; array(o.head.Space) == space && k.got.has(int(e.Host)) && o.head.Seq > tips[o.chain] {
				d.fail(e.Key.At, e.ID(), "host %d tells host %d that nothing is left to send, and has operation %s (%s), which is beyond what that host has", e.Host, e.Key.Src, o, o.kind)
				return
			}
		}
	}
}

// tells judges that a summary tells all that its host has of the chains of honest hosts, and no more: what it does not tell
// comes back, and crowds out what is new; what it tells too much never comes.
func (d *delivery) tells(e *sim.Event, out *step.Send) {
	if e.Life > 1 {
		return // what a former life had may be lost
	}
	f, space := opened(out.Bytes)
	tips := map[chain]uint64{}
	for c, seq := range f.summary {
		tips[c] = seq
	}
	for _, l := range d.thrift.lanes[space] {
		seq := tips[l.chain]
		if k := l.after(seq); k != nil && k.got.has(int(e.Host)) {
			d.fail(e.Key.At, e.ID(), "host %d tells a neighbour that it has the chain of host %d up to %d, and it has operation %s (%s), which follows", e.Host, k.op.host, seq, k.op, k.op.kind)
		} else if k := l.after(seq - 1); seq > 0 && (k == nil || !k.got.has(int(e.Host))) {
			d.fail(e.Key.At, e.ID(), "host %d tells a neighbour that it has the chain of host %d up to %d, and it has not", e.Host, l.tracks[0].op.host, seq)
		}
		d.thrift.told++
	}
}

// wishes judges that a host asks for something, and for nothing that it has. What a former life had may be lost.
func (d *delivery) wishes(e *sim.Event, out *step.Send) {
	f, _ := opened(out.Bytes)
	n := 0
	for id := range f.want {
		n++
		if k := d.tracks[id]; k != nil && e.Life == 1 && k.got.has(int(e.Host)) {
			d.fail(e.Key.At, e.ID(), "host %d asks a neighbour for operation %s (%s), which it has", e.Host, k.op, k.op.kind)
		}
	}
	if d.thrift.asked += n; n == 0 {
		d.fail(e.Key.At, e.ID(), "host %d asks a neighbour for no operation at all", e.Host)
	}
}
