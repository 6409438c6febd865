// Package view shows a run from inside: what happened when, the network at a moment, and any host at any of its steps. It
// carries the run out once and keeps an index and a tape of what each host took; a host at a step is that host replayed
// alone up to it. It judges nothing and changes nothing.
package view

import (
	"slices"
	"sort"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// kind says what an entry of the index is about. Those from kindNote on are the notes, in the order of step.NoteKind.
type kind uint8

const (
	kindBoot kind = iota
	kindConnUp
	kindConnDown
	kindClose
	kindCrash
	kindPanic
	kindFault
	kindRequest
	kindReply
	kindUnissued
	kindJobDone
	kindCommitFailed
	kindNote
	kindLie = kindNote + kind(step.NoteLie) - 1
)

// kindNames are what searches ask for; the notes' own names follow.
func kindNames() []string {
	names := []string{"boot", "conn-up", "conn-down", "close", "crash", "panic", "fault", "request", "reply", "unissued", "job-done", "commit-failed"}
	for n := 1; n < step.NoteKinds; n++ {
		names = append(names, step.NoteKind(n).String())
	}
	return names
}

// bulkKinds are the inputs of which there are too many for the index; they are searched on the tape of one host. Each
// stands at its bit of sim.Kinds.
func bulkKinds() []string {
	return []string{"", "", "", "packet", "drained", "timer", "", "committed", "loaded", ""}
}

// network tells whether the picture of the network changes with it.
func (k kind) network() bool { return k <= kindPanic }

// entry is one thing that happened.
type entry struct {
	at   int64 // when, in nanoseconds
	host uint32
	n    uint32 // the host's n-th input, which it is or belongs to; 0 is none
	ref  uint32 // of a note: its operation, counted from 1; of a connection: its number; of a boot: the life
	text uint32 // index into the texts; 0 is none
	peer uint32
	kind kind
}

// index is what is known of a run beside its record. It is an observer and the tape of all hosts.
type index struct {
	tape    *tape
	chunks  [][]entry // all entries, in the order of time; all but the last hold chunkSize
	texts   []string
	textOf  map[string]uint32
	ops     []op.ID
	opOf    map[op.ID]uint32
	boot    []time.Duration // of each host's present life
	now     *network        // while the run goes on
	shots   []shot
	changes []int64 // instants at which the network changed, ascending, each once
	latest  int64   // instant of the last entry
	pace    []uint32
}

const (
	chunkSize = 1 << 16
	paceEvery = 100 * time.Millisecond // what the activity along the run is counted by
	maxTexts  = 1 << 20                // texts beyond so many are all called the same
)

func newIndex() (*index, error) {
	t, err := newTape()
	if err != nil {
		return nil, err
	}
	return &index{tape: t, texts: []string{""}, textOf: map[string]uint32{"": 0}, opOf: map[op.ID]uint32{}}, nil
}

// begin makes ready for a run of so many hosts.
func (x *index) begin(hosts int) {
	x.tape.tracks = make([]track, hosts+1)
	x.boot, x.now = make([]time.Duration, hosts+1), newNetwork(hosts)
}

// Close gives up the file of recorded inputs.
func (x *index) close() { x.tape.close() }

func (x *index) Name() string                   { return "view" }
func (x *index) Sample(time.Duration, sim.View) {}
func (x *index) Verdict(sim.End) sim.Verdict    { return sim.Verdict{Checked: x.entries()} }
func (x *index) Wants() sim.Kinds {
	return sim.OnClose | sim.OnReply | sim.OnNote | sim.OnUnissued | sim.OnPanic | sim.OnFault
}

// Err is what went wrong with the file; a run that it happened to is not worth going on with.
func (x *index) Err() error { return x.tape.err }

func (x *index) entries() int {
	if len(x.chunks) == 0 {
		return 0
	}
	return (len(x.chunks)-1)*chunkSize + len(x.chunks[len(x.chunks)-1])
}

func (x *index) entry(i int) *entry { return &x.chunks[i/chunkSize][i%chunkSize] }

// add appends an entry and keeps the picture of the network.
func (x *index) add(e entry) {
	if x.now.due(x.entries()) {
		x.shots = append(x.shots, shot{x.entries(), x.now.clone()})
	}
	last := len(x.chunks) - 1
	if last < 0 || len(x.chunks[last]) == chunkSize {
		x.chunks = append(x.chunks, make([]entry, 0, chunkSize))
		last++
	}
	e.at = max(e.at, x.latest) // a torn step's crash bears the time of its trigger
	x.latest = e.at
	x.chunks[last] = append(x.chunks[last], e)
	x.now.apply(&e)
	if e.kind.network() && (len(x.changes) == 0 || x.changes[len(x.changes)-1] != e.at) {
		x.changes = append(x.changes, e.at)
	}
}

func (x *index) text(s string) uint32 {
	if i, ok := x.textOf[s]; ok {
		return i
	}
	if len(x.texts) == maxTexts {
		s = "a text beyond those that are kept"
		if i, ok := x.textOf[s]; ok {
			return i
		}
	}
	x.texts = append(x.texts, s)
	x.textOf[s] = uint32(len(x.texts) - 1)
	return x.textOf[s]
}

func (x *index) op(id [32]byte) uint32 {
	if id == [32]byte{} {
		return 0
	}
	i, ok := x.opOf[id]
	if !ok {
		x.ops = append(x.ops, id)
		i = uint32(len(x.ops))
		x.opOf[id] = i
	}
	return i
}

// Input keeps an input on the tape, and in the index where it is one of a few.
func (x *index) Input(h sim.HostID, t *sim.Taken) {
	x.tape.Input(h, t)
	if i := int(t.Key.At / paceEvery); i < 1<<24 {
		for i >= len(x.pace) {
			x.pace = append(x.pace, 0)
		}
		x.pace[i]++
	}
	e := entry{at: int64(t.Key.At), host: uint32(h), n: x.tape.tracks[h].n}
	switch in := t.In.(type) {
	case *step.Boot:
		x.boot[h] = t.Key.At
		e.kind, e.ref = kindBoot, in.Life
	case *step.ConnUp:
		e.kind, e.ref, e.peer = kindConnUp, uint32(in.Conn), uint32(sim.HostOf(in.Peer))
	case *step.ConnDown:
		e.kind, e.ref, e.text = kindConnDown, uint32(in.Conn), x.text(in.Reason.String())
		e.peer = x.now.peer(uint32(h), e.ref)
	case *step.Request:
		e.kind, e.text = kindRequest, x.doing(in.Body)
	case *step.Committed:
		if in.Err == 0 {
			return
		}
		e.kind, e.text = kindCommitFailed, x.text(in.Err.String())
	case *step.JobDone:
		e.kind, e.text = kindJobDone, x.text(in.Err)
	default:
		return
	}
	x.add(e)
}

// doing is what a request asks for.
func (x *index) doing(body []byte) uint32 {
	var head struct {
		Do string `cbor:"do"`
	}
	if cbor.Unmarshal(body, &head) != nil || len(head.Do) > 64 {
		return x.text("a request that is none")
	}
	return x.text(head.Do)
}

// Cut keeps how much of a step was carried out.
func (x *index) Cut(h sim.HostID, carried int) { x.tape.Cut(h, carried) }

// Crash keeps a crash.
func (x *index) Crash(h sim.HostID, k sim.Key, mode sim.CrashMode) {
	x.tape.Crash(h, k, mode)
	x.add(entry{at: int64(k.At), host: uint32(h), n: x.tape.tracks[h].n, kind: kindCrash, text: x.text(mode.String())})
}

// Observe keeps what is no input.
func (x *index) Observe(ev *sim.Event) {
	e := entry{at: int64(ev.Key.At), host: uint32(ev.Host), n: x.tape.tracks[ev.Host].n}
	switch ev.Kind {
	case sim.OnUnissued:
		e.kind, e.text = kindUnissued, x.doing(ev.Input.(*step.Request).Body)
		x.add(e)
		return
	case sim.OnPanic:
		e.kind, e.text = kindPanic, x.text(ev.What)
		x.add(e)
		return
	case sim.OnFault:
		e.kind, e.text, e.n = kindFault, x.text(ev.What), 0
		x.add(e)
		return
	}
	e.at = int64(x.boot[ev.Host] + ev.Now.Mono) // effects leave when the host is through with them
	switch f := ev.Effect.(type) {
	case *step.Close:
		e.kind, e.ref = kindClose, uint32(f.Conn)
		e.peer = x.now.peer(e.host, e.ref)
	case *step.Reply:
		e.kind, e.text = kindReply, x.text(f.Status.String())
	case *step.Note:
		e.kind, e.ref, e.text, e.peer = kindNote+kind(f.Kind)-1, x.op(f.Op), x.text(f.Text), uint32(sim.HostOf(f.Peer))
	default:
		return
	}
	x.add(e)
}

// finish ends the recording. An error is one of the file.
func (x *index) finish() error {
	x.textOf, x.opOf = nil, nil
	return x.tape.finish()
}

// upTo is how many entries lie at or before an instant.
func (x *index) upTo(at time.Duration) int {
	c := sort.Search(len(x.chunks), func(i int) bool { return x.chunks[i][0].at > int64(at) })
	if c == 0 {
		return 0
	}
	chunk := x.chunks[c-1]
	return (c-1)*chunkSize + sort.Search(len(chunk), func(i int) bool { return chunk[i].at > int64(at) })
}

// around are the instants next to one at which the network changed; -1 is none.
func (x *index) around(at time.Duration) (before, after int64) {
	before, after = -1, -1
	i, found := slices.BinarySearch(x.changes, int64(at))
	if i > 0 {
		before = x.changes[i-1]
	}
	if found {
		i++
	}
	if i < len(x.changes) {
		after = x.changes[i]
	}
	return before, after
}
