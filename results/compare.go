package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Comparison of two builds by a benchmark.
type Comparison struct {
	Benchmark     string
	Before, After string // what the builds are called
	Paired        bool   // round i of both ran side by side
	Informs       bool   // timings inform and decide nothing: the rounds were not interleaved
	CountsOnly    bool   // timings are of another machine
	Confidence    float64
	Remarks       []string

	Changes               []Change // rows of both, in the order of After
	OnlyBefore, OnlyAfter []string // names of rows that the other build did not make
}

// Change is what became of one figure.
type Change struct {
	Name, Unit    string
	Kind          Kind
	Before, After float64 // medians; of a count, the count
	Was, Is       string  // of a digest
	Ratio         float64 // after/before, for times and memory
	Low, High     float64 // interval of the ratio, at the confidence for all rows together; 0 where there are too few rounds
	Sees          float64 // a change by this share would have been seen in 4 of 5 such comparisons
	Worse         float64 // by at least this share it is worse, with confidence; 0 where that is not sure
	What          What
}

// What became of a figure.
type What string

const (
	Slower       What = "slower"
	Faster       What = "faster"
	Larger       What = "larger"
	Smaller      What = "smaller"
	NoDifference What = "no difference seen"
	TooFew       What = "too few rounds"
	SameCount    What = "same count"
	OtherCount   What = "different count"
	Varies       What = "varies by itself" // a count that is not the same in all rounds of one build
)

// Against takes what a baseline is into account: its timings are of another machine, or of this one at another time.
func (c *Comparison) Against(saved, now *Baseline) {
	c.Paired, c.Informs = false, true
	if why := saved.SameMachine(now); why != "" {
		c.CountsOnly = true
		c.Remarks = append(c.Remarks, "timings and memory are not comparable, and only counts are compared: the baseline is of another machine ("+why+")")
	} else {
		c.Remarks = append(c.Remarks, fmt.Sprintf("the baseline was measured apart (%s, load %.1f): what else the machine did then and does now is in the ratio, so timings only inform; compare with a revision to know", saved.Made, saved.Load))
		if a, b := saved.Machine.Kernel, now.Machine.Kernel; a != b {
			c.Remarks = append(c.Remarks, fmt.Sprintf("its kernel was %s and is %s", a, b))
		}
		if a, b := saved.Build.Go, now.Build.Go; a != b {
			c.Remarks = append(c.Remarks, fmt.Sprintf("it was built by %s, this by %s", a, b))
		}
	}
	if saved.Build.Commit != "" {
		c.Before += " of " + saved.Build.Commit[:7]
	}
}

// Compare says what changed from rows of one build to those of another. Times and memory are compared by ratios of ranks,
// each row at 1-(1-Confidence)/rows (Bonferroni), so that with this confidence no row of two equal builds is called
// different. An error says that there is nothing to compare.
func (c *Comparison) Compare(before, after []Measure) error {
	was := map[string]*Measure{}
	for i := range before {
		was[before[i].Name] = &before[i]
	}
	shared, noisy := map[string]bool{}, 0
	for i := range after {
		a := &after[i]
		b := was[a.Name]
		switch {
		case b == nil || b.Kind != a.Kind || b.Unit != a.Unit || b.Better != a.Better:
			c.OnlyAfter = append(c.OnlyAfter, a.Name)
			continue
		case !a.Kind.Exact() && !c.CountsOnly:
			noisy++
		}
		shared[a.Name] = true
	}
	for _, b := range before {
		if !shared[b.Name] {
			c.OnlyBefore = append(c.OnlyBefore, b.Name)
		}
	}
	if len(shared) == 0 {
		return fmt.Errorf("%s and %s have no row in common: %s, and %s", c.Before, c.After, some(c.OnlyBefore), some(c.OnlyAfter))
	}
	for i := range after {
		a := &after[i]
		if !shared[a.Name] || c.CountsOnly && !a.Kind.Exact() {
			continue
		}
		row := Change{Name: a.Name, Unit: a.Unit, Kind: a.Kind}
		if a.Kind.Exact() {
			row.exact(was[a.Name], a)
		} else {
			row.noisy(was[a.Name], a, c.Paired, c.alpha(noisy))
		}
		c.Changes = append(c.Changes, row)
	}
	return nil
}

// alpha is the chance of a false alarm that one of so many rows is allowed.
func (c *Comparison) alpha(rows int) float64 { return (1 - c.Confidence) / float64(max(1, rows)) }

// Least is how many interleaved rounds can tell anything at all about so many rows of times and memory: with fewer, even if
// all point one way, chance alone does that too often.
func (c *Comparison) Least(rows []Measure) int {
	noisy := 0
	for _, r := range rows {
		if !r.Kind.Exact() {
			noisy++
		}
	}
	n := 1
	for math.Pow(2, -float64(n)) > c.alpha(noisy)/2 {
		n++
	}
	return n
}

// Count is how many rows came to one end.
func (c *Comparison) Count(w What) int {
	n := 0
	for _, r := range c.Changes {
		if r.What == w {
			n++
		}
	}
	return n
}

// SlowerThan lists the rows of time that are slower by more than a share, with confidence.
func (c *Comparison) SlowerThan(share float64) (names []string) {
	for _, r := range c.Changes {
		if r.What == Slower && r.Worse > share {
			names = append(names, r.Name)
		}
	}
	return names
}

// exact compares what must not depend on the round.
func (r *Change) exact(before, after *Measure) {
	r.Was, r.Is, r.What = before.Text, after.Text, SameCount
	if r.Kind == Counted {
		r.Before, r.After = middle(before.Values), middle(after.Values)
	}
	switch {
	case varies(before.Values) || varies(after.Values):
		r.What = Varies
	case r.Was != r.Is || r.Before != r.After:
		r.What = OtherCount
	}
}

// noisy compares by the logarithms, whose difference is the ratio.
func (r *Change) noisy(before, after *Measure, paired bool, alpha float64) {
	r.Before, r.After, r.What = middle(before.Values), middle(after.Values), TooFew
	estimate := apartShift
	if paired {
		estimate = pairedShift
	}
	s := estimate(logs(before.Values), logs(after.Values), alpha)
	r.Ratio = math.Exp(s.Mid)
	if !s.Exact {
		return
	}
	r.Low, r.High, r.Sees = math.Exp(s.Low), math.Exp(s.High), math.Expm1(s.Sees())
	worse, better := Slower, Faster
	if r.Kind == Occupied {
		worse, better = Larger, Smaller
	}
	low, high := s.Low, s.High // of how much worse it is
	if after.Better == "higher" {
		low, high = -high, -low
	}
	switch {
	case low > 0:
		r.What, r.Worse = worse, math.Expm1(low)
	case high < 0:
		r.What = better
	default:
		r.What = NoDifference
	}
}

func logs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = math.Log(x[i])
	}
	return out
}

func middle(x []float64) float64 { return median(slices.Sorted(slices.Values(x))) }

func varies(x []float64) bool {
	return slices.ContainsFunc(x, func(v float64) bool { return v != x[0] })
}

// some names the first few.
func some(names []string) string {
	const few = 4
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

// String is the comparison as text, Columns wide. Of counts it shows those that differ.
func (c *Comparison) String() string {
	var b strings.Builder
	long := len("row")
	for _, r := range c.Changes {
		if r.What != SameCount {
			long = max(long, Width(r.Name))
		}
	}
	long = min(long, 33)
	if len(c.Changes) > c.Count(SameCount) {
		fmt.Fprintf(&b, "%-*s %9s %9s %5s %12s %6s  %s\n", long, "row", "before", "after", "ratio", "interval", "sees", "verdict")
	}
	for _, r := range c.Changes {
		if r.What == SameCount {
			continue
		}
		head := fmt.Sprintf("%-*s ", long, r.Name)
		if Width(r.Name) > long {
			b.WriteString(r.Name + "\n")
			head = strings.Repeat(" ", long+1)
		}
		interval, sees := "", ""
		switch {
		case r.Kind == Hashed:
			b.WriteString(Row(head, fmt.Sprintf("%s: %.16s became %.16s", r.What, r.Was, r.Is)))
			continue
		case r.Kind == Counted:
			b.WriteString(Row(head, fmt.Sprintf("%s: %v became %v %s", r.What, r.Before, r.After, r.Unit)))
			continue
		case r.High > 0:
			interval, sees = factor(r.Low)+".."+factor(r.High), fmt.Sprintf("%.3g %%", 100*r.Sees)
		}
		fmt.Fprintf(&b, "%s%9s %9s %5s %12s %6s  %s\n", head, Amount(r.Before, r.Unit), Amount(r.After, r.Unit), factor(r.Ratio), interval, sees, c.said(r.What))
	}
	if slices.ContainsFunc(c.Changes, func(r Change) bool { return r.High > 0 }) {
		how := "Wilcoxon's signed ranks"
		if !c.Paired {
			how = "Mann-Whitney"
		}
		b.WriteString(Row("ratio   ", fmt.Sprintf("after/before; the intervals hold for all rows together with %v %% (%s, exact); a difference of the size that it sees is found in 4 of 5 such comparisons", 100*c.Confidence, how)))
	}
	var parts []string
	for _, w := range []What{Slower, Faster, Larger, Smaller, NoDifference, TooFew, OtherCount, Varies, SameCount} {
		if n := c.Count(w); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, c.said(w)))
		}
	}
	b.WriteString(Row("in all  ", strings.Join(parts, ", ")))
	for _, only := range []struct {
		side  string
		names []string
	}{{c.Before, c.OnlyBefore}, {c.After, c.OnlyAfter}} {
		if len(only.names) > 0 {
			b.WriteString(Row("only    ", "in "+only.side+": "+some(only.names)))
		}
	}
	for _, r := range c.Remarks {
		b.WriteString(Row("note    ", r))
	}
	return b.String()
}

// factor writes a ratio to a thousandth, where that means something.
func factor(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// said is a verdict in words: without interleaved rounds it is a guess.
func (c *Comparison) said(w What) string {
	if c.Informs && slices.Contains([]What{Slower, Faster, Larger, Smaller}, w) {
		return "seems " + string(w)
	}
	return string(w)
}
