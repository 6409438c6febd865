package sim

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// job is the result of a job, computed once a world.
type job struct {
	out    []byte
	work   uint64
	err    string
	exact  bool
	kept   bool // in Result.Jobs
	result JobResult
}

func jobKey(device, kernel string, input [16]byte) string {
	return device + "\x00" + kernel + "\x00" + string(input[:])
}

// runJob carries out a Run and turns its work into time.
func (w *World) runJob(id HostID, h *host, r *step.Run) {
	x := h.more()
	name := w.cfg.Seats[id-1].Device
	device := w.cfg.Devices[name]
	if device.Runner == nil {
		w.jobDone(id, h, w.now, errand{id: r.ID, text: "this host has no runner"})
		return
	}
	input := hashBytes(r.Input).sum()
	key := jobKey(name, r.Kernel, input)
	j := w.jobs[key]
	if j == nil {
		j = &job{}
		var err error
		if j.out, j.work, j.exact, err = device.Runner.Do(r); err != nil {
			j.err = err.Error()
		}
		j.result = JobResult{name, r.Kernel, input, j.out, j.work, j.err}
		w.jobs[key] = j
	}
	if !j.exact && !j.kept {
		j.kept = true
		w.result.Jobs = append(w.result.Jobs, j.result)
	}
	took := device.Start + time.Duration(j.work/1000)*device.PerWork + time.Duration(j.work%1000)*device.PerWork/1000
	x.jobs = max(x.jobs, w.now) + took
	w.jobDone(id, h, x.jobs, errand{id: r.ID, body: j.out, work: j.work, text: j.err})
}

func (w *World) jobDone(id HostID, h *host, at time.Duration, x errand) {
	w.schedule(id, id, h.life, entry{at: int64(at), kind: evJobDone, ref: w.errand(x)})
}
