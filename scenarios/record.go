package scenarios

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu/device"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// record converts what the world says into what is kept.
func (b *build) record(res *sim.Result, m meter) results.Record {
	s := &b.scenario
	r := results.Record{
		Schema: results.SchemaVersion, Scenario: s.Name, About: s.About, Seed: b.settings.Seed, Luck: b.settings.Luck, Nodes: len(b.config.Seats),
		Outcome: results.Outcome(res.Outcome.String()), Why: res.Why, Expect: s.Expect, Broke: res.Broke, Cut: res.Cut, Warnings: res.Ledger.Warnings,
		Digest: hex.EncodeToString(res.Digest[:]), Virtual: results.Seconds(res.End), Events: res.Events,
		Build: Build(), Started: m.started.UTC().Format(time.RFC3339), Cost: m.cost(b.settings.Alone),
	}
	if res.Cut != "" {
		r.Cut += fmt.Sprintf("; busiest were host %d and packets of class %s", res.BusiestHost, res.BusiestKind)
		if max := b.settings.Limits.MaxEvents; res.Events == max {
			r.Bound = max
		}
	}
	for _, k := range keys(*s) {
		v, set := b.settings.Set[k.Name]
		if !set {
			v = k.Default
		}
		r.Settings = append(r.Settings, results.Setting{Name: k.Name, Value: v, Default: !set})
	}
	for i, v := range res.Verdicts {
		if i < len(res.Verdicts)-1 || b.settings.Observe == nil {
			r.Verdicts = append(r.Verdicts, b.verdict(v))
		}
	}
	r.Outcome, r.Why = b.outcome(res, r.Verdicts)
	if r.Outcome == results.Unknown && r.Cut != "" {
		r.Why = r.Cut
	}
	if r.Why == "" {
		r.Why = why(r.Verdicts)
		if recorded := res.Ledger.Counts[mergesRecorded]; recorded > 0 {
			r.Why += "; " + b.atOnce(res.Ledger)
		}
	}
	for i := range res.Ledger.Causes {
		c := &res.Ledger.Causes[i]
		f := results.Fault{Kind: c.Kind, Begin: results.Seconds(c.Begin), End: results.Seconds(c.End), Effects: counts(c.Counts)}
		for _, a := range b.config.Plan.Faults[c.Cause-1].Args {
			f.Args = append(f.Args, results.Setting{Name: a.Name, Value: a.Value})
		}
		r.Faults = append(r.Faults, f)
	}
	r.Ledger, r.Traffic = ledger(res.Ledger), traffic(res.Ledger)
	r.Cast = b.castCounts()
	for i, c := range res.Checkpoints {
		r.Checkpoints = append(r.Checkpoints, results.Checkpoint{At: results.Seconds(c.At), Digest: fold(res.Checkpoints[i].Hosts)})
	}
	for _, name := range b.data.names {
		r.Data = append(r.Data, results.File{Name: name, SHA256: b.data.hashes[name]})
	}
	r.Metrics = append(r.Metrics, results.Metric{Name: "deliveries", Value: float64(res.Deliveries)})
	r.Distributions = distributions(b.config.Checkers)
	return r
}

func (b *build) verdict(v sim.Verdict) results.Verdict {
	out := results.Verdict{
		Checker: v.Checker, Outcome: results.Outcome(v.Outcome.String()), Checked: v.Checked, Why: v.Why,
		Waived: b.scenario.waived(v.Checker), At: results.Seconds(v.At), Event: v.Event,
	}
	for _, m := range v.Metrics {
		out.Metrics = append(out.Metrics, results.Metric(m))
	}
	for _, s := range v.Series {
		line := results.Series{Name: s.Name, Unit: s.Unit, Y: s.Y}
		for _, at := range s.At {
			line.At = append(line.At, results.Seconds(at))
		}
		out.Series = append(out.Series, line)
	}
	return out
}

// outcome is the world's, but that a waived checker may have had nothing to look at.
func (b *build) outcome(res *sim.Result, verdicts []results.Verdict) (o results.Outcome, why string) {
	if mute := b.mute(res.Ledger); mute != "" && res.Cut == "" && res.Outcome < sim.Invalid {
		return results.Invalid, "no lie was told by any " + mute
	}
	if claim := b.unmet(res.Ledger); claim != "" && res.Cut == "" && (res.Outcome == sim.Pass || res.Outcome == sim.Vacuous) {
		return results.Invalid, "none of what its work claims: " + claim
	}
	if res.Cut == "" && (res.Outcome == sim.Pass || res.Outcome == sim.Vacuous) && b.inTurn(res.Ledger) {
		return results.Invalid, b.atOnce(res.Ledger)
	}
	if res.Outcome != sim.Vacuous {
		return results.Outcome(res.Outcome.String()), res.Why
	}
	worst := results.Pass
	for _, v := range verdicts {
		if v.Outcome != results.Vacuous || v.Waived == "" {
			worst = results.Worse(worst, v.Outcome)
		}
	}
	return worst, res.Why
}

// mute names a strategy of which no liar told a lie: like a fault without effect, it tests nothing.
func (b *build) mute(l *sim.Ledger) string {
	for i := range b.scenario.Groups {
		g := &b.scenario.Groups[i]
		if g.Liar == nil || len(b.cast.seats()[g.Name]) == 0 {
			continue
		}
		told := int64(0)
		for _, kind := range g.Liar.Lies() {
			told += l.Lie(kind).Told
		}
		if told == 0 {
			return g.Liar.Kind()
		}
	}
	return ""
}

// What the ledger says of recorded texts, see workload.Concurrent.
const (
	mergesRecorded   = "merges recorded"
	mergesConcurrent = "merges truly concurrent"
)

// countMerges tells the ledger what the writers of recorded texts did at once.
func (b *build) countMerges(l *sim.Ledger) {
	if len(b.writers) > 0 {
		concurrent, recorded := workload.Concurrent(b.writers)
		l.Counts[mergesConcurrent], l.Counts[mergesRecorded] = int64(concurrent), int64(recorded)
	}
}

// share is the share of the recorded merges that must be truly concurrent.
func (b *build) share() (least float64) {
	for _, w := range b.scenario.Work {
		if t, ok := w.Spec.(*workload.Trace); ok {
			least = max(least, t.Share())
		}
	}
	return least
}

// inTurn tells whether too little of what was recorded as written at once was so written: like a fault without effect, it
// tests less than it claims.
func (b *build) inTurn(l *sim.Ledger) bool {
	return float64(l.Counts[mergesConcurrent]) < b.share()*float64(l.Counts[mergesRecorded])
}

func (b *build) atOnce(l *sim.Ledger) string {
	n, of := l.Counts[mergesConcurrent], l.Counts[mergesRecorded]
	return fmt.Sprintf("%d of %d recorded merges were truly concurrent, %.1f %%; at least %.1f %% must be", n, of, 100*float64(n)/float64(of), 100*b.share())
}

// why says in a sentence what decided: the first of the worst verdicts.
func why(verdicts []results.Verdict) string {
	worst := results.Verdict{Outcome: results.Pass, Why: "every checker passed"}
	for _, v := range verdicts {
		if (v.Outcome != results.Vacuous || v.Waived == "") && results.Worse(worst.Outcome, v.Outcome) != worst.Outcome {
			worst = v
			worst.Why = v.Checker + ": " + v.Why
		}
	}
	return worst.Why
}

// castCounts says who took part.
func (b *build) castCounts() []results.Count {
	liars, kernels := b.cast.liars(), map[string]int{}
	people := map[sim.HostID]bool{}
	var out []results.Count
	add := func(name string, n int) { out = append(out, results.Count{Name: name, N: uint64(n)}) }
	for i := range b.cast.members {
		if b.cast.members[i].absent {
			kernels["hosts absent"]++
			continue
		}
		kernels[fmt.Sprintf("kernel %d", b.cast.members[i].group.kernel())]++
	}
	for _, s := range b.config.Plan.Scripts {
		people[s.Host] = true
	}
	total := 0
	for _, l := range slices.Sorted(maps.Keys(liars)) {
		add("liars: "+l, liars[l])
		total += liars[l]
	}
	add("liars", total)
	for _, k := range slices.Sorted(maps.Keys(kernels)) {
		add(k, kernels[k])
	}
	add("spaces", len(b.cast.spaces))
	add("people at work", len(people))
	for _, c := range b.config.Checkers {
		if w, ok := c.(witness); ok {
			kinds := w.Kinds()
			add("identities that wrote", w.Authors())
			add("operation kinds", len(kinds))
			for _, k := range slices.Sorted(maps.Keys(kinds)) {
				add("operations: "+k, kinds[k])
			}
		}
	}
	return out
}

// witness is a checker that can tell what was written, and by how many.
type witness interface {
	Kinds() map[string]int
	Authors() int
}

func counts(m map[string]int64) []results.Count {
	var out []results.Count
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, results.Count{Name: k, N: uint64(max(0, m[k]))})
	}
	return out
}

func ledger(l *sim.Ledger) []results.Count {
	out := []results.Count{
		{Name: "boots", N: uint64(l.Boots)}, {Name: "tab crashes", N: uint64(l.TabCrashes)}, {Name: "power losses", N: uint64(l.PowerLosses)},
		{Name: "records lost by crashes", N: uint64(l.LostRecords)}, {Name: "bytes lost by crashes", N: uint64(l.LostBytes), Unit: "bytes"},
		{Name: "requests", N: uint64(l.Requests)}, {Name: "requests to a host that was down", N: uint64(l.Unissued)},
	}
	for _, c := range l.Lies {
		out = append(out, results.Count{Name: "lies told: " + c.Kind, N: uint64(c.Told)}, results.Count{Name: "lies delivered: " + c.Kind, N: uint64(c.Delivered)})
	}
	return append(out, counts(l.Counts)...)
}

func traffic(l *sim.Ledger) []results.Traffic {
	var out []results.Traffic
	for _, c := range l.Classes {
		t := results.Traffic{Kind: c.Name, Messages: uint64(c.Sent.Packets), Bytes: uint64(c.Sent.Bytes), Delivered: uint64(c.Delivered.Bytes)}
		for _, x := range c.Lost {
			t.Lost += uint64(x.Bytes)
		}
		if t.Messages > 0 {
			out = append(out, t)
		}
	}
	return out
}

// measurer is a checker that keeps whole distributions.
type measurer interface {
	Distributions() []Measured
}

// Measured are the values of one distribution, with how many there should have been.
type Measured = struct {
	Name, Unit string
	Values     []float64
	Total      int
}

func distributions(all []sim.Checker) []results.Distribution {
	var out []results.Distribution
	for _, c := range all {
		if m, ok := c.(measurer); ok {
			for _, d := range m.Distributions() {
				out = append(out, results.Summarize(d.Name, d.Unit, d.Values, d.Total))
			}
		}
	}
	return out
}

// fold hashes the halves of all hosts' digests into one.
func fold(hosts []uint64) string {
	var h hash.Hash = sha256.New()
	var b [8]byte
	for _, x := range hosts {
		binary.BigEndian.PutUint64(b[:], x)
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Build says what is running: its commit as it was stamped, else as the compiler found it.
func Build() results.Build {
	out := results.Build{Version: "(devel)", Go: runtime.Version(), Target: runtime.GOOS + "/" + runtime.GOARCH, Commit: Commit, Tested: Mutant}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	out.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			out.Commit = cmp.Or(Commit, s.Value)
		case "vcs.modified":
			out.Dirty = Commit == "" && s.Value == "true"
		case "CGO_ENABLED":
			out.Cgo = s.Value == "1"
		case "-race":
			out.Race = s.Value == "true"
		}
	}
	if base, dirty := strings.CutSuffix(out.Commit, "-dirty"); dirty {
		out.Commit, out.Dirty = base, true
	}
	return out
}

// Commit and Mutant are set by the linker (-ldflags -X); a commit ends in -dirty where files had changed.
var Commit, Mutant string

func deviceOf(asked string, d device.Device) results.Device {
	i := d.Info()
	return results.Device{Asked: asked, Name: i.Kind, Adapter: i.Adapter, Driver: i.Driver, Test: i.SelfTest}
}
