package view

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// frame is an input as the tape has it, with what befell its host between it and the next.
type frame struct {
	sim.Taken
	n       uint32
	cut     int    // of its effects so many were carried out; -1 is all
	whole   bool   // both halves of Before are known
	crashed *crash // the host went down after it

	off  int64 // of a packet's bytes, which In does not have until they are loaded
	size int
}

type crash struct {
	key  sim.Key
	mode sim.CrashMode
}

var errTape = errors.New("the recorded inputs are damaged: the temporary file was changed by another process")

// block reads the i-th block of a host. Packets come without their bytes: load fetches them.
func (t *tape) block(h sim.HostID, i int) ([]frame, error) {
	bl := t.tracks[h].blocks[i]
	b := make([]byte, bl.size)
	if _, err := t.file.ReadAt(b, bl.off); err != nil {
		return nil, fmt.Errorf("reading the recorded inputs: %w", err)
	}
	var list []frame
	var last coder
	in := cursor{b: b}
	for n := bl.first; len(in.b) > 0 && !in.bad; {
		switch kind := in.byte(); kind {
		case itemPacket, itemInput:
			f := frame{n: n, cut: -1}
			n++
			last.at += time.Duration(in.varint())
			f.Key = sim.Key{At: last.at, Src: sim.HostID(in.uvarint()), N: uint32(in.uvarint())}
			last.mono += time.Duration(in.varint())
			last.wall += time.Duration(in.varint())
			last.next = step.Conn(int64(last.next) + in.varint())
			f.Now, f.Next = step.Now{Mono: last.at + last.mono, Wall: last.at + last.wall}, last.next
			if f.whole = slices.Contains(t.tracks[h].boots, f.n); f.whole {
				f.Before[0], f.Before[1] = binary.LittleEndian.Uint64(in.take(8)), binary.LittleEndian.Uint64(in.take(8))
			} else {
				f.Before[0] = uint64(binary.LittleEndian.Uint32(in.take(4)))
			}
			if kind == itemPacket {
				p := &step.Packet{Conn: step.Conn(in.uvarint()), Channel: step.Channel(in.byte())}
				f.off, f.size = int64(in.uvarint()), int(in.uvarint())
				f.In = p
			} else {
				var err error
				if f.In, _, err = sim.ReadInput(in.take(int(in.uvarint()))); err != nil {
					return nil, errTape
				}
			}
			list = append(list, f)
		case itemCut:
			if len(list) == 0 {
				return nil, errTape
			}
			list[len(list)-1].cut = int(in.uvarint())
		case itemCrash:
			if len(list) == 0 {
				return nil, errTape
			}
			c := &crash{key: sim.Key{At: time.Duration(in.varint()), Src: sim.HostID(in.uvarint()), N: uint32(in.uvarint())}}
			c.mode = sim.CrashMode(in.byte())
			list[len(list)-1].crashed = c
		default:
			in.bad = true
		}
	}
	if in.bad {
		return nil, errTape
	}
	return list, nil
}

// load fetches the bytes of a packet.
func (t *tape) load(f *frame) error {
	p, ok := f.In.(*step.Packet)
	if !ok || p.Bytes != nil {
		return nil
	}
	p.Bytes = make([]byte, f.size)
	if _, err := t.file.ReadAt(p.Bytes, f.off); err != nil {
		return fmt.Errorf("reading the recorded inputs: %w", err)
	}
	return nil
}

// blockOf is the block that holds a host's n-th input.
func (k *track) blockOf(n uint32) int {
	return sort.Search(len(k.blocks), func(i int) bool { return k.blocks[i].first > n }) - 1
}

// blockBy is the last block that begins by an instant; -1 where none does.
func (k *track) blockBy(at time.Duration) int {
	return sort.Search(len(k.blocks), func(i int) bool { return k.blocks[i].at > at }) - 1
}

// bootOf is the first input of the life that a host's n-th input belongs to.
func (k *track) bootOf(n uint32) uint32 {
	return k.boots[sort.Search(len(k.boots), func(i int) bool { return k.boots[i] > n })-1]
}

// cursor takes fields off a block.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return make([]byte, min(max(n, 0), 16))
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) byte() byte { return c.take(1)[0] }

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	c.take(max(n, 0))
	c.bad = c.bad || n <= 0
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	c.take(max(n, 0))
	c.bad = c.bad || n <= 0
	return v
}
