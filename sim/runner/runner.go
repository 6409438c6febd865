// Package runner carries out the jobs of a world on one device. Equal jobs are done once a world; work is counted from the
// input, never measured; what it returns does not depend on the device, or it says that it does.
package runner

import (
	"fmt"
	"sync"

	"github.com/lifegraph-os/lgos-sim/gpu"
	"github.com/lifegraph-os/lgos-sim/gpu/device"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// MaxRemembered is how many bytes of inputs and outputs a runner remembers, unless told otherwise. Beyond it the oldest
// jobs are forgotten, and done again should they come again.
const MaxRemembered = 256 << 20

// Runner is a sim.Runner for the kernels of package gpu. It may be used by several workers of one world.
type Runner struct {
	device  device.Device
	standIn device.Device // does what the device fails at
	limit   int

	lock  sync.Mutex
	known map[string]*result // by kernel, a zero byte, and the whole input
	order []string           // the keys of known, oldest first
	held  int                // bytes in known
	stats Stats
}

// result is filled by whoever holds once.
type result struct {
	once sync.Once
	out  []byte
	err  error
}

// Stats counts what a runner did. It is for the record, not for the digest.
type Stats struct {
	Asked     uint64 // jobs asked for, bad inputs included
	Computed  uint64 // jobs given to a device
	Refused   uint64 // bad inputs
	FellBack  uint64 // jobs that the device failed at and the CPU did
	Forgotten uint64 // results dropped for want of room
	Failure   string // the device's first failure
}

// New returns a runner on a device, which stays the caller's to close.
func New(d device.Device) *Runner {
	return &Runner{device: d, standIn: device.NewCPU(), limit: MaxRemembered, known: map[string]*result{}}
}

// Do computes a job. Errors are about the input, and equal on every device; work is zero then. The output is shared and
// must not be changed.
func (r *Runner) Do(job *step.Run) (out []byte, work uint64, exact bool, err error) {
	k, ok := gpu.Find(job.Kernel)
	if !ok {
		r.count(func(s *Stats) { s.Asked++; s.Refused++ })
		return nil, 0, true, &gpu.InputError{Kernel: job.Kernel, What: "there is no such kernel"}
	}
	work, err = k.Work(job.Input)
	if err != nil {
		r.count(func(s *Stats) { s.Asked++; s.Refused++ })
		return nil, 0, true, err
	}
	res := r.result(job)
	res.once.Do(func() { res.out, res.err = r.compute(job.Kernel, job.Input) })
	return res.out, work, k.Compare.Name == gpu.Exact().Name, res.err
}

// result finds or makes the entry of a job.
func (r *Runner) result(job *step.Run) *result {
	key := job.Kernel + "\x00" + string(job.Input)
	r.lock.Lock()
	defer r.lock.Unlock()
	r.stats.Asked++
	if res := r.known[key]; res != nil {
		return res
	}
	res := &result{}
	r.stats.Computed++
	r.known[key] = res
	r.order = append(r.order, key)
	r.held += size(key)
	for r.held > r.limit && len(r.order) > 1 {
		r.held -= size(r.order[0])
		delete(r.known, r.order[0])
		r.order = r.order[1:]
		r.stats.Forgotten++
	}
	return res
}

// size estimates what an entry holds: the key, and an output that is about as long.
func size(key string) int { return 2*len(key) + 200 }

// compute asks the device, and the CPU if the device fails: a GPU that dies must not change what a world sees.
func (r *Runner) compute(kernel string, input []byte) ([]byte, error) {
	var why error
	if r.device.Has(kernel) {
		out, err := r.device.Do(kernel, input)
		if err == nil {
			return out, nil
		}
		why = err
	} else {
		why = fmt.Errorf("%s does not run %s", r.device.Info(), kernel)
	}
	r.count(func(s *Stats) {
		s.FellBack++
		if s.Failure == "" {
			s.Failure = why.Error()
		}
	})
	return r.standIn.Do(kernel, input)
}

func (r *Runner) count(f func(*Stats)) {
	r.lock.Lock()
	defer r.lock.Unlock()
	f(&r.stats)
}

// Stats returns the counts so far.
func (r *Runner) Stats() Stats {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.stats
}

// Device describes the device for the record.
func (r *Runner) Device() device.Info { return r.device.Info() }
