package results

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// timed makes a row of rounds that take about so many seconds, with noise of 2 %.
func timed(r *rand.Rand, name string, about float64, rounds int) Measure {
	m := Measure{Name: name, Kind: Timed, Unit: "s", Better: "lower"}
	for range rounds {
		m.Values = append(m.Values, about*(1+0.02*r.Float64()))
	}
	return m
}

func TestCompareTells(t *testing.T) {
	const n = 12
	r := rand.New(rand.NewPCG(1, 1))
	rate := func(about float64) Measure {
		m := timed(r, "rate", about, n)
		m.Unit, m.Better = "a second", "higher"
		return m
	}
	memory := func(about float64) Measure { m := timed(r, "peak", about, n); m.Kind, m.Unit = Occupied, "B"; return m }
	counted := func(values ...float64) Measure {
		return Measure{Name: "events", Kind: Counted, Values: values}
	}
	digest := func(text string) Measure { return Measure{Name: "digest", Kind: Hashed, Text: text} }
	for _, c := range []struct {
		name          string
		before, after Measure
		want          What
		worse         float64 // at least this
	}{
		{"as fast", timed(r, "a", 1, n), timed(r, "a", 1, n), NoDifference, 0},
		{"slower", timed(r, "a", 1, n), timed(r, "a", 1.2, n), Slower, 0.15},
		{"faster", timed(r, "a", 1.2, n), timed(r, "a", 1, n), Faster, 0},
		{"less done", rate(120), rate(100), Slower, 0.15},
		{"more done", rate(100), rate(120), Faster, 0},
		{"more memory", memory(2e7), memory(3e7), Larger, 0.4},
		{"less memory", memory(3e7), memory(2e7), Smaller, 0},
		{"all ties", Measure{Name: "a", Kind: Timed, Better: "lower", Values: slices.Repeat([]float64{1}, n)}, Measure{Name: "a", Kind: Timed, Better: "lower", Values: slices.Repeat([]float64{1}, n)}, NoDifference, 0},
		{"five rounds", timed(r, "a", 1, 5), timed(r, "a", 9, 5), TooFew, 0},
		{"same count", counted(7, 7), counted(7, 7, 7), SameCount, 0},
		{"another count", counted(7, 7), counted(7.5, 7.5), OtherCount, 0},
		{"a count that varies", counted(7, 8), counted(7, 7), Varies, 0},
		{"same digest", digest("ab"), digest("ab"), SameCount, 0},
		{"another digest", digest("ab"), digest("ac"), OtherCount, 0},
	} {
		for _, paired := range []bool{true, false} {
			cmp := Comparison{Before: "a", After: "b", Paired: paired && len(c.before.Values) == len(c.after.Values), Confidence: 0.95}
			if c.want == TooFew && !paired {
				continue // two samples of 5 do tell
			}
			if err := cmp.Compare([]Measure{c.before}, []Measure{c.after}); err != nil {
				t.Fatal(err)
			}
			if got := cmp.Changes[0]; got.What != c.want || got.Worse < c.worse || c.worse == 0 && got.Worse != 0 {
				t.Errorf("%s (paired %v): %+v, want %s", c.name, paired, got, c.want)
			}
			if slower := cmp.SlowerThan(c.worse); (len(slower) == 1) != (c.want == Slower) || len(cmp.SlowerThan(9)) > 0 {
				t.Errorf("%s: slower by over %v are %v", c.name, c.worse, slower)
			}
		}
	}
}

// TestFamily: of many rows of two equal builds hardly ever is one called different: the level is for all rows together.
func TestFamily(t *testing.T) {
	const trials, rows, n = 100, 8, 10
	r, alarms := rand.New(rand.NewPCG(2, 2)), 0
	for range trials {
		var before, after []Measure
		for i := range rows {
			before, after = append(before, timed(r, fmt.Sprint(i), 1, n)), append(after, timed(r, fmt.Sprint(i), 1, n))
		}
		c := Comparison{Paired: true, Confidence: 0.95}
		if err := c.Compare(before, after); err != nil {
			t.Fatal(err)
		}
		if c.Count(NoDifference) < rows {
			alarms++
		}
	}
	if alarms > trials*8/100 {
		t.Errorf("%d of %d comparisons of equal builds raised an alarm", alarms, trials)
	}
}

func TestLeastRounds(t *testing.T) {
	c := Comparison{Confidence: 0.95}
	for rows, want := range map[int]int{0: 6, 1: 6, 4: 8, 12: 9, 25: 10} {
		list := slices.Repeat([]Measure{{Kind: Timed}}, rows)
		if n := c.Least(append(list, Measure{Kind: Counted})); n != want {
			t.Errorf("%d rows need %d rounds, want %d", rows, n, want)
		}
	}
}

func TestCompareText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	long := strings.Repeat("long/", 12)
	before := []Measure{timed(r, "jitter/1000/cpu", 1e-7, 10), timed(r, long, 2, 10), {Name: "n", Kind: Counted, Values: []float64{1}}, {Name: "d", Kind: Hashed, Text: "aa"}, {Name: "same", Kind: Counted, Values: []float64{1}}, {Name: "gone", Kind: Hashed, Text: "x"}}
	after := []Measure{timed(r, "jitter/1000/cpu", 2e-7, 10), timed(r, long, 2, 10), {Name: "n", Kind: Counted, Values: []float64{2}}, {Name: "d", Kind: Hashed, Text: "bb"}, {Name: "same", Kind: Counted, Values: []float64{1}}, {Name: "new", Kind: Hashed, Text: "x"}}
	c := Comparison{Before: "abc", After: "this build", Paired: true, Confidence: 0.95}
	if err := c.Compare(before, after); err != nil {
		t.Fatal(err)
	}
	text := c.String()
	for _, want := range []string{"  slower\n", "no difference seen\n", "different count: 1 became 2", "different count: aa became bb", "1 same count", "in abc: gone", "in this build: new"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if Width(strings.TrimSpace(line)) > Columns {
			t.Errorf("%d columns: %s", Width(line), line)
		}
	}
	if err := new(Comparison).Compare(before[:1], after[1:]); err == nil || !strings.Contains(err.Error(), "no row in common") {
		t.Errorf("nothing in common: %v", err)
	}
}

// TestAgainstBaseline: what was measured apart informs; what was measured elsewhere gives counts alone.
func TestAgainstBaseline(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	saved, now := baseline(), baseline()
	saved.Rows = []Measure{timed(r, "a", 1, 10), {Name: "n", Kind: Counted, Values: []float64{1}}}
	now.Rows = []Measure{timed(r, "a", 2, 10), {Name: "n", Kind: Counted, Values: []float64{2}}}
	c := Comparison{Before: "file", After: "this build", Confidence: 0.99}
	c.Against(&saved, &now)
	if err := c.Compare(saved.Rows, now.Rows); err != nil || !strings.Contains(c.String(), "seems slower") || !strings.Contains(c.String(), "was measured apart") {
		t.Errorf("%v\n%s", err, c.String())
	}
	saved.Machine.Cores++
	c = Comparison{Before: "file", After: "this build", Confidence: 0.99}
	c.Against(&saved, &now)
	if err := c.Compare(saved.Rows, now.Rows); err != nil || len(c.Changes) != 1 || c.Changes[0].What != OtherCount || !strings.Contains(c.String(), "not comparable") {
		t.Errorf("%v %+v\n%s", err, c.Changes, c.String())
	}
}
