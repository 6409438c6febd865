package sim

import (
	"slices"
)

const (
	few  = 12  // so many are sorted by insertion
	some = 128 // and so many by comparison
)

// sortRun sorts a run, which lies within 2^32 of base, by key.
func (q *queue) sortRun() {
	if len(q.run) <= few {
		insertionSort(q.run)
		return
	}
	q.keys = q.keys[:0]
	for i := range q.run {
		q.keys = append(q.keys, uint64(q.run[i].at-q.base)<<32|uint64(i))
	}
	q.sortKeys()
	for i := 0; i < len(q.run); { // what is of one instant lies together, in no order
		end := i + 1
		for end < len(q.run) && q.run[end].at == q.run[i].at {
			end++
		}
		if end-i <= few {
			insertionSort(q.run[i:end])
		} else {
			slices.SortFunc(q.run[i:end], func(a, b entry) int { return a.compare(&b) })
		}
		i = end
	}
}

// sortTies sorts a run of one instant by sender and number. Each sender's entries were mostly pushed in the order of
// their numbers, so that sorting by sender and place does nearly all.
func (q *queue) sortTies() {
	if len(q.run) > few {
		q.keys = q.keys[:0]
		for i := range q.run {
			q.keys = append(q.keys, uint64(q.run[i].src)<<32|uint64(i))
		}
		q.sortKeys()
	}
	insertionSort(q.run)
}

// sortKeys sorts keys and puts the run into their order: their lower halves are places in it.
func (q *queue) sortKeys() {
	if len(q.keys) <= some {
		slices.Sort(q.keys)
	} else {
		q.radixSort()
	}
	q.sorted = slices.Grow(q.sorted[:0], len(q.run))[:len(q.run)]
	for i, k := range q.keys {
		q.sorted[i] = q.run[uint32(k)]
	}
	q.run, q.sorted = q.sorted, q.run
}

// radixSort sorts keys by their upper halves and is stable.
func (q *queue) radixSort() {
	differ := uint64(0) // bits in which any two differ
	for _, k := range q.keys {
		differ |= k ^ q.keys[0]
	}
	q.spare = slices.Grow(q.spare[:0], len(q.keys))[:len(q.keys)]
	for shift := 32; shift < 64; shift += digit {
		if differ>>shift%(1<<digit) == 0 {
			continue
		}
		var count [1 << digit]uint32
		for _, k := range q.keys {
			count[k>>shift%(1<<digit)]++
		}
		sum := uint32(0)
		for i, n := range count {
			count[i] = sum
			sum += n
		}
		for _, k := range q.keys {
			p := &count[k>>shift%(1<<digit)]
			q.spare[*p] = k
			*p++
		}
		q.keys, q.spare = q.spare, q.keys
	}
}

func insertionSort(list []entry) {
	for i := 1; i < len(list); i++ {
		if !list[i].before(&list[i-1]) {
			continue
		}
		e, j := list[i], i
		for ; j > 0 && e.before(&list[j-1]); j-- {
			list[j] = list[j-1]
		}
		list[j] = e
	}
}

func (q *queue) pushSide(e *entry) {
	q.side = append(q.side, *e)
	i := len(q.side) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&q.side[up]) {
			break
		}
		q.side[i] = q.side[up]
		i = up
	}
	q.side[i] = *e
}

func (q *queue) popSide(e *entry) {
	*e = q.side[0]
	last := q.side[len(q.side)-1]
	q.side = q.side[:len(q.side)-1]
	n := len(q.side)
	if n == 0 {
		return
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && q.side[down+1].before(&q.side[down]) {
			down++
		}
		if !q.side[down].before(&last) {
			break
		}
		q.side[i] = q.side[down]
		i = down
	}
	q.side[i] = last
}
