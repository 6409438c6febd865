package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
)

// Ledger says what really happened, so that a fault which never bit and a test which tested nothing are seen.
type Ledger struct {
	Classes []ClassCount // of packets, in the order of Config.Classes; the last is the world's own: handshakes and closes
	Causes  []CauseCount // of the plan's windows, in its order

	Boots, Requests, Unissued int64
	TabCrashes, PowerLosses   int64
	LostRecords, LostBytes    int64            // by crashes: not committed, or relaxed and not yet safe from power loss
	Lies                      []LieCount       // ascending by kind
	Counts                    map[string]int64 // what persons counted
	Warnings                  []string

	lies   []LieCount  // by tag-1
	causes []lossCount // by cause
}

// Traffic counts packets and their bytes.
type Traffic struct{ Packets, Bytes int64 }

func (t *Traffic) add(n int) { t.Packets++; t.Bytes += int64(n) }

func (t *Traffic) plus(o Traffic) { t.Packets += o.Packets; t.Bytes += o.Bytes }

// ClassCount is the fate of all packets of a class: Sent + Doubled = Delivered + all of Lost + InFlight. A packet that a
// reliable channel repeats is sent again.
type ClassCount struct {
	Name                               string
	Sent, Doubled, Delivered, InFlight Traffic
	Lost                               [netsim.Reasons]Traffic
}

func (c *ClassCount) plus(o *ClassCount) {
	c.Sent.plus(o.Sent)
	c.Doubled.plus(o.Doubled)
	c.Delivered.plus(o.Delivered)
	c.InFlight.plus(o.InFlight)
	for i := range c.Lost {
		c.Lost[i].plus(o.Lost[i])
	}
}

// conserved says what is wrong with the sums of a class, or nothing.
func (c *ClassCount) conserved() string {
	in, out := c.Sent, c.Delivered
	in.plus(c.Doubled)
	out.plus(c.InFlight)
	for _, l := range c.Lost {
		out.plus(l)
	}
	if in != out {
		return fmt.Sprintf("packets of class %s are not conserved: %+v went in, %+v came out", c.Name, in, out)
	}
	return ""
}

// CauseCount is what one window of the plan did.
type CauseCount struct {
	Cause      int // its place in the plan, from 1
	Kind       string
	Begin, End time.Duration
	Counts     map[string]int64
}

// Total is the sum of all its counts; 0 means that it did nothing.
func (c *CauseCount) Total() int64 {
	var n int64
	for _, what := range slices.Sorted(maps.Keys(c.Counts)) {
		n += c.Counts[what]
	}
	return n
}

// LieCount counts lies of a kind: told, and delivered to a host that was up. A lie in no packet is not delivered.
type LieCount struct {
	Kind            string
	Told, Delivered int64
}

// lossCount is what a rule of the network did to packets, kept apart for speed.
type lossCount struct {
	lost [netsim.Reasons]int64
	bent [4]int64
}

// Total is the fate of all packets.
func (l *Ledger) Total() ClassCount {
	t := ClassCount{Name: "all"}
	for i := range l.Classes {
		t.plus(&l.Classes[i])
	}
	return t
}

// Kind sums the counts of all windows of a fault kind.
func (l *Ledger) Kind(kind string) map[string]int64 {
	sum := map[string]int64{}
	for i := range l.Causes {
		if l.Causes[i].Kind == kind {
			for _, what := range slices.Sorted(maps.Keys(l.Causes[i].Counts)) {
				sum[what] += l.Causes[i].Counts[what]
			}
		}
	}
	return sum
}

// Lie gives the counts of a kind of lie.
func (l *Ledger) Lie(kind string) LieCount {
	for _, c := range l.lies {
		if c.Kind == kind {
			return c
		}
	}
	return LieCount{Kind: kind}
}

// Lines prints the ledger, the same every time.
func (l *Ledger) Lines() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	total := l.Total()
	for _, c := range append([]ClassCount{total}, l.Classes...) {
		if c.Sent.Packets == 0 {
			continue
		}
		var lost strings.Builder
		for r, t := range c.Lost {
			if t.Packets > 0 {
				fmt.Fprintf(&lost, " %s=%d/%d", strings.ReplaceAll(netsim.Reason(r).String(), " ", "-"), t.Packets, t.Bytes)
			}
		}
		add("packets %s sent=%d/%d doubled=%d/%d delivered=%d/%d flying=%d/%d lost%s", c.Name, c.Sent.Packets, c.Sent.Bytes, c.Doubled.Packets,
			c.Doubled.Bytes, c.Delivered.Packets, c.Delivered.Bytes, c.InFlight.Packets, c.InFlight.Bytes, cmpOr(lost.String(), "=0"))
	}
	add("hosts boots=%d tab-crashes=%d power-losses=%d lost-records=%d lost-bytes=%d", l.Boots, l.TabCrashes, l.PowerLosses, l.LostRecords, l.LostBytes)
	add("requests issued=%d unissued=%d", l.Requests, l.Unissued)
	for i := range l.Causes {
		c := &l.Causes[i]
		line := fmt.Sprintf("fault %d %s %v..%v", c.Cause, c.Kind, c.Begin, c.End)
		for _, what := range slices.Sorted(maps.Keys(c.Counts)) {
			line += fmt.Sprintf(" %q=%d", what, c.Counts[what])
		}
		add("%s", line)
	}
	for _, c := range l.Lies {
		add("lie %q told=%d delivered=%d", c.Kind, c.Told, c.Delivered)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Counts)) {
		add("count %q=%d", name, l.Counts[name])
	}
	for _, w := range l.Warnings {
		add("warning: %s", w)
	}
	return out
}

func (l *Ledger) String() string { return strings.Join(l.Lines(), "\n") + "\n" }

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}
