package workload

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Roles is owners and admins who give and take rights while others work (SEC-1, APP-SUB).
type Roles struct {
	By      []string `yaml:"by"`               // groups of owners and admins
	Of      []string `yaml:"of"`               // groups whose people gain and lose rights
	Changes int      `yaml:"changes"`          // how many in all
	Revoke  float64  `yaml:"revoke,omitempty"` // share of the changes that take a right; the rest give one
	Admins  bool     `yaml:"admins,omitempty"` // admins must be among those whose rights are taken
}

func (*Roles) Kind() string { return "roles" }

func (w *Roles) Deeds() (int, error) { return w.Changes, within("changes", w.Changes, MaxDeeds) }

// Claims implements Claimer.
func (w *Roles) Claims() []string {
	if !w.Admins {
		return nil
	}
	return []string{AdminsRevoked}
}

func (w *Roles) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	by, err := env.group("by", w.By...)
	if err != nil {
		return nil, err
	}
	of, err := env.group("of", w.Of...)
	if err != nil {
		return nil, err
	}
	if w.Changes <= 0 {
		return nil, fmt.Errorf("changes: %d is not a positive count", w.Changes)
	}
	if w.Revoke < 0 || w.Revoke > 1 {
		return nil, fmt.Errorf("revoke: %v is not a share", w.Revoke)
	}
	var scripts []sim.Script
	for n := range w.Changes {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		s := by[r.IntN(len(by))]
		space := s.Spaces[r.IntN(len(s.Spaces))]
		there := slices.DeleteFunc(slices.Clone(of), func(o Seat) bool { return !slices.Contains(o.Spaces, space) || o.Host == s.Host })
		if len(there) == 0 {
			continue
		}
		whom := there[r.IntN(len(there))]
		do := "grant"
		if r.Float64() < w.Revoke {
			do = "revoke"
		}
		at := start + time.Duration(r.Int64N(int64(max(env.Duration-start, 1))))
		public := ed25519.NewKeyFromSeed(whom.Seed[:]).Public().(ed25519.PublicKey)
		scripts = append(scripts, script(s, "roles", space,
			sim.Arg{Name: "do", Value: do},
			sim.Arg{Name: "whom", Value: hex.EncodeToString(public)},
			sim.Arg{Name: "was", Value: whom.Role},
			sim.Arg{Name: "times", Value: writeTimes([]time.Duration{at})}))
	}
	return scripts, nil
}

// roler gives or takes one right.
type roler struct {
	user
	do   string
	whom []byte
	was  string // the role that the space was founded with
}

func newRoler(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	whom, err := a.key("whom")
	if err != nil {
		return nil, err
	}
	do := strings.TrimSpace(a.text("do"))
	if do != "grant" && do != "revoke" {
		return nil, fmt.Errorf("do: %q is neither grant nor revoke", do)
	}
	return &roler{user: u, do: do, whom: whom[:], was: a.text("was")}, nil
}

func (p *roler) Wake(_ step.Now, h *sim.Hands) {
	if p.wake(h) == 0 {
		return
	}
	m := map[string]any{"who": [][]byte{p.whom}}
	if p.do == "grant" {
		m["role"] = uint64(2)
	}
	if _, issued := p.ask(h, p.do, m); issued && p.do == "revoke" && p.was == "admin" {
		h.Count(AdminsRevoked, 1)
	}
}

func (p *roler) See(_ step.Now, r *step.Reply, _ *sim.Hands) { p.answered(r) }
