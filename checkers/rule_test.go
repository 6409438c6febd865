package checkers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"pgregory.net/rapid"
)

// script is a history of a space in words, one operation a line: NAME: AUTHOR DEED [WHO…] [ROLE] [after NAME…] [fork NAME].
// The genesis is g: olga owns, adam and ada are admins, mia and max members, gus a guest. Without "after" an operation
// follows its author's last one, or else g.
type script struct {
	b    *book
	id   key
	pens map[string]*pen
	ops  map[string]*written
	last map[string]string
	list []string // names in order
}

func newScript() *script {
	s := &script{pens: map[string]*pen{}, ops: map[string]*written{}, last: map[string]string{}}
	roles := map[*pen]int{}
	for name, role := range map[string]int{"olga": owner, "adam": admin, "ada": admin, "mia": member, "max": member, "gus": guest, "nina": 0} {
		s.pens[name] = newPen(name)
		if role > 0 {
			roles[s.pens[name]] = role
		}
	}
	var genesis *written
	s.id, genesis = s.pens["olga"].found("a club", roles)
	s.b = newBook(&Truth{Spaces: []Space{{s.id, genesis.bytes}}})
	s.ops["g"] = genesis
	return s
}

// say writes one line and gives the operation as the book judges it.
func (s *script) say(line string) *operation {
	name, rest, _ := strings.Cut(line, ": ")
	words := strings.Fields(rest)
	p := s.pens[words[0]]
	before := *p
	var deps []*written
	var who []*pen
	role, mode := member, "who"
	for _, w := range words[2:] {
		switch {
		case w == "after" || w == "fork":
			mode = w
		case mode == "after":
			deps = append(deps, s.ops[w])
		case mode == "fork": // write again in the place of this one
			twin := s.b.ops[s.ops[w].id]
			p.seq, p.prev = twin.head.Seq-1, nil
			if len(twin.head.Prev) > 0 {
				p.prev = &written{id: array(twin.head.Prev), clock: s.b.ops[array(twin.head.Prev)].head.Clock}
			}
		case slices.Contains([]string{"guest", "member", "admin", "owner"}, w):
			role = slices.Index([]string{"", "guest", "member", "admin", "owner"}, w)
		default:
			who = append(who, s.pens[w])
		}
	}
	if len(deps) == 0 && p.prev == nil {
		deps = append(deps, s.ops["g"])
	}
	var w *written
	switch words[1] {
	case "grants":
		w = p.write(s.id, "rights.grant", grant(role, who...), nil, deps...)
	case "revokes":
		w = p.write(s.id, "rights.revoke", revoke(who...), nil, deps...)
	default:
		w = p.write(s.id, "send_message", name, nil, deps...)
	}
	if mode == "fork" {
		seq, prev := p.seq, p.prev
		*p = before
		if before.seq < seq {
			p.seq, p.prev = seq, prev
		}
	}
	s.ops[name] = w
	s.list = append(s.list, name)
	o := s.b.learn(w.bytes)
	s.b.resolve(o)
	return o
}

// void names what takes no effect in the set of all admissible operations.
func (s *script) void(among func(name string) bool) []string {
	sp := s.b.byID[s.id]
	var members bitset
	members.add(0)
	for _, name := range s.list {
		if o := s.b.ops[s.ops[name].id]; o.index >= 0 && among(name) {
			members.add(o.index)
		}
	}
	hall := sp.whole(members)
	var void []string
	for _, name := range slices.Sorted(maps.Keys(s.ops)) {
		if o := s.b.ops[s.ops[name].id]; o.index >= 0 && members.has(o.index) && hall.void(o) {
			void = append(void, name)
		}
	}
	return void
}

func TestRightsAreStrongRemoval(t *testing.T) {
	for _, c := range []struct {
		name    string
		history string
		refused string // names that may not be admitted
		void    string // names that take no effect in the end
	}{
		{"members write, guests and strangers do not", "a: mia writes\nb: gus writes\nc: nina writes", "b c", ""},
		{"a grant counts for what follows it", "a: olga grants nina\nb: nina writes after a\nc: nina writes after g", "", ""},
		{"not for what does not", "a: olga grants nina\nb: nina writes after g", "b", ""},
		{"a revoke voids what is concurrent, not what it knew, and forbids what follows",
			"a: mia writes\nr: olga revokes mia after a\nb: mia writes\nc: mia writes after r", "c", "b"},
		{"of a concurrent grant and revoke the revoke wins",
			"a: olga grants nina\nr: adam revokes nina\nb: nina writes after a\nc: nina writes after r", "c", "b"},
		{"a later grant restores the role and not the concurrent acts",
			"r: olga revokes mia\nb: mia writes after g\na: olga grants mia after r\nc: mia writes after a", "", "b"},
		{"a new chain after the grant is free",
			"r: olga revokes mia\na: olga grants mia after r\nc: mia writes after a", "", ""},
		{"a void grant takes its grantee with it",
			"a: adam grants nina\nb: nina writes after a\nr: olga revokes adam after g", "", "a b"},
		{"two steps down",
			"a: olga grants nina admin\nb: nina grants gus after a\nc: gus writes after b\nr: olga revokes nina after a", "", "b c"},
		{"another grant holds him up",
			"a: adam grants nina\nd: olga grants nina\nb: nina writes after a d\nr: olga revokes adam after g", "", "a"},
		{"a revoke takes effect even if its author is revoked",
			"s: adam revokes mia\nb: mia writes\nr: olga revokes adam after g", "", "b"},
		{"admins do not reach admins", "c: ada grants nina\nd: adam revokes nina after c\na: adam revokes ada\nb: ada grants nina admin", "a b", ""},
		{"nobody makes or unmakes owners", "a: olga grants mia owner\nb: olga revokes olga\nc: adam revokes olga", "a b c", ""},
		{"the admission looks at the past alone: what is revoked there is gone",
			"a: adam grants nina\nr: olga revokes adam after g\nb: nina writes after a r", "b", "a"},
		{"a fork voids itself and what follows in its chain, not what was before",
			"a: mia writes\nb: mia writes after a\nc: mia writes fork b\nd: mia writes after b\ne: max writes after b", "", "b c d"},
		{"a fork voids a grant, and the grantee",
			"a: adam grants nina\nb: adam writes fork a\nc: nina writes after a", "", "a b c"},
		{"a fork does not void a revoke",
			"a: adam revokes mia\nb: adam writes fork a\nc: mia writes", "", "b c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript()
			var refused []string
			for _, line := range strings.Split(c.history, "\n") {
				name, _, _ := strings.Cut(line, ":")
				if o := s.say(line); o.reason != "" {
					refused = append(refused, name)
					if o.reason != step.RefuseRights && o.reason != step.RefuseCause {
						t.Errorf("%s is refused for %s: %s", name, o.reason, o.detail)
					}
				}
			}
			if got := strings.Join(refused, " "); got != c.refused {
				t.Errorf("refused %q, want %q", got, c.refused)
			}
			if got := strings.Join(s.void(func(string) bool { return true }), " "); got != c.void {
				t.Errorf("void %q, want %q", got, c.void)
			}
		})
	}
}

// TestVoidOnlyGrows draws histories: what a causally closed part holds void, the whole holds void; and the verdicts do not
// depend on the order in which operations were learned.
func TestVoidOnlyGrows(t *testing.T) {
	people := []string{"olga", "adam", "ada", "mia", "max", "gus", "nina"}
	rapid.Check(t, func(t *rapid.T) {
		s := newScript()
		after := map[string][]string{}
		for i := range rapid.IntRange(4, 24).Draw(t, "operations") {
			author := rapid.SampledFrom(people).Draw(t, "author")
			deed := rapid.SampledFrom([]string{"writes", "writes", "grants", "revokes"}).Draw(t, "deed")
			line := fmt.Sprintf("n%02d: %s %s", i, author, deed)
			if deed != "writes" {
				line += " " + rapid.SampledFrom(people).Draw(t, "who")
			}
			if deed == "grants" {
				line += " " + rapid.SampledFrom([]string{"member", "admin"}).Draw(t, "role")
			}
			name := fmt.Sprintf("n%02d", i)
			var causes []string
			if n := len(s.list); n > 0 {
				causes = append(causes, s.list[rapid.IntRange(0, n-1).Draw(t, "after")], s.list[n-1-rapid.IntRange(0, n-1).Draw(t, "and")])
				slices.Sort(causes)
				causes = slices.Compact(causes)
				causes = slices.DeleteFunc(causes, func(c string) bool { return s.b.ops[s.ops[c].id].reason != "" })
			}
			if len(causes) > 0 {
				line += " after " + strings.Join(causes, " ")
			}
			if prev := s.last[author]; prev != "" {
				causes = append(causes, prev)
			}
			before := *s.pens[author]
			if s.say(line).reason == "" {
				s.last[author] = name
			} else {
				*s.pens[author] = before // he goes on from what was admitted
			}
			after[name] = causes
		}
		all := func(string) bool { return true }
		whole := s.void(all)
		cut := rapid.IntRange(0, len(s.list)).Draw(t, "cut")
		part := map[string]bool{}
		for _, name := range s.list[:cut] { // a prefix of a causal order is closed
			part[name] = true
		}
		for _, name := range s.void(func(n string) bool { return part[n] }) {
			if !slices.Contains(whole, name) {
				t.Fatalf("%s is void among the first %d and not among all", name, cut)
			}
		}
		again := newScript()
		again.ops, again.list = s.ops, s.list
		order := slices.Clone(s.list)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, name := range order {
			again.b.learn(s.ops[name].bytes)
		}
		for range order { // each pass resolves what its causes allow
			for _, name := range order {
				again.b.resolve(again.b.ops[s.ops[name].id])
			}
		}
		for _, name := range s.list {
			if x, y := s.b.ops[s.ops[name].id], again.b.ops[s.ops[name].id]; x.reason != y.reason {
				t.Fatalf("%s is judged %q and, learned in another order, %q", name, x.reason, y.reason)
			}
		}
		if got := again.void(all); !slices.Equal(got, whole) {
			t.Fatalf("void %v and, learned in another order, %v", whole, got)
		}
	})
}
