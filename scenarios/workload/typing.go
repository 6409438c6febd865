package workload

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Typing is people who write one text of a space together, as in an editor (VM-3, APP-EDITOR). They write in bursts: each types
// on where she left off, behind the last words, at the front or anywhere, and now and then takes a piece out.
type Typing struct {
	Groups  []string `yaml:"groups"`
	Authors int      `yaml:"authors,omitempty"` // at most so many of them write; 0 is all
	Edits   int      `yaml:"edits"`
}

func (*Typing) Kind() string { return "typing" }

func (t *Typing) Deeds() (int, error) {
	return t.Edits, cmp.Or(within("authors", t.Authors, maxPeople), within("edits", t.Edits, MaxDeeds))
}

// Claims implements Claimer. Few edits may, by chance, take nothing out.
func (t *Typing) Claims() []string {
	if t.Edits >= 100 {
		return []string{PiecesTakenOut}
	}
	return nil
}

// Between two edits of a burst, and how many a burst has at most.
const (
	keystroke = 200 * time.Millisecond
	burst     = 8
)

func (t *Typing) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	seats, err := env.group("groups", t.Groups...)
	if err != nil {
		return nil, err
	}
	if t.Edits <= 0 {
		return nil, fmt.Errorf("edits: %d is not a positive count", t.Edits)
	}
	seats = some(seats, t.Authors, r)
	times := make([][]time.Duration, len(seats))
	for n := 0; n < t.Edits; {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		i := r.IntN(len(seats))
		at := start + time.Duration(r.Int64N(int64(max(env.Duration-start, 1))))
		for k := 1 + r.IntN(burst); k > 0 && n < t.Edits; k, n = k-1, n+1 {
			times[i] = append(times[i], at)
			at = min(at+keystroke/2+time.Duration(r.Int64N(int64(keystroke))), max(env.Duration, start))
		}
	}
	spaces, opener := make([][32]byte, len(seats)), map[[32]byte]int{} // who writes first opens the page: of the owners, whose right to it stays, if there are any
	for i, s := range seats {
		spaces[i] = s.Spaces[r.IntN(len(s.Spaces))]
		if slices.Sort(times[i]); len(times[i]) > 0 && s.Liar == "" {
			first, ok := opener[spaces[i]]
			if owns := s.Role == "owner"; !ok || owns && seats[first].Role != "owner" || owns == (seats[first].Role == "owner") && times[i][0] < times[first][0] {
				opener[spaces[i]] = i
			}
		}
	}
	var scripts []sim.Script
	for i, s := range seats {
		if len(times[i]) == 0 {
			continue
		}
		opens := 0
		if first, ok := opener[spaces[i]]; ok && first == i {
			opens = 1
		}
		scripts = append(scripts, script(s, "typing", spaces[i], sim.Arg{Name: "opens", Value: fmt.Sprint(opens)},
			sim.Arg{Name: "times", Value: writeTimes(times[i])}))
	}
	return scripts, nil
}

// typist is a person at the text of her space, which is the body of the page that whoever opens it creates.
type typist struct {
	user
	opens   int
	opened  uint32 // the life in which she did
	waiting int
	page    []byte
	last    string // that she wrote
	written int
}

// pageType is the type of the element whose body people write together.
const pageType = "page"

func newTypist(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	t := &typist{user: u}
	t.opens, err = a.number("opens")
	return t, err
}

func (t *typist) Wake(_ step.Now, h *sim.Hands) {
	if due := t.wake(h); due > 0 {
		t.waiting += due
		t.ask(h, "find", map[string]any{"type": pageType})
	}
}

func (t *typist) See(_ step.Now, r *step.Reply, h *sim.Hands) {
	do := t.answered(r)
	var v struct {
		Elements [][]byte `cbor:"elements"`
		Text     string   `cbor:"text"`
	}
	switch {
	case do == "graph_create" && r.Status == step.Accepted:
		t.ask(h, "find", map[string]any{"type": pageType})
	case r.Status != step.Shown || cbor.Unmarshal(r.Body, &v) != nil:
	case do == "view_text":
		t.write(h, v.Text)
	case do == "find" && len(v.Elements) > 0:
		t.page = slices.MinFunc(v.Elements, slices.Compare)
		for ; t.waiting > 0; t.waiting-- {
			t.ask(h, "view_text", map[string]any{"element": t.page, "prop": "body"})
		}
	case do == "find" && t.opens > 0 && t.opened != h.Life():
		t.opened = h.Life()
		t.ask(h, "graph_create", map[string]any{"type": pageType})
	}
}

// write makes one edit of the text that she sees.
func (t *typist) write(h *sim.Hands, text string) {
	r, length := h.Rand(), utf8.RuneCountInString(text)
	t.written++
	word := fmt.Sprintf("%s-%d.%d ", vocabulary()[r.IntN(len(vocabulary()))], h.Host(), t.written)
	if r.IntN(8) == 0 {
		word = emojis()[r.IntN(len(emojis()))] + word
	}
	at, out := length, 0
	switch r.IntN(8) {
	case 0, 1, 2:
		if i := strings.Index(text, t.last); t.last != "" && i >= 0 {
			at = utf8.RuneCountInString(text[:i+len(t.last)])
		}
	case 3, 4: // behind one of the last words, where others write too
		for range r.IntN(4) {
			text = text[:strings.LastIndexByte(strings.TrimSuffix(text, " "), ' ')+1]
		}
		at = utf8.RuneCountInString(text)
	case 5:
		at = 0
	case 6:
		at = r.IntN(length + 1)
	case 7:
		at = r.IntN(length + 1)
		if out = min(1+r.IntN(12), length-at); out > 0 && r.IntN(2) == 0 {
			word = ""
		}
	}
	patches, outs := []any{[]any{at, out, word}}, int64(min(out, 1))
	if r.IntN(4) == 0 { // and more at once, here and there: each patch sees the text that those before it leave
		for range 1 + r.IntN(4) {
			wrote := utf8.RuneCountInString(word)
			length += wrote - out
			at, out = at+wrote, 0
			if r.IntN(2) == 0 {
				at = r.IntN(length + 1)
			}
			if r.IntN(4) == 0 {
				out = min(1+r.IntN(12), length-at)
			}
			word = vocabulary()[r.IntN(len(vocabulary()))] + " "
			patches, outs = append(patches, []any{at, out, word}), outs+int64(min(out, 1))
		}
	}
	if _, issued := t.ask(h, "edit_text", map[string]any{"element": t.page, "prop": "body", "patches": patches}); issued && outs > 0 {
		h.Count(PiecesTakenOut, outs)
	}
	if word != "" {
		t.last = word
	}
}
