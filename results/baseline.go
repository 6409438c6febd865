package results

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// BaselineVersion is the layout of baselines that this package writes and reads.
const BaselineVersion = 1

// Baselines is a file of them: for each benchmark and machine, what one build was measured at. The reader is as strict as
// that of records: unknown, doubled and missing fields are errors.
type Baselines struct {
	Schema  int        `json:"schema"`  // layout of this file
	Entries []Baseline `json:"entries"` // at most one for each benchmark and machine
}

// Baseline is one benchmark on one machine.
type Baseline struct {
	Benchmark string    `json:"benchmark"`      // engine, gossip or gpu
	Made      string    `json:"made"`           // wall clock before the first round, RFC 3339, UTC
	Machine   Machine   `json:"machine"`        // where
	Load      float64   `json:"load,omitempty"` // runnable processes, averaged over the minute before; left out where the system does not tell
	Build     Build     `json:"build"`          // what was measured
	Rows      []Measure `json:"rows"`           // in the order of the benchmark
}

// Machine is what timings depend on beside the build.
type Machine struct {
	CPU    string `json:"cpu"`              // model, empty where the system does not tell
	Cores  int    `json:"cores"`            // that Go saw
	Memory uint64 `json:"memory_bytes"`     // 0 where the system does not tell
	Kernel string `json:"kernel,omitempty"` // version of the operating system's kernel
}

// Measure is one figure of a benchmark in every round, so that whoever compares knows the noise.
type Measure struct {
	Name   string    `json:"name"`             // within the benchmark, as jitter/1000/cpu
	Kind   Kind      `json:"kind"`             // how it is compared
	Unit   string    `json:"unit,omitempty"`   // of the values
	Better string    `json:"better,omitempty"` // lower or higher; left out where neither is
	Values []float64 `json:"values,omitempty"` // one for each round, in their order
	Text   string    `json:"text,omitempty"`   // of a digest, the same in every round
}

// Kind of a measure. Counts and digests follow from the seed: one that differs at all is another. Times and memory are noisy.
type Kind string

const (
	Counted  Kind = "count"
	Timed    Kind = "time"
	Occupied Kind = "memory"
	Hashed   Kind = "digest"
)

// Exact tells that two builds either agree or differ, whatever the machine was busy with.
func (k Kind) Exact() bool { return k == Counted || k == Hashed }

// MaxRounds bounds the values of a measure: exact intervals cost its fourth power.
const MaxRounds = 100

// SameMachine tells whether timings of two baselines can be compared at all, and if not, why. Kernels may differ: an update
// is no other machine, but worth a remark.
func (b *Baseline) SameMachine(c *Baseline) (why string) {
	x, y := b.Machine, c.Machine
	switch {
	case x.CPU == "" || y.CPU == "":
		return "the system does not tell its CPU"
	case x.CPU != y.CPU:
		return fmt.Sprintf("its CPU is %q, this one's %q", x.CPU, y.CPU)
	case x.Cores != y.Cores:
		return fmt.Sprintf("it has %d cores, this one %d", x.Cores, y.Cores)
	case max(x.Memory, y.Memory)-min(x.Memory, y.Memory) > max(x.Memory, y.Memory)/16: // kernels keep some for themselves
		return fmt.Sprintf("it has %s of memory, this one %s", Bytes(x.Memory), Bytes(y.Memory))
	case b.Build.Target != c.Build.Target:
		return fmt.Sprintf("it was built for %s, this for %s", b.Build.Target, c.Build.Target)
	}
	return ""
}

// Put adds a baseline, in place of the one of the same benchmark and machine.
func (f *Baselines) Put(b Baseline) {
	if i := slices.IndexFunc(f.Entries, func(e Baseline) bool { return e.Benchmark == b.Benchmark && e.SameMachine(&b) == "" }); i >= 0 {
		f.Entries[i] = b
		return
	}
	f.Entries = append(f.Entries, b)
}

// Find gives the baseline of a benchmark on the machine of another, else the last one of that benchmark; nil is none.
func (f *Baselines) Find(of *Baseline) *Baseline {
	var found *Baseline
	for i := range f.Entries {
		e := &f.Entries[i]
		if e.Benchmark == of.Benchmark && e.SameMachine(of) == "" {
			return e
		}
		if e.Benchmark == of.Benchmark {
			found = e
		}
	}
	return found
}

// JSON is the file's text: a list of figures is one line.
func (f *Baselines) JSON() ([]byte, error) {
	kept := *f
	kept.Schema = BaselineVersion
	b, err := json.MarshalIndent(&kept, "", "  ")
	return tidy(b), err
}

// Save writes the file whole or not at all, after reading it as others will.
func (f *Baselines) Save(path string) error {
	b, err := f.JSON()
	if err != nil {
		return err
	}
	if _, err := ParseBaselines(path, b); err != nil {
		return fmt.Errorf("not saved: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return WriteFile(path, b)
}

// LoadBaselines reads a file; one that is not there is empty where missing may be.
func LoadBaselines(path string, mayMiss bool) (*Baselines, error) {
	b, err := os.ReadFile(path)
	if mayMiss && os.IsNotExist(err) {
		return &Baselines{Schema: BaselineVersion}, nil
	}
	if pathErr, ok := err.(*fs.PathError); ok {
		return nil, fmt.Errorf("%s: %w", path, pathErr.Err)
	}
	return ParseBaselines(path, b)
}

// ParseBaselines reads a file's text strictly; file is named in errors, which are *FieldError.
func ParseBaselines(file string, b []byte) (*Baselines, error) {
	const again = "measure again with bench --save"
	p := &reader{file: file, text: b, kind: fmt.Sprintf("baseline of layout %d", BaselineVersion), again: again}
	f := new(Baselines)
	if err := checkLayout(file, b, BaselineVersion, again); err != nil {
		return nil, err
	}
	if err := p.whole(f); err != nil {
		return nil, err
	}
	for i := range f.Entries {
		at := fmt.Sprintf("entries[%d]", i)
		if field, why, mend := f.Entries[i].wrong(); why != "" {
			return nil, &FieldError{File: file, Field: at + "." + field, Why: why, Mend: mend}
		}
		for j := range f.Entries[:i] {
			if f.Entries[j].Benchmark == f.Entries[i].Benchmark && f.Entries[j].SameMachine(&f.Entries[i]) == "" {
				return nil, &FieldError{File: file, Field: at, Why: fmt.Sprintf("is of the same benchmark and machine as entries[%d]", j), Mend: "keep the newer one"}
			}
		}
	}
	return f, nil
}

// Benchmarks are those that there are baselines of.
func Benchmarks() []string { return []string{"engine", "gossip", "gpu"} }

var commitForm = regexp.MustCompile(`^([0-9a-f]{7,64})?$`)

// wrong looks at what types cannot say.
func (b *Baseline) wrong() (field, why, mend string) {
	if !slices.Contains(Benchmarks(), b.Benchmark) {
		return "benchmark", fmt.Sprintf("there is no %q", b.Benchmark), suggest(b.Benchmark, Benchmarks())
	}
	if at, err := time.Parse(time.RFC3339, b.Made); err != nil || at.Location() != time.UTC {
		return "made", fmt.Sprintf("%q is no time", b.Made), "write it as 2026-01-31T12:00:00Z"
	}
	if b.Machine.Cores < 1 {
		return "machine.cores", fmt.Sprintf("%d cores", b.Machine.Cores), "a machine has at least one"
	}
	if b.Load < 0 {
		return "load", fmt.Sprintf("%v is below 0", b.Load), "leave it out where it is not known"
	}
	if !commitForm.MatchString(b.Build.Commit) {
		return "build.commit", fmt.Sprintf("%q is no commit", b.Build.Commit), "leave it empty where it is not known"
	}
	if len(b.Rows) == 0 {
		return "rows", "there are none", "a baseline has figures"
	}
	names := map[string]bool{}
	for i := range b.Rows {
		r, at := &b.Rows[i], fmt.Sprintf("rows[%d].", i)
		if field, why, mend := r.wrong(); why != "" {
			return at + field, why, mend
		}
		if names[r.Name] {
			return at + "name", fmt.Sprintf("%q is there already", r.Name), "each figure has one row"
		}
		names[r.Name] = true
	}
	return "", "", ""
}

func (m *Measure) wrong() (field, why, mend string) {
	kinds := []string{string(Counted), string(Timed), string(Occupied), string(Hashed)}
	switch {
	case m.Name == "":
		return "name", "is empty", "a figure has a name"
	case !slices.Contains(kinds, string(m.Kind)):
		return "kind", fmt.Sprintf("there is no kind %q", m.Kind), suggest(string(m.Kind), kinds)
	case m.Better != "" && m.Better != "lower" && m.Better != "higher":
		return "better", fmt.Sprintf("%q is no direction", m.Better), "write lower or higher, or leave it out"
	case m.Kind == Hashed && (m.Text == "" || len(m.Values) > 0):
		return "text", "a digest is a text and no values", "give text alone"
	case m.Kind != Hashed && m.Text != "":
		return "text", fmt.Sprintf("is not of a %s", m.Kind), "give values alone"
	case m.Kind != Hashed && (len(m.Values) == 0 || len(m.Values) > MaxRounds):
		return "values", fmt.Sprintf("there are %d", len(m.Values)), fmt.Sprintf("a figure has 1 to %d, one for each round", MaxRounds)
	case !m.Kind.Exact() && m.Better == "":
		return "better", "is missing", "a " + string(m.Kind) + " is better lower or higher"
	}
	for i, v := range m.Values {
		if !m.Kind.Exact() && v <= 0 {
			return fmt.Sprintf("values[%d]", i), fmt.Sprintf("%v is not above 0", v), "a " + string(m.Kind) + " is"
		}
	}
	return "", "", ""
}
