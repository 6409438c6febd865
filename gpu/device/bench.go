package device

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// Row is one line of `lgos-sim bench gpu`: how long one device takes for one job.
type Row struct {
	Kernel string        `json:"kernel"`
	Device string        `json:"device"`
	Bytes  int           `json:"bytes"` // of the input
	Work   uint64        `json:"work"`  // of the job, in Unit
	Unit   string        `json:"unit"`
	Jobs   int           `json:"jobs"`       // how many were timed
	PerJob time.Duration `json:"per_job_ns"` // the median, decoding and transfers included
	Rate   float64       `json:"rate"`       // work a second
}

// Bench times every kernel on the Reference and on every device that there is, on a small and a large input, for at least
// the given time a row. A device that gives other bits than the Reference is an error. The lines returned with the rows
// say which devices are missing.
func Bench(opts Options, atLeast time.Duration) (rows []Row, missing []string, err error) {
	devices := []Device{NewCPU()}
	for _, open := range []func(Options) (Device, error){OpenWebGPU, OpenONNX} {
		d, err := open(opts)
		if err != nil {
			missing = append(missing, err.Error())
			continue
		}
		defer d.Close()
		devices = append(devices, d)
	}
	for _, k := range gpu.All() {
		for _, input := range [][]byte{k.Random(rand.New(rand.NewPCG(1, 1)), 32), large(k)} {
			want, work, err := k.Reference(input)
			if err != nil {
				return nil, missing, err
			}
			row := Row{Kernel: k.Name, Bytes: len(input), Work: work, Unit: k.Unit}
			row.Device = "reference"
			rows = append(rows, row.time(atLeast, func() { k.Reference(input) }))
			for _, d := range devices {
				if !d.Has(k.Name) {
					continue
				}
				got, err := d.Do(k.Name, input)
				if err == nil && !k.Compare.Same(got, want) {
					err = fmt.Errorf("other bits than the Reference")
				}
				if err != nil {
					return nil, missing, fmt.Errorf("%s on %s: %w", k.Name, d.Info(), err)
				}
				row.Device = d.Info().String()
				rows = append(rows, row.time(atLeast, func() { _, err = d.Do(k.Name, input) }))
				if err != nil {
					return nil, missing, err
				}
			}
		}
	}
	return rows, missing, nil
}

// large is an input near a kernel's bound; matmul's is 512³, a size that others publish.
func large(k gpu.Kernel) []byte {
	draw := rand.New(rand.NewPCG(2, 2))
	if k.Name == gpu.MatMul {
		return gpu.EncodeMatMul(512, 512, 512, func() float32 { return float32(draw.IntN(1<<20)-1<<19) / (1 << 19) })
	}
	return k.Random(draw, 1<<20)
}

// time runs a job until enough time has passed, and keeps the median.
func (r Row) time(atLeast time.Duration, job func()) Row {
	var all []time.Duration
	for start := time.Now(); len(all) == 0 || time.Since(start) < atLeast; {
		before := time.Now()
		job()
		all = append(all, time.Since(before))
	}
	slices.Sort(all)
	r.Jobs, r.PerJob = len(all), all[len(all)/2]
	r.Rate = float64(r.Work) / r.PerJob.Seconds()
	return r
}
