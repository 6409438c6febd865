package search

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// SweepKey says what a sweep draws from. Sweeps of one key are one, whenever they were run.
type SweepKey struct {
	Seed   uint64
	Build  string // hash of the binary: a commit alone does not tell what was uncommitted
	Commit string
	Names  []string // scenarios with the hash of what they say, or "drawn"; settings
	Nodes  int
	Fresh  float64
}

func (k SweepKey) String() string {
	return fmt.Sprintf("%d %s %s nodes=%d fresh=%g", k.Seed, k.Build, strings.Join(k.Names, " "), k.Nodes, k.Fresh)
}

// BuildHash names the binary that runs.
var BuildHash = sync.OnceValue(func() string {
	self, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(self)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
})

// Moment is something declared that must be seen sometimes, and in how many runs it was.
type Moment struct {
	Name string
	Seen int
}

// SweepSummary is what a sweep came to. Times are those of this session, all else is of the whole sweep.
type SweepSummary struct {
	Key         SweepKey
	Runs        int
	Resumed     int // of Runs, from the history
	Tally       map[results.Outcome]int
	Sorts       map[string]int      // of finds
	First       map[string]SweepRun // of each sort
	Repeated    int
	Features    int // that were ever seen
	Corpus      int // recipes that showed something new
	Mutants     int // runs that were mutated
	Moments     []Moment
	Jobs        int
	Wall, CPU   time.Duration
	Inside      time.Duration // of all workers' threads, in runs
	Outside     time.Duration // of all workers' threads: drawing, features, history; not what was run again
	Events      uint64
	Interrupted bool

	ratios []float64 // time with the observer over time without
}

func (s *SweepSummary) add(r *SweepRun) {
	s.Runs++
	s.Tally[r.Outcome]++
	s.Events += r.Events
	s.count(r)
	if r.Repeated {
		s.Repeated++
	}
	if len(r.Recipe) > 1 {
		s.Mutants++
	}
	if r.Bare > 0 {
		s.ratios = append(s.ratios, r.Took.Seconds()/r.Bare.Seconds())
	}
}

// count takes in a run that is not as it should be.
func (s *SweepSummary) count(r *SweepRun) {
	if r.Sort == "" {
		return
	}
	if s.Sorts[r.Sort]++; s.Sorts[r.Sort] == 1 {
		s.First[r.Sort] = *r
	}
}

// Finds is how many runs are not as they should be.
func (s *SweepSummary) Finds() (n int) {
	for _, k := range slices.Sorted(maps.Keys(s.Sorts)) {
		n += s.Sorts[k]
	}
	return n
}

// PerCPUHour is how many runs of this session an hour of one core makes.
func (s *SweepSummary) PerCPUHour() float64 {
	if s.CPU <= 0 {
		return 0
	}
	return float64(s.Runs-s.Resumed) / s.CPU.Hours()
}

// Overhead is what the sweep takes beyond bare runs, as shares of them: what is done outside of runs, and what its observer
// takes in them, the median of so many pairs.
func (s *SweepSummary) Overhead() (outside, observer float64, pairs int) {
	if s.Inside > 0 {
		outside = s.Outside.Seconds() / s.Inside.Seconds()
	}
	if n := len(s.ratios); n > 0 {
		all := slices.Sorted(slices.Values(s.ratios))
		observer = (all[n/2]+all[(n-1)/2])/2 - 1
	}
	return outside, observer, len(s.ratios)
}

// Missing are the moments that the sweep never showed although it must have; judged tells whether it did enough to say so.
func (s *SweepSummary) Missing() (names []string, judged bool) {
	for _, m := range s.Moments {
		if m.Seen == 0 {
			names = append(names, m.Name)
		}
	}
	return names, s.Key.drawn() && s.Runs >= EnoughRuns
}

// Outcome is the worst of all: a find decides as it is, a moment that was never seen makes a sweep vacuous.
func (s *SweepSummary) Outcome() results.Outcome {
	worst := results.Pass
	for _, sort := range slices.Sorted(maps.Keys(s.Sorts)) {
		o, _, _ := strings.Cut(sort, " ")
		worst = results.Worse(worst, results.Outcome(o))
	}
	missing, judged := s.Missing()
	if s.Runs == 0 || judged && len(missing) > 0 || s.Key.drawn() && s.Tally[results.Pass] == 0 {
		worst = results.Worse(worst, results.Vacuous)
	}
	return worst
}

// TallyText writes outcomes for people, the best first.
func (s *SweepSummary) TallyText() string { return tallyText(s.Tally) }

func tallyText(tally map[results.Outcome]int) string {
	var parts []string
	for _, o := range results.Outcomes() {
		if n := tally[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}
