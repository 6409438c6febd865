//go:build !js && !wasip1

package main

import (
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// newMeter draws bars on a terminal.
func newMeter(w io.Writer, every time.Duration) meter {
	if !isTerminal(w) {
		return &plainMeter{w: w, every: every}
	}
	return &barMeter{w: w, bars: mpb.New(mpb.WithOutput(w), mpb.WithWidth(18), mpb.WithRefreshRate(200*time.Millisecond))}
}

type barMeter struct {
	mu     sync.Mutex
	w      io.Writer
	bars   *mpb.Progress
	closed bool
}

func (m *barMeter) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return m.w.Write(b)
	}
	return m.bars.Write(b)
}

func (m *barMeter) Start(name string) (func(sim.Progress), func()) {
	s := pace{time.Now()}
	var mu sync.Mutex
	var last sim.Progress
	bar := m.bars.New(0, mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			mu.Lock()
			defer mu.Unlock()
			return " " + s.text(last)
		})))
	return func(p sim.Progress) {
			mu.Lock()
			last = p
			mu.Unlock()
			bar.SetTotal(int64(p.End), false)
			bar.SetCurrent(min(int64(p.At), int64(p.End)-1))
		}, func() {
			bar.SetTotal(-1, true)
			bar.Abort(true)
		}
}

func (m *barMeter) Close() {
	m.bars.Wait()
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
}
