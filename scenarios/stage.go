package scenarios

import (
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Stage is who sits where in a run, for tools that show it.
type Stage struct {
	Hosts  []StageHost // host h is Hosts[h-1]
	Spaces []StageSpace
	seats  []sim.Seat
}

// StageHost is one host and its person.
type StageHost struct {
	Group, Role, Liar, Device string // Role, Liar and Device may be empty
	Site                      string // where it is; empty where the network knows no places
	Kernel                    uint8  // the protocol of its release
	Spaces                    []int  // indices into Stage.Spaces
	Absent                    bool   // it does not take part
	Identity                  op.Key
}

// StageSpace is one space.
type StageSpace struct {
	Name string
	ID   op.SpaceID
}

// Stage says who sits where when the plan is carried out.
func (p *PlanFile) Stage() (*Stage, error) {
	b, err := prepare(p.Scenario, p.Settings, &p.Plan, p.Jobs)
	if err != nil {
		return nil, err
	}
	s := &Stage{seats: b.config.Seats}
	for i := range b.cast.members {
		m := &b.cast.members[i]
		s.Hosts = append(s.Hosts, StageHost{Group: m.group.Name, Role: m.group.Role, Liar: m.group.liar(), Device: m.group.Device, Site: b.config.Net.Site(m.host),
			Kernel: m.group.kernel(), Spaces: m.spaces, Absent: m.absent, Identity: m.identity})
	}
	for i := range b.cast.spaces {
		s.Spaces = append(s.Spaces, StageSpace{b.cast.spaces[i].name, b.cast.spaces[i].id})
	}
	return s, nil
}

// New makes what sits on a host, for a life.
func (s *Stage) New(h sim.HostID) func(life uint32) sim.Process { return s.seats[h-1].New }
