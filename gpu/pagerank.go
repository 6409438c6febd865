package gpu

import (
	_ "embed"
	"math/rand/v2"
)

// Bounds of pagerank.u32, and its fixed point: all ranks together are at most RankOne = 2^30, so that no sum overflows.
const (
	maxNodes  = 1 << 17
	maxEdges  = 1 << 19
	maxRounds = 64
	RankOne   = 1 << 30
)

//go:embed pagerank.wgsl
var pageRankSource string

// Graph is the decoded input of pagerank.u32: edges lead from From[i] to To[i].
type Graph struct {
	Nodes, Rounds uint32
	From, To      []uint32
}

// DecodeGraph reads nodes (u32, 1 to 2^17), edges (u32, 0 to 2^19), rounds (u32, 1 to 64), then from[edges] and to[edges].
// An edge given twice counts twice.
func DecodeGraph(input []byte) (g Graph, err error) {
	h, rest, err := header(PageRank, input, 3)
	if err != nil {
		return g, err
	}
	if err := within(PageRank, "nodes", h[0], 1, maxNodes); err != nil {
		return g, err
	}
	if err := within(PageRank, "edges", h[1], 0, maxEdges); err != nil {
		return g, err
	}
	if err := within(PageRank, "rounds", h[2], 1, maxRounds); err != nil {
		return g, err
	}
	if err := length(PageRank, rest, 8*uint64(h[1])); err != nil {
		return g, err
	}
	all := words(rest)
	for i, v := range all {
		if v >= h[0] {
			return g, bad(PageRank, "end %d of the edges is node %d; there are %d nodes", i, v, h[0])
		}
	}
	return Graph{h[0], h[2], all[:h[1]], all[h[1]:]}, nil
}

func (g Graph) work() uint64 {
	return uint64(g.Rounds) * (uint64(g.Nodes) + uint64(len(g.From)))
}

// Damp is the part of a rank that follows links: 17/20 of it, rounded down, without overflow.
func Damp(rank uint32) uint32 { return rank/20*17 + rank%20*17/20 }

func pageRank() Kernel {
	return Kernel{
		Name: PageRank,
		About: "PageRank in u32 fixed point (1 = 2^30, damping 17/20, every division rounded down, a node without links gives to all alike); " +
			"in: u32 nodes, edges, rounds, u32 from[edges], to[edges]; out: u32 rank[nodes]",
		Unit: "nodes and edges visited",
		Work: func(input []byte) (uint64, error) {
			g, err := DecodeGraph(input)
			return g.work(), err
		},
		Reference: func(input []byte) ([]byte, uint64, error) {
			g, err := DecodeGraph(input)
			if err != nil {
				return nil, 0, err
			}
			links := make([]uint32, g.Nodes)
			for _, v := range g.From {
				links[v]++
			}
			rank := make([]uint32, g.Nodes)
			for i := range rank {
				rank[i] = RankOne / g.Nodes
			}
			for range g.Rounds {
				var idle uint32
				for i, r := range rank {
					if links[i] == 0 {
						idle += Damp(r)
					}
				}
				next := make([]uint32, g.Nodes)
				for i := range next {
					next[i] = (RankOne - Damp(RankOne) + idle) / g.Nodes
				}
				for e, from := range g.From {
					next[g.To[e]] += Damp(rank[from]) / links[from]
				}
				rank = next
			}
			return packed(rank), g.work(), nil
		},
		Lower: lowerPageRank,
		Random: func(r *rand.Rand, size int) []byte {
			edges := min(max(size/2, 0), maxEdges)
			nodes := min(max(edges/(1+r.IntN(8)), 1), maxNodes)
			ends := make([]uint32, 2*edges)
			for i := range ends {
				ends[i] = uint32(r.IntN(1 + r.IntN(nodes))) // low numbers are popular, as in real graphs
			}
			return packed([]uint32{uint32(nodes), uint32(edges), uint32(1 + r.IntN(20))}, ends)
		},
		Compare: Exact(),
	}
}

// lowerPageRank sorts the edges by target, so that each invocation of the second pass gathers what one node gets.
func lowerPageRank(input []byte) (*Program, error) {
	g, err := DecodeGraph(input)
	if err != nil {
		return nil, err
	}
	n := g.Nodes
	links, first := make([]uint32, n), make([]uint32, n+1)
	for i := range g.From {
		links[g.From[i]]++
		first[g.To[i]+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	sources, free := make([]uint32, max(len(g.From), 1)), append([]uint32(nil), first[:n]...)
	for i, to := range g.To {
		sources[free[to]] = g.From[i]
		free[to]++
	}
	start := make([]uint32, n)
	for i := range start {
		start[i] = RankOne / n
	}
	p := &Program{
		Source: pageRankSource,
		Buffers: []Buffer{
			{Data: packed(start)}, {Data: packed(links)}, {Data: packed(first)}, {Data: packed(sources)}, {Size: 4 * int(n)}, {Size: 4 * maxRounds},
		},
		Output: 0, Size: 4 * int(n),
	}
	for round := range g.Rounds {
		p.Buffers = append(p.Buffers, Buffer{Data: packed([]uint32{n, round})})
		step := len(p.Buffers) - 1
		all := [3]uint32{groups(n, 256), 1, 1}
		p.Passes = append(p.Passes,
			Pass{"share", []int{step, 0, 1, None, None, 4, 5}, all},
			Pass{"gather", []int{step, 0, None, 2, 3, 4, 5}, all})
	}
	return p, nil
}
