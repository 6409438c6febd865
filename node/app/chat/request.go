package chat

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Limits of what a person writes, in bytes. A register's value holds no more than op.MaxValue.
const (
	MaxName     = 256
	MaxText     = 4000
	MaxEmoji    = 32
	MaxMentions = 32
)

// request is the body of every request of this app; each kind uses some of the fields and refuses the others.
type request struct {
	Do        string   `cbor:"do"`
	Space     []byte   `cbor:"space"`
	Name      *string  `cbor:"name"`
	Title     *string  `cbor:"title"`
	Text      *string  `cbor:"text"`
	Emoji     *string  `cbor:"emoji"`
	Channel   []byte   `cbor:"channel"`
	Thread    []byte   `cbor:"thread"`
	Message   []byte   `cbor:"message"`
	Mentions  [][]byte `cbor:"mentions"`
	Subscribe *bool    `cbor:"subscribe"`
	Last      *uint32  `cbor:"last"`
}

// fields says what a kind of request must have and may have.
func fields(do string) (must, may []string) {
	switch do {
	case "create_channel":
		return []string{"name"}, nil
	case "create_thread":
		return []string{"channel", "title"}, nil
	case "send_message":
		return []string{"channel", "text"}, []string{"thread", "mentions"}
	case "edit_message":
		return []string{"message", "text"}, nil
	case "delete_message":
		return []string{"message"}, nil
	case "add_reaction", "remove_reaction":
		return []string{"message", "emoji"}, nil
	case "view_chat":
		return []string{"channel"}, []string{"subscribe", "last"}
	}
	return nil, nil
}

// Handles tells whether a request is for this app.
func Handles(do string) bool {
	must, _ := fields(do)
	return must != nil
}

// decode reads a request strictly. Its errors are for people.
func decode(do string, body []byte) (*request, error) {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		panic(err)
	}
	r := &request{}
	if err := mode.Unmarshal(body, r); err != nil {
		return nil, fmt.Errorf("%s: the request does not decode: %w", do, err)
	}
	must, may := fields(do)
	has := r.has()
	for _, f := range must {
		if !has[f] {
			return nil, fmt.Errorf("%s needs %s", do, f)
		}
		delete(has, f)
	}
	for _, f := range may {
		delete(has, f)
	}
	for _, f := range order() {
		if has[f] {
			return nil, fmt.Errorf("%s takes no %s", do, f)
		}
	}
	return r, r.check()
}

func order() []string {
	return []string{"name", "title", "text", "emoji", "channel", "thread", "message", "mentions", "subscribe", "last"}
}

func (r *request) has() map[string]bool {
	given := [...]bool{r.Name != nil, r.Title != nil, r.Text != nil, r.Emoji != nil, r.Channel != nil, r.Thread != nil, r.Message != nil,
		r.Mentions != nil, r.Subscribe != nil, r.Last != nil}
	m := map[string]bool{}
	for i, f := range order() {
		if given[i] {
			m[f] = true
		}
	}
	return m
}

func (r *request) check() error {
	for _, e := range [...]struct {
		name string
		id   []byte
	}{{"channel", r.Channel}, {"thread", r.Thread}, {"message", r.Message}} {
		if e.id != nil && len(e.id) != len(op.Element{}) {
			return fmt.Errorf("%s is not an element id of %d bytes", e.name, len(op.Element{}))
		}
	}
	for _, t := range [...]struct {
		name string
		text *string
		most int
	}{{"name", r.Name, MaxName}, {"title", r.Title, MaxName}, {"text", r.Text, MaxText}, {"emoji", r.Emoji, MaxEmoji}} {
		switch {
		case t.text == nil:
		case *t.text == "":
			return fmt.Errorf("%s is empty", t.name)
		case len(*t.text) > t.most:
			return fmt.Errorf("%s is over %d bytes", t.name, t.most)
		}
	}
	if len(r.Mentions) > MaxMentions {
		return fmt.Errorf("over %d mentions", MaxMentions)
	}
	for _, m := range r.Mentions {
		if len(m) != len(op.Key{}) {
			return errors.New("a mention is not an identity key")
		}
	}
	return nil
}
