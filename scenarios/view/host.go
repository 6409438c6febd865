package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
