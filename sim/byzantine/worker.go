package byzantine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/lifegraph-os/lgos-sim/node"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// LyingWorker alters the results of the tasks that it runs, each in a way of its own (SEC-3).
type LyingWorker struct{}

func (*LyingWorker) Kind() string { return "lying-worker" }

func (*LyingWorker) Lies() []string { return []string{"wrong result"} }

func (*LyingWorker) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	return seat(inner, env, func() strategy { return &worker{inputs: map[uint64][]byte{}, own: true} })
}

// Colluder gives, for each task, the same wrong result as all other colluders of the run.
type Colluder struct{}

func (*Colluder) Kind() string { return "colluder" }

func (*Colluder) Lies() []string { return []string{"colluded result"} }

func (*Colluder) Seat(inner func(uint32) *node.Node, env Env) func(uint32) sim.Process {
	return seat(inner, env, func() strategy { return &worker{inputs: map[uint64][]byte{}} })
}

type worker struct {
	own    bool // the wrong result is its own; else all colluders' common one
	inputs map[uint64][]byte
	lied   bool
}

func (w *worker) input(l *liar, in step.Input) step.Input {
	done, ok := in.(*step.JobDone)
	if !ok {
		return in
	}
	if done.Err != "" {
		delete(w.inputs, done.ID)
		return in
	}
	lie := *done
	if w.own {
		lie.Out = owned(done.Out, l.env.Host)
	} else {
		lie.Out = wrong(done.Out, w.inputs[done.ID], binary.BigEndian.AppendUint64([]byte("colluders"), uint64(l.env.Seed)))
	}
	delete(w.inputs, done.ID)
	w.lied = true
	return &lie
}

// owned alters a result by the number of the host, as the Gray code of its double: of four bytes or more no two hosts make
// the same of it, even by chance, and none makes what the colluders do, since such codes flip two bits at least and wrong
// flips one.
func owned(out []byte, h sim.HostID) []byte {
	out = bytes.Clone(out)
	if len(out) == 0 {
		return []byte{byte(h)}
	}
	for i, b := range binary.BigEndian.AppendUint32(nil, uint32(h)^uint32(h)<<1) {
		out[i%len(out)] ^= b
	}
	return out
}

// wrong alters one bit of a result, chosen by the task and the salt, so that it stays well formed.
func wrong(out, input, salt []byte) []byte {
	out = bytes.Clone(out)
	if len(out) == 0 {
		return []byte{1}
	}
	h := sha256.Sum256(append(bytes.Clone(salt), input...))
	out[binary.BigEndian.Uint64(h[:])%uint64(len(out))] ^= 1 << (h[8] % 8)
	return out
}

func (w *worker) effect(_ *liar, e step.Effect, _ *step.Effects) bool {
	if r, ok := e.(*step.Run); ok {
		w.inputs[r.ID] = r.Input
	}
	return false
}

func (w *worker) after(_ *liar, _ step.Input, out *step.Effects) {
	if w.lied {
		kind := "wrong result"
		if !w.own {
			kind = "colluded result"
		}
		lie(out, kind, -1)
		w.lied = false
	}
}
