// Package gpu holds the compute kernels: for each its input layout, what it means (a Reference in plain Go), its WGSL, and
// how two outputs are compared. It uses no cgo, starts nothing, and no device may use a Reference as its own code.
package gpu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// MaxInput is the most bytes that any kernel takes.
const MaxInput = 8<<20 + 64

// Kernel is a function from bytes to bytes that every device must compute alike. All integers of inputs and outputs are
// little endian.
type Kernel struct {
	Name   string
	About  string // one line: what it computes, and its input and output layout
	Unit   string // what one unit of work is
	Floats bool   // whether floating point is involved, so that a device may round differently and must not run it then

	// Work checks an input and counts its work, a function of the input alone. Its error names what is wrong with it.
	Work func(input []byte) (uint64, error)
	// Reference is the meaning of the kernel: the shortest plain code, one goroutine. It returns the errors of Work.
	Reference func(input []byte) (output []byte, work uint64, err error)
	// Lower turns an input into a program for a WebGPU device. It returns the errors of Work.
	Lower func(input []byte) (*Program, error)
	// Random draws a valid input of about size numbers (of size messages for chat.classify), within the kernel's bounds.
	Random func(r *rand.Rand, size int) []byte

	Compare Comparator
}

// Comparator says when two outputs of a kernel count as the same.
type Comparator struct {
	Name string
	Same func(a, b []byte) bool
}

// Exact is for kernels whose bits are the same on every device that passed its self-test.
func Exact() Comparator { return Comparator{"exact", bytes.Equal} }

// Program is one job for a WebGPU device: buffers, and dispatches over them in order.
type Program struct {
	Source  string // WGSL
	Buffers []Buffer
	Passes  []Pass
	Output  int // the buffer that holds the result, from its first byte
	Size    int // bytes of the result
}

// Buffer is a storage buffer: Data if there is any, else Size zero bytes.
type Buffer struct {
	Data []byte
	Size int
}

// Pass runs one entry point. Bind[i] is the buffer bound to @group(0) @binding(i); None where the entry does not use it.
type Pass struct {
	Entry  string
	Bind   []int
	Groups [3]uint32
}

// None marks a binding that an entry point does not use.
const None = -1

// Find returns the kernel of a name.
func Find(name string) (Kernel, bool) {
	for _, k := range All() {
		if k.Name == name {
			return k, true
		}
	}
	return Kernel{}, false
}

// InputError says what is wrong with a job's input. It is the same on every device.
type InputError struct{ Kernel, What string }

func (e *InputError) Error() string { return e.Kernel + ": " + e.What }

func bad(kernel, format string, args ...any) error {
	return &InputError{kernel, fmt.Sprintf(format, args...)}
}

// header reads count leading integers and returns the rest.
func header(kernel string, input []byte, count int) (h []uint32, rest []byte, err error) {
	if len(input) > MaxInput {
		return nil, nil, bad(kernel, "the input has %d bytes; at most %d are allowed", len(input), MaxInput)
	}
	if len(input) < 4*count {
		return nil, nil, bad(kernel, "the input has %d bytes; its header alone takes %d", len(input), 4*count)
	}
	return words(input[:4*count]), input[4*count:], nil
}

// within checks a figure of a header.
func within(kernel, name string, v, low, high uint32) error {
	if v < low || v > high {
		return bad(kernel, "%s is %d; it must be %d to %d", name, v, low, high)
	}
	return nil
}

// length checks that the rest of an input is as long as its header says.
func length(kernel string, rest []byte, want uint64) error {
	if uint64(len(rest)) != want {
		return bad(kernel, "%d bytes follow the header; it announces %d", len(rest), want)
	}
	return nil
}

// words decodes little-endian integers.
func words(b []byte) []uint32 {
	w := make([]uint32, len(b)/4)
	for i := range w {
		w[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return w
}

// packed encodes lists of integers one after the other.
func packed(lists ...[]uint32) []byte {
	n := 0
	for _, l := range lists {
		n += 4 * len(l)
	}
	b := make([]byte, 0, n)
	for _, l := range lists {
		for _, v := range l {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return b
}

// groups is how many workgroups of a size cover n items.
func groups(n, size uint32) uint32 { return (n + size - 1) / size }
