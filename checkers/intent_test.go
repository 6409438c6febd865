package checkers

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestIntent signs for each request what it asks for, and something else.
func TestIntent(t *testing.T) {
	e, f := bytes.Repeat([]byte{1}, 33), bytes.Repeat([]byte{2}, 33)
	who := [][]byte{bytes.Repeat([]byte{3}, 32)}
	patches := []any{[]any{0, 2, "né"}, []any{5, 1, "w"}}
	mutation := func(parts ...any) []any { return []any{parts} }
	message := slices.Concat(mutation(0, "Message"), mutation(3, 0, "text", "t"), mutation(1, "in_channel", 0, e))
	addressed := func(whom any) []any {
		return slices.Concat(message, mutation(1, "in_thread", 0, f), mutation(0, "Mention"), mutation(3, 4, "who", who[0]), mutation(1, "mentions", 0, 4),
			mutation(0, "Mention"), mutation(3, 7, "who", whom), mutation(1, "mentions", 0, 7))
	}
	for _, c := range []struct {
		do, kind string
		asked    map[string]any
		right    []any // mutations
		args     map[int]any
		wrong    []any
		others   map[int]any // arguments that are wrong
		words    string
	}{
		{do: "graph_create", asked: map[string]any{"type": "note"}, right: mutation(0, "note"), wrong: mutation(0, "notes"), words: `says "notes", not "note"`},
		{do: "graph_delete", asked: map[string]any{"element": e}, right: mutation(2, e), wrong: mutation(2, f)},
		{do: "graph_set", asked: map[string]any{"element": e, "prop": "p", "value": 1}, right: mutation(3, e, "p", 1), wrong: mutation(3, e, "p", 2)},
		{do: "graph_set", asked: map[string]any{"element": e, "prop": "p", "value": 1}, right: mutation(3, e, "p", 1), wrong: append(mutation(3, e, "p", 1), mutation(3, e, "q", 1)...), words: "2 mutations"},
		{do: "graph_add", asked: map[string]any{"element": e, "prop": "p", "value": "x"}, right: mutation(4, e, "p", "x"), wrong: mutation(4, e, "q", "x")},
		{do: "graph_remove", asked: map[string]any{"element": e, "prop": "p", "value": "x"}, right: mutation(5, e, "p", "x", []any{e}), wrong: mutation(5, e, "p", "y", []any{e})},
		{do: "graph_count", asked: map[string]any{"element": e, "prop": "p", "delta": -1}, right: mutation(6, e, "p", -1), wrong: mutation(6, e, "p", -2)},
		{do: "graph_meta", asked: map[string]any{"element": e, "key": "k", "value": 1}, right: mutation(8, e, "k", 1), wrong: mutation(3, e, "k", 1)},
		{do: "graph_relate", asked: map[string]any{"type": "r", "from": e, "to": f}, right: mutation(1, "r", e, f), wrong: mutation(1, "r", f, e)},
		{do: "graph_move", asked: map[string]any{"from": e, "to": f}, right: mutation(9, f, e, f), wrong: mutation(9, f, f, f)},
		{do: "create_channel", kind: "create_channel", asked: map[string]any{"name": "n"}, right: append(mutation(0, "Channel"), mutation(3, 0, "name", "n")...), wrong: mutation(0, "Channel")},
		{do: "send_message", kind: "send_message", asked: map[string]any{"channel": e, "text": "t"}, right: message, wrong: append(message, mutation(1, "in_thread", 0, f)...), words: "4 mutations"},
		{do: "send_message", kind: "send_message", asked: map[string]any{"channel": e, "text": "t", "thread": f, "mentions": []any{who[0], e[:32]}}, right: addressed(e[:32]), wrong: addressed(who[0]), words: "its mutation 8"},
		{do: "edit_message", kind: "edit_message", asked: map[string]any{"message": e, "text": "t"}, right: append(mutation(3, e, "text", "t"), mutation(3, e, "edited", true)...), wrong: append(mutation(3, e, "text", "t"), mutation(3, e, "edited", false)...)},
		{do: "add_reaction", kind: "add_reaction", asked: map[string]any{"message": e, "emoji": "x"}, right: mutation(4, e, "reactions", []any{"x", who[0]}), wrong: mutation(4, e, "reactions", []any{"y", who[0]})},
		{do: "edit_text", kind: "text.edit", asked: map[string]any{"patches": patches},
			right: mutation(7, e, "body", []any{[]any{1, nil, 2}, []any{0, nil, nil, "né"}, []any{1, nil, 1}, []any{0, nil, nil, "w"}}),
			wrong: mutation(7, e, "body", []any{[]any{1, nil, 2}, []any{0, nil, nil, "né"}, []any{0, nil, nil, "w"}}), words: "takes out -1 more"},
		{do: "edit_text", kind: "text.edit", asked: map[string]any{"patches": patches},
			right: mutation(7, e, "body", []any{[]any{1, nil, 3}, []any{0, nil, nil, "néw"}}), wrong: mutation(7, e, "body", []any{[]any{1, nil, 3}, []any{0, nil, nil, "new"}}), words: `puts in "new"`},
		{do: "consent", kind: "compute.offer", asked: map[string]any{"on": true, "max": 1}, args: map[int]any{0: true, 1: 1, 2: "cpu"}, others: map[int]any{0: true, 1: 2, 2: "cpu"}, words: "its max"},
		{do: "submit_task", kind: "compute.task", asked: map[string]any{"kernel": "k", "input": []byte("i"), "quorum": 2, "workers": 3},
			args: map[int]any{0: "k", 1: []byte("i"), 2: 2, 3: 3}, others: map[int]any{0: "k", 1: []byte("i"), 2: 1, 3: 3}, words: "its quorum"},
		{do: "grant", kind: "rights.grant", asked: map[string]any{"who": who, "role": 2}, args: map[int]any{0: who, 1: 2}, others: map[int]any{0: who, 1: 3}, words: "another role"},
		{do: "revoke", kind: "rights.revoke", asked: map[string]any{"who": who}, args: map[int]any{0: who}, others: map[int]any{0: [][]byte{e[:32]}}, words: "names others"},
	} {
		s := newStage(t, nil)
		b := s.oracle
		for i, says := range []struct {
			mutations []any
			args      map[int]any
		}{{c.right, c.args}, {c.wrong, c.others}} {
			body := map[string]any{"do": c.do}
			for k, v := range c.asked {
				body[k] = v
			}
			o := &operation{author: array(who[0]), kind: c.kind, rawBody: encode(map[int]any{0: c.kind, 1: says.mutations, 2: says.args}), args: encode(says.args)}
			var err error
			if o.rule, err = b.readRule(o); err != nil {
				t.Fatal(err)
			}
			r := &request{do: c.do, body: encode(body), role: 2}
			if c.asked["who"] != nil {
				r.named = []key{array(who[0])}
			}
			if why := b.misheard(r, o); (why != "") != (i == 1) || i == 1 && !strings.Contains(why, c.words) {
				t.Errorf("%s signs %v %v: %q", c.do, says.mutations, says.args, why)
			}
		}
	}
	s := newStage(t, nil)
	request := s.ask(3, map[string]any{"do": "send_message", "text": "yes", "channel": e})
	s.publish(3, request, s.pens[2].write(s.space, "send_message", nil, []any{[]any{0, "Message"}, []any{3, 0, "text", "no"}, []any{1, "in_channel", 0, e}}, s.heads...))
	if v := s.finish()["convergence"]; v.Outcome != sim.Fail || !strings.Contains(v.Why, `(send_message) asked for something else: its mutation 1 says "no", not "yes"`) {
		t.Errorf("%v: %s", v.Outcome, v.Why)
	}
}
