package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// EngineOptions say which rows to make. The zero value makes all of them.
type EngineOptions struct {
	Hosts     []int         // 0: 1,000, 10,000 and 100,000
	Workloads []string      // 0: all
	MinCPU    time.Duration // a row repeats its flood until it has used so much; 0 is 2 s
	Seed      uint64
	Peers     []Row     // rows of other simulators, made by sim/bench
	Progress  func(Row) // called after each row
}

// Row is one measurement. Its JSON is that of sim/bench.
type Row struct {
	Tool       string  `json:"tool"`
	Workload   string  `json:"workload"`
	Hosts      int     `json:"hosts"`
	Broadcasts int     `json:"broadcasts"`
	Deliveries int64   `json:"deliveries"`
	CPUSeconds float64 `json:"cpu_s"`
	Wall       float64 `json:"wall_s"`
	Allocs     float64 `json:"allocs_per_delivery"`
	PeakBytes  int64   `json:"peak_bytes"`
	Reached    float64 `json:"reached"`          // share of hosts that a broadcast came to
	Digest     string  `json:"digest,omitempty"` // of the first flood
	Target     float64 `json:"target,omitempty"` // deliveries a CPU-second that the row is held to
}

// Rate is deliveries a CPU-second.
func (r Row) Rate() float64 {
	if r.CPUSeconds == 0 {
		return 0
	}
	return float64(r.Deliveries) / r.CPUSeconds
}

// Table is one run of the benchmark.
type Table struct {
	Go    string `json:"go"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
	Rows  []Row  `json:"rows"`
}

const ours = "lgos-sim"

// target is what the sequential engine is held to.
func target(workload string, hosts int) float64 {
	return map[string]map[int]float64{
		"jitter": {1000: 8e6, 10_000: 5e6, 100_000: 2e6},
		"ties":   {1000: 4e6, 10_000: 3e6, 100_000: 1.5e6},
		"queues": {1000: 4e6, 10_000: 2e6, 100_000: 1.2e6},
	}[workload][hosts]
}

// Engine floods worlds and measures.
func Engine(o EngineOptions) (Table, error) {
	if len(o.Hosts) == 0 {
		o.Hosts = []int{1000, 10_000, 100_000}
	}
	if len(o.Workloads) == 0 {
		o.Workloads = Workloads()
	}
	if o.MinCPU == 0 {
		o.MinCPU = 2 * time.Second
	}
	t := Table{Go: runtime.Version(), Arch: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	for _, hosts := range o.Hosts {
		for _, workload := range o.Workloads {
			r, err := o.row(hosts, workload)
			if err != nil {
				return t, err
			}
			t.Rows = append(t.Rows, r)
			if o.Progress != nil {
				o.Progress(r)
			}
		}
	}
	t.Rows = append(t.Rows, o.Peers...)
	return t, nil
}

// perFlood is about how many deliveries one flood makes: enough that setting out weighs nothing.
const perFlood = 6_000_000

func (o EngineOptions) row(hosts int, workload string) (Row, error) {
	row := Row{Tool: ours, Workload: workload, Hosts: hosts, Target: target(workload, hosts), Reached: 1}
	debug.FreeOSMemory() // what the last row, and below the last flood, left behind is not this one's peak
	resetPeak()
	var cpu time.Duration
	for cpu < o.MinCPU {
		debug.FreeOSMemory()
		f := Flood{Hosts: hosts, Broadcasts: max(8, perFlood/(hosts*(degree-1))), Gap: 300 * time.Millisecond, Workload: workload, Seed: o.Seed + uint64(row.Broadcasts)}
		w, reach, err := f.World()
		if err != nil {
			return row, err
		}
		var begun struct {
			cpu    time.Duration
			wall   time.Time
			allocs uint64
		}
		reach.started = func() {
			runtime.GC() // what setting up left behind is not the flood's
			begun.cpu, begun.wall, begun.allocs = cpuTime(), time.Now(), mallocs()
		}
		result := w.Run()
		used := cpuTime() - begun.cpu
		if result.Outcome != sim.Pass {
			return row, fmt.Errorf("bench: %s at %d hosts: %s: %s%s", workload, hosts, result.Outcome, result.Why, result.Verdicts[0].Why)
		}
		cpu += used
		row.Wall += time.Since(begun.wall).Seconds()
		row.Allocs += float64(mallocs() - begun.allocs)
		row.Deliveries += reach.Deliveries
		row.Broadcasts += f.Broadcasts
		if row.Digest == "" {
			row.Digest = fmt.Sprintf("%x", result.Digest[:8])
		}
	}
	row.CPUSeconds, row.Allocs, row.PeakBytes = cpu.Seconds(), row.Allocs/float64(row.Deliveries), peakMemory()
	return row, nil
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// heldMemory is what the runtime holds of the system's memory, in bytes.
func heldMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// ReadRows reads the rows of sim/bench.
func ReadRows(r io.Reader) ([]Row, error) {
	var t Table
	d := json.NewDecoder(io.LimitReader(r, 1<<20))
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("bench: the peers' rows: %w", err)
	}
	for i, r := range t.Rows {
		if r.Tool == "" || r.Hosts <= 0 || r.CPUSeconds <= 0 || r.Deliveries <= 0 {
			return nil, fmt.Errorf("bench: the peers' rows: row %d says %+v", i+1, r)
		}
	}
	return t.Rows, nil
}

// String is the table as text, at most 100 columns wide. Times is how many of the row's deliveries our engine makes in the
// same CPU time, with the same number of hosts and the same workload.
func (t Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-15s %-7s %7s %10s %8s %9s %8s %8s %6s\n", "engine", "load", "hosts", "M/CPU-s", "target", "ns each", "allocs", "peak MB", "times")
	for _, r := range t.Rows {
		goal, times := "", ""
		if r.Target > 0 {
			goal = fmt.Sprintf("%.1f", r.Target/1e6)
		}
		if i := slices.IndexFunc(t.Rows, func(o Row) bool { return o.Tool == ours && o.Hosts == r.Hosts && o.Workload == r.Workload }); i >= 0 && r.Tool != ours {
			times = fmt.Sprintf("%.1fx", t.Rows[i].Rate()/r.Rate())
		}
		fmt.Fprintf(&b, "%-15s %-7s %7d %10.3f %8s %9.1f %8.4f %8.0f %6s\n", r.Tool, r.Workload, r.Hosts, r.Rate()/1e6, goal, 1e9/r.Rate(), r.Allocs,
			float64(r.PeakBytes)/1e6, times)
	}
	fmt.Fprintf(&b, "64 B over %d links a host of %v, %v%% lost; CPU time of all cores; %s, %s, %d cores\n", degree, latency, 100*lossShare, t.Go, t.Arch, t.Cores)
	return b.String()
}

// JSON is the table for machines.
func (t Table) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", "  ")
	return append(b, '\n'), err
}
