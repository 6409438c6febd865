package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// GossipOptions say what to run. The zero value is calm-day, without and with loss, at 100 and 1,000 nodes.
type GossipOptions struct {
	Nodes    []int
	Loss     []string // of packets, as --set loss takes it
	Seed     uint64
	Progress func(GossipRow) // called after each row
	Stop     func() string
}

// GossipRow is what spreading cost in one run. Bytes and copies are per operation and interested host.
type GossipRow struct {
	Scenario   string             `json:"scenario"`
	Nodes      int                `json:"nodes"`
	Loss       string             `json:"loss"`
	Seed       uint64             `json:"seed"`
	Operations float64            `json:"operations"`
	Deliveries float64            `json:"deliveries"`
	Half       float64            `json:"to_half_s"` // median over operations of the time to 50 % of hosts
	Most       float64            `json:"to_99_s"`   // likewise to 99 %
	All        float64            `json:"to_all_s"`  // likewise to all
	Last       float64            `json:"last_s"`    // greatest time to all
	Copies     float64            `json:"copies"`    // operations received in pushes; 1 is none too many
	Bytes      map[string]float64 `json:"bytes"`     // delivered, by kind of frame
	Events     uint64             `json:"events"`
	Wall       float64            `json:"wall_s"`          // of the run
	CPU        float64            `json:"cpu_s,omitempty"` // over all cores; building the world and its records included
	Digest     string             `json:"digest"`
}

// GossipTable is one run of the benchmark.
type GossipTable struct {
	Rows []GossipRow `json:"rows"`
}

// Gossip runs a calm network and measures how operations spread.
func Gossip(o GossipOptions) (GossipTable, error) {
	if len(o.Nodes) == 0 {
		o.Nodes = []int{100, 1000}
	}
	if len(o.Loss) == 0 {
		o.Loss = []string{"0", "0.05"}
	}
	const name = "calm-day"
	s, ok := scenarios.Find(name)
	if !ok {
		return GossipTable{}, fmt.Errorf("bench: there is no scenario %s", name)
	}
	var t GossipTable
	for _, n := range o.Nodes {
		for _, loss := range o.Loss {
			c := &copies{}
			began := cpuTime()
			out, err := scenarios.Run(s, scenarios.Settings{Seed: o.Seed, Nodes: n, Set: map[string]string{"loss": loss}, Device: "cpu", Observe: c, Stop: o.Stop})
			if err != nil {
				return t, err
			}
			if g := out.Record.Grade(); g.Outcome != results.Pass {
				return t, fmt.Errorf("bench: %s with %d nodes and loss %s: %s: %s: %s", name, n, loss, g.Outcome, g.Name, g.Why)
			}
			r := gossipRow(&out.Record, c.n)
			r.CPU = (cpuTime() - began).Seconds()
			r.Loss = loss
			t.Rows = append(t.Rows, r)
			if o.Progress != nil {
				o.Progress(r)
			}
		}
	}
	return t, nil
}

func gossipRow(r *results.Record, received int64) GossipRow {
	row := GossipRow{Scenario: r.Scenario, Nodes: r.Nodes, Seed: r.Seed, Bytes: map[string]float64{}, Events: r.Events, Wall: time.Duration(r.Cost.Wall).Seconds(), Digest: r.Digest}
	v, _ := r.Verdict("delivery")
	for _, m := range v.Metrics {
		switch m.Name {
		case "operations":
			row.Operations = m.Value
		case "deliveries":
			row.Deliveries = m.Value
		}
	}
	for word, at := range map[string]*float64{"time to 50%": &row.Half, "time to 99%": &row.Most, "time to 100%": &row.All} {
		d, _ := r.Distribution(word + " of hosts")
		*at = d.At(0.5)
		if word == "time to 100%" {
			row.Last = d.At(1)
		}
	}
	apart := row.Deliveries - row.Operations // the author's own is no delivery over the network
	row.Copies = float64(received) / apart
	for _, t := range r.Traffic {
		row.Bytes[t.Kind] = float64(t.Delivered) / apart
	}
	return row
}

// copies counts the operations that arrive in pushes.
type copies struct {
	n      int64
	holder wire.Holder
}

func (c *copies) Name() string     { return "copies" }
func (c *copies) Wants() sim.Kinds { return sim.OnPacket }
func (c *copies) Observe(e *sim.Event) {
	p, ok := e.Input.(*step.Packet)
	if !ok || wire.Class(p.Bytes) != wire.ClassPush {
		return
	}
	f, err := wire.Decode(wire.V2, p.Bytes, &c.holder)
	if push, ok := f.(*wire.Push); ok && err == nil {
		c.n += int64(len(push.Ops))
	}
}
func (c *copies) Sample(time.Duration, sim.View) {}
func (c *copies) Verdict(sim.End) sim.Verdict {
	return sim.Verdict{Checker: c.Name(), Checked: int(c.n)}
}

// String is the table as text, at most 100 columns wide.
func (t GossipTable) String() string {
	var b strings.Builder
	kinds := []string{"push", "heads", "want", "summary", "receipt"}
	fmt.Fprintf(&b, "%6s %5s %5s %7s %7s %7s %7s %6s ", "nodes", "loss", "ops", "to 50%", "to 99%", "to all", "last", "copies")
	for _, k := range kinds {
		fmt.Fprintf(&b, "%8s", k)
	}
	b.WriteString("\n")
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "%6d %5s %5.0f %6.2fs %6.2fs %6.2fs %6.2fs %6.2f ", r.Nodes, r.Loss, r.Operations, r.Half, r.Most, r.All, r.Last, r.Copies)
		for _, k := range kinds {
			fmt.Fprintf(&b, "%7.0fB", r.Bytes[k])
		}
		b.WriteString("\n")
	}
	b.WriteString("times are medians over operations; copies and bytes are per operation and host that it reached\n")
	return b.String()
}

// JSON is the table for machines.
func (t GossipTable) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", "  ")
	return append(b, '\n'), err
}
