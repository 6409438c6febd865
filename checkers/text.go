package checkers

import (
	"crypto/sha256"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Text is what persons were given to write: at the end every honest host must show it in the first element of the type.
type Text struct {
	Space      [32]byte
	Type, Prop string
	Edits      int    // operations of kind text.edit that it takes
	Want       string // how it reads then
	Known      bool   // Want is known: a recording that is replayed in part has no end
}

// texts holds the state of honest hosts to the texts that the persons were given. Where the persons were not through, the
// run says nothing of them, and is not green.
func (c *convergence) texts(s *snapshot, end sim.End) {
	for i := range c.truth.Texts {
		t := &c.truth.Texts[i]
		read := map[[32]byte]string{} // by the state's hash
		for _, k := range s.hold {
			if k.set == nil || k.space.id != t.Space {
				continue
			}
			edits := 0
			for _, o := range k.set.ops {
				if o.kind == "text.edit" {
					edits++
				}
			}
			if edits < t.Edits {
				if c.unknown == "" {
					c.unknown = counts(edits, "edits of a text", t.Edits, "recorded") + ": its writers were not through when the calm began"
				}
				continue
			}
			state, ok := answer(end.View, k.host, step.InspectState, k.space.id)
			if !ok || !t.Known {
				continue
			}
			hash := sha256.Sum256(state)
			got, known := read[hash]
			if !known {
				got = c.textIn(state, t)
				read[hash] = got
			}
			if c.checked++; got != t.Want {
				c.misread(s.at, k.host, t, got)
			}
		}
	}
}

func (c *convergence) misread(at time.Duration, h sim.HostID, t *Text, got string) {
	want, n := []rune(t.Want), 0
	read := []rune(got)
	for n < len(want) && n < len(read) && want[n] == read[n] {
		n++
	}
	c.fail(at, "", "host %d shows a text of %d characters that should have %d and read otherwise from character %d on", h, len(read), len(want), n)
}

// textIn reads the text out of a canonical state.
func (c *convergence) textIn(state []byte, t *Text) string {
	var elements []struct {
		_        struct{} `cbor:",toarray"`
		ID       []byte
		Type     string
		From, To []byte
		Deleted  bool
		Props    map[string]map[string]any
		Meta     map[string]any
	}
	if err := c.cbor.Unmarshal(state, &elements); err != nil {
		return ""
	}
	for _, e := range elements {
		if e.Type == t.Type {
			text, _ := e.Props[t.Prop]["text"].(string)
			return text
		}
	}
	return ""
}
