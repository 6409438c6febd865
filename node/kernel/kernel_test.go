package kernel

import (
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

func TestAgree(t *testing.T) {
	for _, c := range []struct {
		name             string
		a, b             Version
		protocol         uint8 // 0 is none
		schemaA, schemaB uint64
	}{
		{"both old", Release(1), Release(1), 1, 1, 1},
		{"old and new", Release(1), Release(2), 1, 1, 2},
		{"both new", Release(2), Release(2), 2, 2, 2},
		{"a gap", Release(1), Version{Min: 2, Max: 3, Schema: 3}, 0, 1, 3},
		{"an overlap", Release(2), Version{Min: 2, Max: 9, Schema: 9}, 2, 2, 9},
		{"nonsense", Release(2), Version{Min: 2, Max: 1}, 0, 2, 0},
		{"nothing", Release(2), Version{}, 0, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, ok := c.a.Agree(c.b.Hello(nil))
			q, okay := c.b.Agree(c.a.Hello([]op.SpaceID{{1}}))
			if ok != (c.protocol != 0) || ok && p != c.protocol {
				t.Errorf("agreed on %d, %v", p, ok)
			}
			if ok && (q != p || !okay) {
				t.Errorf("the ends disagree: %d and %d", p, q)
			}
			if c.a.Schema != c.schemaA || c.b.Schema != c.schemaB {
				t.Errorf("schemas %d and %d", c.a.Schema, c.b.Schema)
			}
		})
	}
}

// timers takes the timers that were set.
func timers(out *step.Effects) (set []step.SetTimer) {
	for _, e := range out.List {
		set = append(set, *e.(*step.SetTimer))
	}
	out.Reset()
	return set
}

// TestPhases spreads the first runs of many nodes over the whole period, evenly.
func TestPhases(t *testing.T) {
	for _, period := range []time.Duration{time.Millisecond, time.Second, 7 * time.Second} {
		var tenths [10]int
		for n := range 2000 {
			var out step.Effects
			var entropy [32]byte
			x := uint64(n+1) * 0x2545f4914f6cdd1d
			for i := range 8 {
				entropy[24+i] = byte(x >> (8 * i))
			}
			NewScheduler(entropy).Every(3, period, &out)
			set := timers(&out)
			if len(set) != 1 || set[0].After < 0 || set[0].After >= period {
				t.Fatalf("%v", set)
			}
			tenths[set[0].After*10/period]++
		}
		for i, n := range tenths {
			if n < 100 || n > 300 {
				t.Errorf("period %v: %d of 2000 nodes begin in tenth %d", period, n, i)
			}
		}
	}
}

func TestScheduler(t *testing.T) {
	var out step.Effects
	s := NewScheduler([32]byte{})
	s.Every(1, time.Second, &out)
	id := timers(&out)[0].ID
	for range 3 {
		j, ok := s.Due(&step.Timer{ID: id}, &out)
		if set := timers(&out); !ok || j != 1 || len(set) != 1 || set[0].After != time.Second {
			t.Fatalf("job %d, %v, %v", j, ok, set)
		}
	}
	if s.Soon(1, time.Millisecond, &out); len(timers(&out)) > 0 {
		t.Error("periodic work was set twice")
	}
	s.Soon(2, time.Minute, &out)
	s.Soon(2, time.Millisecond, &out) // it is due already
	set := timers(&out)
	if len(set) != 1 || set[0].After != time.Minute {
		t.Fatalf("%v", set)
	}
	if j, ok := s.Due(&step.Timer{ID: set[0].ID}, &out); !ok || j != 2 || len(timers(&out)) > 0 {
		t.Error("work for once came again")
	}
	if s.Soon(2, time.Millisecond, &out); len(timers(&out)) != 1 {
		t.Error("work for once cannot be asked for again")
	}
	if _, ok := s.Due(&step.Timer{ID: 5}, &out); ok {
		t.Error("another layer's timer was taken")
	}
}
