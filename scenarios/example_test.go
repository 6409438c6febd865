package scenarios_test

import (
	"fmt"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// A user's own test runs a scenario over seeds.
func ExampleCheck() {
	s, _ := scenarios.Find("partition-heal")
	for seed := range uint64(3) {
		if err := scenarios.Check(s, scenarios.Settings{Seed: seed, Nodes: 16}); err != nil {
			fmt.Println(err) // t.Error(err), in a test
		}
	}
	fmt.Println("done")
	// Output: done
}

// silent is a process of one's own: it takes whatever comes and says nothing.
type silent struct{ packets int }

func (p *silent) Step(_ step.Now, in step.Input, _ *step.Effects) {
	if _, ok := in.(*step.Packet); ok {
		p.packets++
	}
}

func (p *silent) Inspect(string) []byte { return nil }

// A user's own process sits beside our nodes, here at host 16. Since its seat names a misbehaviour, nothing is expected of
// it, and the network must do without it. A seat that names none is judged as our nodes are.
func ExampleSettings_seat() {
	s, _ := scenarios.Find("partition-heal")
	mine := &silent{}
	o, err := scenarios.Run(s, scenarios.Settings{Seed: 1, Nodes: 16, Seat: func(h sim.HostID, seat sim.Seat) sim.Seat {
		if h == 16 {
			return sim.Seat{New: func(uint32) sim.Process { return mine }, Liar: "silent"}
		}
		return seat
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ok, _ := scenarios.Expected(o)
	fmt.Println(ok, mine.packets > 0)
	// Output: true true
}
