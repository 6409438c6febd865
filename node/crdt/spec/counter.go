package spec

// foldCounter: the sum of all effective additions, wrapping in 64 bits.
func foldCounter(writes []write) (any, bool) {
	var sum int64
	writes = effective(writes)
	for _, w := range writes {
		sum += w.mutation.delta
	}
	return sum, len(writes) > 0
}
