package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestCriticalValues: the exact distributions give the values that tables of both tests print.
func TestCriticalValues(t *testing.T) {
	for _, c := range []struct {
		n     int
		alpha float64
		want  int
	}{{5, 0.05, -1}, {6, 0.05, 0}, {8, 0.05, 3}, {10, 0.05, 8}, {10, 0.01, 3}, {15, 0.05, 25}, {20, 0.05, 52}, {25, 0.01, 68}} {
		if k := within(signedRanks(c.n), c.alpha); k != c.want {
			t.Errorf("signed ranks of %d at %v: %d, want %d", c.n, c.alpha, k, c.want)
		}
	}
	for _, c := range []struct {
		n, m  int
		alpha float64
		want  int
	}{{3, 3, 0.05, -1}, {4, 4, 0.05, 0}, {5, 5, 0.05, 2}, {5, 8, 0.05, 6}, {10, 10, 0.05, 23}, {10, 10, 0.01, 16}, {20, 20, 0.05, 127}} {
		if k := within(rankSums(c.n, c.m), c.alpha); k != c.want {
			t.Errorf("rank sums of %d and %d at %v: %d, want %d", c.n, c.m, c.alpha, k, c.want)
		}
	}
	for _, p := range [][]float64{signedRanks(MaxRounds), rankSums(40, 17)} {
		sum := 0.0
		for i := range p {
			sum += p[i]
			if math.Abs(p[i]-p[len(p)-1-i]) > 1e-12 {
				t.Errorf("the distribution is not symmetric at %d", i)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("chances add up to %v", sum)
		}
	}
}

func TestShiftOfMadeFigures(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	moved := func(by float64) []float64 {
		out := slices.Clone(ten)
		for i := range out {
			out[i] += by
		}
		return out
	}
	if s := pairedShift(ten, moved(3), 0.05); s.Mid != 3 || s.Low != 3 || s.High != 3 || s.Sees() != 0 || !s.Exact {
		t.Errorf("pairs that differ by 3 without noise: %+v", s)
	}
	if s := pairedShift(ten, ten, 0.05); s.Low != 0 || s.High != 0 {
		t.Errorf("ties alone: %+v", s)
	}
	// By hand: 100 differences of which d stand at 10-|d|; 23 are cut off on either side.
	if s := apartShift(ten, moved(3), 0.05); s.Mid != 3 || s.Low != 0 || s.High != 6 {
		t.Errorf("samples 3 apart: %+v", s)
	}
	if s := apartShift(ten, moved(100), 0.05); s.Low <= 0 || !s.Exact {
		t.Errorf("samples 100 apart: %+v", s)
	}
	if s := pairedShift(ten[:5], moved(3)[:5], 0.05); s.Exact || s.Mid != 3 {
		t.Errorf("5 pairs tell at no level of 5 %%: %+v", s)
	}
}

// TestCoverage: over many made comparisons the interval holds the truth as often as it says, under noise that is neither
// normal nor steady; and a shift of the size that it sees is found in 4 of 5.
func TestCoverage(t *testing.T) {
	const trials, few, n, alpha, truth = 1000, 200, 12, 0.05, 0.05
	r := rand.New(rand.NewPCG(3, 14))
	noise := func() float64 { return 0.02 * r.ExpFloat64() } // as interference is: it only ever slows
	for _, c := range []struct {
		name     string
		estimate func(before, after []float64, alpha float64) shift
		drift    float64 // of the machine, from one pair to the next
	}{{"pairs", pairedShift, 0.2}, {"apart", apartShift, 0}} {
		held, found, alarms, sees := 0, 0, 0, 0.0
		made := func(by float64) shift {
			before, after, level := make([]float64, n), make([]float64, n), 0.0
			for i := range n {
				level += c.drift * r.NormFloat64()
				before[i], after[i] = level+noise(), level+by+noise()
			}
			return c.estimate(before, after, alpha)
		}
		for i := range trials {
			s := made(truth)
			if s.Low <= truth && truth <= s.High {
				held++
			}
			if i < few {
				sees += s.Sees() / few
			}
			if none := made(0); none.Low > 0 || none.High < 0 {
				alarms++
			}
		}
		for range trials {
			if made(sees).Low > 0 {
				found++
			}
		}
		t.Logf("%s: held %d, found %d of a shift of %.4f, false alarms %d, of %d", c.name, held, found, sees, alarms, trials)
		if held < trials*94/100 || held > trials*98/100 || alarms > trials*6/100 {
			t.Errorf("%s: %d of %d intervals of 95 %% hold the truth; %d false alarms", c.name, held, trials, alarms)
		}
		if found < trials*70/100 || found > trials*92/100 {
			t.Errorf("%s: a shift of %.4f, which 4 of 5 should see, was seen by %d of %d", c.name, sees, found, trials)
		}
	}
}
