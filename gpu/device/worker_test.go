//go:build cgo && (linux || darwin) && (amd64 || arm64)

package device

import (
	"os"
	"strings"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// testWorker serves with one thing planted in it.
func testWorker(fault string) error {
	kernels := gpu.All()
	for i, k := range kernels {
		plant := func(old, new string) {
			kernels[i].Lower = func(input []byte) (*gpu.Program, error) {
				p, err := k.Lower(input)
				if err == nil {
					p.Source = strings.Replace(p.Source, old, new, 1)
				}
				return p, err
			}
		}
		switch {
		case fault == "wrong-floats" && k.Name == gpu.MatMul: // the last bit of some products, as where a GPU rounds otherwise
			plant("s0 = s0 + a[r0 + k] * v;", "s0 = s0 + a[r0 + k] * v * 1.0000001;")
		case fault == "wrong-integers" && k.Name == gpu.Histogram:
			plant("i < end; i += 256u", "i < end - 1u; i += 256u")
		case fault == "dies-of-big-jobs":
			kernels[i].Lower = func(input []byte) (*gpu.Program, error) {
				if len(input) > 100000 {
					os.Stderr.WriteString("dying of a big job\n")
					os.Exit(7)
				}
				return k.Lower(input)
			}
		}
	}
	return serve(os.Stdin, os.Stdout, kernels)
}
