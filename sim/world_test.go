package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"pgregory.net/rapid"
)

var allFaults = []string{"crash", "tear", "lose", "jump", "cut", "ring", "crash", "tear", "cut", "crash"}

func drawShape(t *rapid.T) restlessShape {
	s := restlessShape{end: 8 * time.Second, seed: Seed(rapid.Uint64().Draw(t, "seed")), hosts: rapid.IntRange(2, 6).Draw(t, "hosts"),
		size: rapid.SampledFrom([]int{2, 100, 100, 30000}).Draw(t, "size"), cost: rapid.SampledFrom([]time.Duration{0, 1e6, 1e8}).Draw(t, "cost")}
	s.net = netsim.Config{Jitter: 0.3, Loss: rapid.SampledFrom([]float64{0, 0.01, 0.3}).Draw(t, "loss"), Dup: 0.05, Corrupt: 0.02, Reorder: 0.05}
	if rapid.Bool().Draw(t, "bandwidth") {
		s.net.Up, s.net.Down, s.net.Queue = 1e6, 2e6, 100000
	}
	s.faults = rapid.SliceOfN(rapid.SampledFrom(allFaults), 0, 8).Draw(t, "faults")
	return s
}

// Whatever happens: packets are conserved, a second run and a poisoned one give the same digest, and every host replayed
// alone gives its own.
func TestRunsRepeatAndConserve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		one := runRestless(t, s)
		if one.Outcome == Fail {
			t.Fatal(one.Why)
		}
		s.poison = true
		two := runRestless(t, s)
		if one.Digest != two.Digest {
			d, _ := one.EventHashes.FirstDifference(two.EventHashes)
			t.Fatalf("poison changed the digest, first seen at %v of host %d", d.Key, d.Host)
		}
		if one.Ledger.String() != two.Ledger.String() {
			t.Fatalf("ledgers differ:\n%s\n%s", one.Ledger, two.Ledger)
		}
		for id, rec := range one.Recordings {
			replayAlone(t, s, id, rec)
		}
	})
}

func replayAlone(t *rapid.T, s restlessShape, id HostID, rec *Recording) {
	b, err := rec.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Recording
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	seat := restlessConfig(t, s).Seats[id-1]
	digest, differs, err := ReplayHost(&again, seat.New)
	if err != nil || differs != "" || digest != rec.Digest {
		t.Fatalf("host %d alone gives %v, want %v; differs at %s; %v", id, digest, rec.Digest, differs, err)
	}
}

// deliveries of one crafted run: hosts 1 and 2 each send once to host 3, or to hosts of their own.
func crafted(t *testing.T, first, second string) *Result {
	net, err := netsim.New(netsim.Config{Seed: 1, Hosts: 4, Sites: netsim.Fixed(10 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Seed: 1, Net: net, Plan: Plan{Calm: 5 * time.Second, End: 5 * time.Second}, KeepEvents: 100}
	scripts := map[int][][]string{
		0: {{"1", "1s", "dial 3"}, {"1", first, "send 1 one"}},
		1: {{"1", "1s", "dial 3"}, {"1", second, "send 1 two"}},
	}
	for i := range 4 {
		c.Seats = append(c.Seats, Seat{New: func(life uint32) Process { return &puppet{life: life, lines: scripts[i]} }})
	}
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w.Run()
}

// Which of two packets a host saw first is in its digest, and the first difference names where it began.
func TestDigestTellsOrder(t *testing.T) {
	one, two := crafted(t, "2s", "2.001s"), crafted(t, "2.001s", "2s")
	if one.Hosts[2] == two.Hosts[2] || one.Digest == two.Digest {
		t.Fatal("the order of two events of one host does not change its digest")
	}
	if one.Hosts[3] != two.Hosts[3] {
		t.Fatal("a host that saw nothing has two digests")
	}
	d, differ := one.EventHashes.FirstDifference(two.EventHashes)
	if !differ || d.Host != 1 || d.Key.At != 0 { // whose boot set another timer
		t.Fatalf("first difference %+v, %v", d, differ)
	}
	if _, differ := one.EventHashes.FirstDifference(crafted(t, "2s", "2.001s").EventHashes); differ {
		t.Fatal("a run differs from itself")
	}
}

// The layer below: events of one host do not commute; those of two hosts do, since each has its own sum.
func TestDigestSwaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type event struct{ x, y uint64 }
		draw := rapid.Custom(func(t *rapid.T) event { return event{rapid.Uint64().Draw(t, "x"), rapid.Uint64().Draw(t, "y")} })
		list := rapid.SliceOfN(draw, 2, 20).Draw(t, "events")
		i := rapid.IntRange(0, len(list)-2).Draw(t, "i")
		var a, b digest
		for j := range list {
			a.mix(list[j].x, list[j].y)
			k := j
			if j == i {
				k = i + 1
			} else if j == i+1 {
				k = i
			}
			b.mix(list[k].x, list[k].y)
		}
		if (a == b) != (list[i] == list[i+1]) {
			t.Fatalf("%v: swapped at %d", list, i)
		}
	})
}

// The digest is the same on every platform: this test runs on all of them.
func TestDigestIsPortable(t *testing.T) {
	d := hashBytes([]byte("the quick brown fox jumps over the lazy dog"))
	d.mix(1, 1<<63)
	if got, want := d.sum().String(), "ac9bf8148e8000949ba3a647ed11a246"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestBoundsEndTheRun(t *testing.T) {
	run := func(bound uint64, polls int) *Result {
		c := restlessConfig(t, restlessShape{seed: 1, hosts: 4, size: 100, net: netsim.Config{}})
		c.MaxEvents = bound
		polled := 0
		c.Stop = func() string {
			if polled++; polled > polls {
				return "the wall clock says so"
			}
			return ""
		}
		c.Plan.End *= 100
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		return w.Run()
	}
	for _, bound := range []uint64{1, 10, 4095, 4096, 4097, 8192, 10000} {
		r := run(bound, 100)
		if r.Outcome != Unknown || r.Cut != fmt.Sprintf("%d events are the bound", bound) || r.Events != bound || r.BusiestHost == 0 || r.BusiestKind == "" {
			t.Errorf("bound to %d: %v after %d, %q: %s", bound, r.Outcome, r.Events, r.Cut, r.Why)
		}
	}
	if r := run(0, 2); r.Cut != "the wall clock says so" || r.Events != 3*lookEvery {
		t.Errorf("%q after %d events", r.Cut, r.Events)
	}
}

func TestUntilStopsAtAnEvent(t *testing.T) {
	s := restlessShape{seed: 7, hosts: 4, size: 100}
	whole := runRestless(t, s)
	at := whole.EventHashes.List[len(whole.EventHashes.List)/2]
	s.until = &at.Key
	part := runRestless(t, s)
	last := part.EventHashes.List[len(part.EventHashes.List)-1]
	if last != at || part.Outcome != Unknown {
		t.Fatalf("stopped after %+v, want %+v: %s", last, at, part.Why)
	}
}

// Inexact results are handed out with the run; fed back, the jobs are not run again.
func TestInexactJobsAreFed(t *testing.T) {
	s := restlessShape{seed: 9, hosts: 6, size: 100}
	one := runRestless(t, s)
	if len(one.Jobs) == 0 {
		t.Fatal("no inexact job")
	}
	c := restlessConfig(t, s)
	c.Jobs = one.Jobs
	c.Devices["gpu"] = Device{Runner: never{t}, PerWork: time.Microsecond}
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if two := w.Run(); two.Digest != one.Digest {
		t.Fatal("fed results give another digest")
	}
}

type never struct{ t *testing.T }

func (n never) Do(job *step.Run) ([]byte, uint64, bool, error) {
	n.t.Error("a job was run that had been fed")
	return nil, 0, false, nil
}

func TestConfigErrorsNameTheField(t *testing.T) {
	good := restlessShape{seed: 1, hosts: 2, size: 10}
	for want, spoil := range map[string]func(*Config){
		"Seats:":                func(c *Config) { c.Seats = nil },
		"Seats[1].New":          func(c *Config) { c.Seats[1].New = nil },
		"Seats[0].Device":       func(c *Config) { c.Seats[0].Device = "abacus" },
		"Net is missing":        func(c *Config) { c.Net = nil },
		"Net has 2 hosts":       func(c *Config) { c.Seats = append(c.Seats, c.Seats[0]) },
		"Record:":               func(c *Config) { c.Record = []HostID{9} },
		"Disk.Flush":            func(c *Config) { c.Disk.Flush = -1 },
		"Plan.Calm":             func(c *Config) { c.Plan.Calm = c.Plan.End + 1 },
		"Plan.Samples":          func(c *Config) { c.Plan.Samples = []time.Duration{2, 1} },
		"Plan.Scripts[0]":       func(c *Config) { c.Plan.Scripts[0].Host = 7 },
		"Plan.Faults[0]":        func(c *Config) { c.Plan.Faults = []Window{{Kind: "cut", Begin: c.Plan.End, End: c.Plan.End}} },
		"Catalog.Person":        func(c *Config) { c.Catalog.Person = nil },
		"Catalog.Fault":         func(c *Config) { c.Catalog.Fault = nil; c.Plan.Faults = []Window{{Kind: "cut"}} },
		"Seats[0]: Late and":    func(c *Config) { c.Seats[0].Late = -1 },
		"Classes: 300 are more": func(c *Config) { c.Classes = make([]string, 300) },
	} {
		c := restlessConfig(t, good)
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
