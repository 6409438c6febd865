package journal

import (
	"fmt"
	"strings"
)

// Queues tells people how full the journal's queues are: one line a queue, with name, length and bound.
func (j *Journal) Queues() string {
	var b strings.Builder
	line := func(name string, n, bound int) {
		if bound > 0 {
			fmt.Fprintf(&b, "%s %d %d\n", name, n, bound)
		} else {
			fmt.Fprintf(&b, "%s %d -\n", name, n)
		}
	}
	for _, l := range j.logs {
		s := l.ID.String()[:8]
		line("journal.waiting."+s, len(l.buffer.waiting), maxShares*MaxWaiting)
		line("journal.waiting-bytes."+s, l.buffer.bytes, maxShares*MaxWaitingBytes)
		line("journal.missing."+s, len(l.buffer.needs), 0)
		line("journal.refused."+s, len(l.refused.reasons), maxRefused)
		line("journal.pending."+s, len(l.own.pending), 0)
	}
	line("journal.unsaved", len(j.disk.todo), 0)
	line("journal.commits", len(j.disk.flying), 0)
	return b.String()
}
