package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// plants are sources that each break one rule, once, and sources that break none.
var plants = []struct{ name, rule, source string }{
	{"clock", "clock", `import "time"; func F() time.Time { return time.Now() }`},
	{"clock as a value", "clock", `import "time"; func F() func() time.Time { return time.Now }`},
	{"clock under another name", "clock", `import t "time"; func F() t.Duration { return t.Since(t.Time{}) }`},
	{"sleep", "sleep", `import "time"; func F() { time.Sleep(1) }`},
	{"timer", "sleep", `import "time"; func F() { <-time.After(1) }`},
	{"go", "go", `func F() { go F() }`},
	{"select", "select", `func F(c chan int) { select { case <-c: default: } }`},
	{"global rand", "rand", `import "math/rand/v2"; func F() int { return rand.IntN(3) }`},
	{"global rand of old", "rand", `import "math/rand"; func F() { rand.Shuffle(3, nil) }`},
	{"drawn logarithm", "math", `import "math/rand/v2"; func F(r *rand.Rand) float64 { return r.NormFloat64() }`},
	{"exponential", "math", `import "math"; func F(x float64) float64 { return math.Exp(x) }`},
	{"power", "math", `import "math"; var _ = math.Pow(2, 3)`},
	{"crypto/rand", "cryptorand", `import "crypto/rand"; func F(b []byte) { rand.Read(b) }`},
	{"sync", "sync", `import "sync"; type T struct{ sync.Mutex }`},
	{"atomic", "sync", `import "sync/atomic"; type T struct{ atomic.Int64 }`},
	{"GenerateKey", "generatekey", `import ("crypto/ed25519"; "io"); func F(r io.Reader) { ed25519.GenerateKey(r) }`},
	{"GenerateKey of a curve", "generatekey", `import ("crypto/ecdh"; "io"); func F(r io.Reader) { ecdh.X25519().GenerateKey(r) }`},
	{"variable", "variables", `var count int`},
	{"variable among others", "variables", `import "errors"; var ( errA = errors.New("a"); table = []int{1} )`},
	{"assigned error", "variables", `import "errors"; var errA = errors.New("a"); func F() { errA = nil }`},
	{"assigned constant", "variables", `var listed = [2]int{1, 2}; func F() { listed[0]++ }`},
	{"constant given away", "variables", `var listed = [2]int{1, 2}; func F() *int { return &listed[0] }`},
	{"map range", "maps", `func F(m map[int]int) { for k := range m { println(k) } }`},
	{"map range by a named type", "maps", `type M map[int]int; func F(m M) { for range m {} }`},
	{"map range by a type parameter", "maps", `func F[M ~map[int]int](m M) { for range m {} }`},
	{"unsorted keys", "maps", `import "maps"; func F(m map[int]int) { for k := range maps.Keys(m) { println(k) } }`},
	{"collected keys", "maps", `import ("maps"; "slices"); func F(m map[int]int) []int { return slices.Collect(maps.Keys(m)) }`},

	{"sorted keys", "", `import ("maps"; "slices"); func F(m map[int]int) { for _, k := range slices.Sorted(maps.Keys(m)) { println(k) } }`},
	{"keys sorted by a function", "", `import ("maps"; "slices"); func F(m map[int]int) []int { return slices.SortedFunc(maps.Keys(m), func(a, b int) int { return a - b }) }`},
	{"seeded rand", "", `import "math/rand/v2"; func F() int { return rand.New(rand.NewPCG(1, 2)).IntN(3) }`},
	{"durations", "", `import "time"; func F() time.Duration { return 3 * time.Second }`},
	{"roots are exact", "", `import "math"; func F(x float64) float64 { return math.Sqrt(math.Abs(x)) }`},
	{"errors, embeds and proofs", "", `import ("errors"; "io"; _ "embed")
var errA = errors.New("a")
var _ io.Reader = (*T)(nil)
type T struct{ io.Reader }`},
	{"a listed constant", "", `var listed = [2]int{1, 2}; func F() int { return listed[1] }`},
	{"a field named as a variable", "", `var listed = [2]int{1, 2}; type T struct{ listed int }; func F(t *T) { t.listed = 3 }`},
	{"slices and strings", "", `func F(s []int) { for range s {}; for range "x" {}; for range 3 {} }`},
}

// TestArchitectureIsSeenFailing plants every breach and sees the rule find it, and nothing but it.
func TestArchitectureIsSeenFailing(t *testing.T) {
	var std []string
	for _, p := range plants {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p; "+p.source, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			std = append(std, strings.Trim(i.Path.Value, `"`))
		}
	}
	slices.Sort(std)
	known := map[string]*types.Package{}
	for _, p := range load(t, ".", slices.Compact(std)...) {
		packages.Visit([]*packages.Package{p}, nil, func(p *packages.Package) { known[p.PkgPath] = p.Types })
	}
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "plant.go", "package p; "+p.source, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
			pkg, err := (&types.Config{Importer: mapImporter(known)}).Check(module+"/planted", fset, []*ast.File{f}, info)
			if err != nil {
				t.Fatal(err)
			}
			found := inspect(fset, []*ast.File{f}, pkg, info, func(string) string { return "planted/plant.go" })
			var rules []string
			for _, b := range found {
				rules = append(rules, b.rule)
			}
			rules = slices.Compact(rules)
			if p.rule == "" && len(found) > 0 || p.rule != "" && !slices.Equal(rules, []string{p.rule}) {
				t.Errorf("found %v, want %q", found, p.rule)
			}
		})
	}
}

type mapImporter map[string]*types.Package

func (m mapImporter) Import(path string) (*types.Package, error) {
	if p := m[path]; p != nil {
		return p, nil
	}
	return importer.Default().Import(path)
}

// TestImportTableIsSeenFailing plants imports on both sides of every line of the table.
func TestImportTableIsSeenFailing(t *testing.T) {
	for _, c := range []struct {
		file, target string
		allowed      bool
	}{
		{"node/step/a.go", "node/op", false}, {"netsim/a.go", "sim", false}, {"netsim/pionnet/a.go", "netsim", true}, {"netsim/a.go", "node/step", false},
		{"gpu/a.go", "gpu/device", false}, {"gpu/device/a.go", "gpu", true}, {"gpu/device/a.go", "sim", false}, {"results/a.go", "sim", false},
		{"node/wire/a.go", "node/step", true}, {"node/wire/a.go", "node/op", false}, {"node/op/a.go", "node/wire", false},
		{"node/crdt/spec/a.go", "node/crdt", false}, {"node/crdt/spec/a.go", "node/op", false}, {"node/crdt/a.go", "node/crdt/spec", false}, {"node/crdt/a_test.go", "node/crdt/spec", true},
		{"node/journal/a.go", "node/crdt", true}, {"node/journal/a.go", "node/rights", false}, {"node/journal/a.go", "node/crdt/spec", false}, {"node/rights/a.go", "node/journal", true},
		{"node/journal/a.go", "node", false}, {"node/app/chat/a.go", "node/compute", true}, {"node/app/chat/a.go", "sim", false}, {"node/app/chat/a.go", "node/app/hub", true},
		{"node/node.go", "node/app/chat", true}, {"node/node.go", "sim", false}, {"node/node.go", "node/crdt/spec", false},
		{"sim/world.go", "node/step", true}, {"sim/world.go", "node/op", false}, {"sim/world.go", "sim/fault", false}, {"sim/fault/a.go", "sim", true}, {"sim/fault/a.go", "node", false},
		{"sim/runner/a.go", "gpu/device", true}, {"sim/runner/a.go", "node/agent", true}, {"sim/runner/a.go", "node/op", false}, {"sim/byzantine/a.go", "node/op", true}, {"sim/byzantine/a.go", "checkers", false},
		{"checkers/a.go", "sim", true}, {"checkers/a.go", "node/op", false}, {"checkers/a.go", "node/wire", false}, {"checkers/a.go", "node/crdt/spec", true}, {"checkers/a.go", "gpu", true}, {"checkers/a.go", "gpu/device", false},
		{"scenarios/a.go", "checkers", true}, {"scenarios/search/a.go", "node/crdt/spec", true}, {"scenarios/a.go", "cmd/lgos-sim", false},
		{"cmd/lgos-sim/a.go", "scenarios/bench", true}, {"cmd/lgos-sim/a.go", "node", false}, {"cmd/lgos-sim/a.go", "checkers", false},
		{"elsewhere/a.go", "node", false}, {"sim/world_test.go", "sim", true},
	} {
		found := importsOf(c.file, fmt.Appendf(nil, "package p\nimport _ %q\n", module+"/"+c.target))
		if (len(found) == 0) != c.allowed {
			t.Errorf("%s importing %s: found %v, allowed %v", c.file, c.target, found, c.allowed)
		}
	}
}
