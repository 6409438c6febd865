package gpu

import (
	_ "embed"
	"math/rand/v2"
)

// One workgroup scans scanBlock numbers, and one workgroup scans the sums of all blocks: hence the most numbers.
const (
	scanBlock  = 1024
	maxNumbers = scanBlock * scanBlock
)

//go:embed prefixsum.wgsl
var prefixSumSource string

// DecodePrefixSum reads n (u32, 1 to 2^20) and n numbers.
func DecodePrefixSum(input []byte) ([]uint32, error) {
	h, rest, err := header(PrefixSum, input, 1)
	if err != nil {
		return nil, err
	}
	if err := within(PrefixSum, "n", h[0], 1, maxNumbers); err != nil {
		return nil, err
	}
	if err := length(PrefixSum, rest, 4*uint64(h[0])); err != nil {
		return nil, err
	}
	return words(rest), nil
}

func prefixSum() Kernel {
	return Kernel{
		Name:  PrefixSum,
		About: "inclusive prefix sums modulo 2^32; in: u32 n, u32 x[n]; out: u32 y[n] with y[i] = x[0] + … + x[i]",
		Unit:  "numbers",
		Work: func(input []byte) (uint64, error) {
			x, err := DecodePrefixSum(input)
			return uint64(len(x)), err
		},
		Reference: func(input []byte) ([]byte, uint64, error) {
			x, err := DecodePrefixSum(input)
			if err != nil {
				return nil, 0, err
			}
			for i := 1; i < len(x); i++ {
				x[i] += x[i-1]
			}
			return packed(x), uint64(len(x)), nil
		},
		Lower: func(input []byte) (*Program, error) {
			x, err := DecodePrefixSum(input)
			if err != nil {
				return nil, err
			}
			n := uint32(len(x))
			blocks := groups(n, scanBlock)
			return &Program{
				Source:  prefixSumSource,
				Buffers: []Buffer{{Data: input[:4]}, {Data: input[4:]}, {Size: 4 * int(n)}, {Size: 4 * int(blocks)}},
				Passes: []Pass{
					{"scan_blocks", []int{0, 1, 2, 3}, [3]uint32{blocks, 1, 1}},
					{"scan_sums", []int{None, None, None, 3}, [3]uint32{1, 1, 1}},
					{"add_sums", []int{0, None, 2, 3}, [3]uint32{blocks, 1, 1}},
				},
				Output: 2, Size: 4 * int(n),
			}, nil
		},
		Random: func(r *rand.Rand, size int) []byte {
			x := make([]uint32, min(max(size, 1), maxNumbers))
			for i := range x {
				x[i] = r.Uint32()
			}
			return packed([]uint32{uint32(len(x))}, x)
		},
		Compare: Exact(),
	}
}
