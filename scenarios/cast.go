package scenarios

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// member is one host and its person, as the builder knows them.
type member struct {
	host     sim.HostID
	group    *Group
	seed     [32]byte // of the identity key
	identity op.Key
	spaces   []int // indices into the cast's spaces, ascending
	absent   bool
}

// space is one space of the run.
type space struct {
	name    string
	id      op.SpaceID
	genesis []byte
	hosts   []sim.HostID
}

// cast is who takes part: hosts, persons and spaces, drawn from the seed.
type cast struct {
	members []member // host h is members[h-1]
	spaces  []space
}

// maxRoles bounds the founding roles of a space: its founding operation must fit the size of an operation.
const maxRoles = 1500

// draw deals the groups out over the hosts, persons to hosts, hosts to spaces, and founds the spaces.
func draw(s *Scenario, nodes int, seed sim.Seed, stopped func() error) (*cast, error) {
	sizes, err := s.sizes(nodes)
	if err != nil {
		return nil, err
	}
	c := &cast{members: make([]member, nodes), spaces: make([]space, len(s.Spaces))}
	r := seed.Stream("cast")
	order := make([]int, 0, nodes)
	for g, n := range sizes {
		for range n {
			order = append(order, g)
		}
	}
	r.Shuffle(nodes, func(i, j int) { order[i], order[j] = order[j], order[i] })
	seeds, err := identities(nodes, r, stopped)
	if err != nil {
		return nil, err
	}
	turns := s.firstTurns(r)
	for i := range c.members {
		if i%1024 == 0 {
			if err := stopped(); err != nil {
				return nil, err
			}
		}
		m := &c.members[i]
		m.host, m.group, m.seed = sim.HostID(i+1), &s.Groups[order[i]], seeds[i]
		m.identity = op.Key(ed25519.NewKeyFromSeed(m.seed[:]).Public().(ed25519.PublicKey))
		m.spaces = m.group.hold(s.Spaces, &turns[order[i]])
		for _, k := range m.spaces {
			c.spaces[k].hosts = append(c.spaces[k].hosts, m.host)
		}
	}
	for k := range c.spaces {
		if err := stopped(); err != nil {
			return nil, err
		}
		c.spaces[k].name = s.Spaces[k]
		if err := c.found(k, r); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// groups are the hosts of each group.
func (c *cast) groups() map[string]netsim.HostSet {
	all := map[string]netsim.HostSet{}
	for i := range c.members {
		m := &c.members[i]
		hosts := all[m.group.Name]
		hosts.Add(m.host)
		all[m.group.Name] = hosts
	}
	return all
}

// sizes says how many hosts each group has.
func (s *Scenario) sizes(nodes int) ([]int, error) {
	sizes := make([]int, len(s.Groups))
	left, rest := nodes, -1
	for i, g := range s.Groups {
		switch {
		case g.Count > 0:
			sizes[i] = g.Count
		case g.Share > 0:
			sizes[i] = max(1, int(g.Share*float64(nodes)+0.5))
		default:
			rest = i
			continue
		}
		left -= sizes[i]
	}
	if left < 0 || left > 0 && rest < 0 {
		return nil, fmt.Errorf("scenario %s: its groups make %d hosts and the run has %d nodes; change --nodes or the groups", s.Name, nodes-left, nodes)
	}
	if rest >= 0 {
		sizes[rest] = left
	}
	return sizes, nil
}

// identities draws the seeds of all persons. They are dealt in the order of their public keys, so that the order of hosts
// and the order in which concurrent texts are placed agree.
func identities(n int, r *rand.Rand, stopped func() error) ([][32]byte, error) {
	type person struct{ seed, public [32]byte }
	all := make([]person, n)
	for i := range all {
		if i%1024 == 0 {
			if err := stopped(); err != nil {
				return nil, err
			}
		}
		for k := range all[i].seed {
			all[i].seed[k] = byte(r.Uint32())
		}
		all[i].public = [32]byte(ed25519.NewKeyFromSeed(all[i].seed[:]).Public().(ed25519.PublicKey))
	}
	slices.SortFunc(all, func(a, b person) int { return bytes.Compare(a.public[:], b.public[:]) })
	seeds := make([][32]byte, n)
	for i := range all {
		seeds[i] = all[i].seed
	}
	return seeds, nil
}

// firstTurns draws for each group at which of its spaces the dealing begins, so that groups of one host are not all in the
// first space.
func (s *Scenario) firstTurns(r *rand.Rand) []int {
	turns := make([]int, len(s.Groups))
	for i := range s.Groups {
		if n := len(s.Groups[i].names(s.Spaces)); n > 1 && !s.Groups[i].All {
			turns[i] = r.IntN(n)
		}
	}
	return turns
}

func (g *Group) names(all []string) []string {
	if len(g.Spaces) == 0 {
		return all
	}
	return g.Spaces
}

// hold says which spaces the next host of the group holds. They are dealt out in turn, not drawn for each host: each space
// gets its share of every group, and none is left by bad luck without people, lenders or liars.
func (g *Group) hold(all []string, turn *int) []int {
	held := places(g.names(all), all)
	if !g.All {
		at := *turn % len(held)
		*turn++
		held = held[at : at+1]
	}
	held = append(held, places(g.Beside, all)...)
	slices.Sort(held)
	return slices.Compact(held)
}

// places are the indices of names, ascending.
func places(names, all []string) (at []int) {
	for _, n := range names {
		at = append(at, slices.Index(all, n))
	}
	slices.Sort(at)
	return at
}

// found makes the founding operation of a space: all roles of its people, and the first owner as its author.
func (c *cast) found(k int, r *rand.Rand) error {
	sp := &c.spaces[k]
	founding := op.Founding{Name: sp.name}
	for i := range founding.Nonce {
		founding.Nonce[i] = byte(r.Uint32())
	}
	var owner *member
	for _, h := range sp.hosts {
		m := &c.members[h-1]
		if m.group.Role == "" {
			continue
		}
		role := op.Role(slices.Index(roles(), m.group.Role) + 1)
		founding.Members = append(founding.Members, op.Membership{Identity: m.identity, Role: role})
		if m.group.Role == "owner" && owner == nil {
			owner = m
		}
	}
	switch {
	case len(sp.hosts) == 0:
		return fmt.Errorf("space %s: no host holds it; change the groups or --nodes", sp.name)
	case owner == nil:
		return fmt.Errorf("space %s: none of its %d hosts has an owner", sp.name, len(sp.hosts))
	case len(founding.Members) > maxRoles:
		return fmt.Errorf("space %s: %d founding roles are more than %d; use more spaces or fewer people with a role", sp.name, len(founding.Members), maxRoles)
	}
	slices.SortFunc(founding.Members, func(a, b op.Membership) int { return a.Identity.Compare(b.Identity) })
	var device [32]byte
	for i := range device {
		device[i] = byte(r.Uint32())
	}
	sp.genesis = rights.Genesis(founding.Name, founding.Nonce, founding.Members, owner.seed, device, r.Uint64())
	sp.id = op.SpaceOf(founding.Args())
	return nil
}

// befriend puts two honest peers among the contacts that an honest host dials first, where luck put fewer there: the honest
// hosts must be connected among themselves. To be surrounded by liars is too rare to be left to luck, and asks for other judges.
func (c *cast) befriend(contacts []step.Addr) {
	honest := func(a step.Addr) bool { return c.members[sim.HostOf(a)-1].group.Liar == nil }
	first, later := contacts[:min(dials, len(contacts))], contacts[min(dials, len(contacts)):]
	friends := 0
	for _, a := range first {
		if honest(a) {
			friends++
		}
	}
	for i, a := range first {
		if friends < 2 && !honest(a) {
			if k := slices.IndexFunc(later, honest); k >= 0 {
				first[i], later[k] = later[k], first[i]
				friends++
			}
		}
	}
}

// seats lists the hosts of each group for the drawing of scripts.
func (c *cast) seats() map[string][]workload.Seat {
	groups := map[string][]workload.Seat{}
	for i := range c.members {
		m := &c.members[i]
		if m.absent {
			continue
		}
		seat := workload.Seat{Host: m.host, Seed: m.seed, Role: m.group.Role, Kernel: m.group.kernel(), Liar: m.group.liar()}
		for _, k := range m.spaces {
			seat.Spaces = append(seat.Spaces, c.spaces[k].id)
		}
		groups[m.group.Name] = append(groups[m.group.Name], seat)
	}
	return groups
}

func (g *Group) kernel() uint8 {
	if g.Kernel == 0 {
		return 2
	}
	return g.Kernel
}

func (g *Group) liar() string {
	if g.Liar == nil {
		return ""
	}
	return g.Liar.Kind()
}
