package sim

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// digest is a running 128-bit hash over 64-bit words, two at a time. It is made for speed and for telling histories
// apart, not against an adversary. The mixer is a 64x64 multiplication (after Wang Yi's wyhash, public domain) whose
// halves are added to what was there, so that no word is ever lost to a zero factor.
type digest struct{ a, b uint64 }

const (
	mixA = 0xa0761d6478bd642f
	mixB = 0xe7037ed1a0b428db
)

func (d *digest) mix(x, y uint64) {
	hi, lo := bits.Mul64(d.a^x^mixA, bits.RotateLeft64(d.b, 29)^y^mixB)
	d.a, d.b = (lo^d.b)+x*mixB, (hi^bits.RotateLeft64(d.a, 23))+y*mixA
}

// sum is the digest of all mixed so far.
func (d digest) sum() (out HostDigest) {
	d.mix(0x9e3779b97f4a7c15, 0x2545f4914f6cdd1d)
	d.mix(0, 0)
	binary.BigEndian.PutUint64(out[:8], d.a)
	binary.BigEndian.PutUint64(out[8:], d.b)
	return out
}

// hashBytes is the digest of a byte string and its length.
func hashBytes(b []byte) digest {
	d := digest{uint64(len(b)), mixB}
	for len(b) >= 16 {
		d.mix(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:16]))
		b = b[16:]
	}
	if len(b) > 0 {
		var tail [16]byte
		copy(tail[:], b)
		d.mix(binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:]))
	}
	d.mix(mixB, mixA)
	return d
}

// Codes of what a host's digest and recording consist of. They are written in files: never change one.
const (
	codeBoot = iota + 1
	codeConnUp
	codeConnDown
	codePacket
	codeDrained
	codeTimer
	codeRequest
	codeCommitted
	codeLoaded
	codeJobDone
	codeDial
	codeClose
	codeSend
	codeSetTimer
	codeCommit
	codeRead
	codeRun
	codeReply
	codeNote
	codeCrash
	codePanic
)

// key mixes what triggered an event and how far the host's wall clock was from the world's time. (Mono follows from the
// boot's key.)
func (d *digest) key(k Key, wall time.Duration) {
	d.mix(uint64(k.At), uint64(k.Src)<<32|uint64(k.N))
	d.a += uint64(wall) * mixA
}

// packet mixes a packet, by the hash of its bytes.
func (d *digest) packet(code uint64, c step.Conn, ch step.Channel, payload digest) {
	d.mix(payload.a, payload.b^(uint64(c)<<16|uint64(ch)<<8|code))
}

// crash mixes the end of a life.
func (d *digest) crash(k Key, mode CrashMode) {
	d.key(k, 0)
	d.bytes([]byte{codeCrash, byte(mode)})
}

// bytes mixes the binary form of anything else.
func (d *digest) bytes(b []byte) {
	h := hashBytes(b)
	d.mix(h.a, h.b)
}
