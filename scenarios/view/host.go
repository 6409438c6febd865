package view

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Bounds of an answer, so that it is drawn at once; /api/look has everything.
const (
	aroundSteps = 12
	maxOps      = 60
	maxElements = 100
	maxText     = 16 << 10 // of one state, view or value, in bytes
)

// hostAnswer is a host right after one of its inputs.
type hostAnswer struct {
	Host    int          `json:"host"`
	N       uint32       `json:"n"`     // of the input
	Total   uint32       `json:"total"` // inputs of the host in the run
	Life    uint32       `json:"life"`
	Down    string       `json:"down,omitempty"` // it is down at the moment: how it went, and when
	Event   stepAnswer   `json:"event"`
	Effects []effect     `json:"effects"`
	Panic   string       `json:"panic,omitempty"`
	Around  []stepAnswer `json:"around"` // the steps before and after, and this one
	Spaces  []spaceState `json:"spaces"`
	Queues  []queue      `json:"queues"`
	Blamed  []string     `json:"blamed"` // device keys
	Version []int        `json:"version,omitempty"`
	Views   []viewState  `json:"views"`
	Records int          `json:"records"` // on its disk, as it knows
	Bytes   int          `json:"bytes"`
	Digest  string       `json:"digest"`           // half of its running digest
	Checked bool         `json:"checked"`          // the last step of the run, with the digest that the run had
	Peers   []int        `json:"peers"`            // by its open connections
	Replay  string       `json:"replay,omitempty"` // the command that stops the run here
}

type stepAnswer struct {
	N    uint32 `json:"n"`
	Key  string `json:"key"`
	At   int64  `json:"at"`
	Kind string `json:"kind"`
	Text string `json:"text"`
	From int    `json:"from,omitempty"` // the host that sent it
}

type effect struct {
	Text    string `json:"text"`
	Carried bool   `json:"carried"`
}

type queue struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

type viewState struct {
	Request string `json:"request"`
	At      int64  `json:"at"`
	Times   int    `json:"times"`
	Text    string `json:"text"`
}

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

// describe says what an input is, in words.
func describe(f *frame) (kind, text string) {
	e := sim.Event{Key: f.Key, Index: -1, Input: f.In}
	_, text, _ = strings.Cut(sim.FormatEvent(&e), " <- ")
	names := []string{"boot", "conn-up", "conn-down", "packet", "drained", "timer", "request", "committed", "loaded", "job-done"}
	return names[kindOf(f.In)], text
}

func (v *Viewer) stepOf(f *frame) (stepAnswer, error) {
	if err := v.index.tape.load(f); err != nil {
		return stepAnswer{}, err
	}
	kind, text := describe(f)
	a := stepAnswer{N: f.n, Key: f.Key.String(), At: int64(f.Key.At), Kind: kind, Text: text}
	if p, ok := f.In.(*step.Packet); ok {
		a.From = int(f.Key.Src)
		a.Text = fmt.Sprintf("%s from host %d, %s", wire.KindName(p.Bytes), f.Key.Src, text)
	}
	return a, nil
}

// locate finds the number of a host's input: by its key, or the last one by an instant. 0 is none by then.
func (v *Viewer) locate(h sim.HostID, at time.Duration, key *sim.Key) (uint32, error) {
	k := &v.index.tape.tracks[h]
	if key != nil {
		at = key.At
	}
	i := k.blockBy(at)
	if key == nil {
		if i < 0 {
			return 0, nil
		}
		frames, err := v.index.tape.block(h, i)
		n := uint32(0)
		for j := range frames {
			if frames[j].Key.At <= at {
				n = frames[j].n
			}
		}
		return n, err
	}
	for ; i >= 0; i-- { // inputs of one instant may lie in several blocks
		frames, err := v.index.tape.block(h, i)
		if err != nil {
			return 0, err
		}
		for j := range frames {
			if frames[j].Key == *key {
				return frames[j].n, nil
			}
		}
		if frames[0].Key.At < at {
			break
		}
	}
	return 0, notFound("host %d took no event %s; events of a host are those that it took itself", h, key)
}

// steps are a host's inputs from one number to another.
func (v *Viewer) steps(h sim.HostID, from, to uint32) ([]stepAnswer, error) {
	k := &v.index.tape.tracks[h]
	from, to = max(from, 1), min(to, k.n)
	list := []stepAnswer{}
	for i := k.blockOf(from); i < len(k.blocks) && k.blocks[i].first <= to; i++ {
		frames, err := v.index.tape.block(h, i)
		if err != nil {
			return nil, err
		}
		for j := range frames {
			if f := &frames[j]; f.n >= from && f.n <= to {
				a, err := v.stepOf(f)
				if err != nil {
					return nil, err
				}
				list = append(list, a)
			}
		}
	}
	return list, nil
}

// host answers for a host right after its n-th input, at an instant that may be later.
func (v *Viewer) host(h sim.HostID, n uint32, at time.Duration) (*hostAnswer, error) {
	k := &v.index.tape.tracks[h]
	s, err := v.seat(h, n)
	if err != nil {
		return nil, err
	}
	a := &hostAnswer{Host: int(h), N: n, Total: k.n, Life: s.player.Life(), Panic: s.panicked, Effects: []effect{}, Queues: []queue{}, Blamed: []string{}, Views: []viewState{}, Peers: []int{}, Spaces: []spaceState{}}
	if a.Around, err = v.steps(h, n-min(n, aroundSteps), n+aroundSteps); err != nil {
		return nil, err
	}
	a.Event = a.Around[slices.IndexFunc(a.Around, func(s stepAnswer) bool { return s.N == n })]
	if c := s.frame.crashed; c != nil && c.key.At <= at {
		a.Down = fmt.Sprintf("%s at %s", c.mode, c.key.At)
	}
	for i, f := range s.effects {
		text := sim.FormatEvent(&sim.Event{Key: s.frame.Key, Index: i, Host: h, Effect: f})
		_, text, _ = strings.Cut(text, " -> ")
		if x, ok := f.(*step.Send); ok {
			text = fmt.Sprintf("send %s on connection %d, %d B", wire.KindName(x.Bytes), x.Conn, len(x.Bytes))
		}
		a.Effects = append(a.Effects, effect{text, s.frame.cut < 0 || i < s.frame.cut})
	}
	for _, e := range v.index.at(at).ends[h] {
		a.Peers = append(a.Peers, int(e.peer))
	}
	slices.Sort(a.Peers)
	sum := s.player.Running()
	a.Digest = fmt.Sprintf("%016x", sum[0])
	a.Checked = n == k.n && s.frame.crashed == nil && s.player.Digest() == v.digests[h-1]
	if n == k.n && s.frame.crashed == nil && !a.Checked {
		return nil, fmt.Errorf("host %d replayed alone came to another digest than in the run", h)
	}
	for _, value := range s.disk {
		a.Bytes += len(value)
	}
	for key := range s.disk {
		a.Bytes += len(key)
	}
	a.Records = len(s.disk)
	for _, x := range s.views {
		a.Views = append(a.Views, viewState{fmt.Sprintf("%d of person %d", x.request&0xffffffff, x.request>>32), int64(x.at), x.times, diagnose(x.body)})
	}
	v.inspect(a, s)
	a.Replay = fmt.Sprintf("lgos-sim replay %s --until %s --host %d", v.run.Name, s.frame.Key, h)
	return a, nil
}

// ask is an answer without its layout's version.
func (s *seat) ask(query string) []byte {
	b := s.player.Inspect(query)
	if len(b) == 0 {
		return nil
	}
	return b[1:]
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

// look is all that a host holds, as replay --until prints it.
func (v *Viewer) look(h sim.HostID, n uint32) (string, error) {
	s, err := v.seat(h, n)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	scenarios.Look(&b, alone{s, len(v.stage.Hosts), v.stage.Hosts[h-1].Liar != ""}, h)
	return b.String(), nil
}
