package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Graph is people who edit shared elements of all value types: registers, sets, counters, texts, metadata and relations
// (VM-3), so that concurrent edits of one property are common.
type Graph struct {
	Groups     []string `yaml:"groups"`
	Operations int      `yaml:"operations"`
}

func (*Graph) Kind() string { return "graph" }

func (g *Graph) Deeds() (int, error) {
	return g.Operations, within("operations", g.Operations, MaxDeeds)
}

// Claims implements Claimer. Few edits may, by chance, find no tag to remove.
func (g *Graph) Claims() []string {
	if g.Operations < 180 {
		return nil
	}
	return []string{TagsRemoved}
}

func (g *Graph) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	seats, err := env.group("groups", g.Groups...)
	if err != nil {
		return nil, err
	}
	if g.Operations <= 0 {
		return nil, fmt.Errorf("operations: %d is not a positive count", g.Operations)
	}
	times := make([][]time.Duration, len(seats))
	for n := range g.Operations {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		i := r.IntN(len(seats))
		times[i] = append(times[i], start+time.Duration(r.Int64N(int64(max(env.Duration-start, 1)))))
	}
	var scripts []sim.Script
	for i, s := range seats {
		if len(times[i]) > 0 {
			slices.Sort(times[i])
			scripts = append(scripts, script(s, "graph", s.Spaces[r.IntN(len(s.Spaces))], sim.Arg{Name: "times", Value: writeTimes(times[i])}))
		}
	}
	return scripts, nil
}

// grapher edits one of the few elements that all share.
type grapher struct {
	user
	waiting int
	untag   map[uint64][]byte // requests for the tags of an element, of which one is to be removed
}

// shared is how many elements people share; fewer make more conflicts.
const shared = 6

func newGrapher(a args) (sim.Person, error) {
	u, err := newUser(a)
	return &grapher{user: u, untag: map[uint64][]byte{}}, err
}

func (g *grapher) Wake(_ step.Now, h *sim.Hands) {
	if due := g.wake(h); due > 0 {
		g.waiting += due
		g.ask(h, "find", map[string]any{"type": "note"})
	}
}

func (g *grapher) See(_ step.Now, r *step.Reply, h *sim.Hands) {
	do := g.answered(r)
	var v struct {
		Elements [][]byte          `cbor:"elements"`
		Values   []cbor.RawMessage `cbor:"values"`
	}
	if r.Status != step.Shown || cbor.Unmarshal(r.Body, &v) != nil {
		return
	}
	switch do {
	case "find":
		for ; g.waiting > 0; g.waiting-- {
			g.act(h, v.Elements)
		}
	case "view_set":
		e := g.untag[r.Request]
		delete(g.untag, r.Request)
		if len(v.Values) == 0 { // there is none yet: the next one finds this
			g.ask(h, "graph_add", map[string]any{"element": e, "prop": "tags", "value": vocabulary()[h.Rand().IntN(len(vocabulary()))]})
			return
		}
		tag := v.Values[h.Rand().IntN(len(v.Values))]
		if _, issued := g.ask(h, "graph_remove", map[string]any{"element": e, "prop": "tags", "value": tag}); issued {
			h.Count(TagsRemoved, 1)
		}
	}
}

func (g *grapher) act(h *sim.Hands, known [][]byte) {
	r := h.Rand()
	if len(known) < shared && r.IntN(3) == 0 || len(known) == 0 {
		g.ask(h, "graph_create", map[string]any{"type": "note"})
		return
	}
	e := known[r.IntN(len(known))]
	value := vocabulary()[r.IntN(len(vocabulary()))]
	switch r.IntN(16) {
	case 0, 1, 2:
		g.ask(h, "graph_set", map[string]any{"element": e, "prop": "title", "value": fmt.Sprintf("%s by host %d at %v", value, h.Host(), h.Time())})
	case 3, 4:
		g.ask(h, "graph_add", map[string]any{"element": e, "prop": "tags", "value": value})
	case 5, 6:
		if id, issued := g.ask(h, "view_set", map[string]any{"element": e, "prop": "tags"}); issued {
			g.untag[id] = e
		}
	case 7, 8:
		g.ask(h, "graph_count", map[string]any{"element": e, "prop": "votes", "delta": int64(r.IntN(21) - 10)})
	case 9, 10, 11:
		g.ask(h, "edit_text", map[string]any{"element": e, "prop": "body", "patches": []any{[]any{0, 0, value + " "}}})
	case 12:
		g.ask(h, "graph_meta", map[string]any{"element": e, "key": "colour", "value": value})
	case 13:
		g.ask(h, "graph_relate", map[string]any{"type": "refers_to", "from": e, "to": known[r.IntN(len(known))]})
	case 14:
		g.ask(h, "graph_move", map[string]any{"from": e, "to": known[r.IntN(len(known))]})
	default:
		if len(known) > shared/2 && r.IntN(4) == 0 {
			g.ask(h, "graph_delete", map[string]any{"element": e})
			return
		}
		g.ask(h, "graph_set", map[string]any{"element": e, "prop": "state", "value": value})
	}
}
