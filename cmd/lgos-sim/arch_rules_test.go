package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// visitor walks typed files and notes every breach.
type visitor struct {
	fset   *token.FileSet
	info   *types.Info
	pkg    *types.Package
	name   func(file string) string
	sorted map[ast.Node]bool // iterators of maps that are sorted before use
	found  []breach
}

func (v *visitor) breach(at token.Pos, rule, text string) {
	p := v.fset.Position(at)
	v.found = append(v.found, breach{v.name(p.Filename), rule, "line " + strconv.Itoa(p.Line) + ": " + text})
}

func (v *visitor) imports(f *ast.File) {
	for _, i := range f.Imports {
		for _, b := range bannedImports {
			if strings.Trim(i.Path.Value, `"`) == b.path {
				v.breach(i.Pos(), b.rule, "imports "+b.path+": "+b.why)
			}
		}
	}
}

func (v *visitor) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		v.breach(n.Pos(), "go", "starts a goroutine: the world is one thread")
	case *ast.SelectStmt:
		v.breach(n.Pos(), "select", "select chooses at random")
	case *ast.CallExpr:
		if f, ok := v.function(n.Fun); ok && f.Pkg() != nil && f.Pkg().Path() == "slices" && strings.HasPrefix(f.Name(), "Sorted") && len(n.Args) > 0 {
			v.sorted[ast.Unparen(n.Args[0])] = true
		}
		if f, ok := v.function(n.Fun); ok && f.Pkg() != nil && f.Pkg().Path() == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, f.Name()) && !v.sorted[n] {
			v.breach(n.Pos(), "maps", "maps."+f.Name()+" gives any order: write slices.Sorted(maps.Keys(m))")
		}
	case *ast.RangeStmt:
		if isMap(v.info.TypeOf(n.X)) {
			v.breach(n.Pos(), "maps", "ranging over a map is in any order: range over slices.Sorted(maps.Keys(m))")
		}
	case *ast.Ident:
		if f, ok := v.info.Uses[n].(*types.Func); ok {
			v.use(n.Pos(), f)
		}
	}
	return true
}

// use looks at a function wherever it is named, called or not.
func (v *visitor) use(at token.Pos, f *types.Func) {
	if f.Pkg() == nil {
		return
	}
	method := f.Signature().Recv() != nil
	for _, b := range bannedMethods {
		if method && f.Pkg().Path() == b.pkg && f.Name() == b.name {
			v.breach(at, b.rule, b.name+": "+b.why)
		}
	}
	for _, b := range bannedFunctions {
		if b.pkg != "*" && (method || b.pkg != f.Pkg().Path()) || len(b.names) > 0 && !slices.Contains(b.names, f.Name()) || slices.Contains(b.but, f.Name()) {
			continue
		}
		v.breach(at, b.rule, f.Pkg().Name()+"."+f.Name()+": "+b.why)
	}
}

func (v *visitor) function(e ast.Expr) (*types.Func, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		f, ok := v.info.Uses[e.Sel].(*types.Func)
		return f, ok
	case *ast.Ident:
		f, ok := v.info.Uses[e].(*types.Func)
		return f, ok
	case *ast.IndexExpr:
		return v.function(e.X)
	case *ast.IndexListExpr:
		return v.function(e.X)
	}
	return nil, false
}

func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := t.(*types.TypeParam); ok {
		u, ok := p.Constraint().Underlying().(*types.Interface)
		for i := 0; ok && i < u.NumEmbeddeds(); i++ {
			switch e := u.EmbeddedType(i).(type) {
			case *types.Union:
				for j := range e.Len() {
					if isMap(e.Term(j).Type()) {
						return true
					}
				}
			default:
				if isMap(e) {
					return true
				}
			}
		}
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// variables holds package variables to errors, embeds and tables that nobody assigns.
func (v *visitor) variables(files []*ast.File) {
	assigned := map[types.Object]token.Pos{}
	mark := func(e ast.Expr) {
		if id := base(e); id != nil {
			if o := v.info.Uses[id]; o != nil {
				assigned[o] = e.Pos()
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					mark(l)
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					mark(n.X)
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, id.Name) {
					mark(n.Args[0])
				}
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					mark(n.Key)
					if n.Value != nil {
						mark(n.Value)
					}
				}
			}
			return true
		})
	}
	failure := types.Universe.Lookup("error").Type()
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				s := s.(*ast.ValueSpec)
				for _, id := range s.Names {
					o := v.info.Defs[id]
					if id.Name == "_" || o == nil || embedded(g.Doc) || embedded(s.Doc) {
						continue
					}
					at, changed := assigned[o]
					switch {
					case changed:
						v.breach(at, "variables", id.Name+" is assigned: a package must not remember")
					case types.AssignableTo(o.Type(), failure) || v.table(o):
					default:
						v.breach(id.Pos(), "variables", id.Name+" is a package variable: make it a function, or list it among the constants if it is never assigned")
					}
				}
			}
		}
	}
}

// table tells whether a variable is listed among the constants. It must not be exported: others could assign it.
func (v *visitor) table(o types.Object) bool {
	full := strings.TrimPrefix(v.pkg.Path(), module+"/") + "." + o.Name()
	_, listed := constants()[full]
	return listed && !o.Exported()
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// base is the variable at the bottom of x.f[i].g. Of another package's variable it is nil: the owner exports none.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}
