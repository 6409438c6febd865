package gpu

import (
	_ "embed"
	"math/rand/v2"
)

// A workgroup counts in its own memory, of which WebGPU promises 16 KiB: hence the most bins.
const maxBins = 4096

//go:embed histogram.wgsl
var histogramSource string

// DecodeHistogram reads bins (u32, 1 to 4096), n (u32, 1 to 2^20) and n numbers.
func DecodeHistogram(input []byte) (bins uint32, x []uint32, err error) {
	h, rest, err := header(Histogram, input, 2)
	if err != nil {
		return 0, nil, err
	}
	if err := within(Histogram, "bins", h[0], 1, maxBins); err != nil {
		return 0, nil, err
	}
	if err := within(Histogram, "n", h[1], 1, maxNumbers); err != nil {
		return 0, nil, err
	}
	if err := length(Histogram, rest, 4*uint64(h[1])); err != nil {
		return 0, nil, err
	}
	return h[0], words(rest), nil
}

func histogram() Kernel {
	return Kernel{
		Name:  Histogram,
		About: "how many numbers fall in each bin, x mod bins; in: u32 bins, n, u32 x[n]; out: u32 count[bins]",
		Unit:  "numbers and bins",
		Work: func(input []byte) (uint64, error) {
			bins, x, err := DecodeHistogram(input)
			return uint64(len(x)) + uint64(bins), err
		},
		Reference: func(input []byte) ([]byte, uint64, error) {
			bins, x, err := DecodeHistogram(input)
			if err != nil {
				return nil, 0, err
			}
			count := make([]uint32, bins)
			for _, v := range x {
				count[v%bins]++
			}
			return packed(count), uint64(len(x)) + uint64(bins), nil
		},
		Lower: func(input []byte) (*Program, error) {
			bins, x, err := DecodeHistogram(input)
			if err != nil {
				return nil, err
			}
			return &Program{
				Source:  histogramSource,
				Buffers: []Buffer{{Data: input[:8]}, {Data: input[8:]}, {Size: 4 * int(bins)}},
				Passes:  []Pass{{"main", []int{0, 1, 2}, [3]uint32{groups(uint32(len(x)), 16384), 1, 1}}},
				Output:  2, Size: 4 * int(bins),
			}, nil
		},
		Random: func(r *rand.Rand, size int) []byte {
			x := make([]uint32, min(max(size, 1), maxNumbers))
			for i := range x {
				x[i] = r.Uint32() >> r.IntN(32) // small numbers often, so that bins differ
			}
			return packed([]uint32{uint32(1 + r.IntN(maxBins)), uint32(len(x))}, x)
		},
		Compare: Exact(),
	}
}
