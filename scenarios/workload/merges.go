package workload

import "slices"

// Concurrent counts the recorded merges that these writers replay, and those of them that were truly concurrent: of any two
// of its parents by different agents, neither author's replica had shown him the other's when he made his own. A recorded
// fork says only that neither builds on the other, which a writer can do although he has read it.
func Concurrent(all []*Writer) (concurrent, recorded int) {
	for _, first := range all {
		if first.agent != 0 {
			continue
		}
		team := make([]*Writer, first.rec.Agents)
		for _, w := range all {
			if w.File == first.File && slices.Equal(w.authors, first.authors) {
				team[w.agent] = w
			}
		}
		for i := range first.rec.Txns {
			pairs := first.rec.pairs(i)
			if len(pairs) == 0 {
				continue
			}
			recorded++
			if !slices.ContainsFunc(pairs, func(p [2]int) bool { return heard(team, p[0], p[1]) || heard(team, p[1], p[0]) }) {
				concurrent++
			}
		}
	}
	return concurrent, recorded
}

// heard tells whether the author of transaction a had been shown b when he made it, or has not made it.
func heard(team []*Writer, a, b int) bool {
	rec := team[0].rec
	author := team[rec.Txns[a].Agent]
	if author == nil || author.place[a] >= len(author.shownAt) {
		return true
	}
	return author.shownAt[author.place[a]][rec.Txns[b].Agent] > author.place[b]
}

// pairs lists the parents of a transaction that different agents made, two by two; none where it is no merge.
func (rec *Recording) pairs(i int) (out [][2]int) {
	parents := rec.Txns[i].Parents
	for k, p := range parents {
		for _, q := range parents[:k] {
			if rec.Txns[p].Agent != rec.Txns[q].Agent {
				out = append(out, [2]int{q, p})
			}
		}
	}
	return out
}

// merges counts the transactions that merge what different agents made.
func (rec *Recording) merges() (n int) {
	for i := range rec.Txns {
		if len(rec.pairs(i)) > 0 {
			n++
		}
	}
	return n
}

// upTo is the recording's first transactions; 0 is all.
func (rec *Recording) upTo(limit int) *Recording {
	if limit <= 0 || limit >= len(rec.Txns) {
		return rec
	}
	return &Recording{Txns: rec.Txns[:limit], Agents: rec.Agents}
}
