package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Settings are what a run may choose beside the scenario and what does not change its digest.
type Settings struct {
	Seed   uint64
	Luck   uint64            // perturbs the packets' delays and losses alone: same people, plan and places; 0 is the seed's own luck
	LuckAt *sim.Perturb      // another luck from an instant on, see sim.Config.Perturb; not kept in the plan
	Nodes  int               // 0 is the scenario's own
	Hosts  netsim.HostSet    // those that take part; empty is all
	Set    map[string]string // keys of Keys
	Device string            // cpu, webgpu or auto; empty is cpu

	Limits   Limits
	Record   []sim.HostID // hosts whose inputs are kept, to be replayed alone
	Tape     sim.Tape     // told what all other hosts see, see sim.Config.Tape
	Observe  sim.Checker  // beside the checkers: sees events, gives no verdict that counts
	Until    *sim.Key
	Ready    func(nodes int) // told once, when everything is set up and the run begins
	Progress func(sim.Progress)
	Enough   string        // the run may end once this checker has failed
	Stop     func() string // polled: a reason ends the run as unknown
	Poison   bool
	NoHashes bool                                    // the result holds no hashes of single events, with which a replay is compared
	Alone    bool                                    // no other run shares the process meanwhile, so that what the process takes is this run's; else its cost is its wall time alone
	Say      func(string)                            // told, in one line, what is done without and why
	Seat     func(h sim.HostID, s sim.Seat) sim.Seat // a user's own process beside our nodes; with a Liar of any name nothing is expected of it
}

// Limits end a run as unknown.
type Limits struct {
	MaxWall   time.Duration
	MaxEvents uint64
	MaxMem    int64 // bytes of Go heap
}

// ParseHosts reads lists of hosts as plans write them, 3 or 2-4, of a run with so many nodes. Errors name the flag.
func ParseHosts(flag string, lists []string, nodes int) ([]sim.HostID, error) {
	var all netsim.HostSet
	for _, text := range lists {
		hosts, err := netsim.ParseHosts(text)
		if err == nil && hosts.Len() == 0 {
			err = fmt.Errorf("it names no host")
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, text, err)
		}
		if top := hosts.Max(); int(top) > nodes {
			return nil, fmt.Errorf("%s %s: there is no host %d; the run has %d", flag, text, top, nodes)
		}
		for h := range hosts.All() {
			all.Add(h)
		}
	}
	return slices.Collect(all.All()), nil
}

// KeyDoc describes one key of --set.
type KeyDoc struct{ Name, Doc, Default string }

// key is a setting that a scenario understands.
type key struct {
	KeyDoc
	apply func(s *Scenario, v string) error
}

// keys lists what may be set in a scenario.
func keys(s Scenario) []key {
	all := []key{
		{KeyDoc{"store", "shared: one table of opened operations for all nodes; private: one a node. The digest is the same", "shared"}, func(_ *Scenario, v string) error {
			if v != "shared" && v != "private" {
				return fmt.Errorf("%q is neither shared nor private", v)
			}
			return nil
		}},
		{KeyDoc{"duration", "how long persons work and faults strike", s.Duration.String()}, duration(func(s *Scenario) *time.Duration { return &s.Duration })},
		{KeyDoc{"sample", "how often checkers read state", s.Sample.String()}, duration(func(s *Scenario) *time.Duration { return &s.Sample })},
		{KeyDoc{"gossip", "period in which nodes compare heads", s.Node.period().String()}, duration(func(s *Scenario) *time.Duration { return &s.Node.Gossip })},
		{KeyDoc{"fanout", "neighbours to which a new operation is pushed", strconv.Itoa(s.Node.fanout())}, func(s *Scenario, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 64 {
				return fmt.Errorf("%q is not a count in 1..64", v)
			}
			s.Node.Fanout = n
			return nil
		}},
		{KeyDoc{"loss", "share of packets that the network loses", fmt.Sprint(s.Network.Loss)}, func(s *Scenario, v string) error {
			p, err := strconv.ParseFloat(v, 64)
			if err != nil || !(p >= 0 && p < 1) {
				return fmt.Errorf("%q is not a share in 0..1", v)
			}
			s.Network.Loss = p
			return nil
		}},
	}
	for i, w := range s.Work {
		switch spec := w.Spec.(type) {
		case *workload.Trace:
			all = append(all, key{KeyDoc{"trace", "the recorded text to replay: a file of concurrent transactions, plain or gzip", spec.File}, func(s *Scenario, v string) error {
				t := *s.Work[i].Spec.(*workload.Trace)
				t.File = v
				s.Work[i].Spec = &t
				return nil
			}}, key{KeyDoc{"limit", "replay only so many transactions; 0 is all", strconv.Itoa(spec.Limit)}, func(s *Scenario, v string) error {
				n, err := strconv.Atoi(v)
				if err != nil || n < 0 {
					return fmt.Errorf("%q is not a count", v)
				}
				t := *s.Work[i].Spec.(*workload.Trace)
				t.Limit = n
				s.Work[i].Spec = &t
				return nil
			}}, key{KeyDoc{"near", "the least latency between two writers, one way; 0s is none", spec.Near.String()}, seating(i, func(t *workload.Trace) *time.Duration { return &t.Near })},
				key{KeyDoc{"far", "the longest; 0s is none", spec.Far.String()}, seating(i, func(t *workload.Trace) *time.Duration { return &t.Far })})
		}
	}
	if n := chats(&s); n > 0 {
		all = append(all, key{KeyDoc{"operations", "deeds of the people who chat, in all", strconv.Itoa(n)}, func(s *Scenario, v string) error {
			want, err := strconv.Atoi(v)
			if err != nil || want < 1 || want > workload.MaxDeeds {
				return fmt.Errorf("%q is not a count in 1..%d", v, workload.MaxDeeds)
			}
			for i, w := range s.Work {
				if c, ok := w.Spec.(*workload.Chat); ok {
					scaled := *c
					scaled.Operations = max(1, c.Operations*want/n)
					s.Work[i].Spec = &scaled
				}
			}
			return nil
		}})
	}
	return all
}

// chats is how many deeds the scenario's chats have in all.
func chats(s *Scenario) (n int) {
	for _, w := range s.Work {
		if c, ok := w.Spec.(*workload.Chat); ok {
			n += c.Operations
		}
	}
	return n
}

func duration(field func(*Scenario) *time.Duration) func(*Scenario, string) error {
	return func(s *Scenario, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a positive time such as 30s", v)
		}
		*field(s) = d
		return nil
	}
}

// seating sets a bound on where writers sit.
func seating(work int, field func(*workload.Trace) *time.Duration) func(*Scenario, string) error {
	return func(s *Scenario, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a time such as 100ms", v)
		}
		t := *s.Work[work].Spec.(*workload.Trace)
		*field(&t) = d
		s.Work[work].Spec = &t
		return nil
	}
}

// Keys documents what --set takes in a scenario.
func Keys(s Scenario) []KeyDoc {
	var docs []KeyDoc
	for _, k := range keys(s) {
		docs = append(docs, k.KeyDoc)
	}
	return docs
}

// with returns the scenario as the settings change it. Unknown keys and bad values are errors that name the key.
func (s Scenario) with(set map[string]string) (Scenario, error) {
	s.Work = slices.Clone(s.Work)
	known := keys(s)
	for name, v := range sortedPairs(set) {
		i := slices.IndexFunc(known, func(k key) bool { return k.Name == name })
		if i < 0 {
			var names []string
			for _, k := range known {
				names = append(names, k.Name)
			}
			return s, fmt.Errorf("--set %s: scenario %s has no such key; it has %s", name, s.Name, strings.Join(names, ", "))
		}
		if err := known[i].apply(&s, v); err != nil {
			return s, fmt.Errorf("--set %s: %w", name, err)
		}
	}
	return s, nil
}

// The kernel's own settings, which scenarios may change.
const (
	defaultFanout = 4
	defaultPeriod = time.Second
)

func (n Node) fanout() int {
	if n.Fanout > 0 {
		return n.Fanout
	}
	return defaultFanout
}

func (n Node) period() time.Duration {
	if n.Gossip > 0 {
		return n.Gossip
	}
	return defaultPeriod
}
