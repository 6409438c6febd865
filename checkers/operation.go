package checkers

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// key is an id or a public key.
type key = [32]byte

// Limits of an operation.
const (
	maxOperation = 64 << 10
	maxDeps      = 64
	maxMutations = 256
)

// header is an operation's signed part.
type header struct {
	Format      uint64   `cbor:"0,keyasint"`
	Space       []byte   `cbor:"1,keyasint"`
	Device      []byte   `cbor:"2,keyasint"`
	Incarnation uint64   `cbor:"3,keyasint"`
	Seq         uint64   `cbor:"4,keyasint"`
	Prev        []byte   `cbor:"5,keyasint,omitempty"`
	Deps        [][]byte `cbor:"6,keyasint,omitempty"`
	Clock       uint64   `cbor:"7,keyasint"`
	Schema      uint64   `cbor:"8,keyasint"`
	Wall        int64    `cbor:"9,keyasint"`
	BodyHash    []byte   `cbor:"10,keyasint"`
	Identity    []byte   `cbor:"11,keyasint,omitempty"`
	Certificate []byte   `cbor:"12,keyasint,omitempty"`
}

// body is what an operation says.
type body struct {
	Kind      string            `cbor:"0,keyasint"`
	Mutations []cbor.RawMessage `cbor:"1,keyasint,omitempty"`
	Args      cbor.RawMessage   `cbor:"2,keyasint,omitempty"`
}

// operation is one operation as the checkers know it.
type operation struct {
	id       key
	bytes    []byte
	rawBody  []byte
	head     header
	kind     string
	args     cbor.RawMessage
	reason   string // why no honest host may admit it, whatever its causes; a step.Refuse… reason or empty
	detail   string
	resolved bool          // its causes are known too, and what follows is filled
	reading  *spec.Reading // of rawBody; nil until it is folded

	space  *space
	index  int // in space.ops: causes before effects
	chain  chain
	author key
	causes []*operation
	past   bitset       // the rights operations in its causal past, by number
	rule   *rule        // if it is a rights operation
	named  []*operation // that it names, once it is checked that it knew them

	held    bool          // some honest host admitted it
	heldAt  time.Duration // of the first snapshot that showed it
	honest  bool          // signed by an honest host, as its note says
	host    sim.HostID
	at      time.Duration // when that was
	request uint64
}

// chain names the operations of one life of one device.
type chain struct {
	device      key
	incarnation uint64
}

func (o *operation) String() string { return short(o.id) }

// short is the beginning of an id, for people.
func short(id key) string { return fmt.Sprintf("%x", id[:6]) }

// decoding is the generic decoder's configuration, with what it takes at most. Whether bytes are canonical is asked of
// canonical, not of it.
func decoding(depth, entries int) cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: depth, IndefLength: cbor.IndefLengthForbidden,
		MaxArrayElements: entries, MaxMapPairs: entries,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// open decodes bytes and judges what can be judged without their causes. The id is that of the header where there is one.
func (b *book) open(raw []byte) *operation {
	o := &operation{bytes: raw, index: -1}
	refuse := func(reason, detail string) *operation {
		o.reason, o.detail = reason, detail
		return o
	}
	var parts [][]byte
	if err := b.cbor.Unmarshal(raw, &parts); err != nil || len(parts) != 3 {
		return refuse(step.RefuseMalformed, "not an array of header, body and signature")
	}
	o.id, o.rawBody = sha256.Sum256(parts[0]), parts[1]
	if err := b.cbor.Unmarshal(parts[0], &o.head); err != nil {
		return refuse(step.RefuseMalformed, "header: "+err.Error())
	}
	var inside body
	if err := b.cbor.Unmarshal(parts[1], &inside); err != nil {
		return refuse(step.RefuseMalformed, "body: "+err.Error())
	}
	o.kind, o.args = inside.Kind, inside.Args
	h := &o.head
	o.chain = chain{array(h.Device), h.Incarnation}
	hash := sha256.Sum256(parts[1])
	switch {
	case len(raw) > maxOperation || len(h.Deps) > maxDeps || len(inside.Mutations) > maxMutations:
		return refuse(step.RefuseMalformed, "over a limit")
	case canonical(raw) != nil || canonical(parts[0]) != nil || canonical(parts[1]) != nil:
		return refuse(step.RefuseMalformed, "not canonical")
	case h.Format != 1 || len(h.Space) != 32 || len(h.Device) != 32 || len(parts[2]) != 64 || h.Seq == 0:
		return refuse(step.RefuseMalformed, "a field is missing or of the wrong size")
	case !bytes.Equal(h.BodyHash, hash[:]):
		return refuse(step.RefuseMalformed, "the body does not match its hash")
	case !ascending(h.Deps):
		return refuse(step.RefuseMalformed, "deps are not ascending")
	case (h.Seq == 1) != (h.Prev == nil) || h.Prev != nil && len(h.Prev) != 32:
		return refuse(step.RefuseMalformed, "prev does not fit seq")
	case (h.Seq == 1) != (len(h.Identity) == 32) || (h.Seq == 1) != (len(h.Certificate) == 64):
		return refuse(step.RefuseMalformed, "identity and certificate do not fit seq")
	case !ed25519.Verify(h.Device, append([]byte("lgos-op-1"), parts[0]...), parts[2]):
		return refuse(step.RefuseSignature, "the device did not sign it")
	case h.Seq == 1 && !ed25519.Verify(h.Identity, append([]byte("lgos-device-1"), h.Device...), h.Certificate):
		return refuse(step.RefuseSignature, "the identity did not certify the device")
	}
	return o
}

// ascending tells whether ids are 32 bytes each, ascending and unique.
func ascending(ids [][]byte) bool {
	for i, id := range ids {
		if len(id) != 32 || i > 0 && bytes.Compare(ids[i-1], id) >= 0 {
			return false
		}
	}
	return true
}

// array is b as a key, zero where the size is wrong.
func array(b []byte) (k key) {
	if len(b) == len(k) {
		copy(k[:], b)
	}
	return k
}
