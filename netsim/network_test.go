package netsim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func network(t testing.TB, c Config) *Network {
	t.Helper()
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// send puts packets over links between 20 hosts, far enough apart not to queue, and gives every arrival.
func send(n *Network, packets int, reliable bool) (all []Arrival, left []time.Duration) {
	var buf []Arrival
	for i := range packets {
		now := time.Duration(i) * time.Second
		from, to := HostID(i%20)+1, HostID(i/20%20)+1
		buf = n.Depart(now, Packet{From: from, To: to, N: uint32(i / 400), Size: 100, Reliable: reliable}, buf[:0])
		for _, a := range buf {
			all, left = append(all, a), append(left, now)
		}
	}
	return all, left
}

func count(all []Arrival, f func(a Arrival) bool) (n int) {
	for _, a := range all {
		if f(a) {
			n++
		}
	}
	return n
}

func TestSharesAreAsConfigured(t *testing.T) {
	const packets = 400_000
	for _, p := range []float64{0.0005, 0.01, 0.3, 0.97} {
		fixed := Config{Seed: 7, Hosts: 20, Sites: Fixed(time.Millisecond)}
		for name, c := range map[string]Config{"": {}, "rule: ": {}} {
			loss, dup, corrupt, reorder := c, c, c, c
			loss, dup, corrupt, reorder = fixed, fixed, fixed, fixed
			var rules [4]Rule
			if name == "" {
				loss.Loss, dup.Dup, corrupt.Corrupt, reorder.Reorder = p, p, p, p
			} else {
				rules = [4]Rule{{Loss: p}, {Dup: p}, {Corrupt: p}, {Reorder: p}}
			}
			run := func(c Config, r Rule) []Arrival {
				n := network(t, c)
				if name != "" {
					r.From, r.To = HostRange(1, 20), HostRange(1, 20)
					n.Add(5, r)
				}
				all, _ := send(n, packets, false)
				for _, a := range all {
					touched := a.Lost != Kept || a.Bit >= 0 || a.Extra > 0 || a.At%time.Second != time.Millisecond
					if name == "" && (a.Cause != 0 || a.Bent != 0) || name != "" && touched != (a.Cause == 5) {
						t.Fatalf("%s%v: %+v blames the wrong one", name, p, a)
					}
				}
				return all
			}
			binomial(t, fmt.Sprintf("%sloss %v", name, p), count(run(loss, rules[0]), func(a Arrival) bool { return a.Lost == Loss }), packets, p)
			binomial(t, fmt.Sprintf("%sdup %v", name, p), count(run(dup, rules[1]), func(a Arrival) bool { return a.Extra == 1 }), packets, p)
			binomial(t, fmt.Sprintf("%scorrupt %v", name, p), count(run(corrupt, rules[2]), func(a Arrival) bool { return a.Bit >= 0 }), packets, p)
			binomial(t, fmt.Sprintf("%sreorder %v", name, p),
				count(run(reorder, rules[3]), func(a Arrival) bool { return a.At%time.Second > time.Millisecond }), packets, p)
		}
	}
}

func TestLossIsIndependentFromPacketToPacket(t *testing.T) {
	n := network(t, Config{Seed: 3, Hosts: 2, Sites: Fixed(time.Millisecond), Loss: 0.5})
	const packets = 200_000
	lost := make([]bool, packets)
	for i := range lost {
		lost[i] = n.Depart(0, Packet{From: 1, To: 2, N: uint32(i)}, nil)[0].Lost == Loss
	}
	for _, lag := range []int{1, 2, 3, 7, 64, 1000} {
		same := 0
		for i := range packets - lag {
			if lost[i] == lost[i+lag] {
				same++
			}
		}
		binomial(t, fmt.Sprintf("alike at lag %d", lag), same, packets-lag, 0.5)
	}
	other := 0
	for i := range packets {
		if lost[i] == (n.Depart(0, Packet{From: 2, To: 1, N: uint32(i)}, nil)[0].Lost == Loss) {
			other++
		}
	}
	binomial(t, "alike on the way back", other, packets, 0.5)
}

func TestLatencyAndJitter(t *testing.T) {
	const packets = 100_000
	delays := func(c Config, rules ...Rule) []float64 {
		n := network(t, c)
		for i, r := range rules {
			r.From, r.To = HostRange(1, 20), HostRange(1, 20)
			n.Add(i+1, r)
		}
		all, left := send(n, packets, false)
		out := make([]float64, len(all))
		for i, a := range all {
			out[i] = float64(a.At - left[i])
		}
		return out
	}
	ms := float64(time.Millisecond)
	base := Config{Seed: 11, Hosts: 20, Sites: Fixed(50 * time.Millisecond)}
	uniform := func(low, high float64) func(float64) float64 {
		return func(x float64) float64 { return min(1, max(0, (x-low)/(high-low))) }
	}
	jitter := base
	jitter.Jitter = 0.2
	kolmogorov(t, "uniform jitter", delays(jitter), uniform(50*ms, 60*ms))
	kolmogorov(t, "uniform jitter, slow and extra", delays(jitter, Rule{Slow: 3, Extra: 7 * time.Millisecond}), uniform(157*ms, 187*ms))
	heavy := base
	heavy.Jitter, heavy.JitterSigma = 0.3, 0.8
	kolmogorov(t, "lognormal jitter", delays(heavy), func(x float64) float64 {
		if x <= 50*ms {
			return 0
		}
		return normalCDF((math.Log(x/(50*ms)-1) - math.Log(0.3)) / 0.8)
	})
	held := delays(base, Rule{Reorder: 1, Hold: 30 * time.Millisecond})
	kolmogorov(t, "held back", held, uniform(50*ms, 80*ms))
	if d := delays(base); slices.Min(d) != 50*ms || slices.Max(d) != 50*ms {
		t.Errorf("a fixed latency is from %v to %v", slices.Min(d), slices.Max(d))
	}
}

func TestPairsAreLognormal(t *testing.T) {
	for _, p := range []*Pairs{PersonalDevices(), PlanetLab()} {
		n := network(t, Config{Seed: 5, Hosts: 600, Pairs: p})
		var all []float64
		for a := HostID(1); a <= 600; a++ {
			for b := a + 1; b <= 600; b++ {
				all = append(all, float64(n.Latency(a, b)))
				if n.Latency(a, b) != n.Latency(b, a) {
					t.Fatalf("%d and %d: %v there, %v back", a, b, n.Latency(a, b), n.Latency(b, a))
				}
			}
		}
		kolmogorov(t, "pairs", all, func(x float64) float64 { return normalCDF((math.Log(x) - math.Log(float64(p.Median))) / p.Sigma) })
	}
	// RESEARCH §8 gives p50 220 ms and p95 920 ms for the round trips that the lognormal stands for.
	d := PersonalDevices()
	if rtt := 2 * d.Median; rtt < 195*time.Millisecond || rtt > 225*time.Millisecond {
		t.Errorf("the median round trip is %v", rtt)
	}
}

func TestRegionsHaveTheirShares(t *testing.T) {
	const hosts = 100_000
	n, regions := network(t, Config{Seed: 2, Hosts: hosts, Sites: Regions(), SiteBandwidth: true}), Regions()
	seen := map[string]int{}
	for h := HostID(1); h <= hosts; h++ {
		seen[n.Site(h)]++
	}
	for i, name := range regions.Names {
		binomial(t, name, seen[name], hosts, regions.Share[i])
	}
	if n.MinLatency() != 11*time.Millisecond {
		t.Errorf("the least latency is %v", n.MinLatency())
	}
}

func TestThroughputIsTheNarrowestBandwidth(t *testing.T) {
	const packets, size, header = 20_000, 1000, 40
	for _, c := range []struct {
		up, down, rule, want float64
	}{{8e6, 0, 0, 8e6}, {0, 5e6, 0, 5e6}, {20e6, 5e6, 0, 5e6}, {5e6, 20e6, 0, 5e6}, {8e6, 0, 1e6, 1e6}, {0, 0, 3e6, 3e6}, {2e6, 0, 9e6, 2e6}} {
		n := network(t, Config{Hosts: 2, Sites: Fixed(10 * time.Millisecond), Up: c.up, Down: c.down, Header: header})
		if c.rule > 0 {
			n.Add(1, Rule{From: Hosts(1), To: Hosts(2), Bandwidth: c.rule})
		}
		var last time.Duration
		for i := range packets {
			a := n.Depart(0, Packet{From: 1, To: 2, N: uint32(i), Size: size}, nil)[0]
			last = n.Arrive(a.At, 2, a)
			if slowed := c.rule > 0 && (c.up == 0 || c.rule < c.up); slowed != (a.Cause == 1 && a.Bent == Delayed) {
				t.Fatalf("%+v: the arrival %+v blames the wrong one", c, a)
			}
		}
		got := float64(packets*(size+header)*8) / (last - 10*time.Millisecond).Seconds()
		if math.Abs(got/c.want-1) > 2e-3 {
			t.Errorf("%+v: the throughput is %v bit/s", c, got)
		}
		if free := n.UplinkFree(1); (c.up > 0 || c.rule > 0) && free > last-10*time.Millisecond {
			t.Errorf("%+v: the uplink is free at %v, after the last arrival's departure", c, free)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	// 1 byte a microsecond; a packet waits if another is on the line, and at most 3,000 bytes wait.
	n := network(t, Config{Hosts: 2, Sites: Fixed(time.Millisecond), Up: 8e6, Queue: 3000})
	lost := 0
	for i := range 10 {
		a := n.Depart(0, Packet{From: 1, To: 2, N: uint32(i), Size: 1000}, nil)[0]
		if a.Lost == QueueFull {
			lost++
			continue
		}
		if want := time.Duration(i+1)*time.Millisecond + time.Millisecond; a.At != want || a.Lost != Kept {
			t.Errorf("packet %d: %+v, want at %v", i, a, want)
		}
	}
	if lost != 7 {
		t.Errorf("%d of 10 packets found the queue full", lost)
	}
	if a := n.Depart(time.Millisecond, Packet{From: 1, To: 2, N: 10, Size: 1000}, nil)[0]; a.Lost != Kept {
		t.Errorf("the queue is not freed again: %+v", a)
	}
	if a := n.Depart(time.Hour, Packet{From: 1, To: 2, N: 11, Size: 5000}, nil)[0]; a.Lost != Kept {
		t.Errorf("a packet over the bound does not pass an idle uplink: %+v", a)
	}
}

func TestReliablePackets(t *testing.T) {
	n := network(t, Config{Hosts: 20, Sites: Fixed(time.Millisecond), Dup: 0.5, Corrupt: 0.2})
	n.Add(3, Rule{From: HostRange(1, 20), To: HostRange(1, 20), Dup: 0.5, Corrupt: 0.2})
	all, _ := send(n, 20_000, true)
	if len(all) != 20_000 {
		t.Errorf("%d arrivals of 20,000 reliable packets", len(all))
	}
	binomial(t, "corrupted", count(all, func(a Arrival) bool { return a.Lost == Corrupted }), 20_000, 1-0.8*0.8)
	if count(all, func(a Arrival) bool { return a.Bit >= 0 || a.Bent&(Altered|Doubled) != 0 }) > 0 {
		t.Error("a reliable packet arrives altered")
	}
}

func TestNoPacketIsFasterThanTheLeastLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{Seed: rapid.Uint64().Draw(t, "seed"), Hosts: rapid.IntRange(1, 40).Draw(t, "hosts")}
		switch rapid.IntRange(0, 2).Draw(t, "model") {
		case 0:
			c.Sites = Fixed(time.Duration(rapid.Int64Range(1, int64(time.Second)).Draw(t, "fixed")))
		case 1:
			c.Sites, c.SiteBandwidth = Regions(), rapid.Bool().Draw(t, "bandwidth")
		case 2:
			c.Pairs = PersonalDevices()
		}
		p := rapid.Float64Range(0, 1)
		c.Jitter, c.Loss, c.Dup, c.Corrupt, c.Reorder = p.Draw(t, "jitter"), p.Draw(t, "loss"), p.Draw(t, "dup"), p.Draw(t, "corrupt"), p.Draw(t, "reorder")
		if rapid.Bool().Draw(t, "heavy") {
			c.JitterSigma = 1
		}
		n, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "rules") {
			n.Add(i+1, Rule{From: HostRange(1, 20), To: HostRange(10, 40), Both: p.Draw(t, "both") > 0.5, Loss: p.Draw(t, "loss"), Dup: p.Draw(t, "dup"),
				Reorder: p.Draw(t, "reorder"), Corrupt: p.Draw(t, "corrupt"), Slow: 1 + p.Draw(t, "slow"), Bandwidth: 1e4 + 1e6*p.Draw(t, "bandwidth")})
		}
		now := time.Duration(0)
		for i := range 50 {
			from, to := HostID(i%c.Hosts)+1, HostID((i+1)%c.Hosts)+1
			for j, a := range n.Depart(now, Packet{From: from, To: to, N: uint32(i), Size: i * 7}, nil) {
				if least := now + n.Latency(from, to); a.Lost == Kept && (a.At < least || n.Latency(from, to) < n.MinLatency() && from != to) {
					t.Fatalf("%+v arrives before %v, with a least latency of %v", a, least, n.MinLatency())
				}
				if int(a.Extra) != j || a.Size != int32(i*7) || a.Bit >= a.Size*8 || a.Lost != Kept && (j > 0 || a.Bent != 0 || a.At < now) {
					t.Fatalf("arrival %d is %+v", j, a)
				}
				if a.Lost == Kept && n.Arrive(a.At, to, a) < a.At {
					t.Fatalf("%+v is through before it came", a)
				}
			}
			now += time.Millisecond
		}
	})
}

func TestNewNamesTheFieldAtFault(t *testing.T) {
	ok := Config{Hosts: 3, Sites: Fixed(time.Millisecond)}
	nan := math.NaN()
	for want, spoil := range map[string]func(c *Config){
		"Hosts 0": func(c *Config) { c.Hosts = 0 }, "Hosts 99999999": func(c *Config) { c.Hosts = 99999999 },
		"exactly one of Sites and Pairs": func(c *Config) { c.Sites = nil }, "Jitter -1": func(c *Config) { c.Jitter = -1 },
		"JitterSigma NaN": func(c *Config) { c.JitterSigma = nan }, "Loss 1.5": func(c *Config) { c.Loss = 1.5 }, "Dup NaN": func(c *Config) { c.Dup = nan },
		"Corrupt -0.1": func(c *Config) { c.Corrupt = -0.1 }, "Reorder 2": func(c *Config) { c.Reorder = 2 }, "Hold": func(c *Config) { c.Hold = -1 },
		"Up 5 bit/s": func(c *Config) { c.Up = 5 }, "Down NaN": func(c *Config) { c.Down = nan }, "Queue -1": func(c *Config) { c.Queue = -1 },
		"Header -1": func(c *Config) { c.Header = -1 }, "SiteBandwidth": func(c *Config) { c.SiteBandwidth = true },
		"Sites.OneWay[0][0] = 0s":          func(c *Config) { c.Sites = Fixed(0) },
		"Sites.OneWay has 0 rows":          func(c *Config) { c.Sites = &Sites{} },
		"Sites.Names has 0":                func(c *Config) { c.Sites.Names = nil },
		"Sites.OneWay[0] has 2":            func(c *Config) { c.Sites.OneWay[0] = []time.Duration{1, 1} },
		"Sites.Up and Sites.Down need":     func(c *Config) { c.Sites.Up = []float64{1e6} },
		"Sites.Up[0] or Sites.Down[0]":     func(c *Config) { c.Sites.Up, c.Sites.Down = []float64{1e6}, []float64{1} },
		"Sites.Share has 2":                func(c *Config) { c.Sites.Share = []float64{1, 0} },
		"Sites.Share[0] = NaN":             func(c *Config) { c.Sites.Share = []float64{nan} },
		"Sites.Share adds up to 0.5":       func(c *Config) { c.Sites.Share = []float64{0.5} },
		"Pairs.Median 0s is not above":     func(c *Config) { c.Sites, c.Pairs = nil, &Pairs{} },
		"Pairs.Sigma 9 is not in":          func(c *Config) { c.Sites, c.Pairs = nil, &Pairs{Median: 1, Sigma: 9} },
		"Pairs.Floor -1ns is not in 0..1m": func(c *Config) { c.Sites, c.Pairs = nil, &Pairs{Median: 1, Floor: -1} },
	} {
		c := ok
		c.Sites = Fixed(time.Millisecond)
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestDepartAllocatesNothing(t *testing.T) {
	c := Config{Hosts: 100, Sites: Regions(), Jitter: 0.2, Loss: 0.01, Dup: 0.1, Corrupt: 0.1, Reorder: 0.1, SiteBandwidth: true}
	n := network(t, c)
	n.Add(1, Rule{From: HostRange(1, 50), To: HostRange(51, 100), Both: true, Loss: 0.5, Dup: 0.5, Slow: 2})
	buf := make([]Arrival, 0, 8)
	i := uint32(0)
	if a := testing.AllocsPerRun(2000, func() {
		i++
		buf = n.Depart(time.Duration(i), Packet{From: HostID(i%100) + 1, To: HostID(i*7%100) + 1, N: i, Size: 64}, buf[:0])
		for _, a := range buf {
			n.Arrive(a.At, HostID(i*7%100)+1, a)
		}
	}); a != 0 {
		t.Errorf("%v allocations a packet", a)
	}
}

func TestDrawsFollowTheirDistributions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	draws := func(f func() float64) []float64 {
		out := make([]float64, 100_000)
		for i := range out {
			out[i] = f()
		}
		return out
	}
	kolmogorov(t, "unit", draws(func() float64 { return Unit(r) }), func(x float64) float64 { return min(1, max(0, x)) })
	kolmogorov(t, "exponential", draws(func() float64 { return Exponential(r, 3) }), func(x float64) float64 { return -math.Expm1(-x / 3) })
	kolmogorov(t, "normal", draws(func() float64 { return Normal(r) }), normalCDF)
	kolmogorov(t, "lognormal", draws(func() float64 { return Lognormal(r, 2, 1.09) }), func(x float64) float64 { return normalCDF(math.Log(x/2) / 1.09) })
	kolmogorov(t, "weibull", draws(func() float64 { return Weibull(r, 4, 0.6) }), func(x float64) float64 { return -math.Expm1(-math.Pow(x/4, 0.6)) })
	kolmogorov(t, "between", draws(func() float64 { return float64(Between(r, time.Second, 3*time.Second)) }),
		func(x float64) float64 { return min(1, max(0, x/2e9-0.5)) })
}

// DepartPlain is Depart, or it leaves the packet to Depart.
func TestDepartPlainIsDepart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{Seed: rapid.Uint64().Draw(t, "seed"), Hosts: 4, Sites: Fixed(20 * time.Millisecond),
			Loss: rapid.SampledFrom([]float64{0, 0.3}).Draw(t, "loss"), Jitter: rapid.SampledFrom([]float64{0, 0.2}).Draw(t, "jitter"),
			Down: rapid.SampledFrom([]float64{0, 1e6}).Draw(t, "down")}
		odd := rapid.SampledFrom([]*float64{nil, nil, nil, &c.Dup, &c.Corrupt, &c.Reorder, &c.Up}).Draw(t, "odd")
		if odd != nil {
			if *odd = 0.5; odd == &c.Up {
				c.Up = 1e6
			}
		}
		if rapid.Bool().Draw(t, "pairs") {
			c.Sites, c.Pairs = nil, &Pairs{Median: 20 * time.Millisecond, Sigma: 0.5}
		}
		if c.Jitter > 0 && rapid.Bool().Draw(t, "heavy") {
			c.JitterSigma = 1
		}
		n, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "cut") {
			n.Add(1, Rule{From: Hosts(1), To: Hosts(2), Cut: true})
			if rapid.Bool().Draw(t, "healed") {
				n.Remove(1)
			}
		}
		for nth := range uint32(20) {
			for to := HostID(2); to <= 4; to++ {
				at, lost, plain := n.DepartPlain(time.Second, 1, to, nth)
				if must := odd == nil && n.rules == 0; must && !plain {
					t.Fatalf("packet %d to %d is not plain", nth, to)
				}
				if !plain {
					continue
				}
				got := n.Depart(time.Second, Packet{From: 1, To: to, N: nth, Size: 64}, nil)
				if len(got) != 1 || got[0].At != at || (got[0].Lost == Loss) != lost || got[0].Cause != 0 || got[0].Bit >= 0 {
					t.Fatalf("plain: %v, lost %t; Depart: %+v", at, lost, got)
				}
			}
		}
	})
}
