package checkers

import (
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestWatchedTexts shows host 2 the edits of a text, of which the second follows the first, in one picture or more.
func TestWatchedTexts(t *testing.T) {
	type ids [][]*written
	for name, c := range map[string]struct {
		words string
		shown func(first, second, other *written) ids
		then  func(s *stage, request uint64)
	}{
		"each once":                             {"", func(a, b, _ *written) ids { return ids{{a}, {b}} }, nil},
		"together":                              {"", func(a, b, _ *written) ids { return ids{{a, b}} }, nil},
		"twice":                                 {"is shown as new twice", func(a, b, _ *written) ids { return ids{{a}, {a, b}} }, nil},
		"one lacks":                             {"is not shown", func(a, _, _ *written) ids { return ids{{a}} }, nil},
		"none":                                  {"is not shown", func(_, _, _ *written) ids { return nil }, nil},
		"backwards":                             {"which it follows", func(a, b, _ *written) ids { return ids{{b}, {a}} }, nil},
		"an edit of another text":               {"which is no edit of it", func(a, b, o *written) ids { return ids{{a}, {o, b}} }, nil},
		"one that nobody made":                  {"which is no edit of it", func(a, b, _ *written) ids { return ids{{a}, {b, &written{}}} }, nil},
		"nothing, for its host went down since": {"", func(_, _, _ *written) ids { return nil }, func(s *stage, _ uint64) { s.boot(2) }},
		"nothing, for it was denied": {"", func(_, _, _ *written) ids { return nil }, func(s *stage, request uint64) {
			s.reply(2, request, step.Denied, map[string]any{"why": "too many subscriptions"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			made := s.say(3, "graph_create", "graph.edit", nil, []any{0, "page"}, []any{0, "page"})
			text, otherText := append(made.id[:], 0), append(made.id[:], 1)
			request := s.ask(2, map[string]any{"do": "watch_text", "element": text, "prop": "body"})
			edit := func(element []byte, words string) *written {
				return s.say(3, "edit_text", "text.edit", nil, []any{7, element, "body", []any{[]any{0, nil, nil, words}}})
			}
			first, other, second := edit(text, "hello"), edit(otherText, "aside"), edit(text, "well, ")
			for _, picture := range c.shown(first, second, other) {
				ops := []any{}
				for _, w := range picture {
					ops = append(ops, map[string]any{"id": w.id[:], "author": []byte("whoever")})
				}
				s.reply(2, request, step.Shown, map[string]any{"ops": ops})
			}
			if s.now += 2 * time.Second; c.then != nil {
				c.then(s, request)
			}
			v := s.finish()["convergence"]
			if c.words == "" && v.Outcome != sim.Pass || c.words != "" && (v.Outcome != sim.Fail || !strings.Contains(v.Why, c.words)) {
				t.Errorf("%v: %s\nwant %q", v.Outcome, v.Why, c.words)
			}
		})
	}
}
