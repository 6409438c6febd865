package compute

import "github.com/lifegraph-os/lgos-sim/node/journal"

// past is the causal past of one entry, down to a floor: asked once for a task, where hundreds of offers are looked up.
type past struct {
	set   []uint64
	stack []uint32
}

// of walks back from an entry. Entries below floor are not looked at: causes have lesser indices.
func (p *past) of(l *journal.Log, at, floor uint32) {
	n := int(at/64) + 1
	if len(p.set) < n {
		p.set = make([]uint64, 2*n)
	}
	clear(p.set)
	p.stack = append(p.stack[:0], at)
	for len(p.stack) > 0 {
		e := l.Entries[p.stack[len(p.stack)-1]]
		p.stack = p.stack[:len(p.stack)-1]
		for _, c := range e.Causes {
			if c >= floor && !p.has(c) {
				p.set[c/64] |= 1 << (c % 64)
				p.stack = append(p.stack, c)
			}
		}
	}
}

func (p *past) has(i uint32) bool { return int(i/64) < len(p.set) && p.set[i/64]>>(i%64)&1 == 1 }
