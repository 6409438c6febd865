package checkers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// marking is a value in a set.
type marking struct {
	property
	value string // its encoding
}

// addition is what put a value into a set.
type addition struct {
	by *operation
	id element
}

// removals judges that who takes a value out of a set takes back every addition of it that its host knew, and no other (VM-4):
// all who hear of a removal agree on what it leaves. Where operations became void, what a host knew to have effect is not known.
func (c *convergence) removals() {
	for _, s := range c.spaces {
		if len(s.revokes) > 0 || len(s.forked) > 0 {
			continue
		}
		added := map[marking][]addition{}
		marks := map[element]marking{}
		taken := map[element][]*operation{}
		for _, o := range s.ops {
			for _, x := range c.changes(o) {
				switch {
				case x.code == addValue && len(x.rest) == 1:
					a := addition{o, elementOf(o, x.index)}
					m := marking{x.property, string(x.rest[0])}
					added[m], marks[a.id] = append(added[m], a), m
				case x.code == takeValue && len(x.rest) == 2:
					var named [][]byte
					if c.cbor.Unmarshal(x.rest[1], &named) != nil {
						continue
					}
					var ids []element
					for _, id := range named {
						if len(id) == len(element{}) {
							ids = append(ids, element(id))
						}
					}
					if m := (marking{x.property, string(x.rest[0])}); o.honest {
						c.taken++
						if why := c.halfTaken(o, m, ids, added[m], marks, taken); why != "" {
							c.fail(o.at, "", "operation %s (%s) of host %d takes a value out of a set and %s", o, o.kind, o.host, why)
						}
					}
					for _, id := range ids {
						taken[id] = append(taken[id], o)
					}
				}
			}
		}
	}
}

// unreacted judges that nobody is told that there is no reaction of hers to take back where she gave it by the same host before,
// and no host was asked to take it back since: whether the disk has it yet is not hers to know (VM-9).
func (c *convergence) unreacted() {
	type reaction struct {
		space          key
		message, emoji string
	}
	type giver struct {
		reaction
		host sim.HostID
	}
	gave := map[giver]uint32{} // in which life
	for _, r := range c.book.order {
		if r.do == "sign_in" { // perhaps it is another person
			maps.DeleteFunc(gave, func(g giver, _ uint32) bool { return g.host == r.host })
		}
		s := c.byID[r.space]
		var f struct {
			Message []byte `cbor:"message"`
			Emoji   string `cbor:"emoji"`
		}
		if r.do != "add_reaction" && r.do != "remove_reaction" || s == nil || len(s.revokes) > 0 || len(s.forked) > 0 || c.cbor.Unmarshal(r.body, &f) != nil {
			continue
		}
		x := giver{reaction{r.space, string(f.Message), f.Emoji}, r.host}
		switch life, given := gave[x]; {
		case r.do == "add_reaction" && r.first == step.Accepted:
			gave[x] = r.life
		case r.do == "add_reaction":
		case r.first == step.Denied:
			if c.taken++; given && life == r.life && strings.HasSuffix(r.why, "you did not react so") {
				c.fail(r.replied, r.event, "host %d denies its person to take back %q (%s); she gave it before, and nobody took it back", r.host, f.Emoji, r.why)
			}
		default:
			maps.DeleteFunc(gave, func(g giver, _ uint32) bool { return g.reaction == x.reaction })
		}
	}
}

// halfTaken says what a removal leaves, or takes beside its value.
func (c *convergence) halfTaken(o *operation, m marking, named []element, added []addition, marks map[element]marking, taken map[element][]*operation) string {
	for _, id := range named {
		if other, known := marks[id]; known && other != m {
			return fmt.Sprintf("names addition %.6x of another value", id)
		}
	}
	knew := func(x *operation) bool { return c.naming.outside(o.causes, []*operation{x}) == nil }
	for _, a := range added {
		if slices.Contains(named, a.id) || !projects(a.by, c.truth.host(o.host).Schema) || !knew(a.by) {
			continue
		}
		gone := false
		for _, r := range taken[a.id] {
			gone = gone || knew(r)
		}
		if !gone {
			return fmt.Sprintf("leaves addition %.6x of it, which its host knew", a.id)
		}
	}
	return ""
}
