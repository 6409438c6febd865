package kernel

import (
	"encoding/binary"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// timerBand marks the scheduler's timers, so that a layer may keep timers of its own.
const timerBand = step.TimerID('K') << 56

// Job is one piece of periodic or delayed work of a node (NODE-6).
type Job uint8

// Scheduler runs periodic work. Phases are drawn from the boot's entropy, so that a thousand nodes opened at once do not
// all speak at once.
type Scheduler struct {
	every   [256]time.Duration
	armed   [256]bool
	entropy uint64
}

// NewScheduler takes the boot's entropy.
func NewScheduler(entropy [32]byte) *Scheduler {
	return &Scheduler{entropy: binary.BigEndian.Uint64(entropy[24:])}
}

// Every runs a job periodically, first after a part of the period.
func (s *Scheduler) Every(j Job, period time.Duration, out *step.Effects) {
	s.every[j] = period
	s.armed[j] = true
	x := (s.entropy + uint64(j)) * 0x9e3779b97f4a7c15
	phase := time.Duration((x >> 33) * uint64(period) >> 31)
	out.SetTimer(timerBand|step.TimerID(j), phase)
}

// Soon runs a job once after a while, unless it is already due.
func (s *Scheduler) Soon(j Job, after time.Duration, out *step.Effects) {
	if s.armed[j] {
		return
	}
	s.armed[j] = true
	out.SetTimer(timerBand|step.TimerID(j), after)
}

// Due tells which job a timer stands for, and arms the next period; ok is false for a timer of another layer.
func (s *Scheduler) Due(t *step.Timer, out *step.Effects) (j Job, ok bool) {
	if t.ID&^0xff != timerBand {
		return 0, false
	}
	j = Job(t.ID)
	s.armed[j] = false
	if p := s.every[j]; p > 0 {
		s.armed[j] = true
		out.SetTimer(t.ID, p)
	}
	return j, true
}
