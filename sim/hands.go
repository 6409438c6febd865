package sim

import (
	"math/rand/v2"
	"time"
)

// Hands is what a person can do. It is valid for the whole run.
type Hands struct {
	w      *World
	host   HostID
	index  uint32 // of the person
	asked  uint32
	person Person
	rand   *rand.Rand
}

// Host is where the person sits.
func (h *Hands) Host() HostID { return h.host }

// Life is how often the host has booted.
func (h *Hands) Life() uint32 { return h.w.Life(h.host) }

// Calm is the instant from which persons should ask nothing new.
func (h *Hands) Calm() time.Duration { return h.w.cfg.Plan.Calm }

// Time is the world's time, which a person knows from looking out of the window.
func (h *Hands) Time() time.Duration { return h.w.now }

// Rand is the person's own chance.
func (h *Hands) Rand() *rand.Rand { return h.rand }

// Count adds to the ledger.
func (h *Hands) Count(name string, n int64) { h.w.ledger.Counts[name] += n }

// Ask hands a request to the host and returns its number. Where the host is down, the request is recorded as unissued.
func (h *Hands) Ask(body []byte) (id uint64, issued bool) { return h.w.ask(h, body) }

// Wake asks for a call of Person.Wake after a time.
func (h *Hands) Wake(after time.Duration) {
	h.w.wakeLater(h, later(h.w.now, max(0, after)))
}
