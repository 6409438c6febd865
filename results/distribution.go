package results

import (
	"math"
	"slices"
	"sort"
)

// Summarize makes a distribution of what was measured out of total. Percentiles are nearest-rank, so each is a value that
// occurred. It sorts values in place.
func Summarize(name, unit string, values []float64, total int) Distribution {
	d := Distribution{Name: name, Unit: unit, Count: len(values), Total: max(total, len(values))}
	if len(values) == 0 {
		return d
	}
	slices.Sort(values)
	for _, v := range values {
		d.Mean += v / float64(len(values))
	}
	for _, q := range quantiles() {
		rank := int(math.Ceil(q * float64(len(values))))
		d.Q, d.Values = append(d.Q, q), append(d.Values, values[max(rank, 1)-1])
	}
	return d
}

// quantiles are the shares kept: every percent, and finer in the tail.
func quantiles() []float64 {
	var out []float64
	for i := range 100 {
		out = append(out, float64(i)/100)
	}
	return append(out, 0.995, 0.999, 0.9999, 1)
}

// At returns the value that a share of q is at most, between the quantiles kept by the next greater one. It is NaN where
// nothing was measured.
func (d Distribution) At(q float64) float64 {
	i := sort.SearchFloat64s(d.Q, q)
	if i >= len(d.Values) {
		return math.NaN()
	}
	return d.Values[i]
}
