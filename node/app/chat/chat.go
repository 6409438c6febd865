// Package chat is the application of channels, threads and messages: its domain types, its operations with their rules,
// and its view. It has no storage of its own: a channel's view is a function of the graph.
//
// Types: Channel{name}, Thread{title}, Message{text, edited, reactions}, Mention{who}. Relations: in_channel from a thread
// or a message to its channel, in_thread from a message to its thread, mentions from a message to a mention.
package chat

import (
	"errors"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/graph"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Types of elements, and properties.
const (
	Channel   = "Channel"
	Thread    = "Thread"
	Message   = "Message"
	Mention   = "Mention"
	InChannel = "in_channel"
	InThread  = "in_thread"
	Mentions  = "mentions"

	propName      = "name"
	propTitle     = "title"
	propText      = "text"
	propEdited    = "edited"
	propReactions = "reactions"
	propWho       = "who"
)

// Authors tells which identity an operation is by.
type Authors interface {
	AuthorOf(o *op.Operation) op.Key
}

// Scene is the space that a request is about, as this node sees it, and who asks.
type Scene struct {
	Graph   *graph.Graph
	Pending []*op.Operation // own ones on their way to the disk: the graph has them not, and the next one follows them
	Authors Authors
	Me      op.Key
	Role    op.Role
}

// Chat holds the views that persons of this node watch.
type Chat struct {
	mode  cbor.EncMode
	rolls []*roll
}

// New gives the app of a node that nobody watches yet.
func New() *Chat {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return &Chat{mode: mode}
}

func (c *Chat) encode(v any) cbor.RawMessage {
	b, err := c.mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Draft turns a request into the operation that does it. An error says, for people, why it is denied.
func (c *Chat) Draft(s *Scene, do string, body []byte) (op.Draft, error) {
	r, err := decode(do, body)
	if err != nil {
		return op.Draft{}, err
	}
	d := op.Draft{Kind: do}
	switch do {
	case op.CreateChannel:
		e := d.Add(op.Mutation{Code: op.CreateNode, Type: Channel})
		c.set(&d, e, propName, *r.Name)
		return d, nil
	case op.CreateThread:
		channel, err := s.live(Channel, r.Channel)
		if err != nil {
			return d, err
		}
		e := d.Add(op.Mutation{Code: op.CreateNode, Type: Thread})
		c.set(&d, e, propTitle, *r.Title)
		d.Add(op.Mutation{Code: op.CreateRelation, Type: InChannel, From: e, To: channel})
		return d, nil
	case op.SendMessage:
		return d, c.send(s, &d, r)
	case op.EditMessage, op.DeleteMessage:
		return d, c.change(s, &d, r)
	case op.AddReaction, op.RemoveReaction:
		return d, c.react(s, &d, r)
	}
	return d, errors.New(do + " changes nothing")
}

func (c *Chat) send(s *Scene, d *op.Draft, r *request) error {
	channel, err := s.live(Channel, r.Channel)
	if err != nil {
		return err
	}
	e := d.Add(op.Mutation{Code: op.CreateNode, Type: Message})
	c.set(d, e, propText, *r.Text)
	d.Add(op.Mutation{Code: op.CreateRelation, Type: InChannel, From: e, To: channel})
	if r.Thread != nil {
		thread, err := s.live(Thread, r.Thread)
		if err != nil {
			return err
		}
		if s.target(thread, InChannel) != channel {
			return errors.New("the thread is in another channel")
		}
		d.Add(op.Mutation{Code: op.CreateRelation, Type: InThread, From: e, To: thread})
	}
	for _, who := range r.Mentions {
		m := d.Add(op.Mutation{Code: op.CreateNode, Type: Mention})
		c.set(d, m, propWho, who)
		d.Add(op.Mutation{Code: op.CreateRelation, Type: Mentions, From: e, To: m})
	}
	return nil
}

// change edits or deletes a message: one's own, or anybody's for an admin.
func (c *Chat) change(s *Scene, d *op.Draft, r *request) error {
	e, err := s.live(Message, r.Message)
	if err != nil {
		return err
	}
	if v, _ := s.Graph.Get(e); s.Role < op.Admin && s.Authors.AuthorOf(v.Created) != s.Me {
		return errors.New("the message is another person's")
	}
	if d.Kind == op.DeleteMessage {
		d.Add(op.Mutation{Code: op.Delete, Element: e})
		return nil
	}
	c.set(d, e, propText, *r.Text)
	c.set(d, e, propEdited, true)
	return nil
}

// react adds or takes back a person's own reaction.
func (c *Chat) react(s *Scene, d *op.Draft, r *request) error {
	e, err := s.live(Message, r.Message)
	if err != nil {
		return err
	}
	value := c.encode(&reaction{Emoji: *r.Emoji, Who: s.Me[:]})
	if d.Kind == op.AddReaction {
		if len(s.Graph.SetDots(e, propReactions, value, nil)) > 0 {
			return errors.New("you reacted so already")
		}
		d.Add(op.Mutation{Code: op.SetAdd, Element: e, Prop: propReactions, Value: value})
		return nil
	}
	dots := s.Graph.SetDots(e, propReactions, value, s.Pending)
	if len(dots) == 0 {
		return errors.New("you did not react so")
	}
	d.Add(op.Mutation{Code: op.SetRemove, Element: e, Prop: propReactions, Value: value, Dots: dots})
	return nil
}

// reaction is one value of the set of reactions: an emoji and who gives it.
type reaction struct {
	_     struct{} `cbor:",toarray"`
	Emoji string
	Who   []byte
}

func (c *Chat) set(d *op.Draft, e op.Element, prop string, value any) {
	d.Add(op.Mutation{Code: op.Register, Element: e, Prop: prop, Value: c.encode(value)})
}

// live checks that an element is of a type and was not deleted.
func (s *Scene) live(kind string, id []byte) (op.Element, error) {
	e := op.Element(id)
	if v, ok := s.Graph.Get(e); !ok || v.Type != kind || v.Relation {
		return e, errors.New("there is no such " + kind)
	} else if v.Deleted {
		return e, errors.New("the " + kind + " was deleted")
	}
	return e, nil
}

// target is where the first relation of a type leads from an element; zero if there is none.
func (s *Scene) target(e op.Element, relation string) op.Element {
	for _, r := range s.Graph.Outgoing(e, relation) {
		v, _ := s.Graph.Get(r)
		return v.To
	}
	return op.Element{}
}
