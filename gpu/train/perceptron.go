package main

import "github.com/lifegraph-os/lgos-sim/gpu"

// train runs a perceptron over the corpus until it makes few mistakes, with a margin, then sums the weights of all rounds
// and scales them to 8 bits. Whole numbers only, so that every machine learns the same.
func train(list []example) gpu.Model {
	const rounds, margin = 12, 8
	classes := len(gpu.Classes())
	weights, bias := make([]int64, gpu.Features*classes), make([]int64, classes)
	sum, sumBias := make([]int64, len(weights)), make([]int64, classes)
	for range rounds {
		for _, e := range list {
			var counts [gpu.Features]byte
			gpu.Count(counts[:], []byte(e.text))
			rival := bestBut(e.label, counts[:], weights, bias)
			if score(e.label, counts[:], weights, bias) >= score(rival, counts[:], weights, bias)+margin {
				continue
			}
			for f, n := range counts {
				weights[f*classes+e.label] += int64(n)
				weights[f*classes+rival] -= int64(n)
			}
			bias[e.label]++
			bias[rival]--
		}
		for i, w := range weights {
			sum[i] += w
		}
		for i, b := range bias {
			sumBias[i] += b
		}
	}
	var greatest int64 = 1
	for _, w := range sum {
		greatest = max(greatest, w, -w)
	}
	m := gpu.Model{Classes: gpu.Classes()}
	for _, w := range sum {
		m.Weights = append(m.Weights, int8(w*127/greatest))
	}
	for _, b := range sumBias {
		m.Bias = append(m.Bias, int32(b*127/greatest))
	}
	return m
}

func score(class int, counts []byte, weights, bias []int64) int64 {
	s := bias[class]
	for f, n := range counts {
		if n > 0 {
			s += int64(n) * weights[f*len(bias)+class]
		}
	}
	return s
}

// bestBut is the class of the greatest score other than the right one.
func bestBut(label int, counts []byte, weights, bias []int64) int {
	best, bestScore := -1, int64(0)
	for c := range bias {
		if c == label {
			continue
		}
		if s := score(c, counts, weights, bias); best < 0 || s > bestScore {
			best, bestScore = c, s
		}
	}
	return best
}

// accuracy is the share of examples that a model labels right.
func accuracy(m gpu.Model, list []example) float64 {
	right := 0
	weights, bias := make([]int64, len(m.Weights)), make([]int64, len(m.Bias))
	for i, w := range m.Weights {
		weights[i] = int64(w)
	}
	for i, b := range m.Bias {
		bias[i] = int64(b)
	}
	for _, e := range list {
		var counts [gpu.Features]byte
		gpu.Count(counts[:], []byte(e.text))
		rival := bestBut(e.label, counts[:], weights, bias)
		if score(e.label, counts[:], weights, bias) > score(rival, counts[:], weights, bias) {
			right++
		}
	}
	return float64(right) / float64(len(list))
}
