package chat

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/node/graph"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// room is a space without a journal: what persons ask is signed, opened and applied at once.
type room struct {
	chat  *Chat
	graph *graph.Graph
	store *op.Store
	ops   []*op.Operation
	keys  map[op.Key]ed25519.PrivateKey
	who   map[op.ID]op.Key
	out   step.Effects
}

func newRoom() *room {
	return &room{chat: New(), graph: graph.New(known), store: op.NewStore(1 << 20), keys: map[op.Key]ed25519.PrivateKey{}, who: map[op.ID]op.Key{}}
}

func known(*op.Operation) bool { return true }

func (r *room) AuthorOf(o *op.Operation) op.Key { return r.who[o.ID] }

func (r *room) person(name byte) op.Key {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{name}, 32))
	r.keys[op.KeyOf(k)] = k
	return op.KeyOf(k)
}

// ask does what a person asks; it gives the operation's first element.
func (r *room) ask(me op.Key, role op.Role, do string, fields map[string]any) (op.Element, error) {
	body, err := cbor.Marshal(merge(map[string]any{"do": do, "space": make([]byte, 32)}, fields))
	if err != nil {
		panic(err)
	}
	d, err := r.chat.Draft(&Scene{r.graph, nil, r, me, role}, do, body)
	if err != nil {
		return op.Element{}, err
	}
	o := r.sign(me, &d)
	r.graph.Apply(o, me, false)
	return op.ElementOf(o.ID, 0), nil
}

func (r *room) sign(me op.Key, d *op.Draft) *op.Operation {
	n := uint64(len(r.ops) + 1)
	h := op.Header{Format: 1, Device: me, Incarnation: n, Seq: 1, Clock: n, Schema: d.Schema(), Identity: me, Certificate: op.Certify(r.keys[me], me)}
	o, err := r.store.Open(op.Sign(h, d.Body(), r.keys[me]))
	if err != nil {
		panic(err)
	}
	r.ops = append(r.ops, o)
	r.who[o.ID] = me
	return o
}

func merge(a, b map[string]any) map[string]any {
	for k, v := range b {
		a[k] = v
	}
	return a
}

func (r *room) view(t testing.TB, channel op.Element) string {
	var v struct {
		Channel []byte `cbor:"channel"`
		Name    *string
		Threads []struct {
			Thread   []byte
			Title    string
			Messages []shownMessage
		}
		Messages []shownMessage
	}
	if err := cbor.Unmarshal(Render(r.graph, r, channel, 0), &v); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if v.Name != nil {
		fmt.Fprintf(&b, "# %s\n", *v.Name)
	}
	for _, x := range v.Threads {
		fmt.Fprintf(&b, "## %s\n", x.Title)
		for _, m := range x.Messages {
			b.WriteString(m.String())
		}
	}
	for _, m := range v.Messages {
		b.WriteString(m.String())
	}
	return b.String()
}

// shownMessage is a message as a person sees it.
type shownMessage struct {
	Message, Author []byte
	Text            string
	Edited          bool
	Mentions        [][]byte
	Reactions       [][]any
}

func (m shownMessage) String() string {
	s := m.Text
	if m.Edited {
		s += " (edited)"
	}
	for range m.Mentions {
		s += " @"
	}
	for _, r := range m.Reactions {
		s += fmt.Sprintf(" %s%v", r[0], r[1])
	}
	return s + "\n"
}

// TestStory: a channel with a thread, mentions, reactions, edits and deletions, and who may do what.
func TestStory(t *testing.T) {
	r := newRoom()
	ann, bob := r.person('a'), r.person('b')
	must := func(e op.Element, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e[:]
	}
	denied := func(want string, _ op.Element, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	type m = map[string]any
	channel := must(r.ask(ann, op.Member, "create_channel", m{"name": "garden"}))
	thread := must(r.ask(bob, op.Member, "create_thread", m{"channel": channel, "title": "roses"}))
	one := must(r.ask(ann, op.Member, "send_message", m{"channel": channel, "text": "hello", "mentions": [][]byte{bob[:]}}))
	two := must(r.ask(bob, op.Member, "send_message", m{"channel": channel, "thread": thread, "text": "red ones"}))
	must(r.ask(ann, op.Member, "add_reaction", m{"message": two, "emoji": "🌹"}))
	must(r.ask(bob, op.Member, "add_reaction", m{"message": two, "emoji": "🌹"}))
	must(r.ask(bob, op.Member, "add_reaction", m{"message": two, "emoji": "👍"}))
	must(r.ask(bob, op.Member, "edit_message", m{"message": two, "text": "white ones"}))
	e, err := r.ask(bob, op.Member, "edit_message", m{"message": one, "text": "mine"})
	denied("another person's", e, err)
	e, err = r.ask(bob, op.Member, "delete_message", m{"message": one})
	denied("another person's", e, err)
	e, err = r.ask(bob, op.Member, "add_reaction", m{"message": two, "emoji": "👍"})
	denied("already", e, err)
	e, err = r.ask(ann, op.Member, "remove_reaction", m{"message": two, "emoji": "👍"})
	denied("did not", e, err)
	must(r.ask(bob, op.Member, "remove_reaction", m{"message": two, "emoji": "👍"}))
	if diff := cmp.Diff("# garden\n## roses\nwhite ones (edited) 🌹2\nhello @\n", r.view(t, op.Element(channel))); diff != "" {
		t.Fatal(diff)
	}
	must(r.ask(bob, op.Admin, "delete_message", m{"message": one}))
	if diff := cmp.Diff("# garden\n## roses\nwhite ones (edited) 🌹2\n", r.view(t, op.Element(channel))); diff != "" {
		t.Fatal(diff)
	}
	e, err = r.ask(ann, op.Member, "edit_message", m{"message": one, "text": "again"})
	denied("was deleted", e, err)
	e, err = r.ask(ann, op.Member, "send_message", m{"channel": two, "text": "hello"})
	denied("no such Channel", e, err)

	// A reaction in another's name does not count.
	forged := op.Draft{Kind: op.AddReaction}
	forged.Add(op.Mutation{Code: op.SetAdd, Element: op.Element(two), Prop: propReactions, Value: r.chat.encode(&reaction{Emoji: "👎", Who: ann[:]})})
	r.graph.Apply(r.sign(bob, &forged), bob, false)
	if diff := cmp.Diff("# garden\n## roses\nwhite ones (edited) 🌹2\n", r.view(t, op.Element(channel))); diff != "" {
		t.Fatal(diff)
	}
}

// TestStrictRequests: a request with a field missing, foreign, empty or too long is denied with words that say which.
func TestStrictRequests(t *testing.T) {
	r := newRoom()
	ann := r.person('a')
	e, key := make([]byte, 33), make([]byte, 32)
	type m = map[string]any
	for _, c := range []struct {
		do     string
		fields m
		want   string
	}{
		{"create_channel", m{}, "create_channel needs name"},
		{"create_channel", m{"name": ""}, "name is empty"},
		{"create_channel", m{"name": strings.Repeat("x", MaxName+1)}, "name is over 256 bytes"},
		{"create_channel", m{"name": "a", "text": "b"}, "create_channel takes no text"},
		{"create_channel", m{"name": "a", "colour": "red"}, "does not decode"},
		{"create_channel", m{"name": 3}, "does not decode"},
		{"create_thread", m{"channel": key, "title": "a"}, "channel is not an element id"},
		{"send_message", m{"channel": e}, "send_message needs text"},
		{"send_message", m{"channel": e, "text": strings.Repeat("x", MaxText+1)}, "text is over"},
		{"send_message", m{"channel": e, "text": strings.Repeat("x", MaxText), "mentions": slices.Repeat([][]byte{key}, MaxMentions)}, "no such Channel"},
		{"send_message", m{"channel": e, "text": "a", "mentions": slices.Repeat([][]byte{key}, MaxMentions+1)}, "over 32 mentions"},
		{"send_message", m{"channel": e, "text": "a", "mentions": [][]byte{e}}, "not an identity key"},
		{"edit_message", m{"message": e, "text": "a", "emoji": "b"}, "takes no emoji"},
		{"add_reaction", m{"message": e}, "needs emoji"},
	} {
		if _, err := r.ask(ann, op.Member, c.do, c.fields); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: got %v, want %q", c.do, c.fields, err, c.want)
		}
	}
}

// TestSubscriptions: who watches a channel is shown as many messages as she asked for, whoever else watches it; a view that is
// asked for once is not one of the 256 that a node answers.
func TestSubscriptions(t *testing.T) {
	r := newRoom()
	ann := r.person('a')
	channel, err := r.ask(ann, op.Member, "create_channel", map[string]any{"name": "n"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := r.ask(ann, op.Member, "send_message", map[string]any{"channel": channel[:], "text": "t"}); err != nil {
			t.Fatal(err)
		}
	}
	s := &Scene{r.graph, nil, r, ann, op.Member}
	view := func(last int, subscribe any) (messages int, err error) {
		body := map[string]any{"do": "view_chat", "space": make([]byte, 32), "channel": channel[:], "last": last}
		if subscribe != nil {
			body["subscribe"] = subscribe
		}
		b, _ := cbor.Marshal(body)
		r.out.Reset()
		if err := r.chat.View(s, b, 1, &r.out); err != nil {
			return 0, err
		}
		var v struct {
			Messages []any `cbor:"messages"`
		}
		err = cbor.Unmarshal(r.out.List[0].(*step.Reply).Body, &v)
		return len(v.Messages), err
	}
	show := func(last int, subscribe any, want int) {
		t.Helper()
		if n, err := view(last, subscribe); err != nil || n != want {
			t.Fatalf("of 3 messages the last %d are %d: %v", last, n, err)
		}
	}
	for n := range maxWatched / 2 { // two rolls, and what is asked for once
		show(1, true, 1)
		show(n%2+2, true, n%2+2)
		show(0, nil, 3)
		show(0, false, 3)
	}
	if _, err := view(1, true); err == nil || !strings.Contains(err.Error(), "answers 256") {
		t.Fatalf("one subscription more: %v", err)
	}
	show(2, nil, 2)
}

// TestWatchEqualsRebuilt: whatever happens, in whatever order it is applied and voided, the watched view that was kept up to
// date equals the view made anew, and is shown only when it changed.
func TestWatchEqualsRebuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom()
		people := []op.Key{r.person('a'), r.person('b'), r.person('c')}
		var channels, threads, messages [][]byte
		pick := func(list [][]byte) []byte {
			if len(list) == 0 {
				return make([]byte, 33)
			}
			return rapid.SampledFrom(list).Draw(t, "element")
		}
		for range rapid.IntRange(5, 30).Draw(t, "requests") {
			type m = map[string]any
			me := rapid.SampledFrom(people).Draw(t, "who")
			do := rapid.SampledFrom([]string{"create_channel", "create_thread", "send_message", "send_message", "edit_message", "delete_message", "add_reaction", "remove_reaction"}).Draw(t, "do")
			if len(channels) == 0 {
				do = "create_channel"
			}
			text := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "text")
			var f m
			switch do {
			case "create_channel":
				f = m{"name": text}
			case "create_thread":
				f = m{"channel": pick(channels), "title": text}
			case "send_message":
				f = m{"channel": pick(channels), "text": text}
				if rapid.Bool().Draw(t, "in thread") && len(threads) > 0 {
					f["thread"] = pick(threads)
				}
				if rapid.Bool().Draw(t, "mention") {
					f["mentions"] = [][]byte{people[0][:]}
				}
			case "edit_message":
				f = m{"message": pick(messages), "text": text}
			case "delete_message":
				f = m{"message": pick(messages)}
			default:
				f = m{"message": pick(messages), "emoji": text}
			}
			e, err := r.ask(me, op.Admin, do, f)
			if err != nil {
				continue
			}
			switch do {
			case "create_channel":
				channels = append(channels, e[:])
			case "create_thread":
				threads = append(threads, e[:])
			case "send_message":
				messages = append(messages, e[:])
			}
		}
		// Edits of things as such: an app's elements are anybody's in the graph.
		for _, e := range slices.Concat(threads, messages) {
			if rapid.IntRange(0, 5).Draw(t, "graph edit") == 0 {
				d := op.Draft{Kind: op.GraphEdit}
				for _, rel := range slices.Concat(r.graph.Outgoing(op.Element(e), InChannel), r.graph.Outgoing(op.Element(e), InThread)) {
					d.Add(op.Mutation{Code: op.Move, Element: rel, From: op.Element(e), To: op.Element(pick(slices.Concat(channels, threads)))})
				}
				for _, rel := range r.graph.Outgoing(op.Element(e), Mentions) {
					v, _ := r.graph.Get(rel)
					d.Add(op.Mutation{Code: op.Register, Element: v.To, Prop: propWho, Value: cbor.RawMessage{7}})
				}
				d.Add(op.Mutation{Code: op.Register, Element: op.Element(e), Prop: propTitle, Value: cbor.RawMessage{9}})
				r.graph.Apply(r.sign(people[0], &d), people[0], false)
			}
		}

		// Another node gets all this in another order, and some of it turns void.
		g, chat := graph.New(known), New()
		s := &Scene{g, nil, r, people[1], op.Member}
		shown := map[uint64][]byte{}
		last := uint32(rapid.IntRange(0, 3).Draw(t, "last"))
		for i, c := range channels {
			body, _ := cbor.Marshal(map[string]any{"do": "view_chat", "space": make([]byte, 32), "channel": c, "subscribe": true, "last": last})
			if err := chat.View(s, body, uint64(i), &r.out); err != nil {
				t.Fatal(err)
			}
		}
		flush := func() {
			g.Drain()
			chat.Flush(&r.out)
			for _, e := range r.out.List {
				x := e.(*step.Reply)
				if bytes.Equal(shown[x.Request], x.Body) {
					t.Fatal("shown again without a change")
				}
				shown[x.Request] = x.Body
			}
			r.out.Reset()
			for i, c := range channels {
				if want := Render(g, r, op.Element(c), int(last)); !bytes.Equal(want, shown[uint64(i)]) {
					t.Fatalf("shown\n%s\nrebuilt\n%s", diag(shown[uint64(i)]), diag(want))
				}
			}
		}
		order := rapid.Permutation(r.ops).Draw(t, "order")
		for i, o := range order {
			g.Apply(o, r.who[o.ID], rapid.IntRange(0, 9).Draw(t, "void") == 0)
			if rapid.IntRange(0, 5).Draw(t, "later void") == 0 {
				g.SetVoid(order[rapid.IntRange(0, i).Draw(t, "which")])
			}
			if rapid.Bool().Draw(t, "flush") {
				flush()
			}
		}
		flush()
	})
}

func diag(b []byte) string {
	s, err := cbor.Diagnose(b)
	if err != nil {
		return err.Error()
	}
	return s
}

// BenchmarkFlush shows a channel of 300 messages again after one more edit.
func BenchmarkFlush(b *testing.B) {
	r := newRoom()
	ann := r.person('a')
	channel, _ := r.ask(ann, op.Member, "create_channel", map[string]any{"name": "x"})
	var last op.Element
	for range 300 {
		last, _ = r.ask(ann, op.Member, "send_message", map[string]any{"channel": channel[:], "text": "hello, hello"})
	}
	body, _ := cbor.Marshal(map[string]any{"do": "view_chat", "channel": channel[:], "subscribe": true})
	if err := r.chat.View(&Scene{r.graph, nil, r, ann, op.Member}, body, 1, &r.out); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		if _, err := r.ask(ann, op.Member, "edit_message", map[string]any{"message": last[:], "text": fmt.Sprint(n)}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		r.graph.Drain()
		r.chat.Flush(&r.out)
		r.out.Reset()
	}
}
