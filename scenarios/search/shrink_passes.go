package search

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// passes goes from what makes runs fast to what makes plans short, until nothing more can go: whole kinds, hosts, entries,
// requests, then the network and the times.
func (s *shrinker) passes() {
	s.adopt("leave out what it was drawn from", bare(s.cur))
	for before := [32]byte{}; before != keyOf(s.cur) && !s.out.Spent; {
		before = keyOf(s.cur)
		for s.some("leave out a kind", kinds(s.cur)) {
		}
		s.some("keep few hosts", s.few())
		s.hosts()
		s.minimize("leave out entries", len(s.cur.Plan.Scripts)+len(s.cur.Plan.Faults), entries)
		s.minimize("leave out requests", len(deeds(s.cur)), dropDeeds)
		for s.some("simplify", simpler(s.cur)) {
		}
		for s.some("shorten windows", shorter(s.cur)) {
		}
		s.some("read no state before the end", []*scenarios.PlanFile{sampled(s.cur, nil)})
		s.minimize("read state less often", len(s.cur.Plan.Samples), sampled)
		for s.some("end earlier", sooner(s.cur)) {
		}
	}
}

// some keeps the first candidate that still fails.
func (s *shrinker) some(doing string, list []*scenarios.PlanFile) bool {
	held, _ := s.first(doing, list)
	return held >= 0
}

// minimize keeps a least part of n things that an edit can choose among.
func (s *shrinker) minimize(doing string, n int, edit func(p *scenarios.PlanFile, kept []int) *scenarios.PlanFile) {
	from := s.cur
	minimize(n, func(parts [][]int) (int, bool) {
		list := make([]*scenarios.PlanFile, len(parts))
		for i, part := range parts {
			list[i] = edit(from, part)
		}
		held, ok := s.first(doing, list)
		return held, ok || !s.out.Spent
	})
}

// hosts leaves out hosts, with all that happens at them.
func (s *shrinker) hosts() {
	all := present(s.cur)
	s.minimize("leave out hosts", len(all), func(p *scenarios.PlanFile, kept []int) *scenarios.PlanFile {
		var hosts netsim.HostSet
		for _, i := range kept {
			hosts.Add(all[i])
		}
		return keep(p, hosts)
	})
}

// few tries ever more hosts, beginning with those that the verdict names: small runs are fast, and often enough.
func (s *shrinker) few() (list []*scenarios.PlanFile) {
	all := present(s.cur)
	var order []sim.HostID
	for _, h := range s.named {
		if slices.Contains(all, h) {
			order = append(order, h)
		}
	}
	least := max(fewestHosts, len(order))
	for _, h := range all {
		if !slices.Contains(order, h) {
			order = append(order, h)
		}
	}
	for n := least; n <= len(order)*2/3; n = n*3/2 + 1 {
		list = append(list, keep(s.cur, netsim.Hosts(order[:n]...)))
	}
	return list
}

// namedIn finds the hosts that a reason names.
func namedIn(reason string) (hosts []sim.HostID) {
	for _, m := range regexp.MustCompile(`\bhosts? (\d+)(?: and (\d+))?`).FindAllStringSubmatch(reason, -1) {
		for _, text := range m[1:] {
			if h, err := strconv.ParseUint(text, 10, 32); err == nil && !slices.Contains(hosts, sim.HostID(h)) {
				hosts = append(hosts, sim.HostID(h))
			}
		}
	}
	return hosts
}

// fewestHosts is the least network that can keep its promises: an operation is durable with receipts from two others.
const fewestHosts = 3

// kinds leaves out all faults, or all entries of one kind.
func kinds(p *scenarios.PlanFile) (list []*scenarios.PlanFile) {
	if len(p.Plan.Faults) > 0 {
		q := *p
		q.Plan.Faults = nil
		list = append(list, &q)
	}
	var faults, scripts []string
	for i := range p.Plan.Faults {
		faults = append(faults, p.Plan.Faults[i].Kind)
	}
	for i := range p.Plan.Scripts {
		scripts = append(scripts, p.Plan.Scripts[i].Kind)
	}
	slices.Sort(faults)
	slices.Sort(scripts)
	for _, k := range slices.Compact(faults) {
		q := *p
		q.Plan.Faults = slices.DeleteFunc(slices.Clone(p.Plan.Faults), func(w sim.Window) bool { return w.Kind == k })
		list = append(list, &q)
	}
	for _, k := range slices.Compact(scripts) {
		q := *p
		q.Plan.Scripts = slices.DeleteFunc(slices.Clone(p.Plan.Scripts), func(s sim.Script) bool { return s.Kind == k })
		list = append(list, traced(p, &q))
	}
	return list
}

// plainLatency is that of a network where every packet takes as long as any other.
const plainLatency = 40 * time.Millisecond

// simpler makes the network plain, old kernels new and liars honest, and shortens recorded texts.
func simpler(p *scenarios.PlanFile) (list []*scenarios.PlanFile) {
	edit := func(change func(s *scenarios.Scenario)) {
		q := *p
		q.Scenario.Groups = slices.Clone(p.Scenario.Groups)
		change(&q.Scenario)
		if q.Scenario.Network != p.Scenario.Network {
			list = append(list, settled(&q))
			return
		}
		list = append(list, &q)
	}
	if len(p.Scenario.Work) == 0 { // the writers of a recorded text sit where the network lets them
		edit(func(s *scenarios.Scenario) { s.Network = scenarios.Network{Kind: "fixed", Latency: plainLatency} })
	}
	edit(func(s *scenarios.Scenario) {
		n := &s.Network
		n.Jitter, n.Loss, n.Duplicate, n.Reorder, n.Bandwidth = 0, 0, 0, 0, false
	})
	edit(func(s *scenarios.Scenario) { s.Network.Loss, s.Network.Duplicate, s.Network.Reorder = 0, 0, 0 })
	edit(func(s *scenarios.Scenario) { s.Network.Jitter = 0 })
	edit(func(s *scenarios.Scenario) { s.Network.Bandwidth = false })
	edit(func(s *scenarios.Scenario) {
		for i := range s.Groups {
			s.Groups[i].Kernel = 0
		}
	})
	for i := range p.Scenario.Groups {
		edit(func(s *scenarios.Scenario) { s.Groups[i].Liar = nil })
	}
	edit(func(s *scenarios.Scenario) { s.Node, s.Disk = scenarios.Node{}, scenarios.Disk{} })
	for limit := 4; limit <= 1024; limit *= 4 {
		list = append(list, limited(p, limit))
	}
	return list
}

// shorter halves windows, from either end, and names no hosts in them that do not take part.
func shorter(p *scenarios.PlanFile) (list []*scenarios.PlanFile) {
	edit := func(i int, change func(w *sim.Window)) {
		q := *p
		q.Plan.Faults = slices.Clone(p.Plan.Faults)
		change(&q.Plan.Faults[i])
		list = append(list, &q)
	}
	for i, w := range p.Plan.Faults {
		if length := (w.End - w.Begin).Truncate(time.Millisecond); length > time.Second {
			edit(i, func(w *sim.Window) { w.End = w.Begin + length/2 })
			edit(i, func(w *sim.Window) { w.Begin = w.End - length/2 })
		}
		edit(i, func(w *sim.Window) {
			w.Args = slices.Clone(w.Args)
			for k, a := range w.Args {
				if set, ok := hostsOf(a); ok && !p.Settings.Hosts.IsZero() {
					w.Args[k].Value = set.Without(set.Without(p.Settings.Hosts)).String()
				}
			}
		})
	}
	return list
}

// early is when persons begin to act: channels are opened before.
const early = 2 * time.Second

// sooner lets everything happen in half the time, and the calm begin as soon as all has happened.
func sooner(p *scenarios.PlanFile) (list []*scenarios.PlanFile) {
	nearer := func(t time.Duration) time.Duration {
		if t <= early {
			return t
		}
		return (early + (t-early)/2).Truncate(time.Millisecond)
	}
	q := eachTimes(p, func(_ int, list []string) (out []string) {
		for _, text := range list {
			if t, err := time.ParseDuration(text); err == nil {
				text = nearer(t).String()
			}
			out = append(out, text)
		}
		return out
	})
	q.Plan.Faults = slices.Clone(p.Plan.Faults)
	for i := range q.Plan.Faults {
		w := &q.Plan.Faults[i]
		length := w.End - w.Begin
		w.Begin = nearer(w.Begin)
		w.End = w.Begin + length
	}
	return []*scenarios.PlanFile{calmer(q), calmer(p)}
}

// excused waives that the least plan may give checkers nothing to look at, and asks few people for no share of durable requests
// unless that is what fails, so that it passes once its bug is mended.
func (s *shrinker) excused() *scenarios.PlanFile {
	q := *s.cur
	q.Scenario.About = "Shrunk to what makes it fail: " + s.kind.String()
	q.Scenario.Waive = nil
	if s.kind.Checker != "durability" {
		q.Scenario.Durable = noShare
	}
	for _, v := range s.out.Record.Verdicts {
		if v.Outcome != results.Pass {
			q.Scenario.Waive = append(q.Scenario.Waive, scenarios.Waiver{Checker: v.Checker, Why: fmt.Sprintf("shrunk to what makes %s fail", s.kind.Checker)})
		}
	}
	return &q
}

// noShare is less than any share of so few requests.
const noShare = 1e-12
