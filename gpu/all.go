package gpu

// All lists the kernels. A new one is a file with its WGSL beside it, and a word here.
func All() []Kernel {
	return []Kernel{matMul(), prefixSum(), histogram(), pageRank(), classify()}
}

// Names lists the names of the kernels.
func Names() []string {
	var names []string
	for _, k := range All() {
		names = append(names, k.Name)
	}
	return names
}

// The names, one by one.
const (
	MatMul    = "matmul.f32"
	PrefixSum = "prefixsum.u32"
	Histogram = "histogram.u32"
	PageRank  = "pagerank.u32"
	Classify  = "chat.classify"
)
