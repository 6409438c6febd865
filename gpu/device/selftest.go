package device

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// selfTest computes every kernel that a device has on fixed random inputs and compares it with the Reference. It returns
// the kernels that may be used and a line about it. A wrong kernel on floats costs the device its float kernels (it rounds
// in another way); anything else wrong means that the device cannot be trusted, and leaves nothing.
func selfTest(d Device) (usable map[string]bool, report string) {
	usable = map[string]bool{}
	draw := rand.New(rand.NewPCG(1, 1))
	inputs, floats := 0, ""
	for _, k := range gpu.All() {
		if !d.Has(k.Name) {
			continue
		}
		usable[k.Name] = true
		for _, size := range []int{1, 40, 1500, 9000} {
			input := k.Random(draw, size)
			want, _, err := k.Reference(input)
			if err != nil {
				return nil, fmt.Sprintf("fail: the self-test's own input of %s: %v", k.Name, err)
			}
			got, err := d.Do(k.Name, input)
			if err != nil {
				return nil, fmt.Sprintf("fail: %s: %v", k.Name, err)
			}
			inputs++
			if k.Compare.Same(got, want) {
				continue
			}
			if !k.Floats {
				return nil, fmt.Sprintf("fail: %s gives other bits than its Reference", k.Name)
			}
			delete(usable, k.Name)
			floats = k.Name
			break
		}
	}
	if floats != "" {
		for _, k := range gpu.All() {
			if k.Floats {
				delete(usable, k.Name)
			}
		}
		return usable, fmt.Sprintf("integer kernels only: %s gives other bits than its Reference", floats)
	}
	if len(usable) == 0 {
		return nil, "fail: it has no kernel"
	}
	return usable, fmt.Sprintf("pass: %d kernels, %d inputs, bit for bit", len(usable), inputs)
}

// tested is a device with the kernels that its self-test left it.
type tested struct {
	Device
	usable map[string]bool
	report string
}

// test runs the self-test; a device that fails it is closed.
func test(d Device) (Device, error) {
	usable, report := selfTest(d)
	if len(usable) == 0 {
		info := d.Info()
		d.Close()
		return nil, fmt.Errorf("%s: self-test: %s", info, strings.TrimPrefix(report, "fail: "))
	}
	return &tested{d, usable, report}, nil
}

func (t *tested) Has(kernel string) bool { return t.usable[kernel] }

func (t *tested) Do(kernel string, input []byte) ([]byte, error) {
	if !t.usable[kernel] {
		return nil, fmt.Errorf("%s may not run %s (self-test: %s)", t.Device.Info(), kernel, t.report)
	}
	return t.Device.Do(kernel, input)
}

func (t *tested) Info() Info {
	i := t.Device.Info()
	i.SelfTest, i.Usable = t.report, true
	return i
}
