package workload

import "time"

// What pace assumes of the world. Only the order of events within a round trip depends on it: a writer's times count from
// what she was shown, so that a faster or slower network stretches the whole.
const (
	paceLatency = 150 * time.Millisecond // one way, between two writers
	paceEdit    = 3 * time.Millisecond   // from a transaction to the author's next
	paceSlack   = 15 * time.Millisecond  // by which one writer's part of a merge must come too late for the other: a frame of her screen
	paceRounds  = 15
	pacePause   = 500 * time.Millisecond // the longest
)

// pace gives for each transaction how long its author pauses although she could make it. The recording keeps what was
// concurrent, not when; without pauses, the writer who has fewer transactions in hand is done first, and shows the other
// what he should not have seen yet. So times are set by relaxation (as for difference constraints, Cormen et al. §22.4):
// at first everything happens as soon as it can, then, round by round, whoever would be too early for a merge to be truly
// concurrent waits. Where two merges want opposite things, the longest pause decides.
func (rec *Recording) pace() []time.Duration {
	pause := make([]time.Duration, len(rec.Txns))
	made := make([]time.Duration, len(rec.Txns))
	for range paceRounds {
		rec.walk(pause, made)
		need := map[int]time.Duration{}
		for i := range rec.Txns {
			own, other := rec.sides(i)
			if own < 0 || other < 0 {
				continue
			}
			if late := made[own] + paceSlack - made[other] - paceEdit - paceLatency; late > need[other] {
				need[other] = late
			}
		}
		moved := false
		for i, d := range need { // each on its own: the order does not matter
			if pause[i]+d <= pacePause {
				pause[i] += d
				moved = true
			}
		}
		if !moved {
			break
		}
	}
	return pause
}

// walk computes when each transaction is made: after its author's last one, its parents, and its pause.
func (rec *Recording) walk(pause, made []time.Duration) {
	last := make([]time.Duration, rec.Agents)
	for i, t := range rec.Txns {
		at := last[t.Agent]
		for _, p := range t.Parents {
			if rec.Txns[p].Agent != t.Agent {
				at = max(at, made[p]+paceEdit+paceLatency)
			}
		}
		made[i] = at + pause[i]
		last[t.Agent] = made[i] + paceEdit
	}
}

// sides gives the parents of a merge: its author's own, and another's; -1 where there is none.
func (rec *Recording) sides(i int) (own, other int) {
	own, other = -1, -1
	t := &rec.Txns[i]
	for _, p := range t.Parents {
		if rec.Txns[p].Agent == t.Agent {
			own = p
		} else {
			other = p
		}
	}
	return own, other
}
