package workload

import (
	"cmp"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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
	Return  float64  `yaml:"return,omitempty"` // share of the revocations after which the same person gives the role back
	Heirs   []string `yaml:"heirs,omitempty"`  // groups: who got the role back then gives one of their people the right to write
	Admins  bool     `yaml:"admins,omitempty"` // admins must be among those whose rights are taken
	Beyond  bool     `yaml:"beyond,omitempty"` // some must be above whoever changes their rights
}

func (*Roles) Kind() string { return "roles" }

func (w *Roles) Deeds() (int, error) {
	deeds := w.Changes
	if w.Return > 0 {
		deeds *= 3 // each may be a revocation, which is taken back, whereupon the right is given on
	}
	return deeds, within("changes", w.Changes, MaxDeeds)
}

// Claims implements Claimer.
func (w *Roles) Claims() []string {
	var claims []string
	if w.Admins {
		claims = append(claims, AdminsRevoked)
	}
	if w.Revoke == 1 && w.Return == 1 {
		claims = append(claims, RolesReturned)
	}
	if w.Beyond {
		claims = append(claims, OutOfReach)
	}
	return claims
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
	var heirs []Seat
	if len(w.Heirs) > 0 {
		if heirs, err = env.group("heirs", w.Heirs...); err != nil {
			return nil, err
		}
	}
	if w.Changes <= 0 {
		return nil, fmt.Errorf("changes: %d is not a positive count", w.Changes)
	}
	if w.Revoke < 0 || w.Revoke > 1 {
		return nil, fmt.Errorf("revoke: %v is not a share", w.Revoke)
	}
	if w.Return < 0 || w.Return > 1 {
		return nil, fmt.Errorf("return: %v is not a share", w.Return)
	}
	var scripts []sim.Script
	for n := range w.Changes {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		s := by[r.IntN(len(by))]
		space := s.Spaces[r.IntN(len(s.Spaces))]
		there := others(of, space, s)
		if len(there) == 0 {
			continue
		}
		whom := there[r.IntN(len(there))]
		do := "grant"
		if r.Float64() < w.Revoke {
			do = "revoke"
		}
		at := start + time.Duration(r.Int64N(int64(max(env.Duration-start, 1))))
		scripts = append(scripts, change(s, space, do, whom, at, 0))
		if w.Return > 0 && do == "revoke" && r.Float64() < w.Return {
			at = later(at, env.Duration, r)
			scripts = append(scripts, change(s, space, "grant", whom, at, back(s.Role, whom.Role, r)))
			if there := others(heirs, space, whom); len(there) > 0 {
				scripts = append(scripts, change(whom, space, "grant", there[r.IntN(len(there))], later(at, env.Duration, r), 0))
			}
		}
	}
	return scripts, nil
}

// others are those of the seats that hold a space, without one.
func others(seats []Seat, space [32]byte, without Seat) []Seat {
	return slices.DeleteFunc(slices.Clone(seats), func(o Seat) bool { return !slices.Contains(o.Spaces, space) || o.Host == without.Host })
}

// later is a time within the next third of what is left, so that three things that follow from one another find room.
func later(at, end time.Duration, r *rand.Rand) time.Duration {
	return at + time.Duration(r.Int64N(int64(max((end-at)/3, 1))))
}

// back is the role that is given back: what it was, now and then one less, and no more than the giver may give.
func back(by, was string, r *rand.Rand) int {
	role := 1 + max(0, slices.Index(roleNames(), was))
	if r.IntN(4) == 0 {
		role = max(1, role-1)
	}
	return min(role, max(1, slices.Index(roleNames(), by)))
}

// roleNames are the roles that a person may hold, from the least on, which is 1 in a request.
func roleNames() []string { return []string{"guest", "member", "admin", "owner"} }

// change is the script of one change. Role 0 is the one that is given where nothing was taken before: member.
func change(by Seat, space [32]byte, do string, whom Seat, at time.Duration, role int) sim.Script {
	public := ed25519.NewKeyFromSeed(whom.Seed[:]).Public().(ed25519.PublicKey)
	args := []sim.Arg{
		{Name: "do", Value: do},
		{Name: "whom", Value: hex.EncodeToString(public)},
		{Name: "was", Value: whom.Role},
		{Name: "times", Value: writeTimes([]time.Duration{at})},
	}
	if role > 0 {
		args = append(args, sim.Arg{Name: "back", Value: strconv.Itoa(role)})
	}
	if slices.Index(roleNames(), whom.Role) >= slices.Index(roleNames(), by.Role) {
		args = append(args, sim.Arg{Name: "beyond", Value: "yes"})
	}
	return script(by, "roles", space, args...)
}

// roler gives or takes one right.
type roler struct {
	user
	do   string
	whom []byte
	was  string // the role that the space was founded with
	back int    // the role that is given back after it was taken; 0 where it was not

	beyond bool // the other is no less by the space's founding
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
	p := &roler{user: u, do: do, whom: whom[:], was: a.text("was"), beyond: a.text("beyond") != ""}
	if a.text("back") != "" {
		p.back, err = a.number("back")
	}
	return p, err
}

func (p *roler) Wake(_ step.Now, h *sim.Hands) {
	if p.wake(h) == 0 {
		return
	}
	m := map[string]any{"who": [][]byte{p.whom}}
	if p.do == "grant" {
		m["role"] = uint64(cmp.Or(p.back, 2))
	}
	_, issued := p.ask(h, p.do, m)
	if issued && p.do == "revoke" && p.was == "admin" {
		h.Count(AdminsRevoked, 1)
	}
	if issued && p.back > 0 {
		h.Count(RolesReturned, 1)
	}
	if issued && p.beyond {
		h.Count(OutOfReach, 1)
	}
}

func (p *roler) See(_ step.Now, r *step.Reply, _ *sim.Hands) { p.answered(r) }
