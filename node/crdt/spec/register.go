package spec

// foldRegister: the value of the effective write with the greatest (clock, operation id, mutation index).
func foldRegister(writes []write) (any, bool) {
	w := last(writes)
	if w == nil {
		return nil, false
	}
	return w.mutation.value, true
}
