package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu"
	"github.com/lifegraph-os/lgos-sim/gpu/device"
)

// GPUOptions say what to measure. The zero value is all kernels on all devices that are here.
type GPUOptions struct {
	Least    time.Duration // a row repeats its kernel for so long; 0 is 300 ms
	Progress func(GPURow)  // called after each row
}

// GPURow is one kernel on one device at one size.
type GPURow struct {
	Device  string  `json:"device"`
	Adapter string  `json:"adapter"`
	Kernel  string  `json:"kernel"`
	Size    int     `json:"size"` // numbers, or messages
	Work    uint64  `json:"work"`
	Unit    string  `json:"unit"`
	Runs    int     `json:"runs"`
	Median  float64 `json:"median_s"`
	Least   float64 `json:"least_s"`
	Equal   bool    `json:"equal"` // bit for bit to the Reference
}

// GPUTable is one run of the benchmark.
type GPUTable struct {
	Go   string   `json:"go"`
	Arch string   `json:"arch"`
	Rows []GPURow `json:"rows"`
}

// GPU measures every kernel on every device, the Reference among them, and compares what they compute.
func GPU(o GPUOptions) (GPUTable, error) {
	if o.Least == 0 {
		o.Least = 300 * time.Millisecond
	}
	t := GPUTable{Go: runtime.Version(), Arch: runtime.GOOS + "/" + runtime.GOARCH}
	devices := []device.Device{device.NewCPU()}
	for _, open := range []func(device.Options) (device.Device, error){device.OpenWebGPU, device.OpenONNX} {
		if d, err := open(device.Options{}); err == nil {
			devices = append(devices, d)
			defer d.Close()
		}
	}
	for _, k := range gpu.All() {
		sizes := []int{1 << 12, 1 << 18}
		if k.Name == gpu.Classify {
			sizes = []int{1, 256}
		}
		for i, size := range sizes {
			input := k.Random(rand.New(rand.NewPCG(uint64(i), 8)), size)
			work, err := k.Work(input)
			if err != nil {
				return t, fmt.Errorf("bench: %s: %w", k.Name, err)
			}
			want, _, err := k.Reference(input)
			if err != nil {
				return t, fmt.Errorf("bench: %s: %w", k.Name, err)
			}
			add := func(r GPURow, do func() ([]byte, error)) error {
				r.Kernel, r.Size, r.Work, r.Unit = k.Name, size, work, k.Unit
				if err := r.measure(o.Least, want, do); err != nil {
					return fmt.Errorf("bench: %s on %s: %w", k.Name, r.Device, err)
				}
				t.Rows = append(t.Rows, r)
				if o.Progress != nil {
					o.Progress(r)
				}
				return nil
			}
			if err := add(GPURow{Device: "reference"}, func() ([]byte, error) { out, _, err := k.Reference(input); return out, err }); err != nil {
				return t, err
			}
			for _, d := range devices {
				if !d.Has(k.Name) {
					continue
				}
				info := d.Info()
				if err := add(GPURow{Device: info.Kind, Adapter: info.Adapter}, func() ([]byte, error) { return d.Do(k.Name, input) }); err != nil {
					return t, err
				}
			}
		}
	}
	return t, nil
}

// measure repeats a kernel, after one run that warms up and is compared.
func (r *GPURow) measure(least time.Duration, want []byte, do func() ([]byte, error)) error {
	out, err := do()
	if err != nil {
		return err
	}
	r.Equal = bytes.Equal(out, want)
	var took []float64
	for begun := time.Now(); len(took) < 3 || time.Since(begun) < least && len(took) < 1000; {
		at := time.Now()
		if _, err := do(); err != nil {
			return err
		}
		took = append(took, time.Since(at).Seconds())
	}
	slices.Sort(took)
	r.Runs, r.Median, r.Least = len(took), took[len(took)/2], took[0]
	return nil
}

// String is the table as text, at most 100 columns wide.
func (t GPUTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-15s %8s %-10s %11s %11s %6s %12s  %s\n", "kernel", "size", "device", "median ms", "least ms", "runs", "M work/s", "bits")
	for _, r := range t.Rows {
		same := "equal"
		if !r.Equal {
			same = "DIFFER"
		}
		fmt.Fprintf(&b, "%-15s %8d %-10s %11.3f %11.3f %6d %12.1f  %s\n", r.Kernel, r.Size, r.Device, 1e3*r.Median, 1e3*r.Least, r.Runs, float64(r.Work)/r.Median/1e6, same)
	}
	adapters := map[string]bool{}
	for _, r := range t.Rows {
		if r.Adapter != "" && !adapters[r.Device] {
			adapters[r.Device] = true
			fmt.Fprintf(&b, "%s: %s\n", r.Device, r.Adapter)
		}
	}
	fmt.Fprintf(&b, "times hold the way to the device and back; %s, %s\n", t.Go, t.Arch)
	return b.String()
}

// JSON is the table for machines.
func (t GPUTable) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", "  ")
	return append(b, '\n'), err
}
