//go:build cgo && (linux || darwin) && (amd64 || arm64)

package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"github.com/cogentcore/webgpu/wgpu"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

const workerBuilt = true

// ServeWorker is the whole life of a GPU worker: it reads jobs from r and answers on w until r ends. Nothing else may
// write to w.
func ServeWorker(r io.Reader, w io.Writer) error { return serve(r, w, gpu.All()) }

func serve(r io.Reader, w io.Writer, kernels []gpu.Kernel) error {
	// One thread owns the one device of the one instance. The binding hands C pointers to Go memory that it keeps no other
	// reference to while a buffer is being mapped, so garbage is collected between jobs only, every few large ones.
	runtime.LockOSThread()
	signal.Ignore(os.Interrupt) // Ctrl-C reaches the whole process group; the program ends the worker when it is done
	debug.SetGCPercent(-1)
	var a *adapter
	garbage := 0
	for {
		f, err := readFrame(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if a == nil {
			if a, err = newAdapter(); err != nil {
				text, _ := json.Marshal(Info{Kind: WebGPU, SelfTest: err.Error()})
				return writeFrame(w, frameInfo, 1, text)
			}
		}
		switch f.kind {
		case frameHello:
			text, _ := json.Marshal(a.info)
			err = writeFrame(w, frameInfo, 0, text)
		case frameJob:
			out, failed := a.job(f, kernels)
			if failed != nil {
				err = writeFrame(w, frameFailed, f.id, []byte(failed.Error()))
			} else {
				err = writeFrame(w, frameDone, f.id, out)
			}
		default:
			err = fmt.Errorf("%w: kind %d for a worker", errFrame, f.kind)
		}
		if err != nil {
			return err
		}
		if garbage += len(f.payload); garbage > 32<<20 {
			runtime.GC()
			garbage = 0
		}
	}
}

// adapter is the GPU, seen from within the worker.
type adapter struct {
	info   Info
	device *wgpu.Device
	queue  *wgpu.Queue
	ready  map[string]*wgpu.ComputePipeline // by source and entry point
}

func newAdapter() (*adapter, error) {
	wgpu.SetLogLevel(wgpu.LogLevelError)
	instance := wgpu.CreateInstance(nil) // a descriptor would be read beyond its end
	a, err := instance.RequestAdapter(&wgpu.RequestAdapterOptions{PowerPreference: wgpu.PowerPreferenceHighPerformance})
	if err != nil || a == nil {
		return nil, errors.New("no adapter: a Vulkan driver is missing (make setup installs Mesa's)")
	}
	i := a.GetInfo()
	switch i.BackendType {
	case wgpu.BackendTypeVulkan, wgpu.BackendTypeMetal, wgpu.BackendTypeD3D12:
	default: // OpenGL stands in silently where there is no Vulkan driver
		return nil, fmt.Errorf("the only adapter is %s through %s: a Vulkan driver is missing (make setup installs Mesa's)", i.DriverDescription, i.BackendType)
	}
	d, err := a.RequestDevice(nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.DriverDescription, err)
	}
	return &adapter{
		// The library calls the adapter's name its driver description, and gives numbers for the rest.
		info: Info{
			Kind: WebGPU, Adapter: i.DriverDescription, Backend: i.BackendType.String(),
			Driver: fmt.Sprintf("%s, vendor %s, device %s", i.AdapterType, i.VendorName, i.Name),
		},
		device: d, queue: d.GetQueue(), ready: map[string]*wgpu.ComputePipeline{},
	}, nil
}

func (a *adapter) job(f frame, kernels []gpu.Kernel) ([]byte, error) {
	name, input, err := f.job()
	if err != nil {
		return nil, err
	}
	for _, k := range kernels {
		if k.Name == name {
			p, err := k.Lower(input)
			if err != nil {
				return nil, err
			}
			return a.run(p)
		}
	}
	return nil, unknown(name)
}

// run uploads the buffers of a program, dispatches its passes in order, and reads its output back.
func (a *adapter) run(p *gpu.Program) ([]byte, error) {
	var free []interface{ Release() }
	defer func() {
		for _, f := range free {
			f.Release()
		}
	}()
	buffer := func(size int, usage wgpu.BufferUsage) (*wgpu.Buffer, error) {
		b, err := a.device.CreateBuffer(&wgpu.BufferDescriptor{Size: uint64(size+3) &^ 3, Usage: usage})
		if err == nil {
			free = append(free, b)
		}
		return b, err
	}
	buffers := make([]*wgpu.Buffer, len(p.Buffers))
	for i, b := range p.Buffers {
		made, err := buffer(max(b.Size, len(b.Data), 4), wgpu.BufferUsageStorage|wgpu.BufferUsageCopyDst|wgpu.BufferUsageCopySrc)
		if err != nil {
			return nil, err
		}
		if len(b.Data) > 0 {
			if err := a.queue.WriteBuffer(made, 0, b.Data); err != nil {
				return nil, err
			}
		}
		buffers[i] = made
	}
	result, err := buffer(p.Size, wgpu.BufferUsageMapRead|wgpu.BufferUsageCopyDst)
	if err != nil {
		return nil, err
	}

	encoder, err := a.device.CreateCommandEncoder(nil)
	if err != nil {
		return nil, err
	}
	free = append(free, encoder)
	for _, pass := range p.Passes {
		pipeline, err := a.pipeline(p.Source, pass.Entry)
		if err != nil {
			return nil, err
		}
		layout := pipeline.GetBindGroupLayout(0)
		free = append(free, layout)
		var entries []wgpu.BindGroupEntry
		for binding, b := range pass.Bind {
			if b != gpu.None {
				entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(binding), Buffer: buffers[b], Size: wgpu.WholeSize})
			}
		}
		group, err := a.device.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: layout, Entries: entries})
		if err != nil {
			return nil, err
		}
		free = append(free, group)
		run := encoder.BeginComputePass(nil)
		run.SetPipeline(pipeline)
		run.SetBindGroup(0, group, nil)
		run.DispatchWorkgroups(pass.Groups[0], pass.Groups[1], pass.Groups[2])
		err = run.End()
		run.Release()
		if err != nil {
			return nil, err
		}
	}
	if err := encoder.CopyBufferToBuffer(buffers[p.Output], 0, result, 0, uint64(p.Size)); err != nil {
		return nil, err
	}
	commands, err := encoder.Finish(nil)
	if err != nil {
		return nil, err
	}
	free = append(free, commands)
	a.queue.Submit(commands)

	status := wgpu.BufferMapAsyncStatusUnknown
	if err := result.MapAsync(wgpu.MapModeRead, 0, uint64(p.Size), func(s wgpu.BufferMapAsyncStatus) { status = s }); err != nil {
		return nil, err
	}
	a.device.Poll(true, nil)
	if status != wgpu.BufferMapAsyncStatusSuccess {
		return nil, fmt.Errorf("the result cannot be read: %s", status)
	}
	out := append([]byte(nil), result.GetMappedRange(0, uint(p.Size))...)
	return out, result.Unmap()
}

// pipeline compiles an entry point once.
func (a *adapter) pipeline(source, entry string) (*wgpu.ComputePipeline, error) {
	if p := a.ready[entry+source]; p != nil {
		return p, nil
	}
	module, err := a.device.CreateShaderModule(&wgpu.ShaderModuleDescriptor{WGSLDescriptor: &wgpu.ShaderModuleWGSLDescriptor{Code: source}})
	if err != nil {
		return nil, err
	}
	defer module.Release()
	p, err := a.device.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Compute: wgpu.ProgrammableStageDescriptor{Module: module, EntryPoint: entry}})
	if err == nil {
		a.ready[entry+source] = p
	}
	return p, err
}
