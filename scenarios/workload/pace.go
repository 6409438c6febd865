package workload

import "time"

// What pace assumes of the world. Only the order of events within a round trip depends on it: a writer's times count from
// what she was shown, so that a faster or slower network stretches the whole.
const (
	paceLatency = 180 * time.Millisecond // one way, between two writers, until it is shown
	paceEdit    = 3 * time.Millisecond   // from a transaction to the author's next
	paceSlack   = 25 * time.Millisecond  // by which each part of a merge must come too late for the other's author: a frame of a screen, and jitter
	paceRounds  = 15
	pacePause   = 250 * time.Millisecond // the longest
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
			for _, p := range rec.pairs(i) {
				for _, x := range [][2]int{p, {p[1], p[0]}} {
					if late := made[x[0]] + paceSlack - made[x[1]] - paceEdit - paceLatency; late > need[x[1]] {
						need[x[1]] = late
					}
				}
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
