package workload

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Chat is people writing in channels (APP-CHAT): they open channels and threads, rename channels, send, mention each other, edit,
// delete, react and take reactions back.
type Chat struct {
	Groups     []string `yaml:"groups"`             // who takes part
	Authors    int      `yaml:"authors,omitempty"`  // at most so many of them write; 0 is all
	Operations int      `yaml:"operations"`         // how many deeds in all
	Channels   int      `yaml:"channels,omitempty"` // opened in each space; 0 is one
	Watch      bool     `yaml:"watch,omitempty"`    // who looks at a channel goes on watching it
	Rename     float64  `yaml:"rename,omitempty"`   // so large a share of the deeds gives a channel another name
	Twice      float64  `yaml:"twice,omitempty"`    // so large a share gives a reaction by a double click, or takes such a one back
	Ahead      bool     `yaml:"ahead,omitempty"`    // people react also where their host's kernel does not know reactions
}

func (*Chat) Kind() string { return "chat" }

func (c *Chat) Deeds() (int, error) {
	return c.Operations, cmp.Or(within("authors", c.Authors, maxPeople), within("channels", c.Channels, maxChannels), within("operations", c.Operations, MaxDeeds))
}

// start is when the first deed may happen: channels are opened at once, everything else comes later.
const start = 2 * time.Second

// some draws at most n of the seats, in their order; 0 is all.
func some(seats []Seat, n int, r *rand.Rand) []Seat {
	if n <= 0 || n >= len(seats) {
		return seats
	}
	r.Shuffle(len(seats), func(i, j int) { seats[i], seats[j] = seats[j], seats[i] })
	seats = seats[:n]
	slices.SortFunc(seats, func(a, b Seat) int { return int(a.Host) - int(b.Host) })
	return seats
}

func (c *Chat) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	seats, err := env.group("groups", c.Groups...)
	if err != nil {
		return nil, err
	}
	if c.Operations <= 0 {
		return nil, fmt.Errorf("operations: %d is not a positive count", c.Operations)
	}
	for _, f := range c.shares() {
		if v, err := strconv.ParseFloat(f.Value, 64); err != nil || !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("%s: %s is not a share", f.Name, f.Value)
		}
	}
	seats = some(seats, c.Authors, r)
	times := make([][]time.Duration, len(seats))
	for n := range c.Operations {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		i := r.IntN(len(seats))
		times[i] = append(times[i], start+time.Duration(r.Int64N(int64(max(env.Duration-start, 1)))))
	}
	founded := map[[32]byte]int{}
	var scripts []sim.Script
	for i, s := range seats {
		slices.Sort(times[i])
		space := s.Spaces[r.IntN(len(s.Spaces))]
		opens := 0
		if s.Liar == "" && founded[space] < max(1, c.Channels) {
			founded[space]++
			opens = 1
		}
		watch := "no"
		if c.Watch {
			watch = "yes"
		}
		scripts = append(scripts, script(s, "chat", space, append([]sim.Arg{
			{Name: "opens", Value: fmt.Sprint(opens)},
			{Name: "reacts", Value: fmt.Sprint(s.Kernel >= 2 || c.Ahead)},
			{Name: "watch", Value: watch},
			{Name: "times", Value: writeTimes(times[i])}}, c.shares()...)...))
	}
	return scripts, nil
}

// shares are the arguments of deeds that only some people do.
func (c *Chat) shares() (list []sim.Arg) {
	for _, f := range []struct {
		name  string
		share float64
	}{{"rename", c.Rename}, {"twice", c.Twice}} {
		if f.share != 0 {
			list = append(list, sim.Arg{Name: f.name, Value: strconv.FormatFloat(f.share, 'g', -1, 64)})
		}
	}
	return list
}

// chatter is a person who chats. She edits and deletes what is hers, and reacts to what she has seen, writes in threads that she
// has seen, and mentions whom she has seen write.
type chatter struct {
	user
	opens    int
	reacts   bool
	watch    bool
	rename   float64
	twice    float64
	opened   bool
	channels [][]byte
	threads  []thread
	mine     [][]byte // elements of her own messages that stand
	seen     [][]byte // messages of anybody that a view showed
	writers  [][]byte // their authors, each as often as she wrote
	given    []reaction
	doubled  reaction // given by a double click, and not taken back
	waiting  int      // deeds that wait for a channel to be seen
}

// thread is a thread that she knows, and its channel.
type thread struct{ channel, element []byte }

// reaction is one that she asked for, and has not asked to take back.
type reaction struct {
	message []byte
	emoji   string
}

func newChatter(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	opens, err := a.number("opens")
	if err != nil {
		return nil, err
	}
	rename, err := a.share("rename")
	if err != nil {
		return nil, err
	}
	twice, err := a.share("twice")
	return &chatter{user: u, opens: opens, reacts: a.text("reacts") == "true", watch: a.text("watch") == "yes", rename: rename, twice: twice}, err
}

func (c *chatter) Wake(_ step.Now, h *sim.Hands) {
	due := c.wake(h)
	if !c.opened && c.opens > 0 && len(c.asked) == 0 {
		due++
	}
	if due == 0 {
		return
	}
	if c.opens > 0 && !c.opened {
		_, c.opened = c.ask(h, "create_channel", map[string]any{"name": fmt.Sprintf("channel of host %d", h.Host())})
		due--
	}
	c.waiting += due
	if due > 0 {
		c.ask(h, "list_channels", nil)
	}
}

func (c *chatter) See(_ step.Now, r *step.Reply, h *sim.Hands) {
	do := c.answered(r)
	switch {
	case r.Status == step.Shown && do == "list_channels":
		var v struct {
			Elements [][]byte `cbor:"elements"`
		}
		if cbor.Unmarshal(r.Body, &v) != nil || len(v.Elements) == 0 {
			if c.waiting > 0 && h.Time() < h.Calm() {
				h.Count("deeds without a channel", int64(c.waiting))
				c.waiting = 0
			}
			return
		}
		c.channels = v.Elements
		for ; c.waiting > 0; c.waiting-- {
			c.act(h)
		}
	case r.Status == step.Shown && do == "view_chat":
		c.look(r.Body)
	case r.Status == step.Accepted:
		id, ok := operation(r)
		if !ok {
			return
		}
		element := append(id[:], 0)
		switch do {
		case "send_message":
			c.mine = append(c.mine, element)
			c.seen = append(c.seen, element)
		}
	}
}

// manySeen is how many messages a person remembers of what she is shown.
const manySeen = 64

// look remembers the messages of a view. Who remembers enough need not read it: a view that is watched is shown often.
func (c *chatter) look(body []byte) {
	if len(c.seen) >= manySeen {
		return
	}
	type message struct {
		Message []byte `cbor:"message"`
		Author  []byte `cbor:"author"`
	}
	var v struct {
		Channel []byte `cbor:"channel"`
		Threads []struct {
			Thread   []byte    `cbor:"thread"`
			Messages []message `cbor:"messages"`
		} `cbor:"threads"`
		Messages []message `cbor:"messages"`
	}
	if cbor.Unmarshal(body, &v) != nil {
		return
	}
	for _, t := range v.Threads {
		if len(c.threads) < manySeen {
			c.threads = append(c.threads, thread{v.Channel, t.Thread})
		}
		v.Messages = append(v.Messages, t.Messages...)
	}
	for _, m := range v.Messages {
		if len(c.seen) < manySeen {
			c.seen, c.writers = append(c.seen, m.Message), append(c.writers, m.Author)
		}
	}
}

// act does one deed, drawn from what is possible now.
func (c *chatter) act(h *sim.Hands) {
	r := h.Rand()
	channel := c.channels[r.IntN(len(c.channels))]
	if c.rename > 0 && r.Float64() < c.rename {
		c.ask(h, "graph_set", map[string]any{"element": channel, "prop": "name", "value": "renamed by " + c.words(h)})
		return
	}
	if c.twice > 0 && c.reacts && len(c.seen) > 0 && r.Float64() < c.twice {
		c.doubleClick(h)
		return
	}
	switch d := r.IntN(100); {
	case d < 4:
		c.ask(h, "create_thread", map[string]any{"channel": channel, "title": fmt.Sprintf("thread %d of host %d", d, h.Host())})
	case d < 18 && len(c.mine) > 0:
		c.ask(h, "edit_message", map[string]any{"message": c.mine[r.IntN(len(c.mine))], "text": c.words(h)})
	case d < 22 && len(c.mine) > 1:
		i := r.IntN(len(c.mine))
		c.ask(h, "delete_message", map[string]any{"message": c.mine[i]})
		c.mine = slices.Delete(c.mine, i, i+1)
	case d < 26 && len(c.given) > 0:
		i := r.IntN(len(c.given))
		c.ask(h, "remove_reaction", map[string]any{"message": c.given[i].message, "emoji": c.given[i].emoji})
		c.given = slices.Delete(c.given, i, i+1)
	case d < 36 && c.reacts && len(c.seen) > 0:
		g := reaction{c.seen[r.IntN(len(c.seen))], emojis()[r.IntN(len(emojis()))]}
		if len(c.given) > 0 && r.IntN(2) == 0 { // another to what she liked already
			g.message = c.given[r.IntN(len(c.given))].message
		}
		c.ask(h, "add_reaction", map[string]any{"message": g.message, "emoji": g.emoji})
		c.given = append(c.given, g)
	case d < 46:
		c.ask(h, "view_chat", map[string]any{"channel": channel, "subscribe": c.watch, "last": 32})
		fallthrough
	default:
		m := map[string]any{"channel": channel, "text": c.words(h)}
		if len(c.threads) > 0 && d%3 == 0 {
			t := c.threads[r.IntN(len(c.threads))]
			m["channel"], m["thread"] = t.channel, t.element
		}
		if len(c.writers) > 0 && d%5 == 0 {
			m["mentions"] = [][]byte{c.writers[r.IntN(len(c.writers))], c.writers[r.IntN(len(c.writers))]}
		}
		c.ask(h, "send_message", m)
	}
}

// doubleClick gives a reaction twice, the second time before anything of the first can be seen, and perhaps takes it back as
// soon; or it takes the last one back that was given so.
func (c *chatter) doubleClick(h *sim.Hands) {
	r := h.Rand()
	if g := c.doubled; g.message != nil {
		c.ask(h, "remove_reaction", map[string]any{"message": g.message, "emoji": g.emoji})
		c.doubled = reaction{}
		return
	}
	c.doubled = reaction{c.seen[r.IntN(len(c.seen))], emojis()[r.IntN(len(emojis()))]}
	for range 2 {
		c.ask(h, "add_reaction", map[string]any{"message": c.doubled.message, "emoji": c.doubled.emoji})
	}
	if r.IntN(2) == 0 {
		c.ask(h, "remove_reaction", map[string]any{"message": c.doubled.message, "emoji": c.doubled.emoji})
		c.doubled = reaction{}
	}
}

// words makes a text that says who wrote it and when, so that no two are alike.
func (c *chatter) words(h *sim.Hands) string {
	r := h.Rand()
	text := fmt.Sprintf("host %d at %v:", h.Host(), h.Time())
	for range 2 + r.IntN(9) {
		text += " " + vocabulary()[r.IntN(len(vocabulary()))]
	}
	return text
}

func emojis() []string { return []string{"👍", "🎉", "❤️", "🤔"} }

func vocabulary() []string {
	return []string{"the", "meeting", "moves", "to", "Thursday", "graph", "review", "is", "open", "please", "read", "draft", "ship",
		"today", "beacon", "holds", "our", "notes", "great", "work", "bug", "in", "the", "editor", "who", "can", "help", "invoice",
		"paid", "urgent", "thanks", "lunch", "at", "noon", "plan", "done"}
}
