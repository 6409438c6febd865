package search

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// schema is a package with many edits in it, each behind a switch: it is compiled once, and the environment says which edit is
// in force (R. Untch, A. J. Offutt, M. J. Harrold: Mutation analysis using mutant schemata, ISSTA 1993). With none in force
// it can record which edits came upon a value that they change, so that nothing is carried out again to whose course an edit
// makes no difference (weak mutation: W. E. Howden, IEEE TSE 8(4), 1982).
type schema struct {
	files    map[string][]byte // by path in the module, with slashes: those with edits, and the switch
	switches map[int]int       // the switch, from 1, of each drawn site that is in it; the others must be compiled alone
}

// What the switch's file reads of the environment: the number of an edit, or a file to record in.
const (
	switchOn     = "LGOS_MUTANT"
	switchRecord = "LGOS_MUTANT_RECORD"
)

//go:embed schema_operators.go.txt
var schemaOperators string

//go:embed schema_switch.go.txt
var schemaSwitch string

// schema puts as many of the drawn sites into the package at once as its types allow.
func (p *pack) schema(root string, sites []Site) (*schema, error) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	self, err := p.types.Check(p.path, p.fset, p.trees, info)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p.dir, err)
	}
	x := &schema{files: map[string][]byte{}, switches: map[int]int{}}
	sources := map[string][]byte{}
	for _, s := range sites {
		if sources[s.File] == nil {
			if sources[s.File], err = os.ReadFile(filepath.Join(root, filepath.FromSlash(s.File))); err != nil {
				return nil, err
			}
		}
	}
	edit := func(numbers map[int]int) map[string][]byte {
		files := map[string][]byte{}
		for _, tree := range p.trees {
			name := p.file(tree)
			if sources[name] == nil {
				continue
			}
			e := &editor{fset: p.fset, tree: tree, source: sources[name], info: info, self: self, at: map[int][]numbered{}}
			for i, k := range numbers {
				if sites[i].File == name {
					e.at[sites[i].offset] = append(e.at[sites[i].offset], numbered{sites[i].To, k})
				}
			}
			if len(e.at) > 0 {
				if b, ok := e.edited(); ok {
					files[name] = b
				}
			}
		}
		return files
	}
	for i := range sites {
		if k := len(x.switches) + 1; sites[i].keepsOperands(sources[sites[i].File]) && p.accepts(edit(map[int]int{i: k})) {
			x.switches[i] = k
		}
	}
	if x.files = edit(x.switches); len(x.switches) > 0 && !p.accepts(x.files) {
		return nil, fmt.Errorf("package %s: its edits exclude each other", p.dir)
	}
	for name, text := range map[string]string{"operators": schemaOperators, "switch": schemaSwitch} {
		x.files[path.Join(p.dir, "lgos_mutants_"+name+".go")] = []byte(p.own(text))
	}
	return x, nil
}

// file is the path of a tree's file in the module.
func (p *pack) file(tree *ast.File) string {
	return path.Join(p.dir, filepath.Base(p.fset.File(tree.Package).Name()))
}

// own makes the text of a file one of the package.
func (p *pack) own(text string) string {
	return strings.Replace(text, "package search", "package "+p.trees[0].Name.Name, 1)
}

// keepsOperands tells whether an operator has the same operands after the edit. Another precedence may give it others, where a
// switch gives it the same.
func (s Site) keepsOperands(source []byte) bool {
	operands := func(text []byte) (begin, end int) {
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, s.File, text, parser.SkipObjectResolution)
		if err != nil {
			return -1, -1
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if b, ok := n.(*ast.BinaryExpr); ok && fset.Position(b.OpPos).Offset == s.offset {
				begin, end = fset.Position(b.Pos()).Offset, fset.Position(b.End()).Offset
			}
			return true
		})
		return begin, end
	}
	b0, e0 := operands(source)
	b1, e1 := operands(s.apply(source))
	return b0 == b1 && (e0 == 0 || e0-len(s.From) == e1-len(s.To))
}

// accepts tells whether the package's types are right with some files changed; without any, nothing was.
func (p *pack) accepts(files map[string][]byte) bool {
	if len(files) == 0 {
		return false
	}
	trees := slices.Clone(p.trees)
	for i, tree := range trees {
		name := p.file(tree)
		if files[name] == nil {
			continue
		}
		t, err := parser.ParseFile(p.fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return false
		}
		trees[i] = t
	}
	declared := "\nvar mutantOn int\nfunc mutantReached(int) {}\n"
	t, err := parser.ParseFile(p.fset, "operators", p.own(schemaOperators)+declared, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	_, err = p.types.Check(p.path, p.fset, append(trees, t), nil)
	return err == nil
}

// numbered is an edit and its switch.
type numbered struct {
	to     string
	number int
}

// editor puts edits into one file.
type editor struct {
	fset   *token.FileSet
	tree   *ast.File
	source []byte
	info   *types.Info
	self   *types.Package
	at     map[int][]numbered // by the offset of the token
	nodes  []ast.Node         // that have edits, the outer before the inner
	lists  map[ast.Node]bool  // statements of blocks; others may be no block themselves
	refuse bool               // something cannot be edited in place
}

// edited gives the file with the edits in it; false where one cannot be there.
func (e *editor) edited() ([]byte, bool) {
	e.lists = map[ast.Node]bool{}
	ast.Inspect(e.tree, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		}
		for _, s := range list {
			e.lists[s] = true
		}
		if _, pos, _ := tokenOf(n); pos.IsValid() && len(e.at[e.offset(pos)]) > 0 {
			e.nodes = append(e.nodes, n)
		}
		return true
	})
	text := e.span(e.tree.FileStart, e.tree.FileEnd)
	b, err := format.Source([]byte(text))
	return b, err == nil && !e.refuse
}

func (e *editor) offset(p token.Pos) int { return e.fset.Position(p).Offset }

// span gives the text of a part of the file with the edits within it.
func (e *editor) span(from, to token.Pos) string {
	var b bytes.Buffer
	for _, n := range e.nodes {
		if n.Pos() >= from && n.End() <= to {
			b.Write(e.source[e.offset(from):e.offset(n.Pos())])
			b.WriteString(e.node(n))
			from = n.End()
		}
	}
	b.Write(e.source[e.offset(from):e.offset(to)])
	return b.String()
}

// whole gives the text of an expression with the edits in it.
func (e *editor) whole(n ast.Node) string { return e.span(n.Pos(), n.End()) }

// node gives the text of a syntax node that has edits.
func (e *editor) node(n ast.Node) string {
	_, pos, _ := tokenOf(n)
	edits := e.at[e.offset(pos)]
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return e.binary(n, edits)
	case *ast.UnaryExpr:
		switch {
		case n.Op != token.SUB:
		case e.constant(n):
			return e.either(n, edits[0], e.whole(n.X), "-"+e.whole(n.X))
		default:
			return fmt.Sprintf("mutantNeg[%s](%s, %d)", e.typeOf(n.X), e.whole(n.X), edits[0].number)
		}
	case *ast.IncDecStmt:
		x := e.whole(n.X)
		return e.choice(n, edits, x+n.Tok.String(), func(to string) string { return x + to })
	case *ast.AssignStmt:
		x, y := e.whole(n.Lhs[0]), e.whole(n.Rhs[0])
		return e.choice(n, edits, x+n.Tok.String()+y, func(to string) string { return x + to + y })
	case *ast.BranchStmt:
		label := ""
		if n.Label != nil {
			label = " " + n.Label.Name
		}
		if e.lists[n] {
			return e.choice(n, edits, n.Tok.String()+label, func(to string) string { return to + label })
		}
	}
	e.refuse = true
	return string(e.source[e.offset(n.Pos()):e.offset(n.End())])
}

// choice gives a statement and what edits make of it. Where no block may be it is called.
func (e *editor) choice(n ast.Stmt, edits []numbered, text string, edited func(to string) string) string {
	var b strings.Builder
	for _, x := range edits {
		fmt.Fprintf(&b, "if mutantIs(%d) { %s } else ", x.number, edited(x.to))
	}
	fmt.Fprintf(&b, "{ %s }", text)
	if e.lists[n] {
		return b.String()
	}
	return "func() { " + b.String() + " }()"
}

// operands are the functions in schema_operators.go.txt.
var operands = map[token.Token]string{
	token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Quo", token.REM: "Rem",
	token.AND: "And", token.OR: "Or", token.XOR: "Xor", token.AND_NOT: "AndNot", token.SHL: "Shl", token.SHR: "Shr",
}

// comparisons are those there, with what their boundary edit makes of them.
var comparisons = map[token.Token][2]string{
	token.LSS: {"Less", "<="}, token.LEQ: {"LessOrEqual", "<"}, token.GTR: {"Greater", ">="}, token.GEQ: {"GreaterOrEqual", ">"},
}

func (e *editor) binary(n *ast.BinaryExpr, edits []numbered) string {
	x, y := e.whole(n.X), e.whole(n.Y)
	is := "mutantIs(" + strconv.Itoa(edits[0].number) + ")"
	if e.constant(n) {
		return e.either(n, edits[0], x+edits[0].to+y, x+n.Op.String()+y)
	}
	switch n.Op {
	case token.EQL, token.NEQ:
		return fmt.Sprintf("((%s %s %s) != %s)", x, n.Op, y, is)
	case token.LAND, token.LOR: // by De Morgan, so that each side is there once, and is evaluated when it would be
		return fmt.Sprintf("((((%s) != %s) %s ((%s) != %s)) != %s)", x, is, n.Op, y, is, is)
	}
	if c, ok := comparisons[n.Op]; ok {
		boundary, negation := -2, -2 // no switch
		for _, s := range edits {
			if s.to == c[1] {
				boundary = s.number
			} else {
				negation = s.number
			}
		}
		return fmt.Sprintf("mutant%s[%s](%s, %s, %d, %d)", c[0], e.typeOf(n.X), x, y, boundary, negation)
	}
	args := e.typeOf(n.X)
	if n.Op == token.SHL || n.Op == token.SHR {
		args += ", " + e.typeOf(n.Y)
	}
	return fmt.Sprintf("mutant%s[%s](%s, %s, %d)", operands[n.Op], args, x, y, edits[0].number)
}

// either gives one of two constants, where it may be computed. Comparisons of constants have more than one edit.
func (e *editor) either(n ast.Expr, edit numbered, edited, plain string) string {
	if b, ok := n.(*ast.BinaryExpr); ok && operands[b.Op] == "" {
		e.refuse = true
	}
	return fmt.Sprintf("mutantEither[%s](%s, %s, %d)", e.typeOf(n), edited, plain, edit.number)
}

// constant tells whether the compiler knows a value, and perhaps needs it.
func (e *editor) constant(x ast.Expr) bool { return e.info.Types[x].Value != nil }

// typeOf names an expression's type as the file can.
func (e *editor) typeOf(x ast.Expr) string {
	t := e.info.TypeOf(x)
	if t == nil {
		e.refuse = true
		return ""
	}
	return types.TypeString(types.Default(t), func(p *types.Package) string {
		if p == e.self {
			return ""
		}
		for _, i := range e.tree.Imports {
			if name, err := strconv.Unquote(i.Path.Value); err == nil && name == p.Path() {
				if i.Name != nil {
					return i.Name.Name
				}
				return p.Name()
			}
		}
		e.refuse = true
		return p.Name()
	})
}
