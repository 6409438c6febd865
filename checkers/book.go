package checkers

import (
	"math"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// book is what all checkers know together: the operations with what follows from them, the requests of persons, and who
// lost a disk. Every checker shows it every event; it takes each once. Operations are learned from the notes of their
// authors and, where no honest host signed them, from the first honest host that holds them.
type book struct {
	truth  *Truth
	cbor   cbor.DecMode // of what one operation or request says
	wide   cbor.DecMode // of whole states and views, which hold many
	spaces []*space     // as in the Truth
	byID   map[key]*space
	ops    map[key]*operation
	people map[key]bool // identities known before the run; true for those of honest hosts alone
	owner  map[key]key  // of a device: the identity that certified it

	asked map[asking]*request
	order []*request
	lost  map[sim.HostID]time.Duration // when it was last found to have lost a disk with strict commits
	wrote map[sim.HostID]bool          // has strict commits on its disk

	last mark
	snap snapshot
	sets [2]map[uint64][]*set // the sets of the running snapshot, and of the one before
}

// mark identifies the last event that the book took.
type mark struct {
	key   sim.Key
	index int
	kind  sim.Kinds
	host  sim.HostID
}

// asking names a request.
type asking struct {
	host sim.HostID
	id   uint64
}

// request is what a person asked of an honest host, and what became of it.
type request struct {
	asking
	life     uint32
	at       time.Duration
	do       string
	body     []byte
	on       bool   // of a consent
	most     uint64 // of a consent: jobs at once; 0 leaves that to the host
	space    key
	named    []key // by a grant or a revoke, which gives role
	role     int
	version  []key    // that an edit of a text names; nil where it names none
	channel  element  // of a view_chat
	latest   int      // of its messages, that the view shows; 0 is all
	watched  bool     // it is shown again whenever it changes
	picture  []byte   // which it was shown last
	text     property // of a watch_text
	pictures [][]byte // of it, in order
	first    step.Status
	why      string // of a first reply that denies
	replied  time.Duration
	gone     bool          // its host went down since
	went     time.Duration // when it first did
	op       key
	durable  time.Duration // 0 while it is not
	event    string
}

func newBook(t *Truth) *book {
	b := &book{
		truth: t, cbor: decoding(maxDepth+4, 1<<17), wide: decoding(64, math.MaxInt32), byID: map[key]*space{}, ops: map[key]*operation{}, people: map[key]bool{},
		owner: map[key]key{}, asked: map[asking]*request{}, lost: map[sim.HostID]time.Duration{}, wrote: map[sim.HostID]bool{},
		sets: [2]map[uint64][]*set{{}, {}},
	}
	for i, s := range t.Spaces {
		sp := newSpace(s.ID, i)
		b.spaces = append(b.spaces, sp)
		b.byID[s.ID] = sp
		if g := b.learn(s.Genesis); g != nil {
			sp.genesis = g.id
			b.resolve(g)
			if g.rule != nil {
				for _, who := range g.rule.named {
					b.people[who] = false
				}
			}
		}
	}
	for i := range t.Hosts {
		b.people[t.Hosts[i].Identity] = t.Hosts[i].Honest
	}
	for i := range t.Hosts { // an identity that a liar has too is not honest
		if !t.Hosts[i].Honest {
			b.people[t.Hosts[i].Identity] = false
		}
	}
	delete(b.people, key{})
	return b
}

// wants are the events that the book must see, whoever shows them.
func (b *book) wants() sim.Kinds {
	return sim.OnNote | sim.OnRequest | sim.OnReply | sim.OnBoot | sim.OnCrash | sim.OnCommitted
}

// observe takes an event in, unless another checker has shown it already.
func (b *book) observe(e *sim.Event) {
	m := mark{e.Key, e.Index, e.Kind, e.Host}
	if m == b.last {
		return
	}
	b.last = m
	honest := b.truth.host(e.Host).Honest
	switch e.Kind {
	case sim.OnNote:
		if n := e.Effect.(*step.Note); n.Kind == step.NoteAuthored {
			b.authored(e, n, honest)
		}
	case sim.OnRequest:
		if honest {
			b.request(e, e.Input.(*step.Request))
		}
	case sim.OnReply:
		if honest {
			b.reply(e, e.Effect.(*step.Reply))
		}
	case sim.OnCommitted:
		if in := e.Input.(*step.Committed); in.Strict && in.Err == 0 {
			b.wrote[e.Host] = true
		}
	case sim.OnBoot:
		b.down(e.Host, e.Key.At)
		if in := e.Input.(*step.Boot); len(in.Disk) == 0 && b.wrote[e.Host] {
			b.lost[e.Host] = e.Key.At
			delete(b.wrote, e.Host)
		}
	case sim.OnCrash:
		b.down(e.Host, e.Key.At)
	}
}

func (b *book) authored(e *sim.Event, n *step.Note, honest bool) {
	o := b.learn(n.Data)
	if o == nil || !honest || o.honest {
		return
	}
	o.honest, o.host, o.at, o.request = true, e.Host, e.Key.At, uint64(n.N)
}

func (b *book) request(e *sim.Event, in *step.Request) {
	r := &request{asking: asking{e.Host, in.ID}, life: e.Life, at: e.Key.At, body: in.Body, event: e.ID()}
	var body struct {
		Do    string `cbor:"do"`
		On    bool   `cbor:"on"`
		Space []byte `cbor:"space"`
		Max   uint64 `cbor:"max"`
	}
	if b.cbor.Unmarshal(in.Body, &body) == nil {
		r.do, r.on, r.space, r.most = body.Do, body.On, array(body.Space), body.Max
	}
	if r.do == "grant" || r.do == "revoke" {
		var gift struct {
			Who  [][]byte `cbor:"who"`
			Role int      `cbor:"role"`
		}
		if b.cbor.Unmarshal(in.Body, &gift) == nil {
			r.role = gift.Role
			for _, who := range gift.Who {
				r.named = append(r.named, array(who))
			}
		}
	}
	if r.do == "view_chat" {
		var view struct {
			Channel   []byte `cbor:"channel"`
			Last      int    `cbor:"last"`
			Subscribe bool   `cbor:"subscribe"`
		}
		if b.cbor.Unmarshal(in.Body, &view) == nil && len(view.Channel) == len(r.channel) {
			r.channel, r.latest, r.watched = element(view.Channel), view.Last, view.Subscribe
		}
	}
	if r.do == "watch_text" {
		var view struct {
			Element []byte `cbor:"element"`
			Prop    string `cbor:"prop"`
		}
		if b.cbor.Unmarshal(in.Body, &view) == nil && len(view.Element) == len(r.text.element) {
			r.text = property{element(view.Element), view.Prop}
		}
	}
	if r.do == "edit_text" {
		var text struct {
			Version [][]byte `cbor:"version"`
		}
		if b.cbor.Unmarshal(in.Body, &text) == nil && text.Version != nil {
			r.version = []key{}
			for _, id := range text.Version {
				r.version = append(r.version, array(id))
			}
		}
	}
	if b.asked[r.asking] == nil {
		b.asked[r.asking] = r
		b.order = append(b.order, r)
	}
}

func (b *book) reply(e *sim.Event, out *step.Reply) {
	r := b.asked[asking{e.Host, out.Request}]
	if r == nil {
		return
	}
	if r.first == 0 {
		r.first, r.replied = out.Status, e.Key.At
		var body struct {
			Why string `cbor:"why"`
		}
		if out.Status == step.Denied && b.cbor.Unmarshal(out.Body, &body) == nil {
			r.why = body.Why
		}
	}
	if out.Status == step.Accepted || out.Status == step.Durable {
		if id, ok := b.promised(out.Body); ok {
			r.op = id
		}
	}
	if out.Status == step.Shown && r.watched {
		r.picture = out.Body
	}
	if out.Status == step.Shown && r.do == "watch_text" {
		r.pictures = append(r.pictures, out.Body)
	}
	if out.Status == step.Durable && r.durable == 0 {
		r.durable = max(e.Key.At, 1)
	}
}

// promised reads the operation that an Accepted or Durable reply names.
func (b *book) promised(body []byte) (id key, ok bool) {
	var m struct {
		Op []byte `cbor:"op"`
	}
	if b.cbor.Unmarshal(body, &m) != nil || len(m.Op) != 32 {
		return id, false
	}
	return array(m.Op), true
}

// down gives up the requests that a host took down with it.
func (b *book) down(h sim.HostID, at time.Duration) {
	for i := len(b.order) - 1; i >= 0; i-- {
		if r := b.order[i]; r.host == h {
			if r.gone {
				return
			}
			r.gone, r.went = true, at
		}
	}
}

// learn opens bytes, and keeps the operation unless a better copy is known.
func (b *book) learn(raw []byte) *operation {
	if len(raw) == 0 {
		return nil
	}
	o := b.open(raw)
	if o.id == (key{}) {
		return nil
	}
	if known := b.ops[o.id]; known != nil && (known.reason == "" || o.reason != "") {
		return known
	}
	b.keep(o)
	return o
}

func (b *book) keep(o *operation) {
	b.ops[o.id] = o
	if o.reason == "" && o.head.Seq == 1 {
		b.owner[o.chain.device] = array(o.head.Identity)
	}
}

// signed tells an operation's kind and its author, as far as its signatures prove who that is.
func (b *book) signed(o *operation) string {
	who, known := o.author, o.author != key{}
	if !known && o.reason != step.RefuseMalformed && o.reason != step.RefuseSignature {
		who, known = b.owner[o.chain.device]
	}
	by := "by an unknown device"
	if known {
		by = "by " + short(who)
	}
	return strings.TrimSpace(o.kind + " " + by)
}

// fetch asks a host for the bytes of an operation that it says it holds.
func (b *book) fetch(v sim.View, h sim.HostID, id key) *operation {
	answer := v.Inspect(h, about(step.InspectOp, id))
	if len(answer) < 2 || answer[0] != 1 {
		return nil
	}
	o := b.open(answer[1:])
	if o.id != id {
		return nil
	}
	b.keep(o)
	return o
}

// resolve finds an operation's causes and what follows from them. It returns false while one of them is not known.
func (b *book) resolve(o *operation) bool {
	if o.resolved || o.reason != "" {
		return true
	}
	h := &o.head
	causes := make([]*operation, 0, len(h.Deps)+1)
	refused := false
	for i := -1; i < len(h.Deps); i++ {
		id := h.Prev
		if i >= 0 {
			id = h.Deps[i]
		} else if id == nil {
			continue
		}
		c := b.ops[array(id)]
		if c == nil || !b.resolve(c) {
			return false
		}
		refused = refused || c.reason != ""
		causes = append(causes, c)
	}
	o.resolved, o.causes = true, causes
	o.space = b.byID[array(h.Space)]
	switch {
	case refused:
		o.reason, o.detail = step.RefuseCause, "a cause of it may not be admitted"
	case o.space == nil:
		o.reason, o.detail = step.RefuseSpace, "there is no such space"
	default:
		b.place(o)
	}
	return true
}

// place fills in what follows from the causes, judges the operation, and gives an admissible one its place in the space.
func (b *book) place(o *operation) {
	if o.head.Seq == 1 {
		o.author = array(o.head.Identity)
	} else {
		o.author = o.causes[0].author
	}
	for _, c := range o.causes {
		if c.space == o.space {
			o.past = o.past.union(c.below())
		}
	}
	rule, err := b.readRule(o)
	if err != nil {
		o.reason, o.detail = step.RefuseBody, err.Error()
		return
	}
	o.rule = rule
	if o.reason, o.detail = b.admit(o); o.reason == "" {
		o.space.add(o)
	}
}

// below is the rights operations in the past of whatever names o as a cause.
func (o *operation) below() bitset {
	if o.rule == nil {
		return o.past
	}
	return o.past.with(o.rule.number)
}
