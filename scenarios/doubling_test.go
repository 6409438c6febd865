package scenarios

import (
	"runtime"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
)

// figuresOf are counts of a run, which no machine changes.
type figuresOf struct{ events, bytes, live float64 }

func measure(t *testing.T, nodes, operations int, d time.Duration) figuresOf {
	t.Helper()
	s := calmDay()
	s.Duration = d
	s.Work = []Work{{&workload.Chat{Groups: []string{"owners", "people"}, Authors: 20, Operations: operations, Channels: 2}}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o, err := Run(s, Settings{Seed: 1, Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	if ok, why := Expected(o); !ok {
		t.Fatal(why)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	f := figuresOf{events: float64(o.Result.Events), live: float64(after.HeapAlloc) - float64(before.HeapAlloc)}
	for _, k := range o.Record.Traffic {
		f.bytes += float64(k.Bytes)
	}
	runtime.KeepAlive(o)
	return f
}

// TestDoubling holds the whole house to growing with its load: twice the hosts, operations or virtual time cost at most
// 2.2 times the events, the bytes on the wire, and the memory that is live at the end.
func TestDoubling(t *testing.T) {
	const most = 2.2
	once := measure(t, 40, 150, 60*time.Second)
	for _, c := range []struct {
		name string
		figuresOf
	}{
		{"hosts", measure(t, 80, 150, 60*time.Second)},
		{"operations", measure(t, 40, 300, 60*time.Second)},
		{"virtual time", measure(t, 40, 150, 120*time.Second)},
	} {
		events, bytes, live := c.events/once.events, c.bytes/once.bytes, c.live/once.live
		t.Logf("twice the %s: events ×%.2f, bytes ×%.2f, live memory ×%.2f", c.name, events, bytes, live)
		if max(events, bytes, live) > most {
			t.Errorf("twice the %s cost events ×%.2f, bytes ×%.2f, live memory ×%.2f, over ×%.1f", c.name, events, bytes, live, most)
		}
	}
}
