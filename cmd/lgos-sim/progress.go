package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// meter shows how far runs are. Lines for people go through it, so that they and the bars do not write over each other.
type meter interface {
	io.Writer
	// Start begins a run; update is called as it goes on, done when it has ended.
	Start(name string) (update func(sim.Progress), done func())
	Close()
}

// pace turns progress into words: virtual time, events a second of wall clock, virtual over wall time.
type pace struct{ began time.Time }

func (s pace) text(p sim.Progress) string {
	wall := max(time.Since(s.began).Seconds(), 1e-3)
	return fmt.Sprintf("%.1f of %.1f s virtual · %s events/s · %s× real time", p.At.Seconds(), p.End.Seconds(), short(float64(p.Events)/wall), results.Figure(p.At.Seconds()/wall))
}

// plainMeter prints a line now and then, where there is no terminal.
type plainMeter struct {
	mu    sync.Mutex
	w     io.Writer
	every time.Duration // 0 is silence
}

func (m *plainMeter) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.w.Write(b)
}

func (m *plainMeter) Start(name string) (func(sim.Progress), func()) {
	s := pace{time.Now()}
	next := s.began.Add(m.every)
	return func(p sim.Progress) {
		if now := time.Now(); m.every > 0 && now.After(next) {
			next = now.Add(m.every)
			fmt.Fprintf(m, "  %s: %s\n", name, s.text(p))
		}
	}, func() {}
}

func (m *plainMeter) Close() {}
