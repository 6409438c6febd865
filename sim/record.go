package sim

import (
	"encoding/binary"
	"errors"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Recording is what one host saw, enough to replay it alone: every input with the time and the next connection's number,
// every crash, and where a step was cut short. The bytes of its binary form begin with recordingMagic.
type Recording struct {
	Host   HostID
	Digest HostDigest // what a replay must give

	log []byte
}

const recordingMagic = "lgos-host-1\n"

// Items of the log.
const (
	itemInput = iota + 1 // the digest's half before it, key, now, next connection, input
	itemCut              // of the effects of the step before only so many were carried out
	itemCrash            // key, mode
)

func appendKey(b []byte, k Key) []byte {
	b = binary.AppendVarint(b, int64(k.At))
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(k.Src)), uint64(k.N))
}

func (r *reader) keyOf() Key { return Key{r.duration(), HostID(r.uint32()), r.uint32()} }

// Taken is an input as its host took it.
type Taken struct {
	Before [2]uint64 // the host's running digest
	Key    Key
	Now    step.Now
	Next   step.Conn // the number of its next connection
	In     step.Input
}

// Tape is told what hosts see, as it happens: each input, how many effects of the latest one were carried out where it was
// not all of them, and each crash. What it is told is valid during the call only, but for the bytes of packets. A
// Recording is the tape of one host; a tape of one's own is for many.
type Tape interface {
	Input(h HostID, t *Taken)
	Cut(h HostID, carried int)
	Crash(h HostID, k Key, mode CrashMode)
}

// Input keeps an input.
func (r *Recording) Input(_ HostID, t *Taken) {
	b := binary.LittleEndian.AppendUint64(append(r.log, itemInput), t.Before[0])
	b = binary.AppendVarint(binary.AppendVarint(appendKey(b, t.Key), int64(t.Now.Mono)), int64(t.Now.Wall))
	r.log = appendInput(binary.AppendUvarint(b, uint64(t.Next)), t.In)
}

// Cut keeps where the step before was cut short.
func (r *Recording) Cut(_ HostID, carried int) {
	r.log = binary.AppendUvarint(append(r.log, itemCut), uint64(carried))
}

// Crash keeps a crash.
func (r *Recording) Crash(_ HostID, k Key, mode CrashMode) {
	r.log = append(appendKey(append(r.log, itemCrash), k), byte(mode))
}

// MarshalBinary encodes a recording.
func (r *Recording) MarshalBinary() ([]byte, error) {
	b := binary.AppendUvarint([]byte(recordingMagic), uint64(r.Host))
	return append(append(b, r.Digest[:]...), r.log...), nil
}

// UnmarshalBinary decodes a recording, which must be whole. It never panics. The recording shares b.
func (r *Recording) UnmarshalBinary(b []byte) error {
	if len(b) < len(recordingMagic) || string(b[:len(recordingMagic)]) != recordingMagic {
		return errors.New("sim: this is no recording of a host")
	}
	in := reader{b: b[len(recordingMagic):]}
	r.Host = HostID(in.uint32())
	if d := in.take(16); d != nil {
		r.Digest = HostDigest(d)
	}
	r.log = in.b
	for len(in.b) > 0 && !in.bad {
		if in.item().kind == 0 {
			in.bad = true
		}
	}
	if in.bad {
		return errDamaged
	}
	return nil
}

// item is one entry of the log.
type item struct {
	kind byte
	sum  uint64
	key  Key
	now  step.Now
	next step.Conn
	in   step.Input
	cut  uint64
	mode CrashMode
}

func (r *reader) item() (it item) {
	it.kind = r.byte()
	switch it.kind {
	case itemInput:
		if b := r.take(8); b != nil {
			it.sum = binary.LittleEndian.Uint64(b)
		}
		it.key = r.keyOf()
		it.now = step.Now{Mono: r.duration(), Wall: r.duration()}
		it.next = step.Conn(r.uint32())
		it.in = r.input()
	case itemCut:
		it.cut = r.uvarint()
	case itemCrash:
		it.key, it.mode = r.keyOf(), CrashMode(r.byte())
	default:
		it.kind = 0
	}
	return it
}

// Len is how many inputs were recorded.
func (r *Recording) Len() int {
	n := 0
	for in := (reader{b: r.log}); len(in.b) > 0 && !in.bad; {
		if in.item().kind == itemInput {
			n++
		}
	}
	return n
}

// ReplayHost feeds a recording to processes made anew. It gives the digest that they make and, where that differs from
// the recorded one, the first input whose effects do, as text. An error means that the recording is damaged.
func ReplayHost(rec *Recording, newProcess func(life uint32) Process) (digest HostDigest, firstDiffering string, err error) {
	p := NewPlayer(newProcess)
	in := reader{b: rec.log}
	last := ""
	for len(in.b) > 0 {
		it := in.item()
		if in.bad || it.kind == 0 {
			return HostDigest{}, "", errDamaged
		}
		limit := -1
		if it.kind == itemInput {
			if it.sum != p.sum.a && firstDiffering == "" {
				firstDiffering = last
			}
			ahead := in // a cut, if any, follows the input that it concerns
			if next := ahead.item(); next.kind == itemCut {
				limit, in = int(min(next.cut, 1<<31-1)), ahead
			}
			last = FormatEvent(&Event{Key: it.key, Index: -1, Kind: OnPacket, Host: rec.Host, Life: p.Life(), Now: it.now, Input: it.in})
		}
		if err := p.play(it, limit); err != nil {
			return HostDigest{}, last, err
		}
	}
	digest = p.Digest()
	if digest != rec.Digest && firstDiffering == "" {
		firstDiffering = last
	}
	return digest, firstDiffering, nil
}

// play takes an entry of a recording.
func (p *Player) play(it item, cut int) (err error) {
	switch it.kind {
	case itemInput:
		_, _, err = p.Take(&Taken{Key: it.key, Now: it.now, Next: it.next, In: it.in}, cut)
	case itemCrash:
		p.Crash(it.key, it.mode)
	default:
		err = errDamaged
	}
	return err
}
