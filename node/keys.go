package node

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// deviceRecord is where the disk keeps the seed of the device key.
const deviceRecord = "device"

// keys are the device's, which stay on the disk, and the identity's, which stay with the person: she brings them at every
// sign-in. It implements journal.Signer.
type keys struct {
	device      ed25519.PrivateKey
	identity    ed25519.PrivateKey
	certificate [64]byte
}

// boot takes the device key from the disk, or makes one from the boot's entropy. It returns the record to be kept, nil
// where the disk has it.
func (k *keys) boot(in *step.Boot) *step.Record {
	for _, r := range in.Disk {
		if r.Key == deviceRecord && len(r.Value) == ed25519.SeedSize {
			k.device = ed25519.NewKeyFromSeed(r.Value)
			return nil
		}
	}
	seed := sha256.Sum256(append([]byte("lgos-device-key-1"), in.Entropy[:]...))
	k.device = ed25519.NewKeyFromSeed(seed[:])
	return &step.Record{Key: deviceRecord, Value: seed[:]}
}

// signIn takes the person's identity key and certifies the device with it.
func (k *keys) signIn(seed []byte) {
	k.identity = ed25519.NewKeyFromSeed(seed)
	k.certificate = op.Certify(k.identity, op.KeyOf(k.device))
}

func (k *keys) Device() ed25519.PrivateKey { return k.device }

func (k *keys) Identity() op.Key {
	if k.identity == nil {
		return op.Key{} // nobody has signed in
	}
	return op.KeyOf(k.identity)
}

func (k *keys) Certificate() [64]byte { return k.certificate }
