// Package device carries out kernels: on the CPU with code of its own, on a GPU through WebGPU in a child process, and
// through ONNX Runtime. A device is used only after it computed every kernel bit for bit like the References.
package device

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// Device computes kernels. It may be used from several goroutines.
type Device interface {
	// Info says what the device is.
	Info() Info
	// Has tells whether the device may run a kernel.
	Has(kernel string) bool
	// Do computes a kernel. A *gpu.InputError is about the input and the same on every device; any other error is about
	// this device, and another one may still do the job.
	Do(kernel string, input []byte) (output []byte, err error)
	// Close gives the device back.
	Close() error
}

// Kinds of devices.
const (
	CPU    = "cpu"
	WebGPU = "webgpu"
	ONNX   = "onnx"
	Auto   = "auto"
)

// Info describes a device. Zero fields have nothing to say.
type Info struct {
	Kind     string `json:"kind"`
	Adapter  string `json:"adapter"`
	Driver   string `json:"driver,omitempty"`
	Backend  string `json:"backend,omitempty"`
	SelfTest string `json:"self_test,omitempty"` // what the self-test found, or why the device cannot be used
	Note     string `json:"note,omitempty"`      // what was done without, and why
	Usable   bool   `json:"usable"`
}

func (i Info) String() string {
	s := i.Kind + ": " + i.Adapter
	if extra := strings.TrimSpace(i.Backend + " " + i.Driver); extra != "" {
		s += " (" + extra + ")"
	}
	return s
}

// Options for Open. The zero value is right for the lgos-sim command.
type Options struct {
	Worker  []string     // the command that serves as GPU worker; by default this executable with the argument gpu-worker
	Env     []string     // further environment of the worker
	Library string       // where ONNX Runtime's shared library is; by default $LGOS_ORT, then third_party/ort near the executable or here
	Say     func(string) // told, in one line, what is done without and why; may be nil
}

// ErrNotBuilt says that this build of the program cannot have a kind of device at all.
var ErrNotBuilt = errors.New("this build has no WebGPU and no ONNX Runtime: they need cgo (CGO_ENABLED=1) on linux or darwin, amd64 or arm64")

// Open opens devices and tests them. "cpu" is the CPU alone. "webgpu" is a GPU, and ONNX Runtime where it is there; it is
// an error if there is no GPU. "auto" is the same with the CPU in place of what is missing, and one line that says so.
func Open(kind string, opts Options) (Device, error) {
	cpu := NewCPU()
	switch kind {
	case CPU:
		return cpu, nil
	case WebGPU, Auto:
	default:
		return nil, fmt.Errorf("device %q: it must be cpu, webgpu or auto", kind)
	}
	var parts []Device
	var missing []string
	adapter, err := OpenWebGPU(opts)
	if err == nil {
		parts = append(parts, adapter)
	} else if kind == WebGPU {
		return nil, fmt.Errorf("device webgpu: %w", err)
	} else {
		missing = append(missing, "no WebGPU: "+err.Error())
	}
	if ort, err := OpenONNX(opts); err == nil {
		parts = append([]Device{ort}, parts...)
	} else {
		missing = append(missing, "no ONNX Runtime: "+err.Error())
	}
	t := &team{members: append(parts, cpu)}
	if len(missing) > 0 {
		t.note = strings.Join(missing, "; ") + "; the CPU computes instead"
		if opts.Say != nil {
			opts.Say("device: " + t.note)
		}
	}
	return t, nil
}

// List opens every device that there is, for `lgos-sim devices`, and says what became of it.
func List(opts Options) []Info {
	var list []Info
	for _, try := range []struct {
		kind string
		open func(Options) (Device, error)
	}{{CPU, func(Options) (Device, error) { return test(NewCPU()) }}, {WebGPU, OpenWebGPU}, {ONNX, OpenONNX}} {
		d, err := try.open(opts)
		if err != nil {
			list = append(list, Info{Kind: try.kind, Adapter: "none", SelfTest: err.Error()})
			continue
		}
		list = append(list, d.Info())
		d.Close()
	}
	return list
}

// team gives each kernel to the first device that has it.
type team struct {
	members []Device
	note    string
}

// Info describes the member that computes most kernels, and names the adapters of all others that compute any.
func (t *team) Info() Info {
	var most Info
	var others []string
	best := 0
	for _, d := range t.members {
		n := 0
		for _, k := range gpu.All() {
			if t.of(k.Name) == d {
				n++
			}
		}
		switch {
		case n > best:
			if best > 0 {
				others = append(others, most.Adapter)
			}
			best, most = n, d.Info()
		case n > 0:
			others = append(others, d.Info().Adapter)
		}
	}
	most.Adapter = strings.Join(append([]string{most.Adapter}, others...), " + ")
	most.Note = t.note
	return most
}

func (t *team) of(kernel string) Device {
	for _, d := range t.members {
		if d.Has(kernel) {
			return d
		}
	}
	return nil
}

func (t *team) Has(kernel string) bool { return t.of(kernel) != nil }

func (t *team) Do(kernel string, input []byte) ([]byte, error) {
	d := t.of(kernel)
	if d == nil {
		return nil, unknown(kernel)
	}
	return d.Do(kernel, input)
}

func (t *team) Close() error {
	var all []error
	for _, d := range t.members {
		all = append(all, d.Close())
	}
	return errors.Join(all...)
}

func unknown(kernel string) error {
	return &gpu.InputError{Kernel: kernel, What: "there is no such kernel"}
}
