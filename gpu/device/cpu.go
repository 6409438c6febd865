package device

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// NewCPU returns the device that is always there: blocked, parallel code of its own in plain Go.
func NewCPU() Device { return cpu{} }

type cpu struct{}

func (cpu) Info() Info {
	return Info{Kind: CPU, Adapter: fmt.Sprintf("Go on %s/%s", runtime.GOOS, runtime.GOARCH), Usable: true}
}

func (cpu) Has(kernel string) bool {
	_, ok := gpu.Find(kernel)
	return ok
}

func (cpu) Close() error { return nil }

func (cpu) Do(kernel string, input []byte) ([]byte, error) {
	switch kernel {
	case gpu.MatMul:
		return cpuMatMul(input)
	case gpu.PrefixSum:
		return cpuPrefixSum(input)
	case gpu.Histogram:
		return cpuHistogram(input)
	case gpu.PageRank:
		return cpuPageRank(input)
	case gpu.Classify:
		return cpuClassify(input)
	}
	return nil, unknown(kernel)
}

// split says in how many ranges of at least grain items to cut n items, one a core.
func split(n, grain int) int { return max(1, min(runtime.GOMAXPROCS(0), n/grain)) }

// parallel cuts 0..n into ranges and calls f for each at the same time.
func parallel(n, parts int, f func(part, low, high int)) {
	if parts == 1 {
		f(0, 0, n)
		return
	}
	var wait sync.WaitGroup
	for p := range parts {
		wait.Go(func() { f(p, n*p/parts, n*(p+1)/parts) })
	}
	wait.Wait()
}

// cpuMatMul packs four columns of B side by side and computes 2×4 tiles in registers, each sum from k = 0 upwards.
func cpuMatMul(input []byte) ([]byte, error) {
	in, err := gpu.DecodeMatMul(input)
	if err != nil {
		return nil, err
	}
	panels := (in.N + 3) / 4
	b := make([]float32, 4*panels*in.K)
	for k := range in.K {
		for j, v := range in.B[k*in.N : (k+1)*in.N] {
			b[(j/4*in.K+k)*4+j%4] = v
		}
	}
	out := make([]byte, 4*in.M*in.N)
	pairs := (in.M + 1) / 2
	parallel(pairs, split(pairs, 1+(1<<14)/(in.K*in.N)), func(_, low, high int) {
		for i := 2 * low; i < min(2*high, in.M); i += 2 {
			a0, a1 := in.A[i*in.K:(i+1)*in.K], in.A[i*in.K:(i+1)*in.K]
			if i+1 < in.M {
				a1 = in.A[(i+1)*in.K : (i+2)*in.K]
			}
			for p := range panels {
				s0, s1 := tile(a0, a1, b[p*in.K*4:(p+1)*in.K*4])
				for j := range min(4, in.N-4*p) {
					binary.LittleEndian.PutUint32(out[4*(i*in.N+4*p+j):], math.Float32bits(s0[j]))
					if i+1 < in.M {
						binary.LittleEndian.PutUint32(out[4*((i+1)*in.N+4*p+j):], math.Float32bits(s1[j]))
					}
				}
			}
		}
	})
	return out, nil
}

// tile multiplies two rows with a panel of four columns. The conversions forbid fused multiply-adds.
func tile(a0, a1, panel []float32) (s0, s1 [4]float32) {
	var p0, p1, p2, p3, q0, q1, q2, q3 float32
	a1 = a1[:len(a0)]
	for k, x := range a0 {
		y, b := a1[k], panel[4*k:4*k+4:4*k+4]
		p0 += float32(x * b[0])
		p1 += float32(x * b[1])
		p2 += float32(x * b[2])
		p3 += float32(x * b[3])
		q0 += float32(y * b[0])
		q1 += float32(y * b[1])
		q2 += float32(y * b[2])
		q3 += float32(y * b[3])
	}
	return [4]float32{p0, p1, p2, p3}, [4]float32{q0, q1, q2, q3}
}

// cpuPrefixSum sums each range, then scans each from the sum of those before it.
func cpuPrefixSum(input []byte) ([]byte, error) {
	x, err := gpu.DecodePrefixSum(input)
	if err != nil {
		return nil, err
	}
	parts := split(len(x), 1<<15)
	base := make([]uint32, parts+1)
	parallel(len(x), parts, func(p, low, high int) {
		var sum uint32
		for _, v := range x[low:high] {
			sum += v
		}
		base[p+1] = sum
	})
	for p := range parts {
		base[p+1] += base[p]
	}
	out := make([]byte, 4*len(x))
	parallel(len(x), parts, func(p, low, high int) {
		sum, to := base[p], out[4*low:4*high]
		for i, v := range x[low:high] {
			sum += v
			binary.LittleEndian.PutUint32(to[4*i:], sum)
		}
	})
	return out, nil
}

// cpuHistogram counts each range apart and adds the counts up.
func cpuHistogram(input []byte) ([]byte, error) {
	bins, x, err := gpu.DecodeHistogram(input)
	if err != nil {
		return nil, err
	}
	parts := split(len(x), 1<<15)
	counts := make([][]uint32, parts)
	mask := bins - 1
	parallel(len(x), parts, func(p, low, high int) {
		count := make([]uint32, bins)
		if bins&mask == 0 {
			for _, v := range x[low:high] {
				count[v&mask]++
			}
		} else {
			for _, v := range x[low:high] {
				count[v%bins]++
			}
		}
		counts[p] = count
	})
	out := make([]byte, 4*bins)
	for b := range int(bins) {
		var sum uint32
		for _, count := range counts {
			sum += count[b]
		}
		binary.LittleEndian.PutUint32(out[4*b:], sum)
	}
	return out, nil
}

// cpuPageRank turns the edges round, so that every node gathers what it gets and ranges of nodes share nothing.
func cpuPageRank(input []byte) ([]byte, error) {
	g, err := gpu.DecodeGraph(input)
	if err != nil {
		return nil, err
	}
	n := int(g.Nodes)
	links, first := make([]uint32, n), make([]uint32, n+1)
	for i, from := range g.From {
		links[from]++
		first[g.To[i]+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	sources, free := make([]uint32, len(g.From)), append([]uint32(nil), first...)
	for i, to := range g.To {
		sources[free[to]] = g.From[i]
		free[to]++
	}
	rank, given := make([]uint32, n), make([]uint32, n)
	for i := range rank {
		rank[i] = gpu.RankOne / g.Nodes
	}
	parts := split(n, 1<<12)
	idle := make([]uint32, parts)
	for range g.Rounds {
		parallel(n, parts, func(p, low, high int) {
			var sum uint32
			for i := low; i < high; i++ {
				d := gpu.Damp(rank[i])
				if links[i] == 0 {
					sum += d
				} else {
					given[i] = d / links[i]
				}
			}
			idle[p] = sum
		})
		var lost uint32
		for _, v := range idle {
			lost += v
		}
		base := (gpu.RankOne - gpu.Damp(gpu.RankOne) + lost) / g.Nodes
		parallel(n, parts, func(_, low, high int) {
			for i := low; i < high; i++ {
				sum := base
				for _, s := range sources[first[i]:first[i+1]] {
					sum += given[s]
				}
				rank[i] = sum
			}
		})
	}
	out := make([]byte, 4*n)
	for i, r := range rank {
		binary.LittleEndian.PutUint32(out[4*i:], r)
	}
	return out, nil
}

// cpuClassify visits the features that a message has, a few dozen of the thousand.
func cpuClassify(input []byte) ([]byte, error) {
	messages, err := gpu.DecodeMessages(input)
	if err != nil {
		return nil, err
	}
	weights, bias := gpu.ChatWeights()
	size := 4 * (1 + len(bias))
	out := make([]byte, size*len(messages))
	parallel(len(messages), split(len(messages), 16), func(_, low, high int) {
		scores := make([]int32, len(bias))
		for i := low; i < high; i++ {
			var counts [gpu.Features]byte
			gpu.Count(counts[:], messages[i])
			copy(scores, bias)
			for f, c := range counts {
				if c != 0 {
					for j, w := range weights[f*len(bias) : (f+1)*len(bias)] {
						scores[j] += int32(c) * int32(w)
					}
				}
			}
			label := 0
			for j, s := range scores {
				if s > scores[label] {
					label = j
				}
			}
			gpu.AppendClass(out[i*size:i*size:(i+1)*size], uint32(label), scores)
		}
	})
	return out, nil
}
