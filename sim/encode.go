package sim

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// The binary form of inputs and effects: a code byte, then fields as varints and length-prefixed strings. It is what
// digests are made over and what recordings hold.

func appendBytes(b []byte, s []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendRecords(b []byte, list []step.Record) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		b = appendBytes(appendString(b, list[i].Key), list[i].Value)
	}
	return b
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// kindOf gives the kind of event that a binary form is of: kinds and codes have one order.
func kindOf(b []byte) Kinds { return 1 << (b[0] - 1) }

// AppendInput appends the binary form of an input, for tapes.
func AppendInput(b []byte, in step.Input) []byte { return appendInput(b, in) }

// ReadInput reads what AppendInput wrote at the beginning of b, which it shares, and gives the rest. It never panics.
func ReadInput(b []byte) (in step.Input, rest []byte, err error) {
	r := reader{b: b}
	if in = r.input(); r.bad {
		return nil, nil, errDamaged
	}
	return in, r.b, nil
}

// appendInput appends the binary form of an input.
func appendInput(b []byte, in step.Input) []byte {
	switch x := in.(type) {
	case *step.Boot:
		b = binary.AppendUvarint(append(b, codeBoot), uint64(x.Life))
		return appendRecords(append(b, x.Entropy[:]...), x.Disk)
	case *step.ConnUp:
		b = binary.AppendUvarint(append(b, codeConnUp), uint64(x.Conn))
		return appendBool(binary.AppendUvarint(b, uint64(x.Peer)), x.Dialed)
	case *step.ConnDown:
		return append(binary.AppendUvarint(append(b, codeConnDown), uint64(x.Conn)), byte(x.Reason))
	case *step.Packet:
		return appendBytes(append(binary.AppendUvarint(append(b, codePacket), uint64(x.Conn)), byte(x.Channel)), x.Bytes)
	case *step.Drained:
		return binary.AppendUvarint(append(b, codeDrained), uint64(x.Conn))
	case *step.Timer:
		return binary.AppendUvarint(append(b, codeTimer), uint64(x.ID))
	case *step.Request:
		return appendBytes(binary.AppendUvarint(append(b, codeRequest), x.ID), x.Body)
	case *step.Committed:
		return append(appendBool(binary.AppendUvarint(append(b, codeCommitted), x.ID), x.Strict), byte(x.Err))
	case *step.Loaded:
		return appendRecords(binary.AppendUvarint(append(b, codeLoaded), x.ID), x.Records)
	case *step.JobDone:
		b = appendBytes(binary.AppendUvarint(append(b, codeJobDone), x.ID), x.Out)
		return appendString(binary.AppendUvarint(b, x.Work), x.Err)
	}
	panic("sim: an input that the vocabulary does not have")
}

// appendEffect appends the binary form of an effect.
func appendEffect(b []byte, e step.Effect) []byte {
	switch x := e.(type) {
	case *step.Dial:
		return binary.AppendUvarint(binary.AppendUvarint(append(b, codeDial), uint64(x.Conn)), uint64(x.Peer))
	case *step.Close:
		return binary.AppendUvarint(append(b, codeClose), uint64(x.Conn))
	case *step.Send:
		return appendBytes(append(binary.AppendUvarint(append(b, codeSend), uint64(x.Conn)), byte(x.Channel)), x.Bytes)
	case *step.SetTimer:
		return binary.AppendVarint(binary.AppendUvarint(append(b, codeSetTimer), uint64(x.ID)), int64(x.After))
	case *step.Commit:
		b = appendBool(binary.AppendUvarint(append(b, codeCommit), x.ID), x.Strict)
		b = binary.AppendUvarint(appendRecords(b, x.Put), uint64(len(x.Delete)))
		for _, k := range x.Delete {
			b = appendString(b, k)
		}
		return b
	case *step.Read:
		return appendString(binary.AppendUvarint(append(b, codeRead), x.ID), x.Prefix)
	case *step.Run:
		return appendBytes(appendString(binary.AppendUvarint(append(b, codeRun), x.ID), x.Kernel), x.Input)
	case *step.Reply:
		return appendBytes(append(binary.AppendUvarint(append(b, codeReply), x.Request), byte(x.Status)), x.Body)
	case *step.Note:
		b = binary.AppendUvarint(append(b, codeNote), uint64(x.Kind))
		b = append(binary.AppendUvarint(b, uint64(x.Peer)), x.Op[:]...)
		return appendBytes(appendString(binary.AppendVarint(b, x.N), x.Text), x.Data)
	}
	panic("sim: an effect that the vocabulary does not have")
}

var errDamaged = errors.New("sim: the bytes are cut short or damaged")

// reader takes fields off a byte string; after the first that is missing it gives zeros and remembers.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uvarint()
	if v > 1<<32-1 {
		r.bad = true
	}
	return uint32(v)
}

func (r *reader) duration() time.Duration { return time.Duration(r.varint()) }

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) bool() bool {
	b := r.byte()
	if b > 1 {
		r.bad = true
	}
	return b == 1
}

func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) key() [32]byte {
	if b := r.take(32); b != nil {
		return [32]byte(b)
	}
	return [32]byte{}
}

func (r *reader) records() []step.Record {
	n := r.uvarint()
	if n > uint64(len(r.b)) { // each takes two bytes at least
		r.bad = true
		return nil
	}
	list := make([]step.Record, 0, n)
	for range n {
		list = append(list, step.Record{Key: string(r.bytes()), Value: r.bytes()})
	}
	return list
}

// input reads what appendInput wrote.
func (r *reader) input() step.Input {
	switch r.byte() {
	case codeBoot:
		x := &step.Boot{Life: r.uint32()}
		x.Entropy = r.key()
		x.Disk = r.records()
		return x
	case codeConnUp:
		return &step.ConnUp{Conn: step.Conn(r.uint32()), Peer: step.Addr(r.uint32()), Dialed: r.bool()}
	case codeConnDown:
		return &step.ConnDown{Conn: step.Conn(r.uint32()), Reason: step.DownReason(r.byte())}
	case codePacket:
		return &step.Packet{Conn: step.Conn(r.uint32()), Channel: step.Channel(r.byte()), Bytes: r.bytes()}
	case codeDrained:
		return &step.Drained{Conn: step.Conn(r.uint32())}
	case codeTimer:
		return &step.Timer{ID: step.TimerID(r.uvarint())}
	case codeRequest:
		return &step.Request{ID: r.uvarint(), Body: r.bytes()}
	case codeCommitted:
		return &step.Committed{ID: r.uvarint(), Strict: r.bool(), Err: step.CommitError(r.byte())}
	case codeLoaded:
		return &step.Loaded{ID: r.uvarint(), Records: r.records()}
	case codeJobDone:
		return &step.JobDone{ID: r.uvarint(), Out: r.bytes(), Work: r.uvarint(), Err: string(r.bytes())}
	}
	r.bad = true
	return nil
}
