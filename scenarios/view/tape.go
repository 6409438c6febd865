package view

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// tape keeps what every host of a run took, in a file that is gone when the process ends. Each host's items lie in blocks
// of about blockSize bytes, which can be read alone; in memory is where they lie and what kinds of input are in them. The
// bytes of a packet are written once and named by where they lie, as long as they come again soon, as they do in gossip.
type tape struct {
	file    *os.File
	size    int64  // of what was appended, the buffer's share included
	buf     []byte // the end of the file that is not yet written
	tracks  []track
	seed    maphash.Seed
	young   map[uint64]blob // packets of late
	old     map[uint64]blob // those before
	held    int             // bytes that young holds
	inputs  uint64
	scratch []byte
	err     error
}

// track is one host's part of the tape.
type track struct {
	blocks []block
	boots  []uint32 // the number of each life's first input
	n      uint32   // inputs so far, which are numbered from 1
	open   []byte   // the block being written
	last   coder    // what its latest item was written against
	kinds  uint16   // in the open block
	first  uint32   // number of its first input
	at     time.Duration
}

// block is where some items lie.
type block struct {
	off   int64
	size  uint32
	first uint32        // number of its first input; those behind follow without a gap
	at    time.Duration // of the first
	kinds uint16        // of its inputs, a bit each of sim.Kinds
}

type blob struct {
	off   int64
	bytes []byte
}

const (
	blockSize = 4 << 10
	flushSize = 1 << 20
	youngSize = 32 << 20 // bytes of packets by which a repetition is known, twice
)

// Items of a block.
const (
	itemPacket = iota + 1 // head, connection, channel, place and length of the bytes
	itemInput             // head, the input's binary form
	itemCut               // how many effects were carried out
	itemCrash             // key, mode
)

// coder is what the next item's head is written against, so that it is short.
type coder struct {
	at, mono, wall time.Duration // mono and wall as distances from at
	next           step.Conn
}

func newTape() (*tape, error) {
	f, err := os.CreateTemp("", "lgos-sim-view-*.tape")
	if err != nil {
		return nil, fmt.Errorf("the recorded inputs need a temporary file (TMPDIR names its folder): %w", err)
	}
	os.Remove(f.Name()) // where the system refuses, close removes it
	return &tape{file: f, seed: maphash.MakeSeed(), young: map[uint64]blob{}}, nil
}

// close gives the file up.
func (t *tape) close() {
	t.file.Close()
	os.Remove(t.file.Name())
}

func (t *tape) append(b []byte) (off int64) {
	off = t.size
	t.buf = append(t.buf, b...)
	t.size += int64(len(b))
	if len(t.buf) >= flushSize {
		t.flush()
	}
	return off
}

func (t *tape) flush() {
	if t.err == nil && len(t.buf) > 0 {
		if _, t.err = t.file.WriteAt(t.buf, t.size-int64(len(t.buf))); t.err != nil {
			t.err = fmt.Errorf("the recorded inputs did not fit into %s (TMPDIR names another folder): %w", os.TempDir(), t.err)
		}
	}
	t.buf = t.buf[:0]
}

// finish writes all that is still open.
func (t *tape) finish() error {
	for i := range t.tracks {
		t.seal(&t.tracks[i])
	}
	t.flush()
	t.young, t.old = nil, nil
	return t.err
}

func (t *tape) seal(k *track) {
	if len(k.open) > 0 {
		k.blocks = append(k.blocks, block{t.append(k.open), uint32(len(k.open)), k.first, k.at, k.kinds})
		k.open, k.kinds, k.last = k.open[:0], 0, coder{}
	}
}

// intern gives the place of a packet's bytes.
func (t *tape) intern(b []byte) int64 {
	h := maphash.Bytes(t.seed, b)
	if x, ok := t.young[h]; ok && string(x.bytes) == string(b) {
		return x.off
	}
	x, ok := t.old[h]
	if !ok || string(x.bytes) != string(b) {
		x = blob{t.append(b), b}
	}
	t.young[h] = x
	if t.held += len(b) + 48; t.held > youngSize {
		t.young, t.old, t.held = map[uint64]blob{}, t.young, 0
	}
	return x.off
}

// kindOf numbers an input as the bits of sim.Kinds do.
func kindOf(in step.Input) int {
	switch in.(type) {
	case *step.Boot:
		return 0
	case *step.ConnUp:
		return 1
	case *step.ConnDown:
		return 2
	case *step.Packet:
		return 3
	case *step.Drained:
		return 4
	case *step.Timer:
		return 5
	case *step.Request:
		return 6
	case *step.Committed:
		return 7
	case *step.Loaded:
		return 8
	}
	return 9
}

// Input keeps an input.
func (t *tape) Input(h sim.HostID, x *sim.Taken) {
	k := &t.tracks[h]
	if len(k.open) >= blockSize {
		t.seal(k)
	}
	k.n++
	t.inputs++
	kind := kindOf(x.In)
	if len(k.open) == 0 {
		k.first, k.at = k.n, x.Key.At
	}
	k.kinds |= 1 << kind
	packet, isPacket := x.In.(*step.Packet)
	b := k.open
	if isPacket {
		b = append(b, itemPacket)
	} else {
		b = append(b, itemInput)
	}
	c := coder{x.Key.At, x.Now.Mono - x.Key.At, x.Now.Wall - x.Key.At, x.Next}
	b = binary.AppendVarint(b, int64(c.at-k.last.at))
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(x.Key.Src)), uint64(x.Key.N))
	b = binary.AppendVarint(binary.AppendVarint(b, int64(c.mono-k.last.mono)), int64(c.wall-k.last.wall))
	b = binary.AppendVarint(b, int64(c.next)-int64(k.last.next))
	k.last = c
	if kind == 0 { // a player may begin here
		k.boots = append(k.boots, k.n)
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, x.Before[0]), x.Before[1])
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(x.Before[0]))
	}
	if isPacket {
		off := t.intern(packet.Bytes)
		b = append(binary.AppendUvarint(b, uint64(packet.Conn)), byte(packet.Channel))
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(off)), uint64(len(packet.Bytes)))
	} else {
		t.scratch = sim.AppendInput(t.scratch[:0], x.In)
		b = append(binary.AppendUvarint(b, uint64(len(t.scratch))), t.scratch...)
	}
	k.open = b
}

// Cut keeps how much of the latest step was carried out.
func (t *tape) Cut(h sim.HostID, carried int) {
	k := &t.tracks[h]
	k.open = binary.AppendUvarint(append(k.open, itemCut), uint64(carried))
}

// Crash keeps a crash.
func (t *tape) Crash(h sim.HostID, key sim.Key, mode sim.CrashMode) {
	k := &t.tracks[h]
	b := binary.AppendVarint(append(k.open, itemCrash), int64(key.At))
	k.open = append(binary.AppendUvarint(binary.AppendUvarint(b, uint64(key.Src)), uint64(key.N)), byte(mode))
}
