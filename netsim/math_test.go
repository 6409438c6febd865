package netsim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulps is how many representable numbers lie between two.
func ulps(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / math.Abs(math.Nextafter(b, math.Inf(1))-b)
}

func TestExpAndLogAreAccurate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		x := (r.Float64() - 0.5) * 1400
		if u := ulps(Exp(x), math.Exp(x)); u > 2 {
			t.Fatalf("Exp(%v) is %v, %v ulps off", x, Exp(x), u)
		}
		y := math.Ldexp(r.Float64()+0.5, r.IntN(2000)-1000)
		if u := ulps(Log(y), math.Log(y)); u > 2 {
			t.Fatalf("Log(%v) is %v, %v ulps off", y, Log(y), u)
		}
		a, b := r.Float64()*100, (r.Float64()-0.5)*20
		if p := math.Pow(a, b); math.Abs(Pow(a, b)-p) > 1e-13*p {
			t.Fatalf("Pow(%v, %v) is %v, not %v", a, b, Pow(a, b), p)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1, math.Inf(1), math.Inf(-1), 1e-300, 710, -746, math.MaxFloat64} {
		if g, w := Exp(x), math.Exp(x); ulps(g, w) > 1 {
			t.Errorf("Exp(%v) = %v, not %v", x, g, w)
		}
		if g, w := Log(x), math.Log(x); ulps(g, w) > 1 && !(math.IsNaN(g) && math.IsNaN(w)) {
			t.Errorf("Log(%v) = %v, not %v", x, g, w)
		}
	}
	if g := Log(5e-324); g != -744.4400719213812 { // math.Log is wrong here on amd64
		t.Errorf("Log of the least number is %v", g)
	}
	if !math.IsNaN(Exp(math.NaN())) || !math.IsNaN(Log(math.NaN())) || !math.IsNaN(Log(-1)) {
		t.Error("no NaN where one belongs")
	}
}

func TestNormalQuantileIsAccurate(t *testing.T) {
	for _, p := range []float64{1e-300, 1e-100, 1e-20, 1e-9, 1e-3, 0.05, 0.075, 0.3, 0.5, 0.7, 0.925, 0.975, 0.999, 1 - 1e-9} {
		x := NormalQuantile(p)
		back := math.Erfc(-x/math.Sqrt2) / 2
		// the error of x, by the density there
		if slope := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi); math.Abs(back-p) > 1e-13*math.Max(1, math.Abs(x))*math.Max(slope, p) {
			t.Errorf("NormalQuantile(%v) = %v, where the distribution is %v", p, x, back)
		}
	}
}

// TestGoldenBits holds the bits themselves: a fused or reordered operation on some architecture would change them.
func TestGoldenBits(t *testing.T) {
	sum := uint64(0)
	r := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		x := (r.Float64() - 0.5) * 200
		for _, y := range []float64{Exp(x), Log(math.Abs(x)), Pow(math.Abs(x), 1.7), Exponential(r, 3), Normal(r), Lognormal(r, 2, 1.09), Weibull(r, 4, 0.6)} {
			sum = fold(sum^math.Float64bits(y), mixLink) + 1
		}
	}
	const golden = 0xe6cab15e6b6808cb
	if sum != golden {
		t.Errorf("the bits sum up to %#x, not %#x", sum, uint64(golden))
	}
}
