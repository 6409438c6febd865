package chat

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/crdt"
	"github.com/lifegraph-os/lgos-sim/node/graph"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// maxWatched is how many subscriptions one node answers.
const maxWatched = 256

// View answers a request for the view of a channel, once or, where it subscribes, after every change.
func (c *Chat) View(s *Scene, body []byte, request uint64, out *step.Effects) error {
	r, err := decode("view_chat", body)
	if err != nil {
		return err
	}
	last := uint32(0)
	if r.Last != nil {
		last = *r.Last
	}
	if r.Subscribe == nil || !*r.Subscribe {
		out.Reply(request, step.Shown, Render(s.Graph, s.Authors, op.Element(r.Channel), int(last)))
		return nil
	}
	watched := 0
	var found *roll
	for _, x := range c.rolls {
		watched += len(x.requests)
		if x.graph == s.Graph && x.channel == op.Element(r.Channel) && x.last == int(last) {
			found = x
		}
	}
	if watched >= maxWatched {
		return fmt.Errorf("view_chat: too many subscriptions: this node answers %d", maxWatched)
	}
	if found == nil {
		found = c.roll(s.Graph, s.Authors, op.Element(r.Channel), int(last))
		found.watch = s.Graph.Subscribe(nil, nil)
		c.rolls = append(c.rolls, found)
	} else {
		found.answer(out)
	}
	found.requests = append(found.requests, request)
	out.Reply(request, step.Shown, found.render())
	return nil
}

// Flush answers the subscriptions whose view has changed since. It comes after the graph's Drain.
func (c *Chat) Flush(out *step.Effects) {
	for _, x := range c.rolls {
		x.answer(out)
	}
}

// answer shows the view to those who watch it, if it has changed.
func (x *roll) answer(out *step.Effects) {
	if !x.update() {
		return
	}
	shown := x.shown
	if b := x.render(); !bytes.Equal(b, shown) {
		for _, request := range x.requests {
			out.Reply(request, step.Shown, b)
		}
	}
}

// Render is the view of a channel, made anew: core-deterministic CBOR of {channel, name, threads: [{thread, title,
// messages}], messages}, threads and messages in order of creation by (clock, id), messages of no thread apart. A message
// is {message, author, clock, text, edited, mentions, reactions: [[emoji, count]…] by emoji}. Deleted ones are left out. With last > 0 only
// so many of the channel's latest messages are shown. A channel that is not here yet has a null name.
func Render(g *graph.Graph, authors Authors, channel op.Element, last int) []byte {
	return New().roll(g, authors, channel, last).render()
}

// roll is the view of one channel, kept up to date at a cost of what changed. It is written out by hand, so that a new
// picture is little more than a copy.
type roll struct {
	chat     *Chat
	graph    *graph.Graph
	authors  Authors
	channel  op.Element
	last     int
	watch    *graph.Watch
	requests []uint64
	at       map[op.Element]*line      // the live messages and threads of the channel
	mentions map[op.Element]op.Element // the messages that lines were made of, by mention
	messages []*line                   // by (clock, id)
	threads  []*line
	shown    []byte
}

// line is one message, encoded, or the title of a thread.
type line struct {
	clock   uint64
	id      op.Element
	thread  op.Element // of a message; zero if none
	titled  bool       // a thread
	bytes   cbor.RawMessage
	content []*line // of a thread; only while rendering
}

func (l *line) compare(o *line) int { return cmp.Or(cmp.Compare(l.clock, o.clock), l.id.Compare(o.id)) }

func (c *Chat) roll(g *graph.Graph, authors Authors, channel op.Element, last int) *roll {
	x := &roll{chat: c, graph: g, authors: authors, channel: channel, last: last, at: map[op.Element]*line{}, mentions: map[op.Element]op.Element{}}
	for _, r := range g.Incoming(channel, InChannel) {
		rel, _ := g.Get(r)
		x.refresh(rel.From)
	}
	return x
}

// update takes in what changed. It tells whether the view may have changed. Whatever joins or leaves the channel has
// changed itself: the graph says so of both ends of a relation.
func (x *roll) update() bool {
	dirty := false
	for _, e := range x.watch.Take() {
		if m, ok := x.mentions[e]; ok {
			x.refresh(m)
			dirty = true
		}
		dirty = x.refresh(e) || e == x.channel || dirty
	}
	return dirty
}

// refresh makes the line of an element anew, or drops it. It tells whether there was or is one.
func (x *roll) refresh(e op.Element) bool {
	old := x.at[e]
	if old != nil {
		list := x.list(old)
		at, _ := slices.BinarySearchFunc(*list, old, (*line).compare)
		*list = slices.Delete(*list, at, at+1)
		delete(x.at, e)
	}
	v, ok := x.graph.Get(e)
	if !ok || v.Deleted || v.Type != Message && v.Type != Thread || !x.holds(e) {
		return old != nil
	}
	l := x.line(&v)
	x.at[e] = l
	list := x.list(l)
	at, _ := slices.BinarySearchFunc(*list, l, (*line).compare)
	*list = slices.Insert(*list, at, l)
	return true
}

func (x *roll) list(l *line) *[]*line {
	if l.titled {
		return &x.threads
	}
	return &x.messages
}

// holds tells whether an element is in the channel.
func (x *roll) holds(e op.Element) bool {
	for _, r := range x.graph.Outgoing(e, InChannel) {
		if rel, _ := x.graph.Get(r); rel.To == x.channel {
			return true
		}
	}
	return false
}

// render writes the view out; keys of maps stand in canonical order.
func (x *roll) render() []byte {
	lines := x.messages
	if x.last > 0 && len(lines) > x.last {
		lines = lines[len(lines)-x.last:]
	}
	var rest []*line
	for _, t := range x.threads {
		t.content = t.content[:0]
	}
	for _, l := range lines {
		if t := x.at[l.thread]; t != nil && t.titled {
			t.content = append(t.content, l)
		} else {
			rest = append(rest, l)
		}
	}
	b := make([]byte, 0, len(x.shown)+512)
	b = append(text(crdt.AppendHead(b, crdt.MajorMap, 4), "name"), x.register(x.channel, propName)...)
	b = append(crdt.AppendHead(text(b, "channel"), crdt.MajorBytes, uint64(len(x.channel))), x.channel[:]...)
	b = crdt.AppendHead(text(b, "threads"), crdt.MajorArray, uint64(len(x.threads)))
	for _, t := range x.threads {
		b = append(text(crdt.AppendHead(b, crdt.MajorMap, 3), "title"), t.bytes...)
		b = append(crdt.AppendHead(text(b, "thread"), crdt.MajorBytes, uint64(len(t.id))), t.id[:]...)
		b = all(text(b, "messages"), t.content)
	}
	x.shown = all(text(b, "messages"), rest)
	return x.shown
}

func all(b []byte, lines []*line) []byte {
	b = crdt.AppendHead(b, crdt.MajorArray, uint64(len(lines)))
	for _, l := range lines {
		b = append(b, l.bytes...)
	}
	return b
}

func text(b []byte, s string) []byte {
	return append(crdt.AppendHead(b, crdt.MajorText, uint64(len(s))), s...)
}

type messageView struct {
	Message   []byte            `cbor:"message"`
	Author    []byte            `cbor:"author"`
	Clock     uint64            `cbor:"clock"`
	Text      cbor.RawMessage   `cbor:"text"`
	Edited    bool              `cbor:"edited"`
	Mentions  []cbor.RawMessage `cbor:"mentions"`
	Reactions []tally           `cbor:"reactions"`
}

type tally struct {
	_     struct{} `cbor:",toarray"`
	Emoji string
	Count uint64
}

// line encodes one message, or the title of a thread.
func (x *roll) line(e *graph.View) *line {
	if e.Type == Thread {
		return &line{clock: e.Created.Clock, id: e.ID, titled: true, bytes: x.register(e.ID, propTitle)}
	}
	s := Scene{Graph: x.graph}
	author := x.authors.AuthorOf(e.Created)
	m := messageView{Message: e.ID[:], Author: author[:], Clock: e.Created.Clock, Text: x.register(e.ID, propText), Mentions: []cbor.RawMessage{}, Reactions: []tally{}}
	if v, ok := x.graph.Register(e.ID, propEdited); ok {
		m.Edited = bytes.Equal(v, []byte{0xf5})
	}
	for _, r := range x.graph.Outgoing(e.ID, Mentions) {
		rel, _ := x.graph.Get(r)
		x.mentions[rel.To] = e.ID
		m.Mentions = append(m.Mentions, x.register(rel.To, propWho))
	}
	seen := map[string]bool{}
	x.graph.Adders(e.ID, propReactions, func(o *op.Operation, value cbor.RawMessage) bool {
		var r reaction
		who := x.authors.AuthorOf(o)
		if seen[string(value)] || cbor.Unmarshal(value, &r) != nil || !bytes.Equal(r.Who, who[:]) {
			return true // a reaction counts once, and only for who gives it
		}
		seen[string(value)] = true
		i, ok := slices.BinarySearchFunc(m.Reactions, r.Emoji, func(t tally, emoji string) int { return cmp.Compare(t.Emoji, emoji) })
		if !ok {
			m.Reactions = slices.Insert(m.Reactions, i, tally{Emoji: r.Emoji})
		}
		m.Reactions[i].Count++
		return true
	})
	return &line{clock: e.Created.Clock, id: e.ID, thread: s.target(e.ID, InThread), bytes: x.chat.encode(&m)}
}

// register is the value of a register, null if there is none.
func (x *roll) register(e op.Element, prop string) cbor.RawMessage {
	if v, ok := x.graph.Register(e, prop); ok {
		return v
	}
	return cbor.RawMessage{0xf6}
}
