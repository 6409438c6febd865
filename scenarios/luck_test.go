package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestLuck: another luck changes what becomes of packets and nothing that was planned, and is kept in plan and record.
func TestLuck(t *testing.T) {
	for _, kind := range []string{"regions", "lognormal"} {
		s := partitionHeal()
		s.Duration, s.Network.Kind = 20*time.Second, kind
		prepared := func(luck uint64) *build {
			b, err := prepare(s, Settings{Seed: 4, Luck: luck, Nodes: 12}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		text := func(p sim.Plan) string {
			b, err := p.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		own, other := prepared(0), prepared(9)
		if text(own.config.Plan) != text(other.config.Plan) {
			t.Errorf("%s: another luck draws another plan", kind)
		}
		for a := sim.HostID(1); a <= 12; a++ {
			for b := sim.HostID(1); b < a; b++ {
				if own.config.Net.Latency(a, b) != other.config.Net.Latency(a, b) {
					t.Fatalf("%s: another luck puts hosts %d and %d elsewhere", kind, a, b)
				}
			}
		}
		var digests []string
		for _, luck := range []uint64{0, 9, 10} {
			o, err := Run(s, Settings{Seed: 4, Luck: luck, Nodes: 12})
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(digests, o.Record.Digest) {
				t.Errorf("%s: luck %d changes nothing", kind, luck)
			}
			digests = append(digests, o.Record.Digest)
			p, err := ReadPlan("p", o.Plan)
			if err != nil {
				t.Fatal(err)
			}
			again, err := p.Run(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if again.Record.Digest != o.Record.Digest || again.Record.Luck != luck || strings.Contains(again.Record.Command(), "--luck") != (luck != 0) {
				t.Errorf("%s: the plan of luck %d replays as %s with luck %d", kind, luck, again.Record.Command(), again.Record.Luck)
			}
		}
	}
}
