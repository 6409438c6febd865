package results

import (
	"fmt"
	"slices"
	"strings"
)

// describeSeries says in words what a plot over time shows.
func describeSeries(series []Series) string {
	var out []string
	for _, s := range series {
		if len(s.Y) == 0 {
			out = append(out, s.Name+": no points")
			continue
		}
		high, low := 0, 0
		for i, y := range s.Y {
			if y > s.Y[high] {
				high = i
			}
			if y < s.Y[low] {
				low = i
			}
		}
		last := len(s.Y) - 1
		out = append(out, fmt.Sprintf("%s: %s at %s; least %s at %s; greatest %s at %s; %s at the end", s.Name, Amount(s.Y[0], s.Unit), Span(s.At[0]),
			Amount(s.Y[low], s.Unit), Span(s.At[low]), Amount(s.Y[high], s.Unit), Span(s.At[high]), Amount(s.Y[last], s.Unit)))
	}
	return strings.Join(out, ". ") + "."
}

// describeDistributions says in words what a cumulative plot shows.
func describeDistributions(ds []Distribution) string {
	var out []string
	for _, d := range ds {
		if len(d.Values) == 0 {
			out = append(out, d.Name+": nothing measured")
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s of %s came; half within %s, 99 %% within %s, the last after %s", d.Name, Integer(d.Count), Integer(d.Total),
			Amount(d.At(0.5), d.Unit), Amount(d.At(0.99), d.Unit), Amount(d.At(1), d.Unit)))
	}
	return strings.Join(out, ". ") + "."
}

// describeTraffic says in words what the bars show.
func describeTraffic(rows []Traffic) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s: %s in %s messages, %s lost", r.Kind, Bytes(r.Bytes), Integer(r.Messages), Bytes(r.Lost)))
	}
	return strings.Join(out, ". ") + "."
}

// FaultSum is what all windows of one kind did together.
type FaultSum struct {
	Kind        string
	Windows     int
	Idle        int // windows that did nothing
	Ahead       int // windows that had not begun when the run ended
	First, Last Seconds
	Effects     []Count
}

// SumFaults adds the windows up by kind, in order of their first, for a run that ended at a virtual time.
func SumFaults(faults []Fault, end Seconds) (out []FaultSum) {
	for _, kind := range faultKinds(faults) {
		s := FaultSum{Kind: kind, First: -1}
		for _, f := range faults {
			if f.Kind != kind {
				continue
			}
			s.Windows++
			if s.First < 0 {
				s.First = f.Begin
			}
			s.First, s.Last = min(s.First, f.Begin), max(s.Last, f.End)
			switch {
			case f.Begin >= end:
				s.Ahead++
			case len(f.Effects) == 0:
				s.Idle++
			}
			for _, e := range f.Effects {
				i := slices.IndexFunc(s.Effects, func(c Count) bool { return c.Name == e.Name && c.Unit == e.Unit })
				if i < 0 {
					s.Effects = append(s.Effects, e)
				} else {
					s.Effects[i].N += e.N
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// Remark says of windows what the sum of their effects does not: that some did nothing, or had not begun when the run was
// cut short.
func (s FaultSum) Remark() string {
	var out []string
	if s.Idle > 0 && len(s.Effects) > 0 {
		out = append(out, fmt.Sprintf("%d of %d windows did nothing", s.Idle, s.Windows))
	}
	if s.Ahead > 0 {
		out = append(out, fmt.Sprintf("%d of %d windows had not begun", s.Ahead, s.Windows))
	}
	return strings.Join(out, ", ")
}
