package bench

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/lifegraph-os/lgos-sim/results"
)

func count(name, unit, better string, v float64) results.Measure {
	return results.Measure{Name: name, Kind: results.Counted, Unit: unit, Better: better, Values: []float64{v}}
}

// noisy are figures that ranks compare; one that was not measured is left out.
func noisy(kind results.Kind, name, unit string, v float64) []results.Measure {
	if !(v > 0) || math.IsInf(v, 0) {
		return nil
	}
	return []results.Measure{{Name: name, Kind: kind, Unit: unit, Better: "lower", Values: []float64{v}}}
}

func digest(name, text string) []results.Measure {
	if text == "" {
		return nil
	}
	return []results.Measure{{Name: name, Kind: results.Hashed, Text: text}}
}

// measures of our rows. How many floods there were depends on the time they took; the digest is of the first one alone, and
// allocations are for 1,000 deliveries, since the runtime makes a few of its own.
func (t *Table) measures() (out []results.Measure) {
	for _, r := range t.Rows {
		if r.Tool != ours || r.Deliveries <= 0 {
			continue
		}
		name := fmt.Sprintf("%s/%d/", r.Workload, r.Hosts)
		out = append(out, noisy(results.Timed, name+"cpu", "ns", r.CPUSeconds*1e9/float64(r.Deliveries))...)
		out = append(out, noisy(results.Occupied, name+"peak", "B", float64(r.PeakBytes))...)
		out = append(out, count(name+"allocations", "in 1,000 deliveries", "lower", math.Round(1000*r.Allocs)))
		out = append(out, digest(name+"digest", r.Digest)...)
	}
	return out
}

// measures are counts but for one: times of spreading are virtual.
func (t *GossipTable) measures() (out []results.Measure) {
	for _, r := range t.Rows {
		name := fmt.Sprintf("%d/%s/", r.Nodes, r.Loss)
		if r.Seed != 1 {
			name = fmt.Sprintf("%d/%s/seed %d/", r.Nodes, r.Loss, r.Seed)
		}
		out = append(out, noisy(results.Timed, name+"cpu", "s", r.CPU)...)
		out = append(out, noisy(results.Timed, name+"wall", "s", r.Wall)...)
		out = append(out, count(name+"operations", "", "", r.Operations), count(name+"deliveries", "", "", r.Deliveries), count(name+"events", "", "lower", float64(r.Events)),
			count(name+"to 50 %", "s", "lower", r.Half), count(name+"to 99 %", "s", "lower", r.Most), count(name+"to all", "s", "lower", r.All), count(name+"last", "s", "lower", r.Last),
			count(name+"copies", "", "lower", r.Copies))
		for _, kind := range slices.Sorted(maps.Keys(r.Bytes)) {
			out = append(out, count(name+"bytes "+kind, "B", "lower", r.Bytes[kind]))
		}
		out = append(out, digest(name+"digest", r.Digest)...)
	}
	return out
}

func (t *GPUTable) measures() (out []results.Measure) {
	for _, r := range t.Rows {
		name, equal := fmt.Sprintf("%s/%d/%s/", r.Kernel, r.Size, r.Device), 0.0
		if r.Equal {
			equal = 1
		}
		out = append(out, noisy(results.Timed, name+"time", "s", r.Median)...)
		out = append(out, count(name+"work", r.Unit, "", float64(r.Work)), count(name+"equal bits", "", "higher", equal))
	}
	return out
}
