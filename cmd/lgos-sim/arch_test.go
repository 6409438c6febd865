package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const (
	module = "github.com/lifegraph-os/lgos-sim"
	spec   = "node/crdt/spec"
)

// row says what a package and those below it may import of ours. Below covers a folder and everything in it.
type row struct {
	path, why string
	may       []string // folders; a folder covers what is below it, "=x" is x alone
}

// layers of a node, each of which may import those before it.
var layers = []string{"crdt", "journal", "graph", "rights", "overlay", "gossip", "replica", "kernel", "compute", "agent", "ingest", "app"}

// table is the import table of the design. The longest path that covers a package is its row.
func table() []row {
	rows := []row{
		{"node/step", "it is the vocabulary that all share", nil},
		{"netsim", "it has no clock, no queue and no world", []string{"=netsim"}},
		{"gpu", "References must not depend on what they judge", []string{"=gpu"}},
		{"results", "a record is read without the simulator that made it", nil},
		{"gpu/device", "it carries out what gpu defines", []string{"gpu"}},
		{"node/wire", "it is below every layer", []string{"node/step"}},
		{"node/op", "it is below every layer", []string{"node/step"}},
		{spec, "a spec is written apart from what it judges", []string{spec}},
		{"sim", "the world knows no LGOS", []string{"node/step", "netsim"}},
		{"sim/fault", "a fault does things to the world alone", []string{"=sim", "node/step", "netsim"}},
		{"sim/runner", "it knows the contracts of jobs alone", []string{"=sim", "node/step", "node/agent", "node/ingest", "gpu", "gpu/device"}},
		{"sim/byzantine", "a liar is a node gone wrong", []string{"=sim", "sim/byzantine", "node"}},
		{"sim/bench", "its peers stand beside the engine, not on it", []string{"=sim", "node/step", "netsim", "sim/bench"}},
		{"checkers", "a checker never uses the code that it judges", []string{"checkers", "=sim", "node/step", spec, "=gpu"}},
		{"scenarios", "everything but the command", []string{"checkers", "gpu", "netsim", "node", spec, "results", "scenarios", "sim"}},
		{"cmd/lgos-sim", "the command is thin", []string{"scenarios", "=sim", "results", "gpu"}},
		{"node", "it wires its layers and knows no harness", []string{"node"}},
	}
	for i, l := range layers {
		r := row{"node/" + l, "a layer knows only those before it; it declares an interface for a later one", []string{"node/step", "node/wire", "node/op", "node/" + l}}
		for _, earlier := range layers[:i] {
			r.may = append(r.may, "node/"+earlier)
		}
		rows = append(rows, r)
	}
	return rows
}

// testsMay lists what tests may import beyond their package's row.
var testsMay = []row{
	{"node/crdt", "one conformance test holds every type to its spec", []string{spec}},
	{"node/graph", "its state is held to the specs' fold", []string{spec}},
}

// pure are the folders whose code must be a function of its inputs; bans hold there, in files that are not tests.
var pure = []string{"node", "sim", "netsim", "checkers"}

// exception excuses a folder or a file from one rule.
type exception struct{ path, rule, why string }

func exceptions() []exception {
	return []exception{
		{"netsim/pionnet", "*", "it drives a real network stack, to check the model"},
		{"sim/runner", "*", "devices and sandboxes are outside the world; what they return is checked"},
		{"sim/bench", "*", "it measures"},
		{"node/op/store.go", "sync", "one table serves the workers of several worlds"},
	}
}

// bannedFunctions maps a rule to package-level functions, by their package's path.
var bannedFunctions = []struct {
	rule, pkg string
	names     []string // none is all
	but       []string
	why       string
}{
	{"clock", "time", []string{"Now", "Since", "Until"}, nil, "time comes in with every input"},
	{"sleep", "time", []string{"Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}, nil, "waiting is a timer of the vocabulary"},
	{"rand", "math/rand", nil, []string{"New", "NewSource", "NewZipf"}, "every draw comes from a named stream of the seed"},
	{"rand", "math/rand/v2", nil, []string{"New", "NewPCG", "NewChaCha8", "NewZipf"}, "every draw comes from a named stream of the seed"},
	{"math", "math", []string{"Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1p", "Pow", "Sin", "Cos", "Tan", "Sincos", "Asin", "Acos", "Atan", "Atan2", "Sinh", "Cosh", "Tanh",
		"Asinh", "Acosh", "Atanh", "Cbrt", "Gamma", "Lgamma", "Erf", "Erfc", "Erfinv", "FMA", "Hypot", "J0", "Y0"}, nil, "it differs between architectures; netsim has pure-Go ones"},
	{"generatekey", "*", []string{"GenerateKey"}, nil, "the standard library's ignores its reader; keys come from seeds"},
}

var bannedImports = []struct{ rule, path, why string }{
	{"cryptorand", "crypto/rand", "a process's only randomness is Boot.Entropy"},
	{"sync", "sync", "a world has no goroutines"},
	{"sync", "sync/atomic", "a world has no goroutines"},
}

var bannedMethods = []struct {
	rule, pkg, name, why string
}{
	{"math", "math/rand", "NormFloat64", "it uses assembly Log and Exp"}, {"math", "math/rand", "ExpFloat64", "it uses assembly Log and Exp"},
	{"math", "math/rand/v2", "NormFloat64", "it uses assembly Log and Exp"}, {"math", "math/rand/v2", "ExpFloat64", "it uses assembly Log and Exp"},
}

// constants are the package variables that are tables in all but name, with why they are no functions. That nobody assigns
// them is checked.
func constants() map[string]string {
	return map[string]string{
		"node/step.noteNames": "names of constants, indexed by them",
		"planted.listed":      "what the planted sources use",
	}
}

// breach is one rule broken at one place.
type breach struct{ file, rule, text string }

func (b breach) String() string { return b.file + ": " + b.rule + ": " + b.text }

func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var found []breach
	found = append(found, checkImports(t, root)...)
	for _, p := range load(t, root, "./netsim/...", "./node/...", "./sim/...", "./checkers/...") {
		folder := strings.TrimPrefix(p.PkgPath, module+"/")
		if !slices.ContainsFunc(pure, func(top string) bool { return covers(top, folder) }) {
			continue
		}
		found = append(found, inspect(p.Fset, p.Syntax, p.Types, p.TypesInfo, func(file string) string { return folder + "/" + filepath.Base(file) })...)
	}
	used := map[exception]bool{}
	for _, b := range found {
		i := slices.IndexFunc(exceptions(), func(e exception) bool { return (e.rule == "*" || e.rule == b.rule) && covers(e.path, b.file) })
		if i >= 0 {
			used[exceptions()[i]] = true
			continue
		}
		t.Error(b)
	}
	for _, e := range exceptions() {
		if _, err := os.Stat(filepath.Join(root, e.path)); err == nil && e.rule != "*" && !used[e] {
			t.Errorf("%s needs no exception from %q any more: take it from the list", e.path, e.rule)
		}
	}
}

// load reads and types packages, tests apart.
func load(t *testing.T, dir string, patterns ...string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Dir: dir, Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Error(e)
		}
	}
	return pkgs
}

// checkImports holds every file of the tree, whatever its build tags, to the table.
func checkImports(t *testing.T, root string) (found []breach) {
	files := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "third_party" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files++
		found = append(found, importsOf(filepath.ToSlash(rel), text)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 30 {
		t.Fatalf("only %d files were looked at", files)
	}
	return found
}

// importsOf holds one file to the table.
func importsOf(file string, text []byte) (found []breach) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		return []breach{{file, "parse", err.Error()}}
	}
	folder, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
	for _, i := range parsed.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return []breach{{file, "parse", err.Error()}}
		}
		target, ours := strings.CutPrefix(name, module+"/")
		if !ours || target == folder && test {
			continue
		}
		r, ok := rowOf(table(), folder)
		if !ok {
			found = append(found, breach{file, "imports", folder + " has no row in the table of the design: give it one"})
			continue
		}
		allowed := r.may
		if extra, ok := rowOf(testsMay, folder); ok && test {
			allowed = append(slices.Clone(allowed), extra.may...)
		}
		if !slices.ContainsFunc(allowed, func(may string) bool { return allows(may, target) }) {
			found = append(found, breach{file, "imports", fmt.Sprintf("%s may not import %s: %s", folder, target, r.why)})
		}
	}
	return found
}

func rowOf(rows []row, folder string) (best row, ok bool) {
	for _, r := range rows {
		if covers(r.path, folder) && len(r.path) >= len(best.path) {
			best, ok = r, true
		}
	}
	return best, ok
}

// allows tells whether a word of the table admits a target. The specs are admitted by name alone.
func allows(may, target string) bool {
	if alone, exact := strings.CutPrefix(may, "="); exact {
		return alone == target
	}
	return covers(may, target) && (covers(spec, may) || !covers(spec, target))
}

// covers tells whether a folder is top or below it.
func covers(top, folder string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }

// inspect looks for what a pure package must not do.
func inspect(fset *token.FileSet, files []*ast.File, pkg *types.Package, info *types.Info, name func(string) string) (found []breach) {
	v := &visitor{info: info, pkg: pkg, fset: fset, name: name, sorted: map[ast.Node]bool{}}
	for _, f := range files {
		v.imports(f)
		ast.Inspect(f, v.visit)
	}
	v.variables(files)
	return v.found
}
