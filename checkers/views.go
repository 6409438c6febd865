package checkers

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// redrawn is by when whatever a host took in is in the pictures that it shows: those that are watched are drawn again within a
// frame of the screen, 16 ms.
const redrawn = time.Second

// element is the id of a node or a relation: that of its operation, and the index of the mutation that makes it.
type element [33]byte

// figure is a live element of a state.
type figure struct {
	id       element
	made     *operation
	kind     string
	from, to element // of a relation
	props    map[string]map[string]cbor.RawMessage
}

// scenery is a state as views look it up: what it lists is in order of creation, by (clock, id).
type scenery struct {
	live    map[element]*figure
	byType  map[string][]element
	out, in map[side][]element
	guile   bool   // somebody may have given a reaction in another's name
	index   []byte // what step.InspectIndex answers
	shots   map[shot]*channelPicture
}

// side is the relations of a type that lead from an element, or to it.
type side struct {
	element element
	kind    string
}

// views judges what hosts show at the end by the state that their operations mean (NODE-3, I26): by what live elements are
// found, and the pictures of channels and texts that people watch. Nodes keep both up change by change; here they are made anew.
func (c *convergence) views(s *snapshot, last sim.End) {
	watched := map[sim.HostID][]*request{}
	for _, r := range c.order {
		if (r.picture != nil && !r.gone || r.watches()) && c.applied[r.host]+redrawn <= last.At {
			watched[r.host] = append(watched[r.host], r)
		}
	}
	for i := range s.hold {
		k := &s.hold[i]
		if k.set == nil || len(k.set.bad) > 0 {
			continue
		}
		void, ok := answer(last.View, k.host, step.InspectVoid, k.space.id)
		st := k.set.stateOf(k.schema, void)
		if !ok || st.want == nil {
			continue // which is told elsewhere
		}
		if st.scenery == nil {
			st.scenery = c.scenery(k.set, st.want)
		}
		index, _ := answer(last.View, k.host, step.InspectIndex, k.space.id)
		if c.indexes++; !bytes.Equal(index, st.scenery.index) {
			c.fail(s.at, "", "host %d finds elements of space %s otherwise than its state has them: %s", k.host, short(k.space.id), differ(st.scenery.index, index))
		}
		for _, r := range watched[k.host] {
			if r.space != k.space.id {
				continue
			}
			c.watched++
			if r.do == "watch_text" {
				if why := c.unwatched(r, c.edits(k.set)[r.text]); why != "" {
					c.fail(s.at, r.event, "host %d shows the edits of text %q of %.6x otherwise than it has them for request %d: %s", k.host, r.text.prop, r.text.element, r.id, why)
				}
			} else if why := c.stale(r.picture, st.scenery.shot(shot{r.channel, r.latest}), st.scenery.guile); why != "" {
				c.fail(s.at, r.event, "host %d shows an old picture of channel %.6x for request %d: %s", k.host, r.channel, r.id, why)
			}
		}
	}
}

// scenery reads a canonical state.
func (c *convergence) scenery(k *set, state []byte) *scenery {
	y := &scenery{live: map[element]*figure{}, byType: map[string][]element{}, out: map[side][]element{}, in: map[side][]element{}, shots: map[shot]*channelPicture{}}
	var entries []struct {
		_        struct{} `cbor:",toarray"`
		ID       []byte
		Type     string
		From, To []byte
		Deleted  bool
		Props    map[string]map[string]cbor.RawMessage
		Meta     cbor.RawMessage
	}
	if err := c.wide.Unmarshal(state, &entries); err != nil {
		panic(fmt.Sprintf("checkers: the specs' state is unreadable: %v", err))
	}
	var all []*figure
	for i := range entries {
		if e := &entries[i]; !e.Deleted {
			f := &figure{id: element(e.ID), kind: e.Type, props: e.Props}
			f.made = c.ops[array(e.ID[:32])]
			if e.From != nil {
				f.from, f.to = element(e.From), element(e.To)
			}
			y.live[f.id] = f
			all = append(all, f)
		}
	}
	slices.SortFunc(all, (*figure).compare)
	for _, f := range all {
		y.byType[f.kind] = append(y.byType[f.kind], f.id)
		if f.from != (element{}) {
			out, in := side{f.from, f.kind}, side{f.to, f.kind}
			y.out[out], y.in[in] = append(y.out[out], f.id), append(y.in[in], f.id)
		}
	}
	for _, o := range k.ops {
		y.guile = y.guile || !c.people[o.author]
	}
	types := [][]any{}
	for _, t := range slices.Sorted(maps.Keys(y.byType)) {
		types = append(types, []any{t, y.byType[t]})
	}
	y.index = encode([]any{types, listed(y.out), listed(y.in)})
	return y
}

func (f *figure) compare(o *figure) int {
	return cmp.Or(cmp.Compare(f.made.head.Clock, o.made.head.Clock), bytes.Compare(f.id[:], o.id[:]))
}

func listed(sides map[side][]element) [][]any {
	list := [][]any{}
	for _, x := range slices.SortedFunc(maps.Keys(sides), func(x, y side) int {
		return cmp.Or(bytes.Compare(x.element[:], y.element[:]), strings.Compare(x.kind, y.kind))
	}) {
		list = append(list, []any{x.element, x.kind, sides[x]})
	}
	return list
}

// encode writes core-deterministic CBOR.
func encode(v any) []byte {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
