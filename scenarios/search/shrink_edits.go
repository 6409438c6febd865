package search

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// present lists the hosts that take part.
func present(p *scenarios.PlanFile) (hosts []sim.HostID) {
	for h := range sim.HostID(p.Settings.Nodes) {
		if p.Settings.Hosts.IsZero() || p.Settings.Hosts.Has(h+1) {
			hosts = append(hosts, h+1)
		}
	}
	return hosts
}

// keep leaves out all hosts but some. A window loses those that are left out only with its last: its luck hangs on its text.
func keep(p *scenarios.PlanFile, hosts netsim.HostSet) *scenarios.PlanFile {
	if hosts.Len() < fewestHosts {
		return nil
	}
	q := *p
	q.Settings.Hosts = hosts
	q.Plan.Scripts = slices.DeleteFunc(slices.Clone(p.Plan.Scripts), func(s sim.Script) bool { return !hosts.Has(s.Host) })
	q.Plan.Faults = slices.DeleteFunc(slices.Clone(p.Plan.Faults), func(w sim.Window) bool {
		return slices.ContainsFunc(w.Args, func(a sim.Arg) bool {
			set, ok := hostsOf(a)
			return ok && hosts.Without(set).Len() == hosts.Len()
		})
	})
	return traced(p, &q)
}

// hostsOf reads an argument that is a set of hosts.
func hostsOf(a sim.Arg) (netsim.HostSet, bool) {
	if a.Name != "hosts" && a.Name != "from" && a.Name != "to" {
		return netsim.HostSet{}, false
	}
	set, err := netsim.ParseHosts(a.Value)
	return set, err == nil
}

// traced forgets what a recorded text must come to once one of its writers is gone.
func traced(p, q *scenarios.PlanFile) *scenarios.PlanFile {
	writers := func(p *scenarios.PlanFile) (n int) {
		for i := range p.Plan.Scripts {
			if p.Plan.Scripts[i].Kind == (&workload.Trace{}).Kind() {
				n++
			}
		}
		return n
	}
	if writers(p) != writers(q) {
		q.Scenario.Work = nil
	}
	return q
}

// bare leaves out of the scenario what only draws plans. A recorded text stays: it says what must be read in the end.
func bare(p *scenarios.PlanFile) *scenarios.PlanFile {
	q := *p
	s := &q.Scenario
	s.Durable = p.Scenario.LeastDurable()
	s.Faults = nil
	s.Work = slices.DeleteFunc(slices.Clone(s.Work), func(w scenarios.Work) bool {
		_, text := w.Spec.(*workload.Trace)
		return !text
	})
	q.Settings.Set = nil
	if store, ok := p.Settings.Set["store"]; ok {
		q.Settings.Set = map[string]string{"store": store}
	}
	return &q
}

// entries keeps some of the scripts and windows.
func entries(p *scenarios.PlanFile, kept []int) *scenarios.PlanFile {
	q := *p
	q.Plan.Scripts, q.Plan.Faults = nil, nil
	for _, i := range kept {
		if n := len(p.Plan.Scripts); i < n {
			q.Plan.Scripts = append(q.Plan.Scripts, p.Plan.Scripts[i])
		} else {
			q.Plan.Faults = append(q.Plan.Faults, p.Plan.Faults[i-n])
		}
	}
	return traced(p, &q)
}

// deed is one instant at which a script acts.
type deed struct{ script, nth int }

// deeds lists those of scripts that act more than once.
func deeds(p *scenarios.PlanFile) (list []deed) {
	for i := range p.Plan.Scripts {
		if n := len(times(&p.Plan.Scripts[i])); requests(&p.Plan.Scripts[i]) > 1 {
			for k := range n {
				list = append(list, deed{i, k})
			}
		}
	}
	return list
}

func dropDeeds(p *scenarios.PlanFile, kept []int) *scenarios.PlanFile {
	all := deeds(p)
	left := map[deed]bool{}
	touched := map[int]bool{}
	for _, d := range all {
		touched[d.script] = true
	}
	for _, i := range kept {
		left[all[i]] = true
	}
	return eachTimes(p, func(script int, list []string) (out []string) {
		if !touched[script] {
			return list
		}
		for k, t := range list {
			if left[deed{script, k}] {
				out = append(out, t)
			}
		}
		return out
	})
}

func times(s *sim.Script) []string {
	for _, a := range s.Args {
		if a.Name == "times" {
			return strings.Fields(a.Value)
		}
	}
	return nil
}

// eachTimes edits the instants of every script.
func eachTimes(p *scenarios.PlanFile, edit func(script int, list []string) []string) *scenarios.PlanFile {
	q := *p
	q.Plan.Scripts = slices.Clone(p.Plan.Scripts)
	for i := range q.Plan.Scripts {
		s := &q.Plan.Scripts[i]
		s.Args = slices.Clone(s.Args)
		for k := range s.Args {
			if s.Args[k].Name == "times" {
				s.Args[k].Value = strings.Join(edit(i, strings.Fields(s.Args[k].Value)), " ")
			}
		}
	}
	return &q
}

// limited replays less of a recorded text; nil where that is no less.
func limited(p *scenarios.PlanFile, limit int) *scenarios.PlanFile {
	q := *p
	q.Scenario.Work = slices.Clone(p.Scenario.Work)
	for i := range q.Scenario.Work {
		if t, ok := q.Scenario.Work[i].Spec.(*workload.Trace); ok {
			if t.Limit > 0 && t.Limit <= limit {
				return nil
			}
			shorter := *t
			shorter.Limit = limit
			q.Scenario.Work[i].Spec = &shorter
		}
	}
	q.Plan.Scripts = slices.Clone(p.Plan.Scripts)
	found := false
	for i := range q.Plan.Scripts {
		s := &q.Plan.Scripts[i]
		s.Args = slices.Clone(s.Args)
		for k := range s.Args {
			if a := &s.Args[k]; a.Name == "limit" {
				if was, err := strconv.Atoi(a.Value); err != nil || was > 0 && was <= limit {
					return nil
				}
				a.Value, found = strconv.Itoa(limit), true
			}
		}
	}
	if !found {
		return nil
	}
	return &q
}

func sampled(p *scenarios.PlanFile, kept []int) *scenarios.PlanFile {
	q := *p
	q.Plan.Samples = nil
	for _, i := range kept {
		q.Plan.Samples = append(q.Plan.Samples, p.Plan.Samples[i])
	}
	return &q
}

// calmer lets the calm begin half a second after the last request and the last window, but no later than it did.
func calmer(p *scenarios.PlanFile) *scenarios.PlanFile {
	last := early
	for i := range p.Plan.Scripts {
		if p.Plan.Scripts[i].Kind == (&workload.Trace{}).Kind() {
			return nil // it has no instants
		}
		for _, text := range times(&p.Plan.Scripts[i]) {
			if t, err := time.ParseDuration(text); err == nil {
				last = max(last, t)
			}
		}
	}
	for _, w := range p.Plan.Faults {
		last = max(last, w.End)
	}
	q := *p
	q.Plan.Calm = min(p.Plan.Calm, (last + time.Second).Truncate(time.Second/2))
	return settled(&q)
}

// settled ends a plan as early as what it says can be judged; nil where it cannot be.
func settled(p *scenarios.PlanFile) *scenarios.PlanFile {
	plan, err := p.Settled()
	if err != nil {
		return nil
	}
	q := *p
	q.Plan = plan
	return &q
}

// sizeOf measures a plan.
func sizeOf(p *scenarios.PlanFile) Size {
	size := Size{Hosts: len(present(p)), Windows: len(p.Plan.Faults), Virtual: p.Plan.End.Seconds()}
	size.Entries = size.Windows + len(p.Plan.Scripts)
	for i := range p.Plan.Scripts {
		size.Requests += requests(&p.Plan.Scripts[i])
	}
	size.Liars = p.Liars()
	return size
}
