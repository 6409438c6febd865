package gpu

// All lists the kernels. A new one is a file with its WGSL beside it, and a word here.
func All() []Kernel {
	return []Kernel{matMul(), prefixSum(), histogram(), pageRank(), classify()}
}

// Names of the kernels, for workloads.
const (
	MatMul    = "matmul.f32"
	PrefixSum = "prefixsum.u32"
	Histogram = "histogram.u32"
	PageRank  = "pagerank.u32"
	Classify  = "chat.classify"
)
