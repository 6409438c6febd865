package workload

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// Who writes first is ahead of the other by the time that it takes to hear of it, and by ever more or less as rounds go on,
// until one hears the other's part before writing his own. So a chapter begins anew from one transaction of the first agent,
// who then types on for about as long as the other takes to hear of it.
const (
	chapter   = 25 // rounds
	headStart = 50 // edits of 3 ms: the latency between two personal devices, and a frame
)

// Generated makes a recorded text of two people without a CRDT, so that its end is known by construction: each round, both
// edit a region of their own against the last merge, equally often, and both append a word at the very end at once. Concurrent insertions
// at one place stand in the order of their authors, the first agent's before the second's (FugueMax).
func Generated(rounds int) *Recording {
	r := rand.New(rand.NewPCG(2, 7))
	g := &generator{rec: &Recording{Agents: 2}, r: r}
	g.regions[0] = []rune("first\n")
	g.regions[1] = []rune("second\n")
	g.txn(0, nil, patchOf(0, 0, "first\nsecond\n"))
	merged := []int{0}
	for round := range rounds {
		n := [2]int{2 + r.IntN(6)}
		n[1] = n[0]
		if round == 0 { // the second agent is there: only then can the first know how far ahead she is
			merged = []int{g.txn(1, merged, g.edit(1, len(g.regions[0])))}
		}
		if round%chapter == 0 {
			merged = []int{g.txn(0, merged, g.edit(0, 0))}
			n[0] += headStart
		}
		var last [2]int
		start := [2]int{0, len(g.regions[0])}
		end := len(g.regions[0]) + len(g.regions[1]) + len(g.tail)
		var words [2]string
		for agent := range 2 {
			parents := merged
			grown := 0
			for range n[agent] {
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
