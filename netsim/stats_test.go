package netsim

import (
	"math"
	"slices"
	"strconv"
	"testing"
)

// level is the chance at which one statistical test would refuse a right model. Seeds are fixed, so nothing flickers; a
// change of the model draws anew, and about 40 such tests together err once in 25,000 such changes.
const level = 1e-6

// binomial fails unless hits of n are between the level/2 quantiles of the exact binomial distribution.
func binomial(t *testing.T, what string, hits, n int, p float64) {
	t.Helper()
	logP := func(k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p)
	}
	tail := 0.0
	if float64(hits) < p*float64(n) {
		for k := hits; k >= 0 && (k == hits || logP(k) > -100); k-- {
			tail += math.Exp(logP(k))
		}
	} else {
		for k := hits; k <= n && (k == hits || logP(k) > -100); k++ {
			tail += math.Exp(logP(k))
		}
	}
	if tail < level/2 {
		t.Errorf("%s: %d of %d is no share of %v (tail %.1e)", what, hits, n, p, tail)
	}
}

// kolmogorov fails unless the sample may come from the continuous distribution; the bound is 2·exp(-2nd²) (Massart 1990).
func kolmogorov(t *testing.T, what string, sample []float64, cdf func(x float64) float64) {
	t.Helper()
	slices.Sort(sample)
	n, d := float64(len(sample)), 0.0
	for i, x := range sample {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	if bound := math.Sqrt(math.Log(2/level) / 2 / n); d > bound {
		t.Errorf("%s: the distribution is %.5f away, over %.5f at %d draws", what, d, bound, len(sample))
	}
}

func quantile(sample []float64, q float64) float64 {
	slices.Sort(sample)
	return sample[int(q*float64(len(sample)-1))]
}

func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func formatFloat(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
