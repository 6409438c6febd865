package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// PlanName is what the plan beside a record is called.
const PlanName = "plan.yaml"

// numberList finds a list of nothing but numbers as MarshalIndent spreads it, a number a line. A string cannot match: its
// line breaks are escaped.
var numberList = regexp.MustCompile(`\[\n[-+.0-9eE,\s]+\]`)

// noList finds a list that Go holds as nil, the only null that a record can hold. A string cannot match: it would end the
// line with a quote.
var noList = regexp.MustCompile(`(?m)": null(,?)$`)

// JSON is the record as its file holds it.
func (r *Record) JSON() ([]byte, error) {
	kept := *r
	kept.Schema = SchemaVersion
	kept.Warnings = append(kept.Warnings[:len(kept.Warnings):len(kept.Warnings)], dropUndefined(&kept)...)
	b, err := json.MarshalIndent(&kept, "", "  ")
	if err != nil {
		return nil, err
	}
	return tidy(b), nil
}

// tidy puts a list of numbers on one line, an empty list where there is none, and an end to the last line.
func tidy(b []byte) []byte {
	b = numberList.ReplaceAllFunc(b, func(list []byte) []byte { return []byte(strings.Join(strings.Fields(string(list)), "")) })
	return append(noList.ReplaceAll(b, []byte(`": []$1`)), '\n')
}

// dropUndefined takes out figures that are not numbers, which JSON cannot hold, and says so: a division by nothing must
// not cost a whole run its record. It copies what it changes.
func dropUndefined(r *Record) (warnings []string) {
	finite := func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
	metrics := func(of string, in []Metric) (out []Metric) {
		for _, m := range in {
			if finite(m.Value) {
				out = append(out, m)
			} else {
				warnings = append(warnings, fmt.Sprintf("%s: %s is %v and was left out", of, m.Name, m.Value))
			}
		}
		return out
	}
	r.Metrics = metrics("metrics", r.Metrics)
	r.Verdicts = append([]Verdict{}, r.Verdicts...)
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		v.Metrics = metrics(v.Checker, v.Metrics)
		v.Series = append([]Series(nil), v.Series...)
		for j, s := range v.Series {
			whole := Series{Name: s.Name, Unit: s.Unit}
			for k, y := range s.Y {
				if finite(y) {
					whole.At, whole.Y = append(whole.At, s.At[k]), append(whole.Y, y)
				}
			}
			if n := len(s.Y) - len(whole.Y); n > 0 {
				warnings = append(warnings, fmt.Sprintf("%s: %d points of %s are no numbers and were left out", v.Checker, n, s.Name))
			}
			v.Series[j] = whole
		}
	}
	return warnings
}

// Save writes the record and its plan into dir, which is made where it is missing, and fills r.Plan. Each file appears
// whole or not at all.
func (r *Record) Save(dir string, plan []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	sum := sha256.Sum256(plan)
	r.Plan = File{Name: PlanName, SHA256: hex.EncodeToString(sum[:])}
	b, err := r.JSON()
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, PlanName), plan); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, FileName), b)
}

// Dir is where a run's record goes under out: out itself for a lone run, a folder of its own where there are several.
func (r *Record) Dir(out string, several bool) string {
	if several {
		return filepath.Join(out, fmt.Sprintf("%s-%d", r.Scenario, r.Seed))
	}
	return out
}

// WriteFile writes a file whole or not at all: a reader sees the old content or the new.
func WriteFile(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = bytes.NewReader(b).WriteTo(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
