package netsim

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// Draws from distributions by inversion: one Uint64 of the stream a draw, so that a changed parameter moves no later one.

// Unit is uniform in (0, 1), both ends left out.
func Unit(r *rand.Rand) float64 { return unit(r.Uint64()) }

func unit(bits64 uint64) float64 { return (float64(bits64>>12) + 0.5) / (1 << 52) }

// Exponential draws with the given mean.
func Exponential(r *rand.Rand, mean float64) float64 { return float64(-mean * Log(Unit(r))) }

// Normal draws with mean 0 and deviation 1.
func Normal(r *rand.Rand) float64 { return NormalQuantile(Unit(r)) }

// Lognormal draws a value whose logarithm is normal around Log(median) with deviation sigma.
func Lognormal(r *rand.Rand, median, sigma float64) float64 {
	return float64(median * Exp(float64(sigma*Normal(r))))
}

// Weibull draws from scale·(-ln u)^(1/shape); sessions of peers have shape 0.55-0.67 (RESEARCH §8).
func Weibull(r *rand.Rand, scale, shape float64) float64 {
	return float64(scale * Pow(-Log(Unit(r)), 1/shape))
}

// Between draws a duration uniformly from [low, high).
func Between(r *rand.Rand, low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(below(r.Uint64(), int64(high-low)))
}

// quantiles is an inverse distribution function in integers: 1,024 steps of equal probability, straight lines between
// them, and the exact function in the first and the last step, where lines would cut off the tails.
type quantiles struct {
	step  [1025]int64
	exact func(p float64) int64
}

func newQuantiles(exact func(p float64) int64) *quantiles {
	t := &quantiles{exact: exact}
	for i := 1; i < 1024; i++ {
		t.step[i] = exact(float64(i) / 1024)
	}
	return t
}

func (t *quantiles) at(bits64 uint64) int64 {
	i := bits64 >> 54
	if i == 0 || i == 1023 {
		return t.exact(unit(bits64))
	}
	low := t.step[i]
	part, _ := bits.Mul64(bits64<<10, uint64(t.step[i+1]-low))
	return low + int64(part)
}
