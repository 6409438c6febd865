package checkers

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestViews plays a channel with a thread, an edited message, one that mentions, one with reactions and one that was deleted,
// which host 2 is shown. The picture is written down here by hand.
func TestViews(t *testing.T) {
	made := func(w *written, i byte) []byte { return append(w.id[:], i) }
	text := func(m map[string]any, words string) map[string]any {
		m = maps.Clone(m)
		m["text"] = words
		return m
	}
	message := func(w *written, by *pen, words string) map[string]any {
		who := public(by.identity)
		return map[string]any{"message": made(w, 0), "author": who[:], "clock": w.clock, "text": words, "edited": false, "mentions": []any{}, "reactions": []any{}}
	}
	for name, c := range map[string]struct {
		words string
		shown func(right map[string]any) map[string]any // what host 2 was shown last
		then  func(s *stage)
	}{
		"right": {"", maps.Clone[map[string]any], nil},
		"an old text": {"should not be there, or not so", func(p map[string]any) map[string]any {
			list := slices.Clone(p["messages"].([]any))
			list[0] = text(list[0].(map[string]any), "helo")
			p["messages"] = list
			return p
		}, nil},
		"one missing": {"it ends before message", func(p map[string]any) map[string]any { p["messages"] = p["messages"].([]any)[:1]; return p }, nil},
		"no thread":   {"should not be there, or not so", func(p map[string]any) map[string]any { p["threads"] = []any{}; return p }, nil},
		"one too many": {"message ffffffffffff should not be there", func(p map[string]any) map[string]any {
			list := p["messages"].([]any)
			more := maps.Clone(list[0].(map[string]any))
			more["message"], more["clock"] = bytes.Repeat([]byte{255}, 33), 1000
			p["messages"] = append(list[:2:2], more)
			return p
		}, nil},
		"another layout":                        {"in another layout", func(p map[string]any) map[string]any { p["messages"] = "all"; return p }, nil},
		"an old name":                           {"the name of channel", func(p map[string]any) map[string]any { p["name"] = "market"; return p }, nil},
		"what came since":                       {"should not be there, or not so", maps.Clone[map[string]any], func(s *stage) { s.everyone(s.in(3, "later")) }},
		"nothing, for its host went down since": {"", func(p map[string]any) map[string]any { p["messages"] = []any{}; return p }, func(s *stage) { s.boot(2) }},
		"nothing yet":                           {"", func(p map[string]any) map[string]any { return nil }, nil},
		"an index that misses an element":       {"finds elements of space", maps.Clone[map[string]any], func(s *stage) { s.peers[1].twist[step.InspectIndex] = flip }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			plaza := s.channel(1)
			s.plaza = made(plaza, 0)
			thread := s.say(1, "create_thread", "create_thread", nil, []any{0, "Thread"}, []any{3, 0, "title", "tea"}, []any{1, "in_channel", 0, s.plaza})
			s.in(4, "left out, as the last three are asked for")
			first := s.in(1, "hello")
			s.say(1, "edit_message", "edit_message", nil, []any{3, made(first, 0), "text", "hello!"}, []any{3, made(first, 0), "edited", true})
			second := s.in(3, "look", []any{0, "Mention"}, []any{3, 3, "who", "ann"}, []any{1, "mentions", 0, 3})
			third := s.in(4, "in the thread", []any{1, "in_thread", 0, made(thread, 0)})
			gone := s.in(4, "oh no")
			s.say(4, "delete_message", "delete_message", nil, []any{2, made(gone, 0)})
			s.say(3, "send_message", "send_message", nil, []any{0, "Message"}, []any{1, "in_channel", 0, made(gone, 0)})
			s.pens[2].schema = 2
			for _, who := range []string{"a", "b"} {
				s.say(3, "add_reaction", "add_reaction", nil, []any{4, made(first, 0), "reactions", []any{"👍", []byte(who)}})
			}
			s.pens[2].schema = 1
			request := s.ask(2, map[string]any{"do": "view_chat", "channel": s.plaza, "subscribe": true, "last": 3})
			hello, look := message(first, s.pens[0], "hello!"), message(second, s.pens[2], "look")
			hello["edited"], hello["reactions"], look["mentions"] = true, []any{[]any{"👍", 2}}, []any{"ann"}
			p := c.shown(map[string]any{"channel": s.plaza, "name": "plaza", "messages": []any{hello, look}, "threads": []any{
				map[string]any{"thread": made(thread, 0), "title": "tea", "messages": []any{message(third, s.pens[3], "in the thread")}},
			}})
			if p != nil {
				s.reply(2, request, step.Shown, map[string]any{"channel": s.plaza, "name": nil, "messages": []any{}, "threads": []any{}})
				s.reply(2, request, step.Shown, p)
			}
			s.now += 2 * time.Second
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

// in is a message in the channel.
func (s *stage) in(h sim.HostID, words string, more ...any) *written {
	return s.say(h, "send_message", "send_message", nil, append([]any{[]any{0, "Message"}, []any{3, 0, "text", words}, []any{1, "in_channel", 0, s.plaza}}, more...)...)
}

// TestViewsOfDeepValues: what anybody may write as a value, nested as deep as an operation may be, is no fault of who shows it.
func TestViewsOfDeepValues(t *testing.T) {
	s := newStage(t, nil)
	s.plaza = append(s.channel(1).id[:], 0)
	var deep any = "end"
	for range maxDepth - 4 {
		deep = []any{deep}
	}
	first, who := s.in(1, "hello"), public(s.pens[0].identity)
	m := append(first.id[:], 0)
	s.say(3, "edit_message", "edit_message", nil, []any{3, m, "text", deep}, []any{4, m, "reactions", deep}, []any{4, m, "reactions", []any{"👍", 7}}, []any{4, m, "reactions", []any{"🎉", who[:]}})
	request := s.ask(2, map[string]any{"do": "view_chat", "channel": s.plaza, "subscribe": true})
	s.reply(2, request, step.Shown, map[string]any{"channel": s.plaza, "name": "plaza", "threads": []any{}, "messages": []any{
		map[string]any{"message": m, "author": who[:], "clock": first.clock, "text": deep, "edited": false, "mentions": []any{}, "reactions": []any{[]any{"🎉", 1}}},
	}})
	if v := s.finish()["convergence"]; v.Outcome != sim.Pass {
		t.Errorf("%v: %s", v.Outcome, v.Why)
	}
}
