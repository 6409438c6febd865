package view

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// networkAnswer is the network at a moment.
type networkAnswer struct {
	Down   []int     `json:"down"`   // hosts that crashed
	Unborn []int     `json:"unborn"` // hosts that have not booted yet
	Again  []int     `json:"again"`  // host and life, of those that have booted more than once
	Links  []uint32  `json:"links"`  // the smaller host, the greater, and who believes in it: 1 the smaller, 2 the greater, 3 both
	Lies   []uint32  `json:"lies"`   // liar, and how many lies it has told
	Faults []int     `json:"faults"` // those that are on
	Last   []logLine `json:"last"`   // what changed the network last, latest first
}

type logLine struct {
	At   int64  `json:"at"`
	Host int    `json:"host"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func (v *Viewer) network(at time.Duration) *networkAnswer {
	n := v.index.at(at)
	a := &networkAnswer{Down: []int{}, Unborn: []int{}, Again: []int{}, Links: []uint32{}, Lies: []uint32{}, Faults: []int{}, Last: []logLine{}}
	for h := 1; h < len(n.life); h++ {
		switch {
		case n.life[h] == 0:
			a.Unborn = append(a.Unborn, h)
		case !n.up[h]:
			a.Down = append(a.Down, h)
		}
		if n.life[h] > 1 {
			a.Again = append(a.Again, h, int(n.life[h]))
		}
		if n.lies[h] > 0 {
			a.Lies = append(a.Lies, uint32(h), n.lies[h])
		}
	}
	for _, l := range n.links() {
		a.Links = append(a.Links, l.a, l.b, l.ends)
	}
	for i, f := range v.run.Faults {
		if f.Begin <= int64(at) && (int64(at) < f.End || f.Begin == f.End && f.Begin == int64(at)) {
			a.Faults = append(a.Faults, i)
		}
	}
	end := v.index.upTo(at)
	for i := end - 1; i >= max(0, end-4*chunkSize) && len(a.Last) < 6; i-- {
		if e := v.index.entry(i); e.kind.network() {
			a.Last = append(a.Last, logLine{e.at, int(e.host), kindNames()[e.kind], v.index.words(e)})
		}
	}
	return a
}

// words says what an entry is.
func (x *index) words(e *entry) string {
	text := x.texts[e.text]
	switch e.kind {
	case kindBoot:
		return fmt.Sprintf("boots, life %d", e.ref)
	case kindConnUp:
		return fmt.Sprintf("is connected with host %d", e.peer)
	case kindConnDown:
		if e.peer == 0 {
			return "fails to connect: " + text
		}
		return fmt.Sprintf("loses host %d: %s", e.peer, text)
	case kindClose:
		return fmt.Sprintf("closes its connection with host %d", e.peer)
	case kindCrash:
		return "goes down: " + text
	case kindPanic:
		return "panics: " + text
	case kindFault:
		return text
	case kindRequest:
		return "is asked to " + text
	case kindReply:
		return "replies " + text
	case kindUnissued:
		return "is down when asked to " + text
	case kindJobDone:
		return cmp.Or(text, "ends a job")
	case kindCommitFailed:
		return "cannot commit: " + text
	}
	var parts []string
	if e.ref > 0 {
		parts = append(parts, "operation "+hex.EncodeToString(x.ops[e.ref-1][:6]))
	}
	if e.peer > 0 {
		parts = append(parts, fmt.Sprintf("host %d", e.peer))
	}
	if text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
