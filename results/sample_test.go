package results

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

func s(seconds float64) Seconds { return Seconds(math.Round(seconds * 1e9)) }

// sample is a record such as partition-heal leaves at 1,000 nodes.
func sample() *Record {
	rng := rand.New(rand.NewPCG(7, 7))
	agree, states := Series{Name: "hosts that agree with the greatest group", Unit: "%"}, Series{Name: "distinct states", Unit: ""}
	for t := 0.0; t <= 90; t++ {
		y := 99 - rng.Float64()
		switch {
		case t < 3:
			y = 100
		case t >= 10 && t < 32:
			y = 58 + 4*rng.Float64()
		case t >= 32 && t < 37:
			y = 62 + (t-32)*7
		case t > 64:
			y = 100
		}
		agree.At, agree.Y = append(agree.At, s(t)), append(agree.Y, math.Round(y*10)/10)
		states.At, states.Y = append(states.At, s(t)), append(states.Y, math.Round(1+(100-y)/3))
	}
	latencies := func(n int, median, spread float64) (out []float64) {
		for range n {
			out = append(out, math.Round(median*math.Exp(spread*rng.NormFloat64())))
		}
		return out
	}
	r := &Record{
		Schema: SchemaVersion, Scenario: "partition-heal", Seed: 7, Nodes: 1000,
		About:    "The network falls into two halves under load, each goes on writing, and after the heal both hold the same.",
		Settings: []Setting{{"store", "shared", true}, {"authors", "200", true}, {"loss", "0.01", false}},
		Outcome:  Pass, Why: "5 checkers pass",
		Digest:  "3f9c1d8e52b7a4460d1fe07b9a8c2533d4e6f1a2b3c4d5e6f708192a3b4c5d6e",
		Virtual: s(90), Events: 9_412_377,
		Warnings: []string{"slow #4 (12.4 s to 14 s, hosts 88-90) delayed nothing"},
		Build:    Build{Version: "(devel)", Commit: "d772b34e5f60718293a4b5c6d7e8f90123456789", Go: "go1.26.8", Target: "linux/amd64", Cgo: true},
		Device:   Device{Asked: "auto", Name: "webgpu", Adapter: "llvmpipe (LLVM 15.0.6, 256 bits)", Driver: "Mesa 22.3.6 (LLVM 15.0.6)", Test: "exact"},
		Verdicts: []Verdict{
			{Checker: "convergence", Outcome: Pass, Checked: 4186, Why: "91 samples, 4,186 distinct sets of operations; equal sets gave equal bytes and the specs' fold 4,186 times out of 4,186",
				Metrics: []Metric{{"sets folded", 4186, ""}, {"settled after the heal", 5.21, "s"}}, Series: []Series{agree, states}},
			{Checker: "policy", Outcome: Pass, Checked: 61245, Why: "61,245 operations judged anew; none shown without a right, none with a right refused, no honest node blamed"},
			{Checker: "compute", Outcome: Pass, Checked: 40, Why: "40 of 40 accepted results equal the Reference; no task ran without consent", Metrics: []Metric{{"votes", 131, ""}}},
			{Checker: "delivery", Outcome: Pass, Checked: 1000, Why: "1,000 of 1,000 operations reached every honest interested node within the settle time of 12.8 s",
				Metrics: []Metric{{"to 50 %", 0.612, "s"}, {"to 99 %", 1.91, "s"}, {"to 100 %", 3.3, "s"}}},
			{Checker: "durability", Outcome: Pass, Checked: 997, Why: "997 promises held; 0 out of contract; 3 requests unknown"},
		},
		Faults: []Fault{
			{Kind: "partition", Begin: s(10), End: s(32), Args: []Setting{{Name: "sides", Value: "1-500 501-1000"}}, Effects: []Count{{"packets cut", 412_883, ""}, {"bytes cut", 61_221_309, "bytes"}, {"connections lost", 2114, ""}}},
			{Kind: "tab-crash", Begin: s(18.5), End: s(18.5), Args: []Setting{{Name: "host", Value: "71"}}, Effects: []Count{{"crashes", 1, ""}, {"records lost", 12, ""}}},
			{Kind: "tab-crash", Begin: s(41.25), End: s(41.25), Args: []Setting{{Name: "host", Value: "502"}}, Effects: []Count{{"crashes", 1, ""}}},
			{Kind: "slow", Begin: s(12.4), End: s(14), Args: []Setting{{Name: "hosts", Value: "88-90"}, {Name: "times", Value: "8"}}},
			{Kind: "slow", Begin: s(50), End: s(58), Args: []Setting{{Name: "hosts", Value: "100-140"}, {Name: "times", Value: "8"}}, Effects: []Count{{"packets delayed", 40_112, ""}}},
		},
		Ledger: []Count{{"requests", 1000, ""}, {"packets sent", 9_001_221, ""}, {"bytes in flight at the end", 0, "bytes"}},
		Cast:   []Count{{"honest nodes", 880, ""}, {"equivocators", 40, ""}, {"forgers", 40, ""}, {"lying workers", 40, ""}, {"kernels of version 1", 200, ""}, {"spaces", 3, ""}, {"authors", 200, ""}, {"operation kinds", 5, ""}},
		Traffic: []Traffic{{"Push", 2_481_007, 842_113_220, 800_002_117, 42_111_103}, {"Heads", 4_101_992, 262_527_488, 255_112_007, 7_415_481},
			{"Receipt", 1_204_333, 91_529_308, 90_001_002, 1_528_306}, {"Want", 88_120, 6_114_000, 6_000_000, 114_000}, {"Summary", 12_113, 4_201_772, 4_190_000, 11_772}, {"Hello", 16_228, 811_400, 811_400, 0}},
		Distributions: []Distribution{
			Summarize("time to 50% of hosts", "ms", latencies(1000, 240, 0.5), 1000),
			Summarize("time to 99% of hosts", "ms", latencies(1000, 900, 0.6), 1000),
			Summarize("time to 100% of hosts", "ms", latencies(1000, 1700, 0.7), 1000),
			Summarize("time to durable", "ms", latencies(931, 350, 0.9), 1000),
		},
		Metrics: []Metric{{"bytes an operation", 1212.25, "B"}, {"copies an operation", 2.4, ""}},
		Plan:    File{Name: PlanName, SHA256: strings.Repeat("ab", 32)},
		Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Format(time.RFC3339),
		Cost:    Cost{Wall: s(24.731), CPU: s(41.2), Peak: 1_204_113_408, Workers: 2},
	}
	for t := 1.0; t <= 3; t++ {
		r.Checkpoints = append(r.Checkpoints, Checkpoint{At: s(t), Digest: fmt.Sprintf("%064x", int(t))})
	}
	return r
}

// failing is the sample after a checker found something.
func failing() *Record {
	r := sample()
	r.Seed, r.Outcome, r.Why = 8, Fail, "convergence: hosts 17 and 603 hold equal sets and different states"
	r.Verdicts[0].Outcome, r.Verdicts[0].Why = Fail, "hosts 17 and 603 hold the same 412 operations of space 9f31a2 and different states, first at element 4c81…, property title"
	r.Verdicts[0].At, r.Verdicts[0].Event = s(36), "36.000000000/17/4411:2"
	r.Verdicts[2].Outcome, r.Verdicts[2].Why, r.Verdicts[2].Checked = Vacuous, "no task was asked for", 0
	return r
}

// canary is a run that failed as its scenario says it must.
func canary() *Record {
	r := sample()
	r.Scenario, r.About, r.Outcome, r.Why, r.Expect = "canary", "One node shows a state that it does not hold; a checker that stays green is broken.", Fail, "compute: 3 accepted results differ from the Reference", []string{"fail compute"}
	r.Verdicts[2].Outcome, r.Verdicts[2].Why = Fail, "3 of 40 accepted results differ from the Reference"
	r.Faults, r.Distributions, r.Traffic, r.Verdicts[0].Series = nil, nil, nil, nil
	return r
}
