// Package results is what a run leaves behind: the record, its strict reader, JUnit and the report. It imports nothing of
// ours: a record can be read, judged and drawn without the simulator that made it.
package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SchemaVersion is the layout that this package writes and reads. record.schema.json describes it; that file is made from
// the comments below, and a test holds the two together.
const SchemaVersion = 1

// Outcome of a verdict or of a run.
type Outcome string

const (
	Pass    Outcome = "pass"
	Vacuous Outcome = "vacuous" // there was nothing to look at
	Unknown Outcome = "unknown" // the run was cut short, or too large to judge
	Invalid Outcome = "invalid" // of a run only: a fault kind had no effect, or the plan could not be carried out
	Fail    Outcome = "fail"
)

// Outcomes lists them, best first.
func Outcomes() []Outcome { return []Outcome{Pass, Vacuous, Unknown, Invalid, Fail} }

// Worse returns the worse of two outcomes.
func Worse(a, b Outcome) Outcome {
	if slices.Index(Outcomes(), b) > slices.Index(Outcomes(), a) {
		return b
	}
	return a
}

// Seconds is a time or a span. In JSON it is a decimal number of seconds, exact to the nanosecond.
type Seconds time.Duration

func (s Seconds) String() string { return time.Duration(s).String() }

// MarshalJSON writes seconds without rounding.
func (s Seconds) MarshalJSON() ([]byte, error) { return []byte(s.decimal()), nil }

func (s Seconds) decimal() string {
	sign, n := "", uint64(s)
	if s < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%09d", sign, n/1e9, n%1e9)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// parseSeconds reads a decimal number of seconds; digits below the nanosecond are an error.
func parseSeconds(text string) (Seconds, error) {
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > 9 || strings.ContainsAny(text, "eE+") {
		return 0, fmt.Errorf("%s is not a decimal number of seconds with at most 9 digits after the point", text)
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", 9-len(part)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number of seconds that fits", text)
	}
	return Seconds(n), nil
}

// Record is everything that one run leaves, in record.json. All but Started and Cost is a function of the scenario, the
// seed, the settings and the build.
type Record struct {
	Schema   int       `json:"schema"`         // layout of this file
	Scenario string    `json:"scenario"`       // its name
	About    string    `json:"about"`          // what it is about, in a sentence
	Seed     uint64    `json:"seed"`           // everything drawn comes from it
	Luck     uint64    `json:"luck,omitempty"` // perturbs the packets' delays and losses alone; left out where it is the seed's own
	Nodes    int       `json:"nodes"`          // whole LGOS nodes, liars among them
	Settings []Setting `json:"settings"`       // what --set gave, and what the scenario fell back to

	Outcome  Outcome  `json:"outcome"`            // the worst verdict, or invalid
	Why      string   `json:"why"`                // one sentence: what decided the outcome
	Expect   []string `json:"expect,omitempty"`   // the failures that this scenario must show, each "fail CHECKER"
	Broke    string   `json:"broke,omitempty"`    // the invariant that broke, as a process that panicked: whatever checkers say, the run fails
	Cut      string   `json:"cut,omitempty"`      // why the run ended before its plan did, and what it was busiest with
	Warnings []string `json:"warnings,omitempty"` // what a reader should know although it decides nothing
	Digest   string   `json:"digest"`             // SHA-256 over every host's history, in hex
	Virtual  Seconds  `json:"virtual_s"`          // virtual time that passed
	Events   uint64   `json:"events"`             // inputs handled, over all hosts
	Bound    uint64   `json:"bound,omitempty"`    // --max-events, where it ended the run

	Build  Build  `json:"build"`  // what ran
	Device Device `json:"device"` // what computed the jobs

	Verdicts      []Verdict      `json:"verdicts"`                // one for each checker
	Faults        []Fault        `json:"faults"`                  // every window of the plan, with what it did
	Ledger        []Count        `json:"ledger"`                  // what happened, apart from faults
	Cast          []Count        `json:"cast,omitempty"`          // who took part: liars by strategy, kernels, spaces, authors, operation kinds
	Traffic       []Traffic      `json:"traffic,omitempty"`       // messages and bytes by kind
	Distributions []Distribution `json:"distributions,omitempty"` // latencies and the like, with percentiles
	Metrics       []Metric       `json:"metrics,omitempty"`       // single figures
	Checkpoints   []Checkpoint   `json:"checkpoints,omitempty"`   // the digest at every virtual second

	Plan    File   `json:"plan"`           // the plan beside this file; it replays alone
	Data    []File `json:"data,omitempty"` // data files that the run read
	Started string `json:"started"`        // wall clock at the start, RFC 3339, UTC
	Cost    Cost   `json:"cost"`           // what it took; differs from machine to machine
}

// Setting is one key of --set.
type Setting struct {
	Name    string `json:"name"`              // the key
	Value   string `json:"value"`             // its value as text
	Default bool   `json:"default,omitempty"` // true where nobody set it
}

// Build says what ran.
type Build struct {
	Version string `json:"version"`          // module version, or (devel)
	Commit  string `json:"commit"`           // of the source, empty where the build did not know it
	Dirty   bool   `json:"dirty,omitempty"`  // the source had uncommitted changes
	Go      string `json:"go"`               // of the compiler
	Target  string `json:"target"`           // GOOS/GOARCH
	Cgo     bool   `json:"cgo,omitempty"`    // false: no WebGPU and no ONNX Runtime
	Race    bool   `json:"race,omitempty"`   // built with the race detector
	Tested  string `json:"tested,omitempty"` // the mutant that was built in, when checkers are being tested
}

// Device says what computed the jobs.
type Device struct {
	Asked   string `json:"asked"`             // --device
	Name    string `json:"name"`              // what was used: cpu or webgpu
	Adapter string `json:"adapter,omitempty"` // the adapter's own name
	Driver  string `json:"driver,omitempty"`  // the driver's own description
	Test    string `json:"test,omitempty"`    // the bit self-test: exact, integer only, or why it could not run
	Note    string `json:"note,omitempty"`    // why something else was used than what was asked for
}

// Verdict is what one checker says.
type Verdict struct {
	Checker string   `json:"checker"`           // its name
	Outcome Outcome  `json:"outcome"`           // what it says
	Checked int      `json:"checked"`           // how much it looked at
	Why     string   `json:"why"`               // its reason, with denominators
	Waived  string   `json:"waived,omitempty"`  // why the scenario allows it to have nothing to look at
	At      Seconds  `json:"at_s,omitempty"`    // virtual time of the first violation
	Event   string   `json:"event,omitempty"`   // identity of the first violation's event; --until takes it
	Metrics []Metric `json:"metrics,omitempty"` // its figures
	Series  []Series `json:"series,omitempty"`  // its figures over virtual time
}

// Metric is one figure.
type Metric struct {
	Name  string  `json:"name"`           // what it measures
	Value float64 `json:"value"`          // the figure
	Unit  string  `json:"unit,omitempty"` // its unit; empty for a plain number
}

// Series is a figure over virtual time. At and Y are equally long.
type Series struct {
	Name string    `json:"name"`           // what it measures
	Unit string    `json:"unit,omitempty"` // unit of Y
	At   []Seconds `json:"at_s"`           // virtual times, ascending
	Y    []float64 `json:"y"`              // the figure at each
}

// Fault is one window of the plan and what it really did.
type Fault struct {
	Kind    string    `json:"kind"`              // the fault's kind
	Begin   Seconds   `json:"begin_s"`           // virtual time
	End     Seconds   `json:"end_s"`             // virtual time; equal to begin_s for an event of one instant
	Args    []Setting `json:"args,omitempty"`    // its arguments
	Effects []Count   `json:"effects,omitempty"` // what the ledger counted under it; none is a window that did nothing
}

// Count is something counted.
type Count struct {
	Name string `json:"name"`           // what was counted
	N    uint64 `json:"n"`              // how many
	Unit string `json:"unit,omitempty"` // bytes and the like; empty for plain things
}

// Traffic is one kind of message, summed over all links. Bytes are conserved: sent = delivered + lost + in flight.
type Traffic struct {
	Kind      string `json:"kind"`      // the frame's name
	Messages  uint64 `json:"messages"`  // sent
	Bytes     uint64 `json:"bytes"`     // sent
	Delivered uint64 `json:"delivered"` // bytes
	Lost      uint64 `json:"lost"`      // bytes, for any reason
}

// Distribution is many figures of one sort, kept as quantiles: a share of Q[i] of them is at most Values[i].
type Distribution struct {
	Name   string    `json:"name"`           // what was measured
	Unit   string    `json:"unit,omitempty"` // of the values
	Count  int       `json:"count"`          // how many were measured
	Total  int       `json:"total"`          // how many there should have been; the rest never came
	Mean   float64   `json:"mean"`           // of those measured
	Q      []float64 `json:"q"`              // shares, 0 to 1, ascending; empty where nothing was measured
	Values []float64 `json:"values"`         // the value at each share, ascending
}

// Checkpoint is the digest of everything up to a virtual time.
type Checkpoint struct {
	At     Seconds `json:"at_s"`   // virtual time
	Digest string  `json:"digest"` // in hex
}

// File names a file and what it held.
type File struct {
	Name   string `json:"name"`   // relative to the record where it lies beside it
	SHA256 string `json:"sha256"` // of its content, in hex
}

// Cost is what the run took on the machine that made it.
type Cost struct {
	Wall    Seconds `json:"wall_s"`               // build of the world and run, checkers included
	CPU     Seconds `json:"cpu_s,omitempty"`      // over all cores; left out where other runs shared the process (--jobs), and where the system does not tell
	Peak    uint64  `json:"peak_bytes,omitempty"` // greatest memory that the process took from the system; left out where other runs shared it, and where a run before it took more
	Workers int     `json:"workers"`              // GOMAXPROCS
}

// Name is SCENARIO@SEED, which the command takes as a run.
func (r *Record) Name() string { return fmt.Sprintf("%s@%d", r.Scenario, r.Seed) }

// Command is the line that makes the run again from nothing but the scenario's name.
func (r *Record) Command() string {
	var b strings.Builder
	fmt.Fprintf(&b, "lgos-sim run %s --seed %d --nodes %d", r.Scenario, r.Seed, r.Nodes)
	if r.Luck != 0 {
		fmt.Fprintf(&b, " --luck %d", r.Luck)
	}
	if r.Bound != 0 {
		fmt.Fprintf(&b, " --max-events %d", r.Bound)
	}
	for _, s := range r.Settings {
		if !s.Default {
			fmt.Fprintf(&b, " --set %s", quote(s.Name+"="+s.Value))
		}
	}
	if r.Device.Asked != "" && r.Device.Asked != "auto" {
		fmt.Fprintf(&b, " --device %s", r.Device.Asked)
	}
	return b.String()
}

// quote makes one word of a POSIX shell.
func quote(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("=._-/:,@+%", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Verdict finds a checker's verdict.
func (r *Record) Verdict(checker string) (Verdict, bool) {
	i := slices.IndexFunc(r.Verdicts, func(v Verdict) bool { return v.Checker == checker })
	if i < 0 {
		return Verdict{}, false
	}
	return r.Verdicts[i], true
}

// Distribution finds a distribution by name.
func (r *Record) Distribution(name string) (Distribution, bool) {
	i := slices.IndexFunc(r.Distributions, func(d Distribution) bool { return d.Name == name })
	if i < 0 {
		return Distribution{}, false
	}
	return r.Distributions[i], true
}
