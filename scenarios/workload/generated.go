package workload

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// Generated makes a recorded text of two people without a CRDT, so that its end is known by construction: each round, both
// edit a region of their own against the last merge, and both append a word at the very end at once. Concurrent insertions
// at one place stand in the order of their authors, the first agent's before the second's (FugueMax).
func Generated(rounds int) *Recording {
	r := rand.New(rand.NewPCG(2, 7))
	g := &generator{rec: &Recording{Agents: 2}, r: r}
	g.regions[0] = []rune("first\n")
	g.regions[1] = []rune("second\n")
	g.txn(0, nil, patchOf(0, 0, "first\nsecond\n"))
	merged := []int{0}
	for range rounds {
		var last [2]int
		start := [2]int{0, len(g.regions[0])}
		end := len(g.regions[0]) + len(g.regions[1]) + len(g.tail)
		var words [2]string
		for agent := range 2 {
			parents := merged
			grown := 0
			for range 2 + r.IntN(6) {
				before := len(g.regions[agent])
				parents = []int{g.txn(agent, parents, g.edit(agent, start[agent]))}
				grown += len(g.regions[agent]) - before
			}
			words[agent] = word(r) + " "
			last[agent] = g.txn(agent, parents, patchOf(end+grown, 0, words[agent]))
		}
		g.tail = append(g.tail, []rune(words[0]+words[1])...)
		merged = last[:]
	}
	g.txn(0, merged, patchOf(0, 0, "done: "))
	g.rec.EndContent = "done: " + string(g.regions[0]) + string(g.regions[1]) + string(g.tail)
	return g.rec
}

type generator struct {
	rec     *Recording
	r       *rand.Rand
	regions [2][]rune // each edited by one agent alone
	tail    []rune    // appended to by both
}

// edit inserts or deletes in an agent's region, which begins at a place of the text that the agent sees.
func (g *generator) edit(agent, start int) json.RawMessage {
	region := g.regions[agent]
	at := g.r.IntN(len(region))
	if len(region) > 40 && g.r.IntN(3) == 0 {
		n := 1 + g.r.IntN(min(8, len(region)-at))
		g.regions[agent] = append(region[:at:at], region[at+n:]...)
		return patchOf(start+at, n, "")
	}
	ins := word(g.r) + " "
	g.regions[agent] = append(append(region[:at:at], []rune(ins)...), region[at:]...)
	return patchOf(start+at, 0, ins)
}

func (g *generator) txn(agent int, parents []int, p json.RawMessage) int {
	g.rec.Txns = append(g.rec.Txns, Transaction{Parents: append([]int{}, parents...), Agent: agent, Patches: []json.RawMessage{p}})
	return len(g.rec.Txns) - 1
}

func patchOf(pos, del int, ins string) json.RawMessage {
	b, err := json.Marshal([]any{pos, del, ins})
	if err != nil {
		panic(err)
	}
	return b
}

func word(r *rand.Rand) string {
	words := vocabulary()
	return strings.Repeat("ü", r.IntN(2)) + words[r.IntN(len(words))]
}
