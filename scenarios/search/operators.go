package search

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Site is one edit that an operator makes to a file: one token becomes another.
type Site struct {
	File     string `json:"file"` // in the module, with slashes
	Line     int    `json:"line"`
	Column   int    `json:"column"` // in bytes, from 1
	Operator string `json:"operator"`
	From     string `json:"from"`
	To       string `json:"to"`
	Text     string `json:"text"` // the line with the edit in it
	offset   int
}

// String is the place and the edit.
func (s Site) String() string {
	return fmt.Sprintf("%s:%d:%d %s: %s becomes %s", s.File, s.Line, s.Column, s.Operator, s.From, s.To)
}

// apply gives the source with the edit in it.
func (s Site) apply(source []byte) []byte {
	return slices.Concat(source[:s.offset], []byte(s.To), source[s.offset+len(s.From):])
}

// unique gives what a mutant's file says of the edit: as many whole lines around it as occur once in the file.
func (s Site) unique(source []byte) (find, replace string) {
	text := string(source)
	begin, end := lineBegin(text, s.offset), lineEnd(text, s.offset)
	for strings.Count(text, text[begin:end]) != 1 {
		if end < len(text) {
			end = lineEnd(text, end+1)
		} else {
			begin = lineBegin(text, begin-1)
		}
	}
	for text[begin] == '\t' && strings.Count(text, text[begin+1:end]) == 1 {
		begin++
	}
	return text[begin:end], text[begin:s.offset] + s.To + text[s.offset+len(s.From):end]
}

func lineBegin(text string, i int) int { return strings.LastIndexByte(text[:i], '\n') + 1 }

func lineEnd(text string, i int) int {
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// operator replaces tokens.
type operator struct {
	name  string
	pairs string // what becomes what, by commas
}

// operators are those of gremlins v0.6.0 (github.com/go-gremlins/gremlins, internal/engine/mappings.go), all of them, also
// those which it leaves out by default. Its own code cannot be called: the packages are internal, its dry run must first carry
// out the tests under coverage, and what it writes says neither the new token nor whether the edit compiles. So the table is
// written here and a test compares the sites with what its dry run prints. Two edits of it are left out: its %= becomes %=,
// which changes nothing, and where two operators make the same edit (- becomes +) one speaks for both: INVERT_NEGATIVES for
// signs, ARITHMETIC_BASE for differences.
func operators() []operator {
	return []operator{
		{"ARITHMETIC_BASE", "+ -,* /,/ *,% *,- +"},
		{"CONDITIONALS_BOUNDARY", ">= >,> >=,<= <,< <="},
		{"CONDITIONALS_NEGATION", "== !=,>= <,> <=,<= >,< >=,!= =="},
		{"INCREMENT_DECREMENT", "-- ++,++ --"},
		{"INVERT_ASSIGNMENTS", "+= -=,*= /=,/= *=,-= +="},
		{"INVERT_BITWISE", "& |,| &,^ &,&^ &,<< >>,>> <<"},
		{"INVERT_BWASSIGN", "&= |=,|= &=,^= &=,&^= &=,<<= >>=,>>= <<="},
		{"INVERT_LOGICAL", "&& ||,|| &&"},
		{"INVERT_LOOPCTRL", "break continue,continue break"},
		{"INVERT_NEGATIVES", "- +"},
		{"REMOVE_SELF_ASSIGNMENTS", "+= =,&= =,&^= =,*= =,|= =,/= =,%= =,<<= =,>>= =,-= =,^= ="},
	}
}

// place is a site, and its token in the syntax tree.
type place struct {
	Site
	tok *token.Token
}

// tokenOf finds the token in those syntax nodes in which gremlins looks for one (internal/engine/node.go).
func tokenOf(n ast.Node) (tok *token.Token, at token.Pos, sign bool) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return &n.Tok, n.TokPos, false
	case *ast.BinaryExpr:
		return &n.Op, n.OpPos, false
	case *ast.BranchStmt:
		return &n.Tok, n.TokPos, false
	case *ast.IncDecStmt:
		return &n.Tok, n.TokPos, false
	case *ast.UnaryExpr:
		return &n.Op, n.OpPos, true
	}
	return nil, token.NoPos, false
}

// places are all edits of a file in the module, by position, then by operator.
func places(fset *token.FileSet, root, file string) (tree *ast.File, list []place, err error) {
	path := filepath.Join(root, filepath.FromSlash(file))
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if tree, err = parser.ParseFile(fset, path, text, parser.SkipObjectResolution); err != nil {
		return nil, nil, err
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		tok, pos, sign := tokenOf(n)
		if tok == nil {
			return true
		}
		at := fset.Position(pos)
		for _, op := range operators() {
			if *tok == token.SUB && sign != (op.name == "INVERT_NEGATIVES") {
				continue
			}
			for pair := range strings.SplitSeq(op.pairs, ",") {
				if from, to, _ := strings.Cut(pair, " "); from == tok.String() {
					s := Site{File: file, Line: at.Line, Column: at.Column, Operator: op.name, From: from, To: to, offset: at.Offset}
					edited := string(s.apply(text))
					s.Text = strings.TrimSpace(edited[lineBegin(edited, at.Offset):lineEnd(edited, at.Offset)])
					list = append(list, place{s, tok})
				}
			}
		}
		return true
	})
	slices.SortStableFunc(list, func(a, b place) int { return a.offset - b.offset })
	return tree, list, nil
}
