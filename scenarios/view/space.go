package view

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

type spaceState struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Ops      int        `json:"ops"`
	Void     int        `json:"void"`
	Heads    []string   `json:"heads"`
	Roles    []roleLine `json:"roles"`
	Journal  []opLine   `json:"journal"` // the latest by clock
	Elements []element  `json:"elements"`
	Count    int        `json:"count"` // of elements
	Bytes    int        `json:"bytes"` // of the canonical state
}

type roleLine struct {
	Identity string `json:"identity"`
	Host     int    `json:"host,omitempty"` // whose person it is
	Role     string `json:"role"`
}

type opLine struct {
	ID     string `json:"id"`
	Clock  uint64 `json:"clock"`
	Seq    uint64 `json:"seq"`
	Kind   string `json:"kind"`
	Device string `json:"device"`
	Void   bool   `json:"void,omitempty"`
	Head   bool   `json:"head,omitempty"`
}

type element struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Deleted bool   `json:"deleted,omitempty"`
	Props   string `json:"props"`
}

// inspect reads the host's own answers.
func (v *Viewer) inspect(a *hostAnswer, s *seat) {
	for b := s.ask(step.InspectVersion); len(b) > 0; b = b[1:] {
		a.Version = append(a.Version, int(b[0]))
	}
	for b := s.ask(step.InspectBlamed); len(b) >= 32; b = b[32:] {
		a.Blamed = append(a.Blamed, hex.EncodeToString(b[:32]))
	}
	for line := range strings.Lines(string(s.ask(step.InspectQueues))) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if words := strings.Fields(line); !ok && len(words) == 3 { // name, length, bound
			name, text = words[0], words[1]
			if words[2] != "-" {
				text += " of " + words[2]
			}
		}
		a.Queues = append(a.Queues, queue{name, text})
	}
	for spaces := s.ask(step.InspectSpaces); len(spaces) >= 32; spaces = spaces[32:] {
		a.Spaces = append(a.Spaces, v.space(s, op.SpaceID(spaces[:32])))
	}
}

func (v *Viewer) space(s *seat, id op.SpaceID) spaceState {
	name := id.String()
	out := spaceState{ID: name, Heads: []string{}, Roles: []roleLine{}, Journal: []opLine{}, Elements: []element{}}
	for _, x := range v.stage.Spaces {
		if x.ID == id {
			out.Name = x.Name
		}
	}
	void := map[op.ID]bool{}
	for b := s.ask(step.InspectVoid + " " + name); len(b) >= 32; b = b[32:] {
		void[op.ID(b[:32])] = true
	}
	heads := map[op.ID]bool{}
	for b := s.ask(step.InspectHeads + " " + name); len(b) >= 32; b = b[32:] {
		heads[op.ID(b[:32])] = true
		out.Heads = append(out.Heads, hex.EncodeToString(b[:32]))
	}
	var ops []*op.Operation
	for b := s.ask(step.InspectOps + " " + name); len(b) >= 32; b = b[32:] {
		if o, err := v.ops.Open(s.ask(step.InspectOp + " " + hex.EncodeToString(b[:32]))); err == nil {
			ops = append(ops, o)
		}
		out.Ops++
	}
	out.Void = len(void)
	slices.SortFunc(ops, func(a, b *op.Operation) int { return cmp.Or(cmp.Compare(b.Clock, a.Clock), b.ID.Compare(a.ID)) })
	for _, o := range ops[:min(len(ops), maxOps)] {
		out.Journal = append(out.Journal, opLine{o.ID.String(), o.Clock, o.Seq, o.Kind, o.Device.String()[:12], void[o.ID], heads[o.ID]})
	}
	out.Roles = v.roles(s.ask(step.InspectRights + " " + name))
	state := s.ask(step.InspectState + " " + name)
	out.Bytes = len(state)
	out.Elements, out.Count = elements(state)
	return out
}

// roles reads who may do what.
func (v *Viewer) roles(b []byte) []roleLine {
	list := []roleLine{}
	var table map[[32]byte]uint8
	if cbor.Unmarshal(b, &table) != nil {
		return list
	}
	for id, role := range table {
		list = append(list, roleLine{hex.EncodeToString(id[:])[:12], v.person[id], [...]string{"none", "guest", "member", "admin", "owner"}[min(int(role), 4)]})
	}
	slices.SortFunc(list, func(a, b roleLine) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Identity, b.Identity))
	})
	return list
}

// elements reads a canonical state.
func elements(b []byte) ([]element, int) {
	list := []element{}
	var raw [][]cbor.RawMessage
	if cbor.Unmarshal(b, &raw) != nil {
		return list, 0
	}
	for _, x := range raw[:min(len(raw), maxElements)] {
		if len(x) < 7 {
			continue
		}
		var id []byte
		var kind string
		cbor.Unmarshal(x[0], &id)
		cbor.Unmarshal(x[1], &kind)
		e := element{ID: hex.EncodeToString(id), Type: cmp.Or(kind, diagnose(x[1])), Deleted: bytes.Equal(x[4], []byte{0xf5}), Props: diagnose(x[5])}
		list = append(list, e)
	}
	return list, len(raw)
}

// diagnose prints CBOR for people, and anything else in hexadecimal.
func diagnose(b []byte) string {
	text, err := cbor.Diagnose(b[:min(len(b), maxText)])
	if err != nil && len(b) <= maxText {
		return hex.EncodeToString(b)
	}
	if err != nil { // cut off, so that it is no item any more
		if text, err = cbor.Diagnose(b); err != nil {
			text = hex.EncodeToString(b)
		}
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + " …"
	}
	return text
}
