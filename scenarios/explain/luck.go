package explain

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// Likelihood is the share of other lucks from a moment on with which the run fails all the same.
type Likelihood struct {
	At       []time.Duration
	Failed   []int
	Tries    int
	Rise     int // the steepest rise is from At[Rise-1] to At[Rise]; 0 where there is none
	Violated time.Duration
}

// likelihood gives the rest of the run other lucks, from moments spread evenly up to the violation.
func (x *explainer) likelihood(checker string, violated time.Duration) (*Likelihood, error) {
	k, tries := x.opts.Moments, max(1, x.opts.Tries)
	l := &Likelihood{Tries: tries, Violated: violated, Failed: make([]int, k)}
	for i := range k {
		l.At = append(l.At, violated*time.Duration(i)/time.Duration(max(1, k-1)))
	}
	jobs := x.opts.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	x.opts.Say(fmt.Sprintf("%d runs with another luck from %d moments on", k*tries, k))
	failed, errs := make([]bool, k*tries), make([]error, k*tries)
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(jobs, k*tries) {
		wait.Go(func() {
			for i := range next {
				o, err := x.again(nil, nil, &sim.Perturb{Luck: uint64(i%tries + 1), From: l.At[i/tries]})
				if errs[i] = err; err == nil {
					failed[i] = violation(&o.Record, checker) != nil
				}
			}
		})
	}
	for i := range failed {
		next <- i
	}
	close(next)
	wait.Wait()
	for i := range failed {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if failed[i] {
			l.Failed[i/tries]++
		}
	}
	l.Rise = steepest(l.Failed)
	return l, nil
}

// steepest is where counts rise most, 0 where they never do.
func steepest(counts []int) (at int) {
	best := 0
	for i := 1; i < len(counts); i++ {
		if d := counts[i] - counts[i-1]; d > best {
			best, at = d, i
		}
	}
	return at
}

// Share is P(fail) at a moment.
func (l *Likelihood) Share(i int) float64 { return float64(l.Failed[i]) / float64(l.Tries) }

func (l *Likelihood) String() string {
	n := len(l.At)
	switch {
	case l.Rise > 0:
		return fmt.Sprintf("P(fail) rises most between %s and %s, from %.0f %% to %.0f %%: what decides lies there (%d lucks from each of %d moments)",
			clock(l.At[l.Rise-1]), clock(l.At[l.Rise]), 100*l.Share(l.Rise-1), 100*l.Share(l.Rise), l.Tries, n)
	case l.Failed[0] == l.Tries:
		return fmt.Sprintf("it fails whatever the luck, from the first moment on (%d lucks from each of %d moments): chance decides nothing", l.Tries, n)
	}
	return fmt.Sprintf("P(fail) never rises: %.0f %% from the first moment on, %.0f %% from the last (%d lucks from each of %d)", 100*l.Share(0), 100*l.Share(n-1), l.Tries, n)
}
