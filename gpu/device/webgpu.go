package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

const (
	maxTries = 3                 // how often a job is given to a worker before it counts as lost: it may be what kills it
	jobLimit = 60 * time.Second  // a worker that is silent for so long is hung, and is killed
	inWorker = "LGOS_GPU_WORKER" // set in the environment of every worker
)

// OpenWebGPU starts a worker process, asks it for its adapter and tests it.
func OpenWebGPU(opts Options) (Device, error) {
	if !workerBuilt {
		return nil, ErrNotBuilt
	}
	if os.Getenv(inWorker) != "" { // a program that does not know the word gpu-worker would start itself without end
		return nil, errors.New("this process is itself a GPU worker")
	}
	w := &webgpu{opts: opts}
	if err := w.start(); err != nil {
		return nil, err
	}
	return test(w)
}

// webgpu is a GPU behind a worker process. The library aborts on some errors, and drivers crash: only the worker dies,
// is started again, and does the job in flight once more.
type webgpu struct {
	opts Options
	info Info

	lock     sync.Mutex // one job at a time: a GPU has one queue
	worker   *worker
	next     uint32
	restarts int
	closed   bool

	killInFlight bool // a test sets it: the worker is killed when it has the next job
}

// worker is one life of the child process.
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	errors *tail

	killInFlight bool
}

func (w *webgpu) start() error {
	command := w.opts.Worker
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("the GPU worker cannot start: %w", err)
		}
		if strings.HasSuffix(self, ".test") || strings.HasSuffix(self, ".test.exe") {
			return errors.New("a test binary is no GPU worker: name a command that calls device.ServeWorker, such as lgos-sim gpu-worker")
		}
		command = []string{self, "gpu-worker"}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(append(os.Environ(), inWorker+"=1"), w.opts.Env...)
	c := &worker{cmd: cmd, errors: &tail{}}
	cmd.Stderr = c.errors
	var err error
	if c.in, err = cmd.StdinPipe(); err == nil {
		if c.out, err = cmd.StdoutPipe(); err == nil {
			err = cmd.Start()
		}
	}
	if err != nil {
		return fmt.Errorf("the GPU worker cannot start: %w", err)
	}
	reply, err := c.ask(frameHello, 0)
	if err == nil && reply.kind != frameInfo {
		err = fmt.Errorf("%w: kind %d instead of an introduction", errFrame, reply.kind)
	}
	var info Info
	if err == nil {
		info, err = reply.info()
	}
	if err != nil {
		return fmt.Errorf("the GPU worker died at once: %w%s", err, c.stop())
	}
	if reply.id != 0 { // it runs, and says why it cannot compute
		c.stop()
		return errors.New(info.SelfTest)
	}
	if w.info.Kind != "" && info != w.info {
		c.stop()
		return fmt.Errorf("the restarted GPU worker has another adapter, %s, which passed no self-test", info)
	}
	w.info = info
	w.worker = c
	return nil
}

func (w *webgpu) Info() Info { return w.info }

// Has is true for every kernel; the self-test takes away what the adapter gets wrong.
func (w *webgpu) Has(kernel string) bool {
	_, ok := gpu.Find(kernel)
	return ok
}

func (w *webgpu) Do(kernel string, input []byte) ([]byte, error) {
	k, ok := gpu.Find(kernel)
	if !ok {
		return nil, unknown(kernel)
	}
	if _, err := k.Work(input); err != nil {
		return nil, err
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	var last error
	for range maxTries {
		if w.closed {
			return nil, errors.New("the device is closed")
		}
		if w.worker == nil {
			w.restarts++
			if last = w.start(); last != nil {
				continue
			}
		}
		w.next++
		w.worker.killInFlight, w.killInFlight = w.killInFlight, false
		reply, err := w.worker.ask(frameJob, w.next, []byte{byte(len(kernel))}, []byte(kernel), input)
		switch {
		case err == nil && reply.id != w.next:
			err = fmt.Errorf("%w: job %d answered instead of %d", errFrame, reply.id, w.next)
		case err == nil && reply.kind == frameDone:
			return reply.payload, nil
		case err == nil && reply.kind == frameFailed:
			return nil, fmt.Errorf("%s on %s: %s", kernel, w.info, reply.payload)
		case err == nil:
			err = fmt.Errorf("%w: kind %d instead of an answer", errFrame, reply.kind)
		}
		last = fmt.Errorf("the GPU worker died: %w%s", err, w.worker.stop())
		w.worker = nil
	}
	return nil, fmt.Errorf("%s: given up after %d tries: %w", kernel, maxTries, last)
}

func (w *webgpu) Close() error {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.closed = true
	if w.worker != nil {
		w.worker.stop()
		w.worker = nil
	}
	return nil
}

// ask sends a frame and waits for the answer. The worker is killed if it is silent for too long.
func (c *worker) ask(kind byte, id uint32, pieces ...[]byte) (frame, error) {
	limit := time.AfterFunc(jobLimit, func() { c.cmd.Process.Kill() })
	defer limit.Stop()
	if err := writeFrame(c.in, kind, id, pieces...); err != nil {
		return frame{}, err
	}
	if c.killInFlight {
		c.cmd.Process.Kill()
	}
	return readFrame(c.out)
}

// stop ends the process and returns what it last complained about.
func (c *worker) stop() string {
	c.in.Close()
	c.cmd.Process.Kill()
	c.cmd.Wait()
	if said := c.errors.String(); said != "" {
		return " (it said: " + said + ")"
	}
	return ""
}

// tail keeps the end of what is written to it.
type tail struct {
	lock sync.Mutex
	b    []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > 4096 {
		t.b = bytes.Clone(t.b[len(t.b)-4096:])
	}
	return len(p), nil
}

// String is the last lines, joined; Mesa's standing warnings are not news.
func (t *tail) String() string {
	t.lock.Lock()
	defer t.lock.Unlock()
	var lines []string
	for l := range strings.Lines(string(t.b)) {
		if l = strings.TrimSpace(l); l != "" && !strings.Contains(l, "not a conformant vulkan implementation") && !strings.Contains(l, "XDG_RUNTIME_DIR") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
