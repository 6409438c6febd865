package workload

import "testing"

// TestConcurrent tells merges that were written at once from those that were written in turn, by what either had been shown.
func TestConcurrent(t *testing.T) {
	// Two fork from transaction 0; 3 merges 1 and 2.
	rec := &Recording{Agents: 2, Txns: []Transaction{{Agent: 0}, {Agent: 0, Parents: []int{0}}, {Agent: 1, Parents: []int{0}}, {Agent: 1, Parents: []int{1, 2}}}}
	for name, c := range map[string]struct {
		first, second [][]int // what each had been shown at each of her transactions
		want          int
	}{
		"neither had heard the other": {[][]int{{0, 0}, {1, 0}}, [][]int{{1, 0}, {2, 1}}, 1},
		"the second had heard it":     {[][]int{{0, 0}, {1, 0}}, [][]int{{2, 0}, {2, 1}}, 0},
		"the first had heard it":      {[][]int{{0, 0}, {1, 1}}, [][]int{{1, 0}, {2, 1}}, 0},
		"the first never wrote":       {[][]int{{0, 0}}, [][]int{{1, 0}}, 0},
		"the second never wrote":      {[][]int{{0, 0}, {1, 0}}, nil, 0},
	} {
		var all []*Writer
		for agent, shown := range [][][]int{c.first, c.second} {
			w := &Writer{agent: agent, authors: []string{"a", "b"}}
			w.Give(rec)
			w.shownAt = shown
			all = append(all, w)
		}
		if n, of := Concurrent(all); n != c.want || of != 1 {
			t.Errorf("%s: %d of %d, want %d of 1", name, n, of, c.want)
		}
	}
}
