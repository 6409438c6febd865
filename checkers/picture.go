package checkers

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// shownBudget is how many pictures of channels are read in a run: they are long, and who draws one wrongly draws many so.
const shownBudget = 400

// shot is what a view of a channel asks for.
type shot struct {
	channel element
	latest  int // messages; 0 is all
}

// channelPicture is what a person is shown of a channel (APP-CHAT).
type channelPicture struct {
	Channel  []byte           `cbor:"channel"`
	Name     cbor.RawMessage  `cbor:"name"`
	Threads  []threadPicture  `cbor:"threads"`
	Messages []messagePicture `cbor:"messages"` // of no thread
}

type threadPicture struct {
	Thread   []byte           `cbor:"thread"`
	Title    cbor.RawMessage  `cbor:"title"`
	Messages []messagePicture `cbor:"messages"`
}

type messagePicture struct {
	Message   []byte            `cbor:"message"`
	Author    []byte            `cbor:"author"`
	Clock     uint64            `cbor:"clock"`
	Text      cbor.RawMessage   `cbor:"text"`
	Edited    bool              `cbor:"edited"`
	Mentions  []cbor.RawMessage `cbor:"mentions"`
	Reactions []reactionCount   `cbor:"reactions"`
}

type reactionCount struct {
	_     struct{} `cbor:",toarray"`
	Emoji string
	Count int
}

// shot draws a channel, once for all who show the state.
func (y *scenery) shot(f shot) *channelPicture {
	if p := y.shots[f]; p != nil {
		return p
	}
	p := &channelPicture{Channel: f.channel[:], Name: y.register(f.channel, "name"), Threads: []threadPicture{}, Messages: []messagePicture{}}
	threads := map[element]int{}
	var messages []*figure
	for _, kind := range []string{"Thread", "Message"} {
		for _, id := range y.byType[kind] {
			if !slices.ContainsFunc(y.out[side{id, "in_channel"}], func(r element) bool { return y.live[r].to == f.channel }) {
				continue
			}
			if kind == "Message" {
				messages = append(messages, y.live[id])
				continue
			}
			threads[id] = len(p.Threads)
			p.Threads = append(p.Threads, threadPicture{id[:], y.register(id, "title"), []messagePicture{}})
		}
	}
	if f.latest > 0 && len(messages) > f.latest {
		messages = messages[len(messages)-f.latest:]
	}
	for _, m := range messages {
		list := &p.Messages
		if r := y.out[side{m.id, "in_thread"}]; len(r) > 0 {
			if n, here := threads[y.live[r[0]].to]; here {
				list = &p.Threads[n].Messages
			}
		}
		*list = append(*list, y.message(m))
	}
	y.shots[f] = p
	return p
}

func (y *scenery) message(m *figure) messagePicture {
	p := messagePicture{
		Message: m.id[:], Author: m.made.author[:], Clock: m.made.head.Clock, Text: y.register(m.id, "text"),
		Edited: bytes.Equal(y.register(m.id, "edited"), []byte{0xf5}), Mentions: []cbor.RawMessage{}, Reactions: []reactionCount{},
	}
	for _, r := range y.out[side{m.id, "mentions"}] {
		p.Mentions = append(p.Mentions, y.register(y.live[r].to, "who"))
	}
	var given []cbor.RawMessage
	if set := m.props["reactions"]["set"]; set == nil || cbor.Unmarshal(set, &given) != nil {
		return p
	}
	for _, raw := range given {
		var g struct {
			_     struct{} `cbor:",toarray"`
			Emoji string
			Who   []byte
		}
		if cbor.Unmarshal(raw, &g) != nil {
			continue // a set takes any value
		}
		i, found := slices.BinarySearchFunc(p.Reactions, g.Emoji, func(r reactionCount, emoji string) int { return strings.Compare(r.Emoji, emoji) })
		if !found {
			p.Reactions = slices.Insert(p.Reactions, i, reactionCount{Emoji: g.Emoji})
		}
		p.Reactions[i].Count++
	}
	return p
}

// register is the value of a register, null where there is none.
func (y *scenery) register(id element, prop string) cbor.RawMessage {
	if f := y.live[id]; f != nil && f.props[prop]["register"] != nil {
		return f.props[prop]["register"]
	}
	return cbor.RawMessage{0xf6}
}

// stale says how a picture differs from what it should be, or nothing.
func (c *convergence) stale(shown []byte, want *channelPicture, guile bool) string {
	var p channelPicture
	if err := c.wide.Unmarshal(shown, &p); err != nil {
		return fmt.Sprintf("it is laid out otherwise: %v", err)
	}
	got, all := p.list(guile), want.list(guile)
	for i := range max(len(got), len(all)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("it ends before %s", all[i])
		case i >= len(all) || !bytes.Equal(got[i].body, all[i].body):
			return fmt.Sprintf("%s should not be there, or not so", got[i])
		}
	}
	return ""
}

// line is one thing in a picture.
type line struct {
	what string
	id   []byte
	body []byte
}

func (l line) String() string { return fmt.Sprintf("%s %.6x", l.what, l.id) }

// list is the picture line by line, without reactions where they cannot be counted by names.
func (p *channelPicture) list(guile bool) []line {
	lines := []line{{"the name of channel", p.Channel, p.Name}}
	messages := func(all []messagePicture) {
		for _, m := range all {
			if guile {
				m.Reactions = nil
			}
			lines = append(lines, line{"message", m.Message, encode(m)})
		}
	}
	for _, t := range p.Threads {
		lines = append(lines, line{"thread", t.Thread, t.Title})
		messages(t.Messages)
	}
	messages(p.Messages)
	return lines
}

// shown judges that a picture has its messages in the order of their creation, by (clock, id): alike for all who look
// (APP-CHAT).
func (c *convergence) shown(e *sim.Event, out *step.Reply) {
	r := c.book.asked[asking{e.Host, out.Request}]
	if r == nil || r.do != "view_chat" || out.Status != step.Shown || c.pictures == shownBudget {
		return
	}
	c.pictures++
	var p channelPicture
	if err := c.wide.Unmarshal(out.Body, &p); err != nil {
		c.fail(e.Key.At, e.ID(), "host %d shows a channel in another layout: %v", e.Host, err)
		return
	}
	lists := [][]messagePicture{p.Messages}
	for i := range p.Threads {
		lists = append(lists, p.Threads[i].Messages)
	}
	for _, list := range lists {
		for i := 1; i < len(list); i++ {
			if a, b := &list[i-1], &list[i]; cmp.Or(cmp.Compare(a.Clock, b.Clock), bytes.Compare(a.Message, b.Message)) >= 0 {
				c.fail(e.Key.At, e.ID(), "host %d shows message %.6x (clock %d) before %.6x (clock %d)", e.Host, a.Message, a.Clock, b.Message, b.Clock)
				return
			}
		}
	}
}
