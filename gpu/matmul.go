package gpu

import (
	_ "embed"
	"math"
	"math/rand/v2"
)

// Bounds of matmul.f32. Magnitudes are kept where no product or partial sum can overflow or become subnormal (which a GPU
// may flush to zero): the result is then the same wherever additions and multiplications are rounded one by one.
const (
	maxSide      = 1024
	maxMagnitude = 1 << 20
)

//go:embed matmul.wgsl
var matMulSource string

// MatMulInput is the decoded input of matmul.f32: A is M×K, B is K×N, both by rows.
type MatMulInput struct {
	M, K, N int
	A, B    []float32
}

// DecodeMatMul reads m, k, n (u32 each, 1 to 1024), then A and B as f32, each element zero or of magnitude 2^-20 to 2^20.
func DecodeMatMul(input []byte) (in MatMulInput, err error) {
	h, rest, err := header(MatMul, input, 3)
	if err != nil {
		return in, err
	}
	for i, name := range []string{"m", "k", "n"} {
		if err := within(MatMul, name, h[i], 1, maxSide); err != nil {
			return in, err
		}
	}
	m, k, n := int(h[0]), int(h[1]), int(h[2])
	if err := length(MatMul, rest, 4*uint64(m*k+k*n)); err != nil {
		return in, err
	}
	all := make([]float32, m*k+k*n)
	for i, w := range words(rest) {
		v := math.Float32frombits(w)
		if a := max(v, -v); v != 0 && !(a >= 1.0/maxMagnitude && a <= maxMagnitude) {
			return in, bad(MatMul, "element %d is %g; it must be zero or of magnitude 2^-20 to 2^20", i, v)
		}
		all[i] = v
	}
	return MatMulInput{m, k, n, all[:m*k], all[m*k:]}, nil
}

// EncodeMatMul writes an input whose elements are drawn one after the other, A first.
func EncodeMatMul(m, k, n uint32, draw func() float32) []byte {
	all := make([]uint32, m*k+k*n)
	for i := range all {
		v := draw()
		if max(v, -v) < 1.0/maxMagnitude {
			v = 0
		}
		all[i] = math.Float32bits(v)
	}
	return packed([]uint32{m, k, n}, all)
}

func matMulWork(in MatMulInput) uint64 { return uint64(in.M) * uint64(in.K) * uint64(in.N) }

func matMul() Kernel {
	return Kernel{
		Name:   MatMul,
		About:  "C = A·B, each sum from k = 0 upwards, rounded after every multiplication and addition; in: u32 m, k, n, f32 A[m][k], B[k][n]; out: f32 C[m][n]",
		Unit:   "multiply-adds",
		Floats: true,
		Work: func(input []byte) (uint64, error) {
			in, err := DecodeMatMul(input)
			return matMulWork(in), err
		},
		Reference: func(input []byte) ([]byte, uint64, error) {
			in, err := DecodeMatMul(input)
			if err != nil {
				return nil, 0, err
			}
			c := make([]uint32, in.M*in.N)
			for i := range in.M {
				for j := range in.N {
					var sum float32
					for k := range in.K {
						sum += float32(in.A[i*in.K+k] * in.B[k*in.N+j]) // the conversion forbids fusing
					}
					c[i*in.N+j] = math.Float32bits(sum)
				}
			}
			return packed(c), matMulWork(in), nil
		},
		Lower: func(input []byte) (*Program, error) {
			in, err := DecodeMatMul(input)
			if err != nil {
				return nil, err
			}
			m, n := uint32(in.M), uint32(in.N)
			return &Program{
				Source: matMulSource,
				Buffers: []Buffer{
					{Data: input[:12]}, {Data: input[12 : 12+4*len(in.A)]}, {Data: input[12+4*len(in.A):]}, {Size: 4 * in.M * in.N},
				},
				Passes: []Pass{{"main", []int{0, 1, 2, 3}, [3]uint32{groups(n, 32), groups(m, 32), 1}}},
				Output: 3, Size: 4 * in.M * in.N,
			}, nil
		},
		Random: func(r *rand.Rand, size int) []byte {
			side := min(max(int(math.Sqrt(float64(size)/2)), 1), maxSide)
			dim := func() uint32 { return uint32(1 + r.IntN(min(side+side/2, maxSide))) }
			return EncodeMatMul(dim(), dim(), dim(), func() float32 { return float32(r.Float64()*4 - 2) })
		},
		Compare: Exact(),
	}
}
