package scenarios

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Look prints what a host holds: its life, the heads and the state of each space, its queues and its disk.
func Look(out io.Writer, v sim.View, h sim.HostID) {
	if h == 0 || int(h) > v.Hosts() {
		fmt.Fprintf(out, "there is no host %d\n", h)
		return
	}
	disk, size := v.Disk(h), 0
	for _, r := range disk {
		size += len(r.Key) + len(r.Value)
	}
	state := "up"
	if !v.Up(h) {
		state = "down"
	}
	if v.Liar(h) {
		state += ", a liar"
	}
	fmt.Fprintf(out, "host %d   %s, life %d; disk: %d records, %d bytes\n", h, state, v.Life(h), len(disk), size)
	ask := func(query string) []byte {
		b := v.Inspect(h, query)
		if len(b) == 0 {
			return nil
		}
		return b[1:] // the layout's version
	}
	if b := ask(step.InspectVersion); len(b) == 2 {
		fmt.Fprintf(out, "kernel   protocol %d, schema %d\n", b[0], b[1])
	}
	spaces := ask(step.InspectSpaces)
	for ; len(spaces) >= 32; spaces = spaces[32:] {
		id := hex.EncodeToString(spaces[:32])
		fmt.Fprintf(out, "space    %s: %d operations, %d of them void\n", id, len(ask(step.InspectOps+" "+id))/32, len(ask(step.InspectVoid+" "+id))/32)
		for heads := ask(step.InspectHeads + " " + id); len(heads) >= 32; heads = heads[32:] {
			fmt.Fprintf(out, "  head   %x\n", heads[:32])
		}
		for _, q := range []string{step.InspectRights, step.InspectState} {
			b := ask(q + " " + id)
			text, err := cbor.Diagnose(b)
			if err != nil {
				text = hex.EncodeToString(b)
			}
			fmt.Fprintf(out, "  %-6s %s\n", q, text)
		}
	}
	for b := ask(step.InspectBlamed); len(b) >= 32; b = b[32:] {
		fmt.Fprintf(out, "blamed   %x\n", b[:32])
	}
	if q := ask(step.InspectQueues); len(q) > 0 {
		fmt.Fprintf(out, "queues\n  %s\n", strings.ReplaceAll(strings.TrimSpace(string(q)), "\n", "\n  "))
	}
}

// ReplayHost replays one recorded host alone and gives the digest that it comes to, and where it is another than the
// recorded one, the first event that differs.
func (p *PlanFile) ReplayHost(rec *sim.Recording) (sim.HostDigest, string, error) {
	b, err := prepare(p.Scenario, p.Settings, &p.Plan, p.Jobs)
	if err != nil {
		return sim.HostDigest{}, "", err
	}
	if rec.Host == 0 || int(rec.Host) > len(b.config.Seats) {
		return sim.HostDigest{}, "", fmt.Errorf("the recording is of host %d, the plan has hosts 1..%d", rec.Host, len(b.config.Seats))
	}
	return sim.ReplayHost(rec, b.config.Seats[rec.Host-1].New)
}
