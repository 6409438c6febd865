package workload

import (
	"maps"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// user is what all persons share: she signs in at every boot, has a space, acts at times written in the plan, and
// remembers what she asked until it is answered.
type user struct {
	identity [32]byte
	space    [32]byte
	times    []time.Duration
	next     int
	life     uint32
	asked    map[uint64]string // request to what it was for
	enc      cbor.EncMode
}

// hello is how long after the boot a person starts to act.
const hello = 50 * time.Millisecond

func newUser(a args) (user, error) {
	u := user{asked: map[uint64]string{}}
	var err error
	if u.identity, err = a.key("identity"); err != nil {
		return u, err
	}
	if u.space, err = a.key("space"); err != nil {
		return u, err
	}
	if u.times, err = a.times("times"); err != nil {
		return u, err
	}
	u.enc, err = cbor.CoreDetEncOptions().EncMode()
	return u, err
}

// ask sends a request; a request to a host that is down is the world's to record.
func (u *user) ask(h *sim.Hands, do string, fields map[string]any) (id uint64, issued bool) {
	m := maps.Clone(fields)
	if m == nil {
		m = map[string]any{}
	}
	m["do"], m["space"] = do, u.space[:]
	b, err := u.enc.Marshal(m)
	if err != nil {
		panic(err)
	}
	if id, issued = h.Ask(b); issued {
		u.asked[id] = do
	}
	return id, issued
}

// wake signs in after a boot, and says how many of the plan's deeds are due now. It asks to be woken for the next one.
func (u *user) wake(h *sim.Hands) (due int) {
	now := h.Time()
	if h.Life() != u.life {
		u.life = h.Life()
		clear(u.asked)
		u.ask(h, "sign_in", map[string]any{"seed": u.identity[:]})
		h.Wake(hello)
		return 0
	}
	for u.next < len(u.times) && u.times[u.next] <= now {
		u.next++
		due++
	}
	if u.next < len(u.times) {
		h.Wake(u.times[u.next] - now)
	}
	return due
}

// answered tells what a reply was for, and forgets it once it is settled. A view that is watched is answered many times.
func (u *user) answered(r *step.Reply) string {
	do := u.asked[r.Request]
	once := do == "sign_in" || do == "find" || do == "view_set" || do == "view_text" || do == "list_channels"
	if r.Status == step.Denied || r.Status == step.Durable || r.Status == step.Shown && once {
		delete(u.asked, r.Request)
	}
	return do
}

// operation reads the id out of an accepted or durable reply.
func operation(r *step.Reply) (id [32]byte, ok bool) {
	var body struct {
		Op []byte `cbor:"op"`
	}
	if cbor.Unmarshal(r.Body, &body) != nil || len(body.Op) != 32 {
		return id, false
	}
	return [32]byte(body.Op), true
}
