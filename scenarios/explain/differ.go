package explain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Differ is the first moment at which two honest hosts that hold the same operations showed different states, or one
// showed another than its operations mean.
type Differ struct {
	At     time.Duration
	A, B   sim.HostID // B is 0 where no other host of the same operations showed another
	How    string     // both states' difference
	Orders []string   // in which order each came to hold the operations on what differs
}

// pairs looks at hosts right behind the steps that changed them, for two that hold the same operations, whenever each does,
// and show different states.
type pairs struct {
	who   map[time.Duration][]sim.HostID // that changed, by the sample behind
	space string
	seen  map[[32]byte]held
	found *Differ
	about place
}

// place is what differs: an element, and a property where it is one.
type place struct {
	element []byte
	prop    string
}

// held is what the first host of a set showed.
type held struct {
	host  sim.HostID
	state []byte
}

func (l *pairs) Name() string                { return "pairs" }
func (l *pairs) Wants() sim.Kinds            { return 0 }
func (l *pairs) Observe(*sim.Event)          {}
func (l *pairs) Verdict(sim.End) sim.Verdict { return sim.Verdict{} }
func (l *pairs) Sample(at time.Duration, v sim.View) {
	for _, h := range l.who[at] {
		if l.found != nil || v.Liar(h) || !v.Up(h) {
			continue
		}
		for spaces := v.Inspect(h, step.InspectSpaces); len(spaces) >= 33; spaces = append(spaces[:1:1], spaces[33:]...) {
			if id := hex.EncodeToString(spaces[1:33]); strings.HasPrefix(id, l.space) {
				l.compare(at, h, v, id)
			}
		}
	}
}

func (l *pairs) compare(at time.Duration, h sim.HostID, v sim.View, space string) {
	state := bytes.Clone(v.Inspect(h, step.InspectState+" "+space))
	hash := sha256.New()
	hash.Write(v.Inspect(h, step.InspectVersion)) // kernels of another schema show another state
	hash.Write(v.Inspect(h, step.InspectOps+" "+space))
	set := [32]byte(hash.Sum(nil))
	was, known := l.seen[set]
	if !known {
		l.seen[set] = held{h, state}
		return
	}
	if how, about := stateDiffers(was.state, state); how != "" {
		l.found = &Differ{At: at - 1, A: was.host, B: h, How: fmt.Sprintf("hosts %d and %d hold the same operations: %s", was.host, h, how)}
		l.about = about
	}
}

// How many steps that changed a host are looked at for a pair, before and behind the first wrong one.
const pairsBefore, pairsBehind = 300, 1500

// difference looks for the first two honest states that should have been equal, and for the operations that touch what
// differs.
func (x *explainer) difference(r *Report, s *subject, t *trace, wrong int32) error {
	if s.checker != "convergence" || !strings.Contains(s.why, "state of space") && !strings.Contains(s.why, "show different state") {
		x.followStep(s, t, wrong)
		return nil
	}
	_, space, _ := strings.Cut(s.why, "of space ")
	l := &pairs{who: map[time.Duration][]sim.HostID{}, space: space[:min(12, len(space))], seen: map[[32]byte]held{}}
	var changed []int32
	middle := 0
	for i := range t.steps {
		if t.steps[i].changed {
			changed = append(changed, int32(i))
			if int32(i) <= wrong {
				middle = len(changed)
			}
		}
	}
	samples := slices.Clone(x.plan.Plan.Samples)
	for _, i := range changed[max(0, middle-pairsBefore):min(len(changed), middle+pairsBehind)] {
		at := time.Duration(t.steps[i].at) + 1
		samples = append(samples, at)
		l.who[at] = append(l.who[at], sim.HostID(t.steps[i].host))
	}
	slices.Sort(samples)
	x.opts.Say("the states behind each step, two and two")
	if _, err := x.again(l, slices.Compact(samples), nil); err != nil {
		return err
	}
	if r.Differ = l.found; l.found == nil {
		r.Differ = &Differ{At: time.Duration(t.steps[wrong].at), A: sim.HostID(t.steps[wrong].host), How: "no two honest hosts that held the same operations differed; by the specs these mean another state"}
	}
	x.followStep(s, t, wrong)
	if l.found != nil {
		x.touching(r, t, l.about)
	}
	return nil
}

// followStep follows what came to be held at the first wrong step, where the verdict names no operation.
func (x *explainer) followStep(s *subject, t *trace, wrong int32) {
	if len(s.ops) > 0 {
		return
	}
	for _, a := range t.applied {
		if a.step == wrong && len(s.ops) < 2 {
			s.follow(a.id, "", t, x.view)
		}
	}
}

// touching tells in which order the two hosts came to hold the operations that touch what differs.
func (x *explainer) touching(r *Report, t *trace, p place) {
	store := op.NewStore(16 << 20)
	touches := func(id op.ID) bool {
		o, err := store.Open(t.written[id].bytes)
		return err == nil && slices.ContainsFunc(o.Mutations, func(m op.Mutation) bool {
			return bytes.Equal(m.Element[:], p.element) && (p.prop == "" || m.Prop == p.prop)
		})
	}
	order := func(h sim.HostID) (ids []op.ID) {
		for _, a := range t.applied {
			if s := &t.steps[a.step]; s.at <= int64(r.Differ.At) && sim.HostID(s.host) == h && !slices.Contains(ids, a.id) && touches(a.id) {
				ids = append(ids, a.id)
			}
		}
		return ids
	}
	a, b := order(r.Differ.A), order(r.Differ.B)
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return
	}
	for _, o := range []struct {
		host        sim.HostID
		first, then op.ID
	}{{r.Differ.A, a[i], b[i]}, {r.Differ.B, b[i], a[i]}} {
		r.Differ.Orders = append(r.Differ.Orders, fmt.Sprintf("host %d took %s before %s", o.host, shortID(o.first), shortID(o.then)))
	}
}

// stateDiffers tells the first difference of two states in one line, and where it is; nothing where they are equal.
func stateDiffers(a, b []byte) (how string, p place) {
	var x, y [][]cbor.RawMessage
	if len(a) < 2 || len(b) < 2 || cbor.Unmarshal(a[1:], &x) != nil || cbor.Unmarshal(b[1:], &y) != nil {
		return "", p
	}
	fields := [...]string{"id", "type", "from", "to", "deleted", "props", "meta"}
	for i := range max(len(x), len(y)) {
		if i >= len(x) || i >= len(y) || !bytes.Equal(x[i][0], y[i][0]) {
			longer := x
			if len(x) <= i || i < len(y) && bytes.Compare(y[i][0], x[i][0]) < 0 {
				longer = y
			}
			_ = cbor.Unmarshal(longer[i][0], &p.element)
			return fmt.Sprintf("%d and %d elements, element %s is at one alone", len(x), len(y), shortBytes(p.element)), p
		}
		for f := 1; f < min(len(x[i]), len(y[i]), len(fields)); f++ {
			if bytes.Equal(x[i][f], y[i][f]) {
				continue
			}
			_ = cbor.Unmarshal(x[i][0], &p.element)
			prop, u, v := inner(x[i][f], y[i][f])
			p.prop = prop
			return fmt.Sprintf("element %s has %s %s and %s", shortBytes(p.element), strings.TrimSpace(fields[f]+" "+prop), brief(u), brief(v)), p
		}
	}
	return "", p
}

// inner goes down to the property that differs.
func inner(a, b []byte) (string, []byte, []byte) {
	var x, y map[string]cbor.RawMessage
	if cbor.Unmarshal(a, &x) != nil || cbor.Unmarshal(b, &y) != nil {
		return "", a, b
	}
	for _, k := range slices.Sorted(maps.Keys(x)) {
		if !bytes.Equal(x[k], y[k]) {
			return k, x[k], y[k]
		}
	}
	for _, k := range slices.Sorted(maps.Keys(y)) {
		if _, both := x[k]; !both {
			return k, nil, y[k]
		}
	}
	return "", a, b
}

func shortBytes(b []byte) string { return hex.EncodeToString(b[:min(6, len(b))]) }

// brief is a value for people.
func brief(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	text, err := cbor.Diagnose(b)
	if err != nil {
		text = hex.EncodeToString(b)
	}
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "…"
	}
	return text
}
