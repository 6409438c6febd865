package checkers

import (
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestRemovals takes a tag out of a set that two hosts put into it.
func TestRemovals(t *testing.T) {
	for name, c := range map[string]struct {
		words string
		taken func(first, second, other element) []element
		then  func(s *stage)
	}{
		"all":                     {"", func(a, b, _ element) []element { return []element{a, b} }, nil},
		"one is left":             {"leaves addition", func(_, b, _ element) []element { return []element{b} }, nil},
		"all are left":            {"leaves addition", func(_, _, _ element) []element { return nil }, nil},
		"one of another value":    {"of another value", func(a, b, o element) []element { return []element{a, b, o} }, nil},
		"but a right was revoked": {"", func(_, _, _ element) []element { return nil }, func(s *stage) { s.say(1, "revoke", "rights.revoke", revoke(s.pens[3])) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			made := s.say(3, "graph_create", "graph.edit", nil, []any{0, "page"})
			page := append(made.id[:], 0)
			add := func(value string) element {
				w := s.say(3, "graph_add", "graph.edit", nil, []any{4, page, "tags", value})
				return element(append(w.id[:], 0))
			}
			first, second, other := add("tea"), add("tea"), add("milk")
			take := func(ids ...element) {
				dots := []any{}
				for _, id := range ids {
					dots = append(dots, id[:])
				}
				s.say(3, "graph_remove", "graph.edit", nil, []any{5, page, "tags", "tea", dots})
			}
			take(c.taken(first, second, other)...)
			if c.words == "" && c.then == nil {
				take() // nothing is left
			}
			if c.then != nil {
				c.then(s)
			}
			v := s.finish()["convergence"]
			if c.words == "" && v.Outcome != sim.Pass || c.words != "" && (v.Outcome != sim.Fail || !strings.Contains(v.Why, c.words)) {
				t.Errorf("%v: %s\nwant %q", v.Outcome, v.Why, c.words)
			}
		})
	}
}
