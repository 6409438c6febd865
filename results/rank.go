package results

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Estimates by ranks assume neither normal noise nor any other shape of it, and their intervals are exact for any number of
// measurements: Hodges and Lehmann, "Estimates of Location Based on Rank Tests" (1963); Hollander, Wolfe and Chicken,
// "Nonparametric Statistical Methods" (3rd ed.), §3.2-3.3 for pairs and §4.2-4.3 for two samples.

// shift is by how much one lot of figures lies above another.
type shift struct {
	Mid, Low, High float64
	Exact          bool           // there are enough figures for an interval of the level; else Low and High say nothing
	Sees           func() float64 // a shift of this size is told from none in 4 of 5 such comparisons, by the noise that was met
}

// pairedShift estimates after-before from pairs measured side by side, so that what slows both hides nothing: the median of
// the means of all two differences, with the interval of Wilcoxon's signed-rank test of a level 1-alpha.
func pairedShift(before, after []float64, alpha float64) shift {
	d := make([]float64, len(before))
	for i := range d {
		d[i] = after[i] - before[i]
	}
	k := within(signedRanks(len(d)), alpha)
	s := between(walsh(d), k)
	// Under the test's assumption noise is symmetric: each remainder could as well have had the other sign.
	s.Sees = seen(func(r *rand.Rand) float64 {
		again := make([]float64, len(d))
		for i := range again {
			again[i] = float64(2*r.IntN(2)-1) * (d[r.IntN(len(d))] - s.Mid) * widen(len(d))
		}
		return between(walsh(again), k).Low
	})
	return s
}

// apartShift estimates after-before from two samples measured apart: the median of all differences, with the interval of
// the Mann-Whitney test of a level 1-alpha.
func apartShift(before, after []float64, alpha float64) shift {
	k := within(rankSums(len(before), len(after)), alpha)
	s := between(differences(before, after), k)
	s.Sees = seen(func(r *rand.Rand) float64 {
		return between(differences(redrawn(r, before), redrawn(r, after)), k).Low
	})
	return s
}

// between takes the median of sorted figures and those that leave k out on either side.
func between(sorted []float64, k int) shift {
	s := shift{Mid: median(sorted), Low: math.Inf(-1), High: math.Inf(1), Exact: k >= 0}
	if s.Exact {
		s.Low, s.High = sorted[k], sorted[len(sorted)-1-k]
	}
	return s
}

// seen draws the noise again, around no shift, and says what must be added for 4 of 5 lower bounds to be above nothing.
func seen(lower func(*rand.Rand) float64) func() float64 {
	return func() float64 {
		const draws = 200
		r := rand.New(rand.NewPCG(draws, 80)) // the same figures give the same answer
		short := make([]float64, draws)
		for i := range short {
			short[i] = -lower(r)
		}
		slices.Sort(short)
		return max(0, short[draws*4/5])
	}
}

func redrawn(r *rand.Rand, x []float64) []float64 {
	mid, out := median(slices.Sorted(slices.Values(x))), make([]float64, len(x))
	for i := range out {
		out[i] = (x[r.IntN(len(x))] - mid) * widen(len(x))
	}
	return out
}

// widen makes up for the spread of n figures around their own middle being less than that of the noise.
func widen(n int) float64 { return math.Sqrt(float64(n) / float64(max(1, n-1))) }

// walsh gives the means of all two figures, each with itself too, ascending.
func walsh(d []float64) []float64 {
	var out []float64
	for i := range d {
		for _, x := range d[:i+1] {
			out = append(out, (d[i]+x)/2)
		}
	}
	slices.Sort(out)
	return out
}

func differences(before, after []float64) []float64 {
	var out []float64
	for _, b := range before {
		for _, a := range after {
			out = append(out, a-b)
		}
	}
	slices.Sort(out)
	return out
}

// median of sorted figures.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// within is the greatest k that a statistic of this distribution, symmetric from 0 on, stays at or below with a chance of at
// most alpha/2; -1 where even 0 is likelier.
func within(chance []float64, alpha float64) int {
	sum := 0.0
	for k, p := range chance {
		if sum += p; sum > alpha/2 {
			return k - 1
		}
	}
	return len(chance) - 1
}

// signedRanks is the distribution of the sum of those ranks of n differences that are positive, where either sign is as likely.
func signedRanks(n int) []float64 {
	p := make([]float64, n*(n+1)/2+1)
	p[0] = 1
	for rank := 1; rank <= n; rank++ {
		for s := rank * (rank + 1) / 2; s >= 0; s-- {
			p[s] /= 2
			if s >= rank {
				p[s] += p[s-rank] / 2
			}
		}
	}
	return p
}

// rankSums is the distribution of how many of the n*m differences between two samples are positive, where all orders are as
// likely: the greatest figure is of either sample with a chance of its share.
func rankSums(n, m int) []float64 {
	last := make([][]float64, m+1) // of i-1 and j figures
	for i := range n + 1 {
		row := make([][]float64, m+1)
		for j := range row {
			row[j] = make([]float64, i*j+1)
			if i == 0 || j == 0 {
				row[j][0] = 1
				continue
			}
			first, second := float64(i)/float64(i+j), float64(j)/float64(i+j)
			for u, p := range last[j] {
				row[j][u+j] += first * p
			}
			for u, p := range row[j-1] {
				row[j][u] += second * p
			}
		}
		last = row
	}
	return last[m]
}
