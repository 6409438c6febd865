package results

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func baseline() Baseline {
	return Baseline{Benchmark: "engine", Made: "2026-01-31T12:00:00Z", Machine: Machine{CPU: "a", Cores: 2, Memory: 8e9, Kernel: "6.1"}, Load: 0.5,
		Build: Build{Version: "(devel)", Commit: "0123456789abcdef", Go: "go1.26", Target: "linux/amd64"},
		Rows: []Measure{{Name: "jitter/1000/cpu", Kind: Timed, Unit: "ns", Better: "lower", Values: []float64{150.5, 151}},
			{Name: "jitter/1000/allocations", Kind: Counted, Values: []float64{0, 0}}, {Name: "jitter/1000/digest", Kind: Hashed, Text: "ab12"}}}
}

func TestBaselinesRoundTrip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "b.json")
	list, err := LoadBaselines(file, true)
	if err != nil {
		t.Fatal(err)
	}
	other := baseline()
	other.Machine.CPU = "b"
	newer := baseline()
	newer.Machine.Memory, newer.Machine.Kernel, newer.Rows[2].Text = 8.1e9, "6.2", "cd34"
	gossip := baseline()
	gossip.Benchmark = "gossip"
	for _, b := range []Baseline{baseline(), other, newer, gossip} {
		list.Put(b)
	}
	if err := list.Save(file); err != nil {
		t.Fatal(err)
	}
	back, err := LoadBaselines(file, false)
	if err != nil || len(back.Entries) != 3 || back.Entries[0].Rows[2].Text != "cd34" {
		t.Fatalf("%v: %+v", err, back)
	}
	a, _ := list.JSON()
	b, _ := back.JSON()
	if !bytes.Equal(a, b) {
		t.Errorf("it is written in two ways:\n%s\n%s", a, b)
	}
	here := baseline()
	if f := back.Find(&here); f == nil || f.Machine.CPU != "a" {
		t.Errorf("of this machine it finds %+v", f)
	}
	here.Machine.CPU = "c"
	if f := back.Find(&here); f == nil || f.Machine.CPU != "b" {
		t.Errorf("for another machine it finds %+v, not the last one", f)
	}
	here.Benchmark = "gpu"
	if f := back.Find(&here); f != nil {
		t.Errorf("of another benchmark it finds %+v", f)
	}
	bad := baseline()
	bad.Rows[0].Values[0] = 0
	list.Put(bad)
	if err := list.Save(file); err == nil {
		t.Error("a time of nothing is saved")
	}
	if _, err := LoadBaselines(filepath.Dir(file), true); err == nil {
		t.Error("a folder is read")
	}
	if _, err := LoadBaselines("nowhere.json", false); err == nil || err.Error() != "nowhere.json: no such file or directory" {
		t.Error(err)
	}
}

func TestBaselineReaderNamesTheField(t *testing.T) {
	list := Baselines{Entries: []Baseline{baseline()}}
	b, err := list.JSON()
	if err != nil {
		t.Fatal(err)
	}
	entry := string(b[bytes.Index(b, []byte("    {\n")):bytes.LastIndex(b, []byte("\n  ]"))])
	for _, c := range []struct{ old, new, want string }{
		{`"schema": 1`, `"schema": 2`, `schema: layout 2, and this build reads layout 1; measure again`},
		{`"benchmark"`, `"benchmarc"`, `entries[0].benchmarc: unknown field; did you mean "benchmark"?`},
		{`"engine"`, `"engin"`, `entries[0].benchmark: there is no "engin"; did you mean "engine"?`},
		{`"load": 0.5,`, `"load": -1,`, `entries[0].load: -1 is below 0`},
		{`"cores": 2,`, `"cores": 0,`, `entries[0].machine.cores: 0 cores`},
		{`"cores": 2,`, ``, `entries[0].machine.cores: missing; every baseline of layout 1 has it; measure again`},
		{`2026-01-31T12:00:00Z`, `yesterday`, `entries[0].made: "yesterday" is no time; write it as`},
		{`0123456789abcdef`, `master`, `entries[0].build.commit: "master" is no commit`},
		{`"kind": "time"`, `"kind": "tyme"`, `entries[0].rows[0].kind: there is no kind "tyme"; did you mean "time"?`},
		{`"better": "lower"`, `"better": "less"`, `entries[0].rows[0].better: "less" is no direction`},
		{`[150.5,151]`, `[150.5,0]`, `entries[0].rows[0].values[1]: 0 is not above 0`},
		{`[150.5,151]`, `[]`, `entries[0].rows[0].values: there are 0; a figure has 1 to 100`},
		{`[150.5,151]`, `[1e999]`, `entries[0].rows[0].values[0]: 1e999 does not fit`},
		{`[150.5,151]`, `"151"`, `entries[0].rows[0].values: the string "151" stands where a list belongs; a baseline is written by lgos-sim`},
		{`jitter/1000/allocations`, `jitter/1000/cpu`, `entries[0].rows[1].name: "jitter/1000/cpu" is there already`},
		{`"text": "ab12"`, `"text": ""`, `entries[0].rows[2].text: a digest is a text`},
		{"\n  ]\n}\n", "\n  ]\n}\n{}", `there is something after the baseline`},
		{"\n  ]\n}\n", ",\n" + entry + "\n  ]\n}\n", `entries[1]: is of the same benchmark and machine as entries[0]; keep the newer one`},
		{"\n  ]\n}\n", "", `the file ends in the middle; it was cut short; measure again`},
	} {
		if !strings.Contains(string(b), c.old) {
			t.Fatalf("there is no %s in\n%s", c.old, b)
		}
		_, err := ParseBaselines("b.json", []byte(strings.Replace(string(b), c.old, c.new, 1)))
		var field *FieldError
		if !errors.As(err, &field) || !strings.HasPrefix(err.Error(), "b.json") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: got %v\nwant %s", c.new, c.old, err, c.want)
		}
	}
}

// TestCommittedBaselines: each can be read, and is as it would be written.
func TestCommittedBaselines(t *testing.T) {
	files, err := filepath.Glob("baselines/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are none", err)
	}
	for _, file := range files {
		list, err := LoadBaselines(file, false)
		if err != nil {
			t.Error(err)
			continue
		}
		text, _ := os.ReadFile(file)
		if again, err := list.JSON(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s would be written otherwise (%v)", file, err)
		}
	}
}

// FuzzBaselines: no text makes the reader panic; what it takes it writes back the same, and comparing it with itself
// finds nothing.
func FuzzBaselines(f *testing.F) {
	list := Baselines{Entries: []Baseline{baseline()}}
	b, err := list.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"schema":1,"entries":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseBaselines("b.json", b)
		if err != nil {
			return
		}
		text, err := list.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseBaselines("b.json", text)
		if err != nil {
			t.Fatalf("what it wrote it does not read: %v\n%s", err, text)
		}
		if twice, _ := again.JSON(); !bytes.Equal(twice, text) {
			t.Fatalf("written in two ways:\n%s\n%s", text, twice)
		}
		for i := range list.Entries {
			e := &list.Entries[i]
			for j := range e.Rows { // intervals of a hundred rounds take a second
				e.Rows[j].Values = e.Rows[j].Values[:min(8, len(e.Rows[j].Values))]
			}
			c := Comparison{Confidence: 0.95, Paired: true}
			c.Against(e, e)
			if err := c.Compare(e.Rows, e.Rows); err != nil {
				t.Fatal(err)
			}
			if n := c.Count(SameCount) + c.Count(Varies) + c.Count(NoDifference) + c.Count(TooFew); n != len(c.Changes) {
				t.Fatalf("it differs from itself:\n%s", c.String())
			}
		}
	})
}
