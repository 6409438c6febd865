package checkers

import (
	"bytes"
	"cmp"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// shownBudget is how many pictures of channels are read in a run: they are long, and who draws one wrongly draws many so.
const shownBudget = 400

// picture is what a person is shown of a channel, as far as it is judged.
type picture struct {
	Threads []struct {
		Messages []pictured `cbor:"messages"`
	} `cbor:"threads"`
	Messages []pictured `cbor:"messages"`
}

type pictured struct {
	Message []byte `cbor:"message"`
	Clock   uint64 `cbor:"clock"`
}

// shown judges that a picture has its messages in the order of their creation, by (clock, id): alike for all who look
// (APP-CHAT).
func (c *convergence) shown(e *sim.Event, out *step.Reply) {
	r := c.book.asked[asking{e.Host, out.Request}]
	if r == nil || r.do != "view_chat" || out.Status != step.Shown || c.pictures == shownBudget {
		return
	}
	c.pictures++
	var p picture
	if err := c.cbor.Unmarshal(out.Body, &p); err != nil {
		c.fail(e.Key.At, e.ID(), "host %d shows a channel in another layout: %v", e.Host, err)
		return
	}
	lists := [][]pictured{p.Messages}
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
