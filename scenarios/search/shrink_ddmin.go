package search

import "slices"

// minimize finds a least part of 0..n-1 for which a test still holds, given that it holds for all of it: delta debugging
// (Zeller and Hildebrandt 2002, ddmin), reducing to subsets while these are large and to complements after. Where the test is
// monotone (what holds for a part holds for more), no single element of the result can be left out.
//
// first is given parts to try, each shorter than the last that held, and gives the place of the first that holds, or -1; ok is
// false once there is no budget left, and the least part so far is the result.
func minimize(n int, first func(parts [][]int) (held int, ok bool)) []int {
	cur := make([]int, n)
	for i := range cur {
		cur[i] = i
	}
	chunks, from := 2, 0
	for len(cur) > 0 {
		chunks = min(chunks, len(cur))
		parts := make([][]int, 0, 2*chunks)
		if chunks == 3 || chunks == 4 { // of two, each is the other's complement
			parts = append(parts, pieces(cur, chunks)...)
		}
		subsets := len(parts)
		for k := range chunks { // begin where the last one that held left off
			parts = append(parts, without(cur, chunks, (from+k)%chunks))
		}
		held, ok := first(parts)
		switch {
		case held >= 0 && held < subsets:
			cur, chunks, from = parts[held], 2, 0
		case held >= 0:
			from = (from + held - subsets) % chunks
			cur, chunks = parts[held], max(chunks-1, 2)
		case !ok || chunks == len(cur):
			return cur
		default:
			chunks, from = 2*chunks, 0
		}
		if !ok {
			return cur
		}
	}
	return cur
}

// bounds is where the k-th of so many pieces begins.
func bounds(n, chunks, k int) int { return n * k / chunks }

func pieces(all []int, chunks int) (out [][]int) {
	for k := range chunks {
		out = append(out, slices.Clone(all[bounds(len(all), chunks, k):bounds(len(all), chunks, k+1)]))
	}
	return out
}

func without(all []int, chunks, k int) []int {
	return slices.Delete(slices.Clone(all), bounds(len(all), chunks, k), bounds(len(all), chunks, k+1))
}
