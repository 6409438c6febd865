package checkers

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestSigned: an author is named where signatures prove him, and never as zeros.
func TestSigned(t *testing.T) {
	b := newBook(&Truth{})
	ann, desk, lap := key{0xaa, 1}, key{0xdd, 1}, key{0xdd, 2}
	b.owner[desk] = ann
	for _, c := range []struct {
		want string
		op   operation
	}{
		{"send_message by aa0100000000", operation{kind: "send_message", author: ann}},
		{"send_message by aa0100000000", operation{kind: "send_message", chain: chain{desk, 7}, reason: step.RefuseCause}},
		{"send_message by an unknown device", operation{kind: "send_message", chain: chain{lap, 7}, reason: step.RefuseCause}},
		{"send_message by an unknown device", operation{kind: "send_message", chain: chain{desk, 7}, reason: step.RefuseSignature}},
		{"by an unknown device", operation{reason: step.RefuseMalformed}},
	} {
		if got := b.signed(&c.op); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
