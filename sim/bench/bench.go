// Package bench runs the flood of `lgos-sim bench engine` on other people's simulators and on a naive loop, so that one
// table can hold both. It is a module of its own, so that users of lgos-sim do not pay for the peers; its rows are made by
// `go test`, since the peers need testing/synctest, and joined by `lgos-sim bench engine --peers FILE`.
package bench

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"time"
)

// The flood: every host has Degree links; a host that sees a message of Size bytes for the first time passes it to all its
// peers but the one that it came from; a packet takes Latency and up to Jitter more, and one in a hundred is lost.
const (
	Degree  = 8
	Size    = 64
	Latency = 50 * time.Millisecond
	Jitter  = 10 * time.Millisecond
	Loss    = 0.01
	Pause   = 500 * time.Millisecond // of virtual time from one broadcast to the next
	MinCPU  = 2 * time.Second        // a row goes on until it has used so much
)

// Row is one measurement; scenarios/bench writes and reads the same JSON.
type Row struct {
	Tool       string  `json:"tool"`
	Workload   string  `json:"workload"`
	Hosts      int     `json:"hosts"`
	Broadcasts int     `json:"broadcasts"`
	Deliveries int64   `json:"deliveries"`
	CPUSeconds float64 `json:"cpu_s"`
	Wall       float64 `json:"wall_s"`
	Allocs     float64 `json:"allocs_per_delivery"`
	PeakBytes  int64   `json:"peak_bytes"` // of the heap and the stacks, sampled
	Reached    float64 `json:"reached"`    // share of hosts that a broadcast came to
}

// Peers draws a graph in which every host has Degree links: a ring with its chords dealt at random, so that it is connected.
func Peers(hosts int) [][]int32 {
	r := rand.New(rand.NewPCG(1, uint64(hosts)))
	peers := make([][]int32, hosts)
	for range Degree / 2 {
		order := r.Perm(hosts)
		for i, a := range order {
			b := order[(i+1)%hosts]
			peers[a], peers[b] = append(peers[a], int32(b)), append(peers[b], int32(a))
		}
	}
	return peers
}

// meter measures what a row costs.
type meter struct {
	wall    time.Time
	cpu     time.Duration
	mallocs uint64
	peak    uint64
}

func startMeter() *meter {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return &meter{time.Now(), CPU(), m.Mallocs, m.HeapInuse + m.StackInuse}
}

// sample looks at memory.
func (m *meter) sample() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.peak = max(m.peak, s.HeapInuse+s.StackInuse)
	return s.Mallocs
}

// spent tells whether the row has used enough.
func (m *meter) spent() bool { return CPU()-m.cpu >= MinCPU }

// fill writes the figures into a row. Wall is given where the clock of a bubble runs.
func (m *meter) fill(r *Row, wall time.Duration) {
	mallocs := m.sample() - m.mallocs
	r.CPUSeconds, r.Wall, r.PeakBytes = (CPU() - m.cpu).Seconds(), wall.Seconds(), int64(m.peak)
	r.Allocs = float64(mallocs) / float64(max(1, r.Deliveries))
	r.Reached = (1 + float64(r.Reached)/float64(r.Broadcasts)) / float64(r.Hosts)
}

// CPU is the processor time that this process has used, in user and system mode.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Write leaves rows as a JSON file.
func Write(file string, rows []Row) error {
	b, err := json.MarshalIndent(map[string]any{"rows": rows}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
