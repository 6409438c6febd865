package checkers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// tally gathers what one checker has to say.
type tally struct {
	name    string
	checked int
	faults  int
	first   string
	at      time.Duration
	event   string
	unknown string // why the run cannot be judged to its end
	metrics []sim.Metric
	series  []sim.Series
	spans   []Measured
}

// Measured is a whole distribution: the values, and how many there should have been.
type Measured = struct {
	Name, Unit string
	Values     []float64
	Total      int
}

// Distributions gives whole what the metrics of a verdict hold as percentiles.
func (t *tally) Distributions() []Measured { return t.spans }

// fail records a violation. The first one is told in full, the others are counted.
func (t *tally) fail(at time.Duration, event, format string, args ...any) {
	t.faults++
	if t.faults == 1 {
		t.at, t.event, t.first = at, event, fmt.Sprintf(format, args...)
	}
}

// Failed tells before the verdict that there is a violation, so that a run that is made to see one need not go on.
func (t *tally) Failed() bool { return t.faults > 0 }

func (t *tally) metric(name string, value float64, unit string) {
	t.metrics = append(t.metrics, sim.Metric{Name: name, Value: value, Unit: unit})
}

// percentiles adds the 50th, 90th, 99th and 100th percentile of durations as seconds, of so many that there should have
// been. It sorts them.
func (t *tally) percentiles(name string, d []time.Duration, total int) {
	m := Measured{Name: name, Unit: "s", Total: total}
	for _, v := range d {
		m.Values = append(m.Values, v.Seconds())
	}
	t.spans = append(t.spans, m)
	if len(d) == 0 {
		return
	}
	slices.Sort(d)
	for _, p := range [...]int{50, 90, 99, 100} {
		t.metric(fmt.Sprintf("%s p%d", name, p), quantile(d, p).Seconds(), "s")
	}
	t.metric(name+" count", float64(len(d)), "")
}

// quantile is the p-th percentile of sorted durations by nearest rank: the least that p percent do not exceed.
func quantile(sorted []time.Duration, p int) time.Duration {
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// verdict gives the outcome: a violation weighs most, then a run that was cut, then having seen nothing.
func (t *tally) verdict(end sim.End, looked string) sim.Verdict {
	v := sim.Verdict{Checker: t.name, Checked: t.checked, Metrics: t.metrics, Series: t.series}
	if t.unknown == "" {
		t.unknown = end.Cut
	}
	switch {
	case t.faults > 0:
		v.Outcome, v.Why, v.At, v.Event = sim.Fail, t.first, t.at, t.event
		if t.faults > 1 {
			v.Why += fmt.Sprintf(" (and %d more)", t.faults-1)
		}
	case t.unknown != "":
		v.Outcome, v.Why = sim.Unknown, t.unknown
	case t.checked == 0:
		v.Outcome, v.Why = sim.Vacuous, "nothing to look at: "+looked
	default:
		v.Outcome, v.Why = sim.Pass, looked
	}
	return v
}

// counts renders "3 apples, 1 pear" from pairs of a number and a noun in the plural.
func counts(pairs ...any) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, fmt.Sprintf("%d %s", pairs[i], pairs[i+1]))
	}
	return strings.Join(parts, ", ")
}

// share is part of whole in percent; of nothing it is 100.
func share(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return math.Round(1e4*float64(part)/float64(whole)) / 100
}
