package sim

import (
	"encoding/binary"
	"errors"
	"fmt"

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

func (r *Recording) input(sum uint64, k Key, now step.Now, next step.Conn, in step.Input) {
	b := binary.LittleEndian.AppendUint64(append(r.log, itemInput), sum)
	b = binary.AppendVarint(binary.AppendVarint(appendKey(b, k), int64(now.Mono)), int64(now.Wall))
	r.log = appendInput(binary.AppendUvarint(b, uint64(next)), in)
}

func (r *Recording) cut(n int) {
	r.log = binary.AppendUvarint(append(r.log, itemCut), uint64(n))
}

func (r *Recording) crash(k Key, mode CrashMode) {
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
	p := player{make: newProcess, host: rec.Host, out: &step.Effects{}}
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
			last = FormatEvent(&Event{Key: it.key, Index: -1, Kind: OnPacket, Host: rec.Host, Life: p.life, Now: it.now, Input: it.in})
		}
		if err := p.play(it, limit); err != nil {
			return HostDigest{}, last, err
		}
	}
	digest = p.sum.sum()
	if digest != rec.Digest && firstDiffering == "" {
		firstDiffering = last
	}
	return digest, firstDiffering, nil
}

// player is a host without a world.
type player struct {
	make    func(life uint32) Process
	host    HostID
	process Process
	life    uint32
	sum     digest
	out     *step.Effects
	scratch []byte
}

func (p *player) play(it item, limit int) (err error) {
	switch it.kind {
	case itemCrash:
		p.sum.crash(it.key, it.mode)
		p.process = nil
		return nil
	case itemCut:
		return errDamaged
	}
	if b, ok := it.in.(*step.Boot); ok {
		p.life, p.process = b.Life, p.make(b.Life)
	}
	if p.process == nil {
		return fmt.Errorf("sim: the recording has an input at %v for a host that is down", it.key)
	}
	p.sum.key(it.key, it.now.Wall-it.key.At)
	if x, ok := it.in.(*step.Packet); ok {
		p.sum.packet(codePacket, x.Conn, x.Channel, hashBytes(x.Bytes))
	} else {
		p.scratch = appendInput(p.scratch[:0], it.in)
		p.sum.bytes(p.scratch)
	}
	p.out.NextConn = it.next
	if p.panics(it) {
		return nil
	}
	list := p.out.List
	if limit >= 0 {
		list = list[:min(limit, len(list))]
	}
	for _, f := range list {
		if s, ok := f.(*step.Send); ok {
			p.sum.packet(codeSend, s.Conn, s.Channel, hashBytes(s.Bytes))
			continue
		}
		p.scratch = appendEffect(p.scratch[:0], f)
		p.sum.bytes(p.scratch)
	}
	p.out.Reset()
	return nil
}

// panics steps the process; a panic is hashed as the world does.
func (p *player) panics(it item) (did bool) {
	defer func() {
		if r := recover(); r != nil {
			did = true
			p.sum.bytes(append([]byte{codePanic}, fmt.Sprint(r)...))
			p.process = nil
			p.out.Reset()
		}
	}()
	p.process.Step(it.now, it.in, p.out)
	return false
}
