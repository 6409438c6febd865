package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/checkers"
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/kernel"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
	"github.com/lifegraph-os/lgos-sim/sim/byzantine"
	"github.com/lifegraph-os/lgos-sim/sim/fault"
)

// Figures of every run that scenarios do not change.
const (
	Receipts  = 2                // w: an operation with receipts from so many other hosts is durable
	compared  = 2                // neighbours with which a node compares heads in a period
	contacts  = 16               // peers of each space that a node is told of
	dials     = 4                // of them that it dials first
	jobs      = 2                // of others that a host computes at once at most
	storeSize = 256 << 20        // bytes of opened operations that a world's table may hold
	wall0     = 1_800_000_000e9  // what a right clock shows at the start: 2027-01-15
	keepHash  = 1 << 20          // hashes of single events kept in a record
	minLong   = 20 * time.Second // the least liveness phase, so that samples see a calm network
)

// build is a scenario made ready: what the world is configured with, and what the record says of it.
type build struct {
	scenario Scenario
	settings Settings
	cast     *cast
	data     *data
	config   sim.Config
	truth    *checkers.Truth
	writers  []*workload.Writer
}

// prepare turns a scenario into a configuration. A plan that is given is carried out as it is; else it is drawn.
func prepare(s Scenario, set Settings, plan *sim.Plan, jobs []sim.JobResult) (*build, error) {
	s, err := s.with(set.Set)
	if err != nil {
		return nil, err
	}
	if err := s.bounds(); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	s.Network.File = resolve(s.Network.File, "latency/seattle-001.txt.gz", "")
	for i := range s.Work {
		if t, ok := s.Work[i].Spec.(*workload.Trace); ok {
			resolved := *t
			resolved.File = resolve(t.File, "friendsforever.json.gz", generated)
			s.Work[i].Spec = &resolved
		}
	}
	nodes := set.Nodes
	if nodes == 0 {
		nodes = s.Nodes
	}
	if nodes < 2 || nodes > maxNodes {
		return nil, fmt.Errorf("--nodes %d is not in 2..%d", nodes, maxNodes)
	}
	seed := sim.Seed(set.Seed)
	b := &build{scenario: s, settings: set, data: &data{}}
	if b.cast, err = draw(&s, nodes, seed, set.stopped); err != nil {
		return nil, err
	}
	if err := b.cast.attend(&set); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	net, err := b.network(nodes)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	seats := b.seat(seed)
	b.truth = b.tell(net, seats)
	if err := b.texts(b.truth); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	if plan == nil {
		p, err := b.plan(seed)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		plan = &p
	}
	b.truth.Faults, b.truth.Calm, b.truth.End = plan.Faults, plan.Calm, plan.End
	if b.truth.Cuts, b.truth.Reach, err = cuts(plan.Faults); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	b.config = sim.Config{
		Seed: seed, Net: net, Seats: seats, Plan: *plan, Jobs: jobs, Wall0: wall0, Disk: s.Disk.profile(), KeepEvents: keepHash,
		Catalog:  sim.Catalog{Person: b.person, Fault: fault.New},
		Checkers: checkers.All(b.truth),
		Classify: wire.Class, Classes: classes(),
		Record: set.Record, Tape: set.Tape, Until: set.Until, Progress: set.Progress, Stop: set.Stop, Poison: set.Poison,
		MaxEvents: set.Limits.MaxEvents,
	}
	if set.NoHashes {
		b.config.KeepEvents = 0
	}
	if set.LuckAt != nil {
		b.config.Perturb = *set.LuckAt
	}
	b.enough()
	if set.Observe != nil {
		b.config.Checkers = append(b.config.Checkers, set.Observe)
	}
	return b, nil
}

// networks is how many networks are drawn before a scenario's bounds on latency are said to be out of reach.
const networks = 1000

// network draws where the hosts are, again until the writers of a text are as far apart as the scenario says.
func (b *build) network(nodes int) (*netsim.Network, error) {
	r := sim.Seed(b.settings.Seed).Stream("network")
	seed := b.settings.Seed
	for range networks {
		if err := b.settings.stopped(); err != nil {
			return nil, err
		}
		net, err := b.scenario.Network.build(nodes, seed, b.settings.Luck, b.data)
		if err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
		if !slices.ContainsFunc(b.scenario.Work, func(w Work) bool { return b.misplaced(w, net) }) {
			return net, nil
		}
		seed = r.Uint64()
	}
	return nil, fmt.Errorf("work: trace: near, far: in %d draws of the network its writers were never so far apart", networks)
}

// misplaced tells whether two writers of a text are too near or too far.
func (b *build) misplaced(w Work, net *netsim.Network) bool {
	t, ok := w.Spec.(*workload.Trace)
	if !ok {
		return false
	}
	var hosts []sim.HostID
	for _, g := range t.Writers {
		for _, s := range b.cast.seats()[g] {
			hosts = append(hosts, s.Host)
		}
	}
	for _, x := range hosts {
		for _, y := range hosts {
			if x == y {
				continue
			}
			if d := heardAfter(net, x, y); d < t.Near || t.Far > 0 && d > t.Far {
				return true
			}
		}
	}
	return false
}

// heardAfter is the latency from one host to another, or by way of a third that is near to both: measured latencies do not
// keep the triangle inequality, and whoever learns of an operation passes it on.
func heardAfter(net *netsim.Network, x, y sim.HostID) time.Duration {
	d := net.Latency(x, y)
	for via := sim.HostID(1); int(via) <= net.Hosts(); via++ {
		if via != x && via != y {
			d = min(d, net.Latency(x, via)+net.Latency(via, y))
		}
	}
	return d
}

// seat gives every host its node, and liars what makes them lie.
func (b *build) seat(seed sim.Seed) (seats []sim.Seat) {
	shared := op.NewStore(storeSize)
	liars := shared.Beside(storeSize)
	r := seed.Stream("contacts")
	private := b.settings.Set["store"] == "private"
	for i := range b.cast.members {
		m := &b.cast.members[i]
		cfg := node.Config{
			Store: shared, Kernel: kernel.Release(m.group.kernel()),
			Fanout: b.scenario.Node.fanout(), Period: b.scenario.Node.period(), Heads: compared, Receipts: Receipts, Jobs: jobs,
		}
		for _, k := range m.spaces {
			sp := &b.cast.spaces[k]
			held := node.Space{Genesis: sp.genesis}
			for n := 0; n < min(contacts, len(sp.hosts)-1); {
				if h := sp.hosts[r.IntN(len(sp.hosts))]; h != m.host && !slices.Contains(held.Contacts, sim.AddrOf(h)) {
					held.Contacts = append(held.Contacts, sim.AddrOf(h))
					n++
				}
			}
			held.Contacts = b.cast.present(m, sp, held.Contacts, seed)
			if m.group.Liar == nil {
				b.cast.befriend(held.Contacts)
			}
			cfg.Spaces = append(cfg.Spaces, held)
		}
		switch {
		case private:
			cfg.Store = nil
		case m.group.Liar != nil:
			cfg.Store = liars // what they forge must not fill the honest table
		}
		inner := func(uint32) *node.Node {
			c := cfg
			if c.Store == nil {
				c.Store = op.NewStore(storeSize)
			}
			return node.New(c)
		}
		seat := sim.Seat{Device: m.group.Device, New: func(life uint32) sim.Process { return inner(life) }}
		if m.group.Liar != nil {
			seat.Liar = m.group.Liar.Kind()
			seat.New = m.group.Liar.Seat(inner, byzantine.Env{Host: m.host, Seed: seed, Identity: m.seed})
		}
		if b.settings.Seat != nil {
			seat = b.settings.Seat(m.host, seat)
		}
		if m.absent {
			seat = sim.Seat{Liar: absent, New: func(uint32) sim.Process { return nobody{} }}
		}
		seats = append(seats, seat)
	}
	return seats
}

// person seats the person of a script; a writer of a trace is given its recording.
func (b *build) person(s sim.Script) (sim.Person, error) {
	p, err := workload.New(s)
	if w, ok := p.(*workload.Writer); ok && err == nil {
		rec, err := b.data.recording(w.File)
		if err != nil {
			return nil, err
		}
		w.Give(rec)
		b.writers = append(b.writers, w)
	}
	return p, err
}

// plan draws everything that will happen.
func (b *build) plan(seed sim.Seed) (sim.Plan, error) {
	s := &b.scenario
	p := sim.Plan{Calm: s.Duration}
	env := workload.Env{Duration: s.Duration, Groups: b.cast.seats(), Open: b.data.open, Stop: b.settings.stopped}
	for i, w := range s.Work {
		scripts, err := w.Scripts(&env, seed.Stream(fmt.Sprintf("work/%d", i)))
		if err != nil {
			return p, fmt.Errorf("work[%d] (%s): %w", i, w.Kind(), err)
		}
		p.Scripts = append(p.Scripts, scripts...)
	}
	for i, f := range s.Faults {
		windows, err := f.Windows(fault.DrawEnv{Hosts: len(b.cast.members), Calm: s.Duration, Groups: b.cast.groups()}, seed.Stream(fmt.Sprintf("fault/%d", i)))
		if err != nil {
			return p, fmt.Errorf("faults[%d] (%s): %w", i, f.Kind(), err)
		}
		for _, w := range windows {
			p.Calm = max(p.Calm, w.End)
		}
		if p.Faults = append(p.Faults, windows...); len(p.Faults) > maxWindows {
			return p, fmt.Errorf("faults: with faults[%d] they are %d windows, over %d", i, len(p.Faults), maxWindows)
		}
		if err := b.settings.stopped(); err != nil {
			return p, err
		}
	}
	b.truth.Faults, b.truth.Calm = p.Faults, p.Calm
	p.End = p.Calm + max(minLong, b.truth.Settle())
	if err := s.samples(p.End); err != nil {
		return p, err
	}
	for at := s.Sample; at < p.End; at += s.Sample {
		p.Samples = append(p.Samples, at)
	}
	return p, nil
}

// classes names the frames for the ledger.
func classes() []string {
	var names []string
	for c := range uint8(wire.Classes) {
		names = append(names, wire.ClassName(c))
	}
	return names
}

// profiles are the devices that hosts may have: what a thousand units of a kernel's work take, and what a job takes to start.
func profiles(r sim.Runner) map[string]sim.Device {
	return map[string]sim.Device{
		"desktop": {Runner: r, PerWork: 2 * time.Microsecond, Start: 2 * time.Millisecond},
		"laptop":  {Runner: r, PerWork: 5 * time.Microsecond, Start: 4 * time.Millisecond},
		"phone":   {Runner: r, PerWork: 25 * time.Microsecond, Start: 10 * time.Millisecond},
		"hidden":  {Runner: r, PerWork: 25 * time.Microsecond, Start: time.Second}, // a tab in the background, whose timers browsers hold to one a second
	}
}

func profileNames() []string { return []string{"desktop", "laptop", "phone", "hidden"} }

// liars counts the liars of each strategy, for the record.
func (c *cast) liars() map[string]int {
	n := map[string]int{}
	for i := range c.members {
		if l := c.members[i].group.liar(); l != "" && !c.members[i].absent {
			n[l]++
		}
	}
	return n
}

func (n *Network) build(hosts int, seed, luck uint64, d *data) (*netsim.Network, error) {
	c := netsim.Config{Seed: seed, Luck: luck, Hosts: hosts, Jitter: n.Jitter, Loss: n.Loss, Dup: n.Duplicate, Reorder: n.Reorder}
	switch n.Kind {
	case "regions":
		c.Sites, c.SiteBandwidth = netsim.Regions(), n.Bandwidth
	case "fixed":
		c.Sites = netsim.Fixed(n.Latency)
		if n.Bandwidth {
			c.Up, c.Down = 20e6, 50e6
		}
	case "lognormal":
		c.Pairs = netsim.PersonalDevices()
	case "matrix":
		if n.File == "" {
			c.Pairs = netsim.PersonalDevices()
			break
		}
		sites, err := d.matrix(n.File, n.Unit)
		if err != nil {
			return nil, err
		}
		c.Sites = sites
	default:
		return nil, fmt.Errorf("kind: %q is none of %s", n.Kind, strings.Join([]string{"regions", "fixed", "lognormal", "matrix"}, ", "))
	}
	if n.Bandwidth {
		c.Queue, c.Header = 1<<20, 48
	}
	return netsim.New(c)
}
