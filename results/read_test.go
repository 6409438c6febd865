package results

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRecordRoundTrip(t *testing.T) {
	for _, r := range []*Record{sample(), failing(), canary()} {
		b, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse("record.json", b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("%s came back changed", r.Name())
		}
		again, err := got.JSON()
		if err != nil || string(again) != string(b) {
			t.Errorf("%s is written in two ways (%v)", r.Name(), err)
		}
	}
}

// TestReaderNamesTheField: each edit of a good record is refused with the field and the mend.
func TestReaderNamesTheField(t *testing.T) {
	b, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown field", `"checked": 4186,`, `"chekced": 4186,`, `verdicts[0].chekced: unknown field; did you mean "checked"?`},
		{"far from any field", `"cgo": true`, `"zzzzzzzz": true`, `build.zzzzzzzz: unknown field; known are version, commit`},
		{"missing field", `"seed": 7,`, ``, `record.json:`},
		{"missing field", `"seed": 7,`, ``, `seed: missing; every record of layout 1 has it`},
		{"given twice", `"seed": 7,`, `"seed": 7, "seed": 8,`, `record.json:5: seed: given twice; keep one of them`},
		{"wrong type", `"seed": 7,`, `"seed": "7",`, `seed: the string "7" stands where a number belongs`},
		{"negative count", `"seed": 7,`, `"seed": -7,`, `seed: -7 does not fit in uint64`},
		{"fraction", `"seed": 7,`, `"seed": 7.5,`, `seed: 7.5 does not fit in uint64`},
		{"unknown outcome", `"outcome": "pass",`, `"outcome": "green",`, `outcome: "green" is no outcome; one of [pass vacuous unknown invalid fail]`},
		{"object for list", `"ledger": [`, `"ledger": {`, `ledger: an object stands where a list belongs`},
		{"null for object", `"device": {`, `"device": null, "x": {`, `device: null stands where an object belongs`},
		{"too fine a time", `"virtual_s": 90,`, `"virtual_s": 90.0000000001,`, `virtual_s: 90.0000000001 is not a decimal number of seconds`},
		{"exponent in a time", `"virtual_s": 90,`, `"virtual_s": 9e1,`, `virtual_s: 9e1 is not a decimal`},
		{"another layout", `"schema": 1,`, `"schema": 9,`, `schema: layout 9, and this build reads layout 1; read it with the build that wrote it`},
		{"uneven series", `"at_s": [0,1,`, `"at_s": [0,`, `verdicts[0].series[0]: 90 times and 91 figures`},
		{"descending quantiles", `"q": [0,0.01,`, `"q": [0.01,0,`, `distributions[0]: q and values are not`},
		{"two records", "\n}\n", "\n}\n{}", `there is something after the record`},
		{"cut short", "\n}\n", "", `the file ends in the middle; it was cut short`},
		{"no JSON", `{`, `<`, `not JSON`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := string(b)
			at := strings.Index(text, c.old)
			if strings.HasPrefix(c.old, "\n}") {
				at = strings.LastIndex(text, c.old)
			}
			if at < 0 {
				t.Fatalf("the record holds no %s", c.old)
			}
			_, err := Parse("record.json", []byte(text[:at]+c.new+text[at+len(c.old):]))
			var field *FieldError
			if !errors.As(err, &field) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// FuzzParse: no text makes the reader panic, and what it takes it writes back the same.
func FuzzParse(f *testing.F) {
	// Small seeds: the fuzzer spends a minute on shortening each find.
	for _, r := range []*Record{
		{Scenario: "a", Outcome: Pass, Virtual: s(1.5), Verdicts: []Verdict{{Checker: "b", Outcome: Fail, Series: []Series{{At: []Seconds{1}, Y: []float64{2}}}}}},
		{Scenario: "a", Outcome: Invalid, Expect: []string{"fail b"}, Distributions: []Distribution{{Q: []float64{0, 1}, Values: []float64{1, 2}}}},
	} {
		b, err := r.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"schema":1,"verdicts":[{"series":[{"at_s":[-0.5]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse("record.json", b)
		if err != nil {
			return
		}
		first, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("record.json", first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := again.JSON(); err != nil || string(first) != string(second) {
			t.Fatalf("written in two ways (%v)", err)
		}
	})
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 1: "0.000000001", time.Second: "1", 1500 * time.Millisecond: "1.5", -time.Millisecond: "-0.001", 90 * time.Second: "90",
		math.MaxInt64: "9223372036.854775807", math.MinInt64: "-9223372036.854775808",
	} {
		if got := Seconds(d).decimal(); got != want {
			t.Errorf("%d ns is written %s, want %s", d, got, want)
		}
		if got, err := parseSeconds(want); err != nil || got != Seconds(d) {
			t.Errorf("%s is read as %d ns (%v)", want, got, err)
		}
	}
}

func TestSave(t *testing.T) {
	out := filepath.Join(t.TempDir(), "runs", "a")
	r := sample()
	r.Metrics = append(r.Metrics, Metric{Name: "share of nothing", Value: math.NaN()})
	r.Verdicts[0].Series[1].Y[3] = math.Inf(1)
	if err := r.Save(out, []byte("plan: here\n")); err != nil {
		t.Fatal(err)
	}
	got, err := Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if got.Plan.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("plan: here\n"))) {
		t.Errorf("the plan's hash is %s", got.Plan.SHA256)
	}
	want := []string{"share of nothing is NaN", "1 points of distinct states"}
	for _, w := range want {
		if !strings.Contains(strings.Join(got.Warnings, "\n"), w) {
			t.Errorf("no warning says %q: %q", w, got.Warnings)
		}
	}
	if len(r.Warnings) != 1 || len(r.Verdicts[0].Series[1].Y) != 91 {
		t.Error("saving changed the record in memory")
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files are left (%v), want the record and the plan", len(entries), err)
	}
	if r.Dir("o", true) != filepath.Join("o", "partition-heal-7") || r.Dir("o", false) != "o" {
		t.Error("the folder of a run is misnamed")
	}
}

func TestDistribution(t *testing.T) {
	var values []float64
	for i := 1000; i >= 1; i-- {
		values = append(values, float64(i))
	}
	d := Summarize("delivery", "ms", values, 1200)
	for q, want := range map[float64]float64{0: 1, 0.5: 500, 0.95: 950, 0.99: 990, 0.999: 999, 1: 1000, 0.9985: 999} {
		if got := d.At(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if math.Abs(d.Mean-500.5) > 1e-9 || d.Count != 1000 || d.Total != 1200 {
		t.Errorf("mean %v, %d of %d", d.Mean, d.Count, d.Total)
	}
	if empty := Summarize("none", "ms", nil, 3); !math.IsNaN(empty.At(0.5)) || empty.Total != 3 {
		t.Error("a distribution of nothing has a median")
	}
}

func TestCommandLine(t *testing.T) {
	r := sample()
	r.Settings = append(r.Settings, Setting{Name: "trace", Value: "it's here.json"})
	r.Device.Asked = "cpu"
	want := `lgos-sim run partition-heal --seed 7 --nodes 1000 --set loss=0.01 --set 'trace=it'\''s here.json' --device cpu`
	if got := r.Command(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
