package view

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// runAnswer is what holds for the whole run.
type runAnswer struct {
	Name     string          `json:"name"` // as RUN was given
	Scenario string          `json:"scenario"`
	About    string          `json:"about"`
	Seed     string          `json:"seed"`
	Nodes    int             `json:"nodes"`
	Outcome  string          `json:"outcome"`
	Grade    string          `json:"grade"` // as the scenario expects it
	Why      string          `json:"why"`
	Digest   string          `json:"digest"`
	Build    string          `json:"build"`
	End      int64           `json:"end"`  // in nanoseconds, as all instants
	Calm     int64           `json:"calm"` // from here on every fault has ended
	Inputs   uint64          `json:"inputs"`
	Entries  int             `json:"entries"`
	Tape     int64           `json:"tape"` // bytes
	Verdicts []verdictAnswer `json:"verdicts"`
	Faults   []faultAnswer   `json:"faults"`
	Regions  []string        `json:"regions"`
	Groups   []groupAnswer   `json:"groups"`
	Hosts    []hostPlace     `json:"hosts"`
	Pace     paceAnswer      `json:"pace"`
	Kinds    []string        `json:"kinds"`      // of the search
	Bulk     []string        `json:"bulk_kinds"` // which need a host
	First    *moment         `json:"first,omitempty"`
}

type moment struct {
	At   int64 `json:"at"`
	Host int   `json:"host,omitempty"`
}

type verdictAnswer struct {
	Checker string `json:"checker"`
	Outcome string `json:"outcome"`
	Why     string `json:"why"`
	At      int64  `json:"at"`
	Event   string `json:"event,omitempty"` // the key of its step
	Host    int    `json:"host,omitempty"`  // that took it
}

type faultAnswer struct {
	Kind    string            `json:"kind"`
	Begin   int64             `json:"begin"`
	End     int64             `json:"end"`
	Args    []results.Setting `json:"args"`
	Effects []string          `json:"effects"`
	From    string            `json:"from,omitempty"` // of a cut: the hosts on one side, as a list of ranges
	To      string            `json:"to,omitempty"`
	Both    bool              `json:"both,omitempty"`  // it cuts both ways
	Hosts   string            `json:"hosts,omitempty"` // of any other: whom it hits
}

type groupAnswer struct {
	Name   string `json:"name"`
	Role   string `json:"role"`
	Liar   string `json:"liar"`
	Kernel int    `json:"kernel"`
	Device string `json:"device"`
	Hosts  int    `json:"hosts"`
}

type hostPlace struct {
	Region int   `json:"region"`
	Group  int   `json:"group"`
	Spaces []int `json:"spaces"`
	Absent bool  `json:"absent,omitempty"`
}

type paceAnswer struct {
	Every  int64    `json:"every"` // nanoseconds
	Inputs []uint64 `json:"inputs"`
}

// maxRegions bounds the places that are drawn apart: measured machines are one place.
const maxRegions = 12

// describe fills in what holds for the whole run.
func (v *Viewer) describe(name string, r *results.Record, plan *scenarios.PlanFile) error {
	g := r.Grade()
	v.run = runAnswer{
		Name: name, Scenario: r.Scenario, About: r.About, Seed: fmt.Sprint(r.Seed), Nodes: r.Nodes, Outcome: string(r.Outcome), Grade: string(g.Outcome), Why: r.Why, Digest: r.Digest,
		Build: strings.TrimSpace(r.Build.Commit[:min(len(r.Build.Commit), 12)] + " " + r.Build.Target), End: int64(v.end), Calm: int64(plan.Plan.Calm),
		Inputs: v.Inputs(), Entries: v.index.entries(), Tape: v.Tape(), Kinds: kindNames(),
		Verdicts: []verdictAnswer{}, Faults: []faultAnswer{},
	}
	for _, k := range bulkKinds() {
		if k != "" {
			v.run.Bulk = append(v.run.Bulk, k)
		}
	}
	v.places()
	v.pace()
	for _, f := range r.Faults {
		v.run.Faults = append(v.run.Faults, window(f))
	}
	for _, x := range r.Verdicts {
		a := verdictAnswer{Checker: x.Checker, Outcome: string(x.Outcome), Why: x.Why, At: int64(x.At)}
		if err := v.place(&a, x.Event); err != nil {
			return err
		}
		v.run.Verdicts = append(v.run.Verdicts, a)
		if first := v.run.First; x.Outcome == results.Fail && (first == nil || a.At < first.At) {
			v.run.First = &moment{a.At, a.Host}
		}
	}
	return nil
}

// places lists regions, groups and hosts.
func (v *Viewer) places() {
	for i := range v.stage.Hosts {
		if s := v.stage.Hosts[i].Site; s != "" && !slices.Contains(v.run.Regions, s) {
			v.run.Regions = append(v.run.Regions, s)
		}
	}
	slices.Sort(v.run.Regions)
	if n := len(v.run.Regions); n == 0 || n > maxRegions {
		v.run.Regions = []string{"all hosts"}
	}
	groups := map[string]int{}
	for i := range v.stage.Hosts {
		h := &v.stage.Hosts[i]
		g, ok := groups[h.Group]
		if !ok {
			g = len(v.run.Groups)
			groups[h.Group] = g
			v.run.Groups = append(v.run.Groups, groupAnswer{h.Group, h.Role, h.Liar, int(h.Kernel), h.Device, 0})
		}
		v.run.Groups[g].Hosts++
		v.run.Hosts = append(v.run.Hosts, hostPlace{max(0, slices.Index(v.run.Regions, h.Site)), g, append([]int{}, h.Spaces...), h.Absent})
	}
}

// maxBins bounds how fine the activity is told.
const maxBins = 480

func (v *Viewer) pace() {
	per := max(1, (int(v.end/paceEvery)+maxBins)/maxBins)
	v.run.Pace = paceAnswer{int64(paceEvery) * int64(per), []uint64{}}
	for i, n := range v.index.pace {
		if i%per == 0 {
			v.run.Pace.Inputs = append(v.run.Pace.Inputs, 0)
		}
		v.run.Pace.Inputs[len(v.run.Pace.Inputs)-1] += uint64(n)
	}
}

// window tells of a fault, and of a cut its sides.
func window(f results.Fault) faultAnswer {
	a := faultAnswer{Kind: f.Kind, Begin: int64(f.Begin), End: int64(f.End), Args: f.Args, Effects: []string{}}
	for _, e := range f.Effects {
		a.Effects = append(a.Effects, fmt.Sprintf("%s %s", results.Integer(e.N), e.Name))
	}
	for _, arg := range f.Args {
		if _, err := netsim.ParseHosts(arg.Value); err != nil {
			continue
		}
		switch arg.Name {
		case "from":
			a.From = arg.Value
		case "to":
			a.To = arg.Value
		case "hosts", "host":
			a.Hosts = arg.Value
		}
	}
	a.Both = f.Kind != "one-way-cut"
	if a.Args == nil {
		a.Args = []results.Setting{}
	}
	return a
}

// hostNamed is the form in which checkers name hosts.
var hostNamed = regexp.MustCompile(`\bhosts? (\d+)\b`)

// place finds the host that took the event which a verdict names.
func (v *Viewer) place(a *verdictAnswer, event string) error {
	if i := strings.LastIndexByte(event, '.'); i > strings.LastIndexByte(event, '/') {
		event = event[:i]
	}
	key, err := sim.ParseKey(event)
	if err != nil { // it names none; its words name the host where it went wrong first
		if m := hostNamed.FindStringSubmatch(a.Why); m != nil && a.At > 0 {
			if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n <= v.run.Nodes {
				a.Host = n
			}
		}
		return nil
	}
	for h := sim.HostID(1); int(h) <= v.run.Nodes; h++ {
		_, err := v.locate(h, 0, &key)
		var unknown failure
		switch {
		case err == nil:
			a.Event, a.Host = key.String(), int(h)
			return nil
		case !errors.As(err, &unknown):
			return err
		}
	}
	return nil
}
