package explain

import (
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// moments is how many instants one run is looked at, in search of the first wrong one.
const moments = 256

// narrow finds the step after which the checker would first have complained, where it looks at samples alone: samples are
// taken behind every step in question, which changes nothing that any host sees. It gives -1 where there is none, as for
// what never came.
func (x *explainer) narrow(r *Report, s *subject, t *trace) (int32, error) {
	if strings.Contains(s.why, " became durable") {
		return -1, nil // too few did: a share has no first step
	}
	if s.event != nil {
		return t.at(*s.event, s.hosts), nil
	}
	end := s.at == time.Duration(x.rec.Virtual)
	if !end && !slices.Contains(x.plan.Plan.Samples, s.at) {
		return -1, nil
	}
	low, high := time.Duration(0), s.at
	for _, at := range x.plan.Plan.Samples {
		if at < s.at {
			low = at
		}
	}
	var wrong []int32 // steps in question, by instant
	for i := range t.steps {
		if p := &t.steps[i]; p.changed && p.at >= int64(low) && p.at < int64(high) {
			wrong = append(wrong, int32(i))
		}
	}
	for len(wrong) > 0 {
		stride := (len(wrong) + moments - 1) / moments
		samples := slices.Clone(x.plan.Plan.Samples)
		for i := stride - 1; i < len(wrong); i += stride {
			samples = append(samples, time.Duration(t.steps[wrong[i]].at)+1)
		}
		slices.Sort(samples)
		x.opts.Say("the run, looked at more often")
		o, err := x.again(nil, slices.Compact(samples), nil)
		if err != nil {
			return -1, err
		}
		v := x.earliest(&o.Record)
		if v == nil || time.Duration(v.At) > s.at || time.Duration(v.At) == s.at && (end || stride == 1) && !r.narrowed {
			return -1, nil // what is missing, rather than what is wrong
		}
		at := time.Duration(v.At)
		if at < s.at {
			s2 := read(v)
			s2.resolve(t, x.view)
			*s, r.narrowed, r.Verdict = *s2, true, *v
		}
		last := 0
		for i, w := range wrong {
			if t.steps[w].at < int64(at) {
				last = i
			}
		}
		if stride == 1 {
			w := wrong[last]
			for i := last; i >= 0 && t.steps[wrong[i]].at == t.steps[w].at; i-- {
				if slices.Contains(s.hosts, sim.HostID(t.steps[wrong[i]].host)) {
					w = wrong[i]
				}
			}
			return w, x.difference(r, s, t, w)
		}
		wrong = wrong[max(0, last-stride+1) : last+1]
	}
	return -1, nil
}

// at finds the step of a key, at one of these hosts where they are known.
func (t *trace) at(k sim.Key, hosts []sim.HostID) int32 {
	src := int64(k.Src) << 32
	if k.Src != 0 {
		src |= int64(k.N)
	}
	for i := range t.steps {
		if p := &t.steps[i]; p.at == int64(k.At) && p.src == src && (k.Src != 0 || len(hosts) == 0 || slices.Contains(hosts, sim.HostID(p.host))) {
			return int32(i)
		}
	}
	return -1
}
