package runner

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lifegraph-os/lgos-sim/gpu"
	"github.com/lifegraph-os/lgos-sim/gpu/device"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// counting counts the jobs that reach a device, and fails all if told to.
type counting struct {
	device.Device
	jobs   atomic.Int64
	broken bool
}

func (c *counting) Do(kernel string, input []byte) ([]byte, error) {
	c.jobs.Add(1)
	if c.broken {
		return nil, errors.New("the device is on fire")
	}
	return c.Device.Do(kernel, input)
}

func jobs(t *testing.T, n int) []*step.Run {
	draw := rand.New(rand.NewPCG(1, 1))
	var list []*step.Run
	for len(list) < n {
		for _, k := range gpu.All() {
			list = append(list, &step.Run{Kernel: k.Name, Input: k.Random(draw, 50)})
		}
	}
	return list
}

func check(t *testing.T, r *Runner, job *step.Run) {
	t.Helper()
	k, _ := gpu.Find(job.Kernel)
	want, wantWork, _ := k.Reference(job.Input)
	out, work, exact, err := r.Do(job)
	if err != nil || !exact || work != wantWork || !bytes.Equal(out, want) {
		t.Errorf("%s: work %d, want %d; exact %v; error %v", job.Kernel, work, wantWork, exact, err)
	}
}

func TestEqualJobsAreDoneOnce(t *testing.T) {
	c := &counting{Device: device.NewCPU()}
	r := New(c)
	list := jobs(t, 20)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, job := range list {
				check(t, r, &step.Run{ID: 9, Kernel: job.Kernel, Input: bytes.Clone(job.Input)})
			}
		})
	}
	wait.Wait()
	if n := c.jobs.Load(); n != int64(len(list)) {
		t.Errorf("%d different jobs were computed %d times", len(list), n)
	}
	if s := r.Stats(); s.Asked != uint64(4*len(list)) || s.Computed != uint64(len(list)) {
		t.Errorf("%+v", s)
	}
}

func TestAFailingDeviceChangesNothing(t *testing.T) {
	r := New(&counting{Device: device.NewCPU(), broken: true})
	list := jobs(t, 5)
	for _, job := range list {
		check(t, r, job)
	}
	if s := r.Stats(); s.FellBack != uint64(len(list)) || s.Failure != "the device is on fire" {
		t.Errorf("%+v", s)
	}
}

func TestBadJobsAreErrorsAndReachNoDevice(t *testing.T) {
	c := &counting{Device: device.NewCPU()}
	r := New(c)
	for _, job := range []*step.Run{{Kernel: "no.such"}, {Kernel: gpu.MatMul}, {Kernel: gpu.Classify, Input: []byte{1, 0, 0, 0}}} {
		out, work, exact, err := r.Do(job)
		if err == nil || out != nil || work != 0 || !exact {
			t.Errorf("%s: %v %d %v %v", job.Kernel, out, work, exact, err)
		}
	}
	if c.jobs.Load() != 0 || r.Stats().Refused != 3 {
		t.Errorf("%d reached the device; %+v", c.jobs.Load(), r.Stats())
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := New(device.NewCPU())
	r.limit = 4000
	list := jobs(t, 60)
	for range 2 {
		for _, job := range list {
			check(t, r, job)
			if r.held > r.limit && len(r.known) > 1 || len(r.known) != len(r.order) {
				t.Fatalf("%d bytes held in %d jobs, %d in order", r.held, len(r.known), len(r.order))
			}
		}
	}
	if r.Stats().Forgotten == 0 {
		t.Error("nothing was forgotten")
	}
}
