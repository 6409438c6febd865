package checkers

import (
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
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

// TestUnreacted: who gave a reaction is not told that there is none to take back.
func TestUnreacted(t *testing.T) {
	for name, c := range map[string]struct {
		fails bool
		then  func(s *stage, deny func(h sim.HostID), take func(h sim.HostID))
	}{
		"denied":               {true, func(_ *stage, deny, _ func(sim.HostID)) { deny(3) }},
		"by another host":      {false, func(_ *stage, deny, _ func(sim.HostID)) { deny(4) }},
		"taken back before":    {false, func(_ *stage, deny, take func(sim.HostID)) { take(3); deny(3) }},
		"taken back elsewhere": {false, func(_ *stage, deny, take func(sim.HostID)) { take(4); deny(3) }},
		"by another life":      {false, func(s *stage, deny, _ func(sim.HostID)) { deny(3); last(convergenceOf(s).order).life++ }},
		"by another person":    {false, func(s *stage, deny, _ func(sim.HostID)) { s.ask(3, map[string]any{"do": "sign_in"}); deny(3) }},
		"but a right was revoked": {false, func(s *stage, deny, _ func(sim.HostID)) {
			deny(3)
			convergenceOf(s).byID[s.space].revokes = map[key][]*rule{{}: nil}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.channel(1)
			w := s.message(3, "hello")
			ask := func(h sim.HostID, do string) uint64 {
				return s.ask(h, map[string]any{"do": do, "space": s.space[:], "message": append(w.id[:], 0), "emoji": "+1"})
			}
			answer := func(do string, status step.Status, body map[string]any) func(h sim.HostID) {
				return func(h sim.HostID) { s.reply(h, ask(h, do), status, body) }
			}
			answer("add_reaction", step.Accepted, map[string]any{"op": w.id[:]})(3)
			c.then(s, answer("remove_reaction", step.Denied, map[string]any{"why": "you did not react so"}), answer("remove_reaction", step.Accepted, map[string]any{"op": w.id[:]}))
			d := convergenceOf(s)
			d.unreacted()
			if said := strings.Contains(d.first, "denies its person to take back"); said != c.fails {
				t.Errorf("it fails: %v; %s", said, d.first)
			}
		})
	}
}

func convergenceOf(s *stage) *convergence { return s.judges[0].(*convergence) }

func last[T any](all []T) T { return all[len(all)-1] }
