package checkers

import (
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// editing plays a request to edit the text, and the operation that its host signs; what it gives spreads that.
type editing func(patches, version any, change []any, deps ...*written) (spread func())

// TestTyping: host 4 edits a text that reads "one ", and what it signs is held to the patches that its person gave.
func TestTyping(t *testing.T) {
	front := []any{[]any{0, 0, "two "}}
	for name, c := range map[string]struct {
		words  string // of the failure; none where there is none
		placed int
		play   func(s *stage, doc []byte, first *written, edit editing)
	}{
		"at the front": {"", 1, func(s *stage, doc []byte, first *written, edit editing) {
			edit(front, nil, insertion(doc, first), first)()
		}},
		"behind it": {`"one " reads "two one " from character 0 on, not "one two "`, 1, func(s *stage, doc []byte, first *written, edit editing) {
			edit([]any{[]any{4, 0, "two "}}, nil, insertion(doc, first), first)()
		}},
		"beyond it": {"0 characters at 5 of a text that has 4", 1, func(s *stage, doc []byte, first *written, edit editing) {
			edit([]any{[]any{5, 0, "two "}}, nil, insertion(doc, first), first)()
		}},
		"in two patches": {"", 1, func(s *stage, doc []byte, first *written, edit editing) {
			edit([]any{[]any{0, 0, "tw"}, []any{2, 0, "o "}}, nil, insertion(doc, first), first)()
		}},
		"the character beside it": {`"one " reads "oe " from character 0 on, not "ne "`, 1, func(s *stage, doc []byte, first *written, edit editing) {
			edit([]any{[]any{0, 1, ""}}, nil, []any{7, doc, "body", []any{[]any{1, []any{first.id[:], 1}, 1}}}, first)()
		}},
		"a version": {"", 1, func(s *stage, doc []byte, first *written, edit editing) {
			s.say(3, "edit_text", "text.edit", nil, []any{7, doc, "body", []any{[]any{0, nil, []any{first.id[:], 0}, "three "}}})
			edit(front, [][]byte{first.id[:]}, insertion(doc, first), first)()
		}},
		"a version, by what is shown now": {"6 of a text that has 4", 1, func(s *stage, doc []byte, first *written, edit editing) {
			s.say(3, "edit_text", "text.edit", nil, []any{7, doc, "body", []any{[]any{0, nil, []any{first.id[:], 0}, "three "}}})
			edit([]any{[]any{6, 0, "two "}}, [][]byte{first.id[:]}, insertion(doc, first), first)()
		}},
		"two before the disk has the first": {"", 2, func(s *stage, doc []byte, first *written, edit editing) {
			one := edit(front, nil, insertion(doc, first), first)
			s.now += time.Millisecond
			two := edit([]any{[]any{0, 1, ""}}, nil, []any{7, doc, "body", []any{[]any{1, []any{first.id[:], 0}, 1}}})
			one()
			two()
		}},
		"two after another, the second by what the first was shown": {`reads "two ne " from character 0 on, not "wo one "`, 2, func(s *stage, doc []byte, first *written, edit editing) {
			edit(front, nil, insertion(doc, first), first)()
			edit([]any{[]any{0, 1, ""}}, nil, []any{7, doc, "body", []any{[]any{1, []any{first.id[:], 0}, 1}}})()
		}},
		"of somebody who lost her rights": {"9 of a text that has 4", 1, func(s *stage, doc []byte, first *written, edit editing) {
			s.say(2, "revoke", "rights.revoke", revoke(s.pens[2]))
			edit([]any{[]any{9, 0, "two "}}, nil, insertion(doc, first), first)()
		}},
		"a version of somebody who lost her rights": {"", 0, func(s *stage, doc []byte, first *written, edit editing) {
			s.say(2, "revoke", "rights.revoke", revoke(s.pens[2]))
			edit([]any{[]any{9, 0, "two "}}, [][]byte{first.id[:]}, insertion(doc, first), first)()
		}},
		"among what is void": {"", 2, func(s *stage, doc []byte, first *written, edit editing) {
			asks := s.ask(3, map[string]any{"do": "edit_text", "element": doc, "prop": "body", "patches": []any{[]any{1, 0, "three "}}})
			void := s.publish(3, asks, s.pens[2].write(s.space, "text.edit", nil, []any{[]any{7, doc, "body", []any{[]any{0, []any{first.id[:], 0}, []any{first.id[:], 1}, "three "}}}}, first))
			by := s.publish(2, s.ask(2, map[string]any{"do": "revoke"}), s.pens[1].write(s.space, "rights.revoke", revoke(s.pens[2]), nil, first))
			edit([]any{[]any{2, 0, "two "}}, nil, []any{7, doc, "body", []any{[]any{0, []any{first.id[:], 1}, []any{first.id[:], 2}, "two "}}}, void, by)()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			doc, first := s.document()
			c.play(s, doc, first, func(patches, version any, change []any, deps ...*written) func() {
				body := map[string]any{"do": "edit_text", "element": doc, "prop": "body", "patches": patches}
				if version != nil {
					body["version"] = version
				}
				request := s.ask(4, body)
				w := s.pens[3].write(s.space, "text.edit", nil, []any{change}, deps...)
				s.sign(4, request, w)
				return func() { s.spread(4, request, w) }
			})
			v := s.finish()["convergence"]
			if failed := v.Outcome == sim.Fail; failed != (c.words != "") || !strings.Contains(v.Why, c.words) {
				t.Errorf("%v: %s\nwant %q", v.Outcome, v.Why, c.words)
			}
			for _, m := range v.Metrics {
				if m.Name == "edits that stand where they were typed" && m.Value != float64(c.placed) {
					t.Errorf("%v edits were looked at, want %d", m.Value, c.placed)
				}
			}
		})
	}
}
