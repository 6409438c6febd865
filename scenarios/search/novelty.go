package search

import (
	"fmt"
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// behaviour is what a run did, as features: which moments hosts had, which came right after which at one host, and which
// while a fault was open, each with a coarse count. It observes beside the checkers.
type behaviour struct {
	names  []string       // of moments
	places map[string]int // in names
	kinds  [step.NoteKinds]int
	hosts  []hostState
	pairs  [maxMoments][maxMoments]uint32
	during [maxFamilies][maxMoments]uint32
	open   [maxFamilies]int
	mask   uint32
	faults []string
}

// hostState is what a host is in the middle of.
type hostState struct {
	last            uint8 // moment; 0 is none
	unsaved, undone int32 // own operations that are not yet strictly committed, not yet durable
	back            bool  // it came back and has not caught up since
}

const (
	maxMoments  = 96 // names of moments; those beyond are one
	maxFamilies = 24 // kinds of faults
)

func newBehaviour(faults []string) *behaviour {
	b := &behaviour{names: []string{"boot"}, places: map[string]int{}, faults: faults}
	for k := 1; k < step.NoteKinds; k++ {
		b.kinds[k] = len(b.names)
		b.names = append(b.names, step.NoteKind(k).String())
	}
	return b
}

// moment gives the place of a name that notes and crashes bring with them.
func (b *behaviour) moment(name string) int {
	i, ok := b.places[name]
	if !ok {
		if i = len(b.names); i == maxMoments {
			return i - 1
		}
		b.places[name] = i
		b.names = append(b.names, name)
	}
	return i
}

func (b *behaviour) Name() string { return "behaviour" }
func (b *behaviour) Wants() sim.Kinds {
	return sim.OnNote | sim.OnBoot | sim.OnCrash | sim.OnFault | sim.OnUnissued
}
func (b *behaviour) Sample(time.Duration, sim.View)  {}
func (b *behaviour) Verdict(sim.End) (v sim.Verdict) { return sim.Verdict{Checker: b.Name()} }

// Observe counts one moment.
func (b *behaviour) Observe(e *sim.Event) {
	if e.Kind == sim.OnFault {
		b.fault(e.What)
		return
	}
	for int(e.Host) >= len(b.hosts) {
		b.hosts = append(b.hosts, hostState{})
	}
	h := &b.hosts[e.Host]
	switch e.Kind {
	case sim.OnNote:
		b.count(h, b.note(h, e.Effect.(*step.Note)))
	case sim.OnBoot:
		b.count(h, 0)
		if h.back && len(e.Input.(*step.Boot).Disk) == 0 {
			b.count(h, b.moment("boot with an empty disk"))
		}
	case sim.OnCrash:
		b.count(h, b.moment("crash: "+e.What))
		if h.unsaved > 0 {
			b.count(h, b.moment("crash between signing and saving"))
		}
		if h.undone > 0 {
			b.count(h, b.moment("crash before what is saved is durable"))
		}
		h.unsaved, h.undone, h.back = 0, 0, true
	case sim.OnUnissued:
		b.count(h, b.moment("request to a host that is down"))
	}
}

// note gives the place of what a process believes.
func (b *behaviour) note(h *hostState, n *step.Note) int {
	switch n.Kind {
	case step.NoteRefused, step.NoteLie:
		return b.moment(n.Kind.String() + ": " + n.Text)
	case step.NoteDropped:
		why, _, _ := strings.Cut(n.Text, ":")
		return b.moment("dropped: " + why)
	case step.NoteAuthored:
		h.unsaved++
	case step.NoteSaved:
		h.unsaved--
		h.undone++
	case step.NoteDurable:
		h.undone--
	case step.NoteRecovered:
		if n.Text != "" {
			return b.moment("recovered, damaged")
		}
	case step.NoteSynced:
		if h.back && n.N > 0 {
			h.back = false
			return b.moment("synced after a boot")
		}
	}
	return b.kinds[n.Kind]
}

// count takes a moment as the next one of a host.
func (b *behaviour) count(h *hostState, at int) {
	b.pairs[h.last][at]++
	h.last = uint8(at)
	for m := b.mask; m != 0; m &= m - 1 {
		b.during[bits.TrailingZeros32(m)][at]++
	}
}

func (b *behaviour) fault(what string) {
	kind, edge, _ := strings.Cut(what, " ")
	i := slices.Index(b.faults, kind)
	if i < 0 || i >= maxFamilies {
		return
	}
	if edge == "begins" {
		b.open[i]++
	} else {
		b.open[i]--
	}
	b.mask &^= 1 << i
	if b.open[i] > 0 {
		b.mask |= 1 << i
	}
}

// features prints what was seen, sorted. Counts are in powers of 4.
func (b *behaviour) features(o *scenarios.Outcome) []string {
	var out []string
	add := func(what string, n uint64) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s ×%d", what, uint64(1)<<((bits.Len64(n)-1)&^1)))
		}
	}
	for i, from := range b.names {
		for j, to := range b.names {
			if i != j {
				add(from+" > "+to, uint64(b.pairs[i][j]))
			}
		}
		all := uint64(0)
		for j := range b.names {
			all += uint64(b.pairs[j][i])
		}
		add(from, all)
	}
	for f, kind := range b.faults {
		for i, name := range b.names {
			if f < maxFamilies {
				add(name+" in "+kind, uint64(b.during[f][i]))
			}
		}
	}
	for _, m := range sometimes() {
		if m.seen(b, o) {
			out = append(out, momentPrefix+m.name)
		}
	}
	for _, v := range o.Record.Verdicts {
		out = append(out, v.Checker+" says "+string(v.Outcome))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// happened is how often a moment happened, by its name or by the beginning of one that ends with a colon.
func (b *behaviour) happened(name string) (n int) {
	for i, x := range b.names {
		for j := range b.names {
			if match(x, name) {
				n += int(b.pairs[j][i])
			}
		}
	}
	return n
}

// within is how often a moment happened while a kind of fault was open.
func (b *behaviour) within(name, kind string) (n int) {
	if f := slices.Index(b.faults, kind); f >= 0 && f < maxFamilies {
		for i, x := range b.names {
			if match(x, name) {
				n += int(b.during[f][i])
			}
		}
	}
	return n
}

func match(x, name string) bool {
	return x == name || strings.HasSuffix(name, ":") && strings.HasPrefix(x, name)
}

// corpus keeps the recipes that showed something new. It is fed in the order of their numbers, so that it is the same
// however many ran side by side.
type corpus struct {
	known   map[uint32]int // runs that showed a feature
	entries []*seedling
}

// seedling is a recipe worth mutating.
type seedling struct {
	recipe Recipe
	news   []uint32 // features that it was the first to show
	chosen int
}

func newCorpus() *corpus { return &corpus{known: map[uint32]int{}} }

// feed takes in a run and gives how many features of it were new.
func (c *corpus) feed(r Recipe, features []uint32) int {
	var news []uint32
	for _, f := range features {
		if c.known[f] == 0 {
			news = append(news, f)
		}
		c.known[f]++
	}
	if len(news) > 0 && len(r) <= maxRecipe {
		c.entries = append(c.entries, &seedling{recipe: r, news: news})
	}
	return len(news)
}

// pick chooses one to mutate. Its energy is the rarity of what it was the first to show, after Entropic (Böhme et al. 2020),
// over how often it was chosen already. Each feature is of one entry, so that the time does not grow with the runs.
func (c *corpus) pick(r *rand.Rand) Recipe {
	total := 0.0
	energy := make([]float64, len(c.entries))
	for i, e := range c.entries {
		for _, f := range e.news {
			energy[i] += 1 / float64(c.known[f])
		}
		energy[i] /= float64(1 + e.chosen)
		total += energy[i]
	}
	at := r.Float64() * total
	for i, e := range c.entries {
		if at -= energy[i]; at < 0 || i == len(c.entries)-1 {
			e.chosen++
			return e.recipe
		}
	}
	return nil
}

// signs shortens features to what is counted and kept.
func signs(features []string) []uint32 {
	out := make([]uint32, len(features))
	for i, f := range features {
		out[i] = sign(f)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sign(feature string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(feature))
	return h.Sum32()
}
