package checkers

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// What a host signs is held to what its person asked for (VM-1, NODE-2): all who receive an operation agree on what it says, so
// that nothing else shows that it says something else. Which marks a removal names, and the relation that a move turns, follow
// from what the host knew, and are judged elsewhere.

// field is a field of a request; own is the identity of who asks; anything is whatever a host puts there.
type field string

type (
	own      struct{}
	anything struct{}
)

// mutationsOf are the mutations that a request asks for, part by part; nil where it asks for something else.
func mutationsOf(do string) [][]any {
	switch do {
	case "graph_create":
		return [][]any{{createNode, field("type")}}
	case "graph_delete":
		return [][]any{{deleteElement, field("element")}}
	case "graph_set":
		return [][]any{{setRegister, field("element"), field("prop"), field("value")}}
	case "graph_add":
		return [][]any{{addValue, field("element"), field("prop"), field("value")}}
	case "graph_remove":
		return [][]any{{takeValue, field("element"), field("prop"), field("value"), anything{}}}
	case "graph_count":
		return [][]any{{addCount, field("element"), field("prop"), field("delta")}}
	case "graph_meta":
		return [][]any{{setMeta, field("element"), field("key"), field("value")}}
	case "graph_relate":
		return [][]any{{createRelation, field("type"), field("from"), field("to")}}
	case "graph_move":
		return [][]any{{moveRelation, anything{}, field("from"), field("to")}}
	case "create_channel":
		return [][]any{{createNode, "Channel"}, {setRegister, 0, "name", field("name")}}
	case "create_thread":
		return [][]any{{createNode, "Thread"}, {setRegister, 0, "title", field("title")}, {createRelation, "in_channel", 0, field("channel")}}
	case "send_message":
		return [][]any{{createNode, "Message"}, {setRegister, 0, "text", field("text")}, {createRelation, "in_channel", 0, field("channel")}}
	case "edit_message":
		return [][]any{{setRegister, field("message"), "text", field("text")}, {setRegister, field("message"), "edited", true}}
	case "delete_message":
		return [][]any{{deleteElement, field("message")}}
	case "add_reaction":
		return [][]any{{addValue, field("message"), "reactions", []any{field("emoji"), own{}}}}
	case "remove_reaction":
		return [][]any{{takeValue, field("message"), "reactions", []any{field("emoji"), own{}}, anything{}}}
	}
	return nil
}

// misheard says how an operation differs from what its request asked for, or nothing.
func (b *book) misheard(r *request, o *operation) string {
	var asked map[string]cbor.RawMessage
	var body struct {
		Mutations [][]cbor.RawMessage     `cbor:"1,keyasint"`
		Args      map[int]cbor.RawMessage `cbor:"2,keyasint"`
	}
	if b.cbor.Unmarshal(r.body, &asked) != nil || b.cbor.Unmarshal(o.rawBody, &body) != nil {
		return ""
	}
	plan := mutationsOf(r.do)
	if r.do == "send_message" {
		plan = append(plan, b.addressed(len(plan), asked)...)
	}
	if plan != nil {
		for _, want := range slices.Concat(plan...) {
			if f, ok := want.(field); ok && asked[string(f)] == nil {
				return "" // it was left to the host
			}
		}
		if len(body.Mutations) != len(plan) {
			return fmt.Sprintf("it has %d mutations", len(body.Mutations))
		}
		for i, parts := range plan {
			got := body.Mutations[i]
			if len(got) != len(parts) {
				return fmt.Sprintf("its mutation %d has %d parts", i, len(got))
			}
			for k, want := range parts {
				if _, any := want.(anything); any {
					continue
				}
				if m := meant(want, asked, o.author); !bytes.Equal(got[k], m) {
					return fmt.Sprintf("its mutation %d says %s, not %s", i, diagnosed(got[k]), diagnosed(m))
				}
			}
		}
		return ""
	}
	var args []field // by number
	switch r.do {
	case "consent":
		args = []field{"on", "max"}
	case "submit_task":
		args = []field{"kernel", "input", "quorum", "workers"}
	case "edit_text":
		if asked["patches"] == nil {
			return ""
		}
		return b.mistyped(asked["patches"], body.Mutations)
	case "grant", "revoke":
		if asked["who"] == nil {
			return ""
		}
		named := slices.Clone(r.named)
		slices.SortFunc(named, func(x, y key) int { return bytes.Compare(x[:], y[:]) })
		if o.rule == nil || o.rule.revoke != (r.do == "revoke") || !slices.Equal(o.rule.named, slices.Compact(named)) || !o.rule.revoke && o.rule.roles[named[0]] != r.role {
			return "it names others, or another role"
		}
	}
	for n, f := range args {
		if want := asked[string(f)]; want != nil && !bytes.Equal(want, body.Args[n]) {
			return fmt.Sprintf("its %s is %s, not %s", f, diagnosed(body.Args[n]), diagnosed(want))
		}
	}
	return ""
}

// addressed are the mutations that put a message into a thread and mention people, after the first so many.
func (b *book) addressed(first int, asked map[string]cbor.RawMessage) (plan [][]any) {
	if asked["thread"] != nil {
		plan = append(plan, []any{createRelation, "in_thread", 0, field("thread")})
	}
	var who []cbor.RawMessage
	if b.cbor.Unmarshal(asked["mentions"], &who) != nil {
		return plan
	}
	for _, w := range who {
		mention := first + len(plan)
		plan = append(plan, []any{createNode, "Mention"}, []any{setRegister, mention, "who", w}, []any{createRelation, "mentions", 0, mention})
	}
	return plan
}

// meant is the encoding of what a part of a mutation should say.
func meant(want any, asked map[string]cbor.RawMessage, author key) cbor.RawMessage {
	switch want := want.(type) {
	case field:
		return asked[string(want)]
	case own:
		return encode(author[:])
	case []any:
		parts := make([]cbor.RawMessage, len(want))
		for i := range want {
			parts[i] = meant(want[i], asked, author)
		}
		return encode(parts)
	}
	return encode(want)
}

// mistyped compares what an edit of a text puts in, and how much it takes out.
func (b *book) mistyped(patches cbor.RawMessage, mutations [][]cbor.RawMessage) string {
	var asked []patch
	var edits [][]cbor.RawMessage
	if b.cbor.Unmarshal(patches, &asked) != nil || len(mutations) != 1 || len(mutations[0]) != 4 || b.cbor.Unmarshal(mutations[0][3], &edits) != nil {
		return "it is no edit of one text"
	}
	in, out := "", 0
	for i := range asked {
		in, out = in+asked[i].In, out-asked[i].Out
	}
	put := ""
	for _, e := range edits {
		var text string
		var n int
		switch {
		case len(e) == 4 && b.cbor.Unmarshal(e[3], &text) == nil:
			put += text
		case len(e) == 3 && b.cbor.Unmarshal(e[2], &n) == nil:
			out += n
		}
	}
	if put != in || out != 0 {
		return fmt.Sprintf("it puts in %q, not %q, and takes out %d more characters", put, in, out)
	}
	return ""
}

// diagnosed is CBOR for people.
func diagnosed(part cbor.RawMessage) string {
	s, err := cbor.Diagnose(part)
	if err != nil || len(s) > 80 {
		return "something else"
	}
	return s
}
