package view

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// seat is a host replayed alone up to one of its inputs. It can only go on: for an earlier input another one begins at the
// boot of the life.
type seat struct {
	host   sim.HostID
	player *sim.Player
	n      uint32 // the input that it took last
	frame  frame  // of it
	views  []shown
	disk   map[string][]byte // as the commits that the host knows to have succeeded left it
	waits  []step.Commit
	of     *index

	effects  []step.Effect // of the last step
	panicked string
}

// shown is the latest answer to a request for a view.
type shown struct {
	request uint64
	at      time.Duration
	body    []byte
	times   int
}

// run takes the inputs up to the n-th.
func (s *seat) run(n uint32) error {
	k := &s.of.tape.tracks[s.host]
	for i := k.blockOf(s.n + 1); s.n < n; i++ {
		frames, err := s.of.tape.block(s.host, i)
		if err != nil {
			return err
		}
		for j := range frames {
			if f := &frames[j]; f.n > s.n && f.n <= n {
				if err := s.take(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *seat) take(f *frame) error {
	if c := s.frame.crashed; c != nil {
		s.player.Crash(c.key, c.mode)
	}
	if err := s.of.tape.load(f); err != nil {
		return err
	}
	if _, boots := f.In.(*step.Boot); boots {
		s.views, s.waits = nil, nil // persons ask anew in each life
	} else if uint32(s.player.Running()[0]) != uint32(f.Before[0]) {
		return fmt.Errorf("host %d replayed alone came to another history than in the run, before its input at %s: it does not depend on its inputs alone, or this build is another", s.host, f.Key)
	}
	var err error
	if s.effects, s.panicked, err = s.player.Take(&f.Taken, f.cut); err != nil {
		return err
	}
	s.n, s.frame = f.n, *f
	switch in := f.In.(type) {
	case *step.Boot:
		s.disk = map[string][]byte{}
		for _, r := range in.Disk {
			s.disk[r.Key] = r.Value
		}
	case *step.Committed:
		if len(s.waits) > 0 {
			if in.Err == 0 {
				for _, key := range s.waits[0].Delete {
					delete(s.disk, key)
				}
				for _, r := range s.waits[0].Put {
					s.disk[r.Key] = r.Value
				}
			}
			s.waits = s.waits[1:]
		}
	}
	for _, e := range s.effects {
		switch e := e.(type) {
		case *step.Commit:
			s.waits = append(s.waits, step.Commit{Put: slices.Clone(e.Put), Delete: slices.Clone(e.Delete)})
		case *step.Reply:
			if e.Status == step.Shown {
				s.show(e, f.Key.At)
			}
		}
	}
	return nil
}

func (s *seat) show(r *step.Reply, at time.Duration) {
	i := slices.IndexFunc(s.views, func(v shown) bool { return v.request == r.Request })
	if i < 0 {
		s.views = append(s.views, shown{request: r.Request})
		i = len(s.views) - 1
	}
	v := &s.views[i]
	v.at, v.body, v.times = at, r.Body, v.times+1
}

// alone shows the host as a sim.View of a world in which nothing else is known.
type alone struct {
	*seat
	hosts int
	liar  bool
}

func (a alone) Hosts() int           { return a.hosts }
func (a alone) Up(sim.HostID) bool   { return a.player.Up() }
func (a alone) Liar(sim.HostID) bool { return a.liar }
func (a alone) Life(sim.HostID) uint32 {
	return a.player.Life()
}
func (a alone) Inspect(_ sim.HostID, query string) []byte { return a.player.Inspect(query) }
func (a alone) Disk(sim.HostID) []step.Record {
	var list []step.Record
	for _, key := range slices.Sorted(maps.Keys(a.disk)) {
		list = append(list, step.Record{Key: key, Value: a.disk[key]})
	}
	return list
}

// seats keeps hosts that were replayed, those used last first.
type seats struct {
	list     []*seat
	replayed uint64 // inputs that were taken again
}

// maxSeats bounds how many replayed hosts are kept: each is a whole node.
const maxSeats = 32

// get gives a host right after its n-th input: one that is kept and not yet past it, or a new one.
func (c *seats) get(x *index, h sim.HostID, n uint32, newProcess func(life uint32) sim.Process) (*seat, error) {
	boot := x.tape.tracks[h].bootOf(n)
	best := -1
	for i, s := range c.list {
		if s.host == h && s.n >= boot && s.n <= n && (best < 0 || s.n > c.list[best].n) {
			best = i
		}
	}
	var s *seat
	if best >= 0 {
		s = c.list[best]
		c.list = slices.Delete(c.list, best, best+1)
	} else {
		s = &seat{host: h, player: sim.NewPlayer(newProcess), n: boot - 1, of: x}
	}
	c.replayed += uint64(n - s.n)
	if err := s.run(n); err != nil {
		return nil, err
	}
	c.list = slices.Insert(c.list, 0, s)
	if len(c.list) > maxSeats {
		c.list = c.list[:maxSeats]
	}
	return s, nil
}
