package fault

import (
	"slices"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// chatter tells its neighbour its wall clock ten times a second, on both channels, and writes it down.
type chatter struct {
	peer step.Addr
	conn step.Conn
	n    uint64
}

func (*chatter) Inspect(string) []byte { return nil }

func (c *chatter) Step(now step.Now, in step.Input, out *step.Effects) {
	switch x := in.(type) {
	case *step.Boot:
		c.conn = out.Dial(c.peer)
		out.SetTimer(1, 100*time.Millisecond)
	case *step.ConnDown:
		if x.Conn == c.conn {
			c.conn = out.Dial(c.peer)
		}
	case *step.Timer:
		c.n++
		b := []byte(now.Wall.String() + " and sixty bytes more, so that there is a bit to flip somewhere")
		out.Send(c.conn, step.Reliable, b)
		out.Send(c.conn, step.Unreliable, b)
		out.Commit(c.n, false, []step.Record{{Key: "clock", Value: b}}, nil)
		out.SetTimer(1, 100*time.Millisecond)
	}
}

func run(t *testing.T, faults []sim.Window) *sim.Result {
	t.Helper()
	const hosts = 40
	net, err := netsim.New(netsim.Config{Seed: 1, Hosts: hosts, Sites: netsim.Fixed(20 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	seats := make([]sim.Seat, hosts)
	for i := range seats {
		seats[i].New = func(uint32) sim.Process { return &chatter{peer: step.Addr((i+7)%hosts + 1)} }
	}
	w, err := sim.New(sim.Config{Seed: 1, Seats: seats, Net: net, Catalog: sim.Catalog{Fault: New},
		Plan: sim.Plan{Faults: faults, Calm: 10 * time.Second, End: 12 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	return w.Run()
}

// TestEveryFaultBites: each kind has the effect that it is named after, counted under its cause; and one that strikes
// nobody's links counts nothing.
func TestEveryFaultBites(t *testing.T) {
	counts := map[string]string{
		kindPartition: "packets lost: cut", kindOneWay: "packets lost: cut", kindPartial: "packets lost: cut", kindOffline: "packets lost: cut", kindLossy: "packets lost: loss", kindSlow: "packets delayed", kindDuplicate: "packets doubled",
		kindCorrupt: "packets altered", kindReorder: "packets reordered", kindTabCrash: "tab crashes", kindPowerLoss: "power losses", kindTornStep: "torn steps",
		kindLostDisk: "disks lost", kindClockSkew: "clocks moved", kindClockJump: "clocks moved",
	}
	plain := run(t, nil)
	for _, kind := range Kinds() {
		windows, err := decode(t, kind, examples()[kind]).Windows(env(), stream(3))
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, windows)
		if got := r.Ledger.Kind(kind); got[counts[kind]] == 0 {
			t.Errorf("%s did %v, not %q", kind, got, counts[kind])
		}
		if r.Digest == plain.Digest {
			t.Errorf("%s left the run as it was", kind)
		}
		if r.Outcome == sim.Invalid || r.Outcome == sim.Fail {
			t.Errorf("%s: the run is %s: %s", kind, r.Outcome, r.Why)
		}
	}
}

// TestFaultsEnd: outside its window a fault does nothing, though much is said before and after.
func TestFaultsEnd(t *testing.T) {
	for _, kind := range []string{kindPartition, kindLossy, kindSlow, kindDuplicate, kindCorrupt, kindReorder, kindOneWay, kindPartial, kindOffline} {
		windows, err := decode(t, kind, examples()[kind]).Windows(env(), stream(3))
		if err != nil {
			t.Fatal(err)
		}
		windows = windows[:1]
		windows[0].Begin, windows[0].End = 1005*time.Millisecond, 1006*time.Millisecond // nobody says anything then
		r := run(t, windows)
		if got := r.Ledger.Kind(kind); len(got) != 0 {
			t.Errorf("%s within a silent millisecond did %v", kind, got)
		}
	}
}

// TestALoneFaultKeepsItsLuck: what a lossy window loses is the same whether or not another window stands beside it.
func TestALoneFaultKeepsItsLuck(t *testing.T) {
	lossy := sim.Window{Kind: kindLossy, Begin: time.Second, End: 4 * time.Second, Args: []sim.Arg{{Name: "hosts", Value: "1-10"}, {Name: "loss", Value: "0.3"}}}
	other := sim.Window{Kind: kindLossy, Begin: time.Second, End: 4 * time.Second, Args: []sim.Arg{{Name: "hosts", Value: "30-33"}, {Name: "loss", Value: "0.5"}}}
	jump := sim.Window{Kind: kindClockJump, Begin: 2 * time.Second, End: 2 * time.Second, Args: []sim.Arg{{Name: "hosts", Value: "20"}, {Name: "jump", Value: "1h0m0s"}}}
	alone := run(t, []sim.Window{lossy}).Ledger.Causes
	beside := run(t, []sim.Window{other, jump, lossy}).Ledger.Causes
	i := slices.IndexFunc(beside, func(c sim.CauseCount) bool { return c.Cause == 3 })
	if a, b := alone[0].Counts["packets lost: loss"], beside[i].Counts["packets lost: loss"]; a == 0 || a != b {
		t.Errorf("it lost %d alone and %d beside others", a, b)
	}
}
