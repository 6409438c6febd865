package workload

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Graph is people who edit shared elements of all value types: registers, sets, counters, texts, metadata and relations
// (VM-3), so that concurrent edits of one property are common.
type Graph struct {
	Groups     []string      `yaml:"groups"`
	Authors    int           `yaml:"authors,omitempty"` // at most so many of them edit; 0 is all
	Operations int           `yaml:"operations"`
	Until      time.Duration `yaml:"until,omitempty"`  // nothing happens later; 0 is the whole run
	Drafts     float64       `yaml:"drafts,omitempty"` // share of the deeds that edit a text as one earlier edit of it left it
}

func (*Graph) Kind() string { return "graph" }

func (g *Graph) Deeds() (int, error) {
	return g.Operations, cmp.Or(within("authors", g.Authors, maxPeople), within("operations", g.Operations, MaxDeeds))
}

// Claims implements Claimer. Few edits may, by chance, find no tag to remove.
func (g *Graph) Claims() []string {
	var claims []string
	if g.Operations >= 180 && g.Drafts < 0.5 {
		claims = append(claims, TagsRemoved)
	}
	if g.Operations >= 100 && g.Drafts >= 0.5 {
		claims = append(claims, DraftsEdited)
	}
	return claims
}

func (g *Graph) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	seats, err := env.group("groups", g.Groups...)
	if err != nil {
		return nil, err
	}
	if g.Operations <= 0 {
		return nil, fmt.Errorf("operations: %d is not a positive count", g.Operations)
	}
	end := env.Duration
	if g.Until != 0 {
		if g.Until < start || g.Until > env.Duration {
			return nil, fmt.Errorf("until: %v is not in %v..%v, from the first deed to the end of the run", g.Until, start, env.Duration)
		}
		end = g.Until
	}
	if g.Drafts < 0 || g.Drafts > 1 {
		return nil, fmt.Errorf("drafts: %v is not a share", g.Drafts)
	}
	seats = some(seats, g.Authors, r)
	times := make([][]time.Duration, len(seats))
	for n := range g.Operations {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		i := r.IntN(len(seats))
		times[i] = append(times[i], start+time.Duration(r.Int64N(int64(max(end-start, 1)))))
	}
	var scripts []sim.Script
	for i, s := range seats {
		if len(times[i]) > 0 {
			slices.Sort(times[i])
			more := []sim.Arg{{Name: "times", Value: writeTimes(times[i])}}
			if g.Drafts > 0 {
				more = append(more, sim.Arg{Name: "drafts", Value: strconv.FormatFloat(g.Drafts, 'g', -1, 64)})
			}
			scripts = append(scripts, script(s, "graph", s.Spaces[r.IntN(len(s.Spaces))], more...))
		}
	}
	return scripts, nil
}

// grapher edits one of the few elements that all share.
type grapher struct {
	user
	waiting int
	untag   map[uint64][]byte // requests for the tags of an element, of which one is to be removed
	drafts  float64
	related [][]byte            // relations that she made and has not asked to delete
	texts   map[string]*reading // by element
	watches map[uint64]*reading // by the request that shows what is new
}

// reading is what a person knows of a text that she watches.
type reading struct {
	element []byte
	life    uint32   // in which she last asked to be shown it
	edits   [][]byte // operations that edited it
	words   []string // that she wants to put in once she is shown one
}

// shared is how many elements people share; fewer make more conflicts.
const shared = 6

// relations are the types of those that people make between elements.
func relations() []string { return []string{"refers_to", "follows", "is_in"} }

func newGrapher(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	g := &grapher{user: u, untag: map[uint64][]byte{}, texts: map[string]*reading{}, watches: map[uint64]*reading{}}
	g.drafts, err = a.share("drafts")
	return g, err
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
		Ops      []struct {
			ID []byte `cbor:"id"`
		} `cbor:"ops"`
	}
	if do == "graph_relate" && r.Status == step.Accepted {
		if id, ok := operation(r); ok {
			g.related = append(g.related, append(id[:], 0))
		}
	}
	if r.Status != step.Shown || cbor.Unmarshal(r.Body, &v) != nil {
		return
	}
	switch do {
	case "find":
		for ; g.waiting > 0; g.waiting-- {
			g.act(h, v.Elements)
		}
	case "watch_text":
		if t := g.watches[r.Request]; t != nil {
			for i := range v.Ops {
				t.edits = append(t.edits, v.Ops[i].ID)
			}
			for _, word := range t.words {
				g.goOn(h, t, word)
			}
			t.words = nil
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
	if g.drafts > 0 && r.Float64() < g.drafts {
		g.draft(h, e, value)
		return
	}
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
		g.write(h, e, value, nil)
	case 12:
		g.ask(h, "graph_meta", map[string]any{"element": e, "key": "colour", "value": value})
	case 13:
		if i := r.IntN(4); i < len(g.related) { // the more she made, the more she deletes
			g.ask(h, "graph_delete", map[string]any{"element": g.related[i]})
			g.related = slices.Delete(g.related, i, i+1)
			return
		}
		g.ask(h, "graph_relate", map[string]any{"type": relations()[r.IntN(len(relations()))], "from": e, "to": known[r.IntN(len(known))]})
	case 14:
		g.ask(h, "graph_move", map[string]any{"type": relations()[r.IntN(len(relations()))], "from": e, "to": known[r.IntN(len(known))]})
	default:
		if len(known) > shared/2 {
			g.ask(h, "graph_delete", map[string]any{"element": e})
			return
		}
		g.ask(h, "graph_set", map[string]any{"element": e, "prop": "state", "value": value})
	}
}

// write puts a word at the front of a text, or near the front of a named version of it, which begins with the word of the edit
// that made it: there one of two edits takes out a character too.
func (g *grapher) write(h *sim.Hands, e []byte, word string, version [][]byte) (issued bool) {
	m := map[string]any{"element": e, "prop": "body", "patches": []any{[]any{0, 0, word + " "}}}
	if version != nil {
		m["version"], m["patches"] = version, []any{[]any{h.Rand().IntN(2), h.Rand().IntN(2), word + " "}}
	}
	_, issued = g.ask(h, "edit_text", m)
	return issued
}

// draft goes on from an edit that somebody once made, as that left the text: what others wrote meanwhile she does not see. So
// she watches the text. Where nobody has edited it yet, it is for a fourth of these deeds to begin.
func (g *grapher) draft(h *sim.Hands, e []byte, word string) {
	t := g.texts[string(e)]
	if t == nil {
		t = &reading{element: e}
		g.texts[string(e)] = t
	}
	if t.life != h.Life() {
		t.edits = nil
		if id, issued := g.ask(h, "watch_text", map[string]any{"element": e, "prop": "body"}); issued {
			t.life = h.Life()
			g.watches[id] = t
		}
	}
	switch {
	case len(t.edits) > 0:
		g.goOn(h, t, word)
	case h.Rand().IntN(4) == 0:
		g.write(h, e, word, nil)
	default:
		t.words = append(t.words, word)
	}
}

// goOn edits the version that one of the edits that she was shown made.
func (g *grapher) goOn(h *sim.Hands, t *reading, word string) {
	if g.write(h, t.element, word, [][]byte{t.edits[h.Rand().IntN(len(t.edits))]}) {
		h.Count(DraftsEdited, 1)
	}
}
