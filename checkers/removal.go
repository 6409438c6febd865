package checkers

import (
	"fmt"
	"slices"
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
