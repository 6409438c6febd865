package scenarios

import (
	"cmp"
	"fmt"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
)

// What a scenario may ask at most, far beyond what any machine carries out in a day, so that a slip of the keyboard is an
// error before anything is drawn.
const (
	maxNodes    = 100_000
	maxDuration = 30 * 24 * time.Hour
	maxSamples  = 100_000 // instants at which checkers read state
	maxSpaces   = 1000
	maxWork     = 1000      // pieces of work
	maxFaults   = 1000      // as a scenario writes them
	maxWindows  = 200_000   // drawn from all faults together
	maxDelay    = time.Hour // of a link, a disk or a period
)

// bounds finds what no run could carry out. Errors name the key and the bound.
func (s *Scenario) bounds() error {
	err := cmp.Or(
		count("nodes", s.Nodes, 2, maxNodes),
		count("spaces", len(s.Spaces), 1, maxSpaces), count("work", len(s.Work), 0, maxWork), count("faults", len(s.Faults), 0, maxFaults),
		span("duration", s.Duration, 1, maxDuration), span("sample", s.Sample, 1, maxDuration), s.samples(s.Duration),
		span("network.latency", s.Network.Latency, 0, maxDelay), span("disk.strict", s.Disk.Strict, 0, maxDelay),
		count("node.fanout", s.Node.Fanout, 0, 64),
	)
	if err == nil && s.Node.Gossip != 0 {
		err = span("node.gossip", s.Node.Gossip, time.Millisecond, maxDelay)
	}
	for i, g := range s.Groups {
		err = cmp.Or(err, count(fmt.Sprintf("groups[%d].count", i), g.Count, 0, maxNodes))
	}
	if err != nil {
		return err
	}
	deeds := 0
	for i, w := range s.Work {
		n, err := w.Deeds()
		if err != nil {
			return fmt.Errorf("work[%d]: %w", i, err)
		}
		if deeds += n; deeds > workload.MaxDeeds {
			return fmt.Errorf("work: with work[%d] it is %d deeds, over %d", i, deeds, workload.MaxDeeds)
		}
	}
	return nil
}

// samples holds a time of the run to the instants at which it would be looked at.
func (s *Scenario) samples(end time.Duration) error {
	if s.Sample > 0 && end/s.Sample > maxSamples {
		return fmt.Errorf("sample: one every %v in %v is over %d samples", s.Sample, end, maxSamples)
	}
	return nil
}

func count(key string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%s: %d is not in %d..%d", key, n, least, most)
	}
	return nil
}

func span(key string, d, least, most time.Duration) error {
	if d < least || d > most {
		return fmt.Errorf("%s: %v is not in %v..%v", key, d, least, most)
	}
	return nil
}

// Stopped is the error of a run that was asked to stop before it began: its reason.
type Stopped string

func (s Stopped) Error() string { return "stopped while it was drawn: " + string(s) }

// stopped polls whether a run that is being drawn is to go on.
func (s *Settings) stopped() error {
	if s.Stop != nil {
		if why := s.Stop(); why != "" {
			return Stopped(why)
		}
	}
	return nil
}
