package workload

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Trace is people who type a recorded text again, each transaction against exactly its recorded parents, as soon as the
// author's replica shows them. The format is that of concurrent editing traces (josephg/editing-traces).
type Trace struct {
	Writers []string      `yaml:"writers"`       // groups of writers: as many hosts as the trace has agents
	File    string        `yaml:"file"`          // the trace, gzip or plain
	Gap     time.Duration `yaml:"gap,omitempty"` // mean time between a transaction and the author's next, beside the pauses of pace; 0 is 1 ms
	Limit   int           `yaml:"limit,omitempty"`

	// Near and Far bound the latency between any two writers, one way and before jitter, straight or by way of a third host:
	// the network is drawn again until they are so seated. Nearer, a writer hears the other before he could write what the recording has at once; farther, a
	// text takes long. 0 is no bound.
	Near time.Duration `yaml:"near,omitempty"`
	Far  time.Duration `yaml:"far,omitempty"`
	// Concurrent is the share of the recorded merges that must be truly concurrent (see Concurrent), or the run is invalid:
	// it replayed in turn what it claims to replay at once. 0 is 0.886: of friendsforever's 2,258, 2,000 are 0.8857.
	Concurrent float64 `yaml:"concurrent,omitempty"`
}

// defaultConcurrent is what Trace.Concurrent says when it says nothing.
const defaultConcurrent = 0.886

// Share is the share of the recorded merges that must be truly concurrent.
func (t *Trace) Share() float64 {
	if t.Concurrent > 0 {
		return t.Concurrent
	}
	return defaultConcurrent
}

func (*Trace) Kind() string { return "trace" }

// Deeds implements Spec. What a trace holds is bounded by the size of its file.
func (t *Trace) Deeds() (int, error) { return 0, within("limit", t.Limit, math.MaxInt32) }

// The element that the writers type into.
const (
	TextType = "text"
	TextProp = "body"
)

// Recording is a recorded text trace.
type Recording struct {
	EndContent string        `json:"endContent"`
	Agents     int           `json:"numAgents"`
	Txns       []Transaction `json:"txns"`
}

// Transaction is what one agent did at once: patches [position, deleted, inserted] in code points, one after the other.
type Transaction struct {
	Parents []int             `json:"parents"`
	Agent   int               `json:"agent"`
	Patches []json.RawMessage `json:"patches"`
}

// maxTrace bounds a trace file, unpacked.
const maxTrace = 256 << 20

// ReadRecording reads and checks a trace. Errors name the transaction and the field.
func ReadRecording(file string, b []byte) (*Recording, error) {
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if b, err = io.ReadAll(io.LimitReader(z, maxTrace+1)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(b) > maxTrace {
		return nil, fmt.Errorf("%s: over %d bytes", file, maxTrace)
	}
	var rec Recording
	if err := json.Unmarshal(b, &rec); err != nil {
		return nil, fmt.Errorf("%s: not a trace: %w", file, err)
	}
	agents := 0
	for i, t := range rec.Txns {
		if t.Agent < 0 || t.Agent > 1000 {
			return nil, fmt.Errorf("%s: txns[%d].agent: %d is not in 0..1000", file, i, t.Agent)
		}
		agents = max(agents, t.Agent+1)
		if i > 0 && t.Parents == nil {
			return nil, fmt.Errorf("%s: txns[%d].parents: missing: it records one writer after another, nothing at once", file, i)
		}
		for _, p := range t.Parents {
			if p < 0 || p >= i {
				return nil, fmt.Errorf("%s: txns[%d].parents: %d is not an earlier transaction", file, i, p)
			}
		}
		for k, raw := range t.Patches {
			if _, err := patch(raw); err != nil {
				return nil, fmt.Errorf("%s: txns[%d].patches[%d]: %w", file, i, k, err)
			}
		}
	}
	if len(rec.Txns) == 0 {
		return nil, fmt.Errorf("%s: txns: there are none", file)
	}
	rec.Agents = agents
	return &rec, nil
}

// patch reads [position, deleted, inserted].
func patch(raw json.RawMessage) ([]any, error) {
	var pos, del uint32 // a trace file is shorter than these can tell
	var ins string
	fields := []any{&pos, &del, &ins}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("not [position, deleted, inserted]: %w", err)
	}
	if len(fields) != 3 || slices.Contains(fields, nil) {
		return nil, fmt.Errorf("not [position, deleted, inserted]: %s", raw)
	}
	return []any{pos, del, ins}, nil
}

func (t *Trace) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	b, err := env.Open(t.File)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	rec, err := ReadRecording(t.File, b)
	if err != nil {
		return nil, err
	}
	seats, err := env.group("writers", t.Writers...)
	if err != nil {
		return nil, err
	}
	if len(seats) < rec.Agents {
		return nil, fmt.Errorf("writers: the trace has %d agents and the groups have %d hosts", rec.Agents, len(seats))
	}
	switch {
	case t.Near < 0 || t.Far < 0 || t.Far > 0 && t.Far < t.Near:
		return nil, fmt.Errorf("near: %v to far: %v is no range of latencies", t.Near, t.Far)
	case !(t.Concurrent >= 0 && t.Concurrent <= 1):
		return nil, fmt.Errorf("concurrent: %v is not a share in 0..1", t.Concurrent)
	case rec.upTo(t.Limit).merges() == 0:
		return nil, fmt.Errorf("file: %s: none of the transactions to replay merges what two agents wrote: nothing in them is concurrent", t.File)
	}
	gap := t.Gap
	if gap <= 0 {
		gap = time.Millisecond
	}
	var authors []string
	for _, s := range seats[:rec.Agents] {
		authors = append(authors, hex.EncodeToString(ed25519.NewKeyFromSeed(s.Seed[:]).Public().(ed25519.PublicKey)))
	}
	var scripts []sim.Script
	for agent := range rec.Agents {
		scripts = append(scripts, script(seats[agent], "trace", seats[agent].Spaces[0],
			sim.Arg{Name: "agent", Value: fmt.Sprint(agent)},
			sim.Arg{Name: "authors", Value: strings.Join(authors, " ")},
			sim.Arg{Name: "file", Value: t.File},
			sim.Arg{Name: "limit", Value: fmt.Sprint(t.Limit)},
			sim.Arg{Name: "gap", Value: gap.String()}))
	}
	return scripts, nil
}

// Writer is the person of one agent. The recording is handed to her by whoever seats her, since a script is text only.
type Writer struct {
	user
	agent   int
	authors []string // by agent, the identity key in hexadecimal
	File    string
	limit   int
	gap     time.Duration
	rec     *Recording
	place   []int           // transaction to how many of its agent's come before it
	pause   []time.Duration // by transaction, see pace
	next    int             // the transaction that she makes next
	from    time.Duration   // when she will have paused before it; 0 while she cannot make it
	ids     [][][32]byte    // by agent, the operations of its transactions that she has seen
	known   map[[32]byte]bool
	shownAt [][]int // by own transaction made: of each agent, how many transactions she had been shown then
	element []byte  // the text
	busy    bool    // an edit is not accepted yet
	due     bool    // the drawn gap has passed
	watched bool
}

func newWriter(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	w := &Writer{user: u, File: a.text("file"), authors: strings.Fields(a.text("authors")), due: true}
	if w.agent, err = a.number("agent"); err != nil {
		return nil, err
	}
	if w.limit, err = a.number("limit"); err != nil {
		return nil, err
	}
	if w.gap, err = time.ParseDuration(a.text("gap")); err != nil || w.gap <= 0 {
		return nil, fmt.Errorf("gap: %q is not a positive time", a.text("gap"))
	}
	return w, nil
}

// Give hands the recording to the writer, before the run.
func (w *Writer) Give(rec *Recording) {
	w.rec = rec.upTo(w.limit)
	w.ids, w.known = make([][][32]byte, rec.Agents), map[[32]byte]bool{}
	count := make([]int, rec.Agents)
	for _, t := range w.rec.Txns {
		w.place = append(w.place, count[t.Agent])
		count[t.Agent]++
	}
	w.pause = w.rec.pace()
	w.next = w.following(-1)
}

// following finds this agent's transaction after one.
func (w *Writer) following(i int) int {
	for i++; i < len(w.rec.Txns) && w.rec.Txns[i].Agent != w.agent; i++ {
	}
	return i
}

func (w *Writer) Wake(_ step.Now, h *sim.Hands) {
	if h.Life() != w.life {
		w.wake(h)
		w.watched, w.busy = false, false
		return
	}
	switch {
	case w.element == nil && w.agent == 0 && !w.busy:
		w.busy = true
		w.ask(h, "graph_create", map[string]any{"type": TextType})
	case w.element == nil:
		w.ask(h, "find", map[string]any{"type": TextType})
		h.Wake(4 * hello)
	case !w.watched:
		w.watched = true
		w.ask(h, "watch_text", map[string]any{"element": w.element, "prop": TextProp})
		h.Wake(hello)
	default:
		w.due = true
		w.edit(h)
	}
}

func (w *Writer) See(_ step.Now, r *step.Reply, h *sim.Hands) {
	do := w.answered(r)
	switch {
	case do == "graph_create" && r.Status == step.Accepted:
		id, _ := operation(r)
		w.element, w.busy = append(id[:], 0), false
		h.Wake(hello)
	case do == "find" && r.Status == step.Shown:
		var v struct {
			Elements [][]byte `cbor:"elements"`
		}
		if cbor.Unmarshal(r.Body, &v) == nil && len(v.Elements) > 0 && w.element == nil {
			w.element = v.Elements[0]
		}
	case do == "watch_text" && r.Status == step.Shown:
		w.shown(r.Body)
		w.edit(h)
	case do == "edit_text" && r.Status == step.Accepted:
		id, _ := operation(r)
		w.learn(w.agent, id)
		w.busy = false
		h.Wake(time.Duration(1 + h.Rand().Int64N(int64(2*w.gap))))
	case do == "edit_text" && r.Status == step.Denied:
		h.Count("transactions denied", 1)
	}
}

// shown takes the operations on the text that her replica shows since the last time, in its order. An author's own are in
// the order in which he made them, so the k-th is his k-th transaction.
func (w *Writer) shown(body []byte) {
	var v struct {
		Ops []struct {
			ID     []byte `cbor:"id"`
			Author []byte `cbor:"author"`
		} `cbor:"ops"`
	}
	if cbor.Unmarshal(body, &v) != nil {
		return
	}
	for _, o := range v.Ops {
		if agent := slices.Index(w.authors, hex.EncodeToString(o.Author)); agent >= 0 && len(o.ID) == 32 {
			w.learn(agent, [32]byte(o.ID))
		}
	}
}

// learn takes in an operation once, however often it is shown: her own when it is accepted, and all again after a boot.
func (w *Writer) learn(agent int, id [32]byte) {
	if !w.known[id] {
		w.known[id] = true
		w.ids[agent] = append(w.ids[agent], id)
	}
}

// edit makes the next transaction once its parents are shown, the gap has passed, and then its pause.
func (w *Writer) edit(h *sim.Hands) {
	if w.busy || !w.due || w.element == nil || w.next >= len(w.rec.Txns) {
		return
	}
	t := w.rec.Txns[w.next]
	version := make([][]byte, 0, len(t.Parents))
	for _, p := range t.Parents {
		a := w.rec.Txns[p].Agent
		if w.place[p] >= len(w.ids[a]) {
			return // not shown yet: See tries again
		}
		version = append(version, w.ids[a][w.place[p]][:])
	}
	if w.from == 0 {
		if w.from = h.Time() + w.pause[w.next]; w.pause[w.next] > 0 {
			h.Wake(w.pause[w.next])
		}
	}
	if h.Time() < w.from {
		return
	}
	patches := make([]any, len(t.Patches))
	for i, raw := range t.Patches {
		patches[i], _ = patch(raw)
	}
	w.busy, w.due, w.from = true, false, 0
	w.shownAt = append(w.shownAt, w.shownNow())
	w.next = w.following(w.next)
	w.ask(h, "edit_text", map[string]any{"element": w.element, "prop": TextProp, "version": version, "patches": patches})
	h.Count("transactions", 1)
	if w.next >= len(w.rec.Txns) {
		h.Count("writers done", 1)
	}
}

// shownNow counts the transactions of each agent that her replica shows.
func (w *Writer) shownNow() []int {
	n := make([]int, len(w.ids))
	for a, ids := range w.ids {
		n[a] = len(ids)
	}
	return n
}
