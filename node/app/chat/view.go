package chat

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"github.com/fxamacker/cbor/v2"

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
		return errors.New("too many subscriptions")
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

// roll is the view of one channel, kept up to date.
type roll struct {
	chat     *Chat
	graph    *graph.Graph
	authors  Authors
	channel  op.Element
	last     int
	watch    *graph.Watch
	requests []uint64
	lines    map[op.Element]*line      // of the live messages
	mentions map[op.Element]op.Element // the messages that lines were made of, by mention
	members  map[op.Element]bool       // what is in the channel, deleted or not, as last rendered
	shown    []byte
}

// line is one message, encoded.
type line struct {
	clock  uint64
	id     op.Element
	thread op.Element // zero if none
	bytes  cbor.RawMessage
}

func (c *Chat) roll(g *graph.Graph, authors Authors, channel op.Element, last int) *roll {
	return &roll{chat: c, graph: g, authors: authors, channel: channel, last: last, lines: map[op.Element]*line{}, mentions: map[op.Element]op.Element{}}
}

// update drops what changed. It tells whether the view may have changed.
func (x *roll) update() bool {
	dirty := false
	for _, e := range x.watch.Take() {
		delete(x.lines, e)
		if m, ok := x.mentions[e]; ok {
			delete(x.lines, m)
			dirty = true
		}
		dirty = dirty || e == x.channel || x.members[e] // who joins or leaves a channel changes it too
	}
	return dirty
}

type threadView struct {
	Thread   []byte            `cbor:"thread"`
	Title    cbor.RawMessage   `cbor:"title"`
	Messages []cbor.RawMessage `cbor:"messages"`
}

type channelView struct {
	Channel  []byte            `cbor:"channel"`
	Name     cbor.RawMessage   `cbor:"name"`
	Threads  []*threadView     `cbor:"threads"`
	Messages []cbor.RawMessage `cbor:"messages"`
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

func (x *roll) render() []byte {
	v := channelView{Channel: x.channel[:], Name: x.register(x.channel, propName), Threads: []*threadView{}, Messages: []cbor.RawMessage{}}
	threads := map[op.Element]*threadView{}
	var lines []*line
	var titled []graph.View
	x.members = map[op.Element]bool{}
	for _, r := range x.graph.Incoming(x.channel, InChannel) {
		rel, _ := x.graph.Get(r)
		if x.members[rel.From] {
			continue
		}
		x.members[rel.From] = true
		if l := x.lines[rel.From]; l != nil {
			lines = append(lines, l)
			continue
		}
		e, ok := x.graph.Get(rel.From)
		switch {
		case !ok || e.Deleted:
		case e.Type == Message:
			l := x.line(e)
			x.lines[e.ID] = l
			lines = append(lines, l)
		case e.Type == Thread:
			titled = append(titled, e)
		}
	}
	slices.SortFunc(titled, func(a, b graph.View) int {
		return cmp.Or(cmp.Compare(a.Created.Clock, b.Created.Clock), a.ID.Compare(b.ID))
	})
	slices.SortFunc(lines, func(a, b *line) int { return cmp.Or(cmp.Compare(a.clock, b.clock), a.id.Compare(b.id)) })
	if x.last > 0 && len(lines) > x.last {
		lines = lines[len(lines)-x.last:]
	}
	for _, e := range titled {
		t := &threadView{Thread: e.ID[:], Title: x.register(e.ID, propTitle), Messages: []cbor.RawMessage{}}
		threads[e.ID] = t
		v.Threads = append(v.Threads, t)
	}
	for _, l := range lines {
		if t := threads[l.thread]; t != nil {
			t.Messages = append(t.Messages, l.bytes)
		} else {
			v.Messages = append(v.Messages, l.bytes)
		}
	}
	x.shown = x.chat.encode(&v)
	return x.shown
}

// line encodes one message.
func (x *roll) line(e graph.View) *line {
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
