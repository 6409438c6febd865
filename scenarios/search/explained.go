package search

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// Explained is an edit of an operator that no judge can see, and why: the program with it does what it did without.
type Explained struct {
	File    string `yaml:"file"`
	Find    string `yaml:"find"` // occurs in the file exactly once
	Replace string `yaml:"replace"`
	Why     string `yaml:"why"`
	line    int
	source  []byte // with the edit in it
}

// ReadExplained reads a list of explanations strictly, and holds it to the source: each must be an edit that an operator makes
// there today. Errors name the file and the line.
func ReadExplained(root, path string) ([]Explained, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []Explained
	if err := decodeExplained(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var wrong []error
	for i := range list {
		if field, why := list[i].check(root); why != "" {
			wrong = append(wrong, fmt.Errorf("%s:%d: %s: %s", path, list[i].line, field, why))
		}
	}
	return list, errors.Join(wrong...)
}

func decodeExplained(b []byte, list *[]Explained) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not YAML: %v", r)
		}
	}()
	if len(b) > maxExplained {
		return fmt.Errorf("over %d bytes", maxExplained)
	}
	f, err := scenarios.ParseYAML(b)
	if err != nil {
		return err
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil || len(f.Docs) == 1 && f.Docs[0].Body.Type() == ast.NullType {
		return nil // comments alone
	}
	seq, ok := f.Docs[0].Body.(*ast.SequenceNode)
	if !ok || len(f.Docs) != 1 {
		return errors.New("the document must be one list of {file, find, replace, why}")
	}
	if err := yaml.NodeToValue(seq, list, yaml.Strict()); err != nil {
		return err
	}
	for i, n := range seq.Values {
		(*list)[i].line = n.GetToken().Position.Line
	}
	return nil
}

const maxExplained = 1 << 20

// check finds the field that says what it must not, and why.
func (e *Explained) check(root string) (field, why string) {
	switch {
	case e.File == "" || !filepath.IsLocal(filepath.FromSlash(e.File)) || !strings.HasSuffix(e.File, ".go") || strings.HasSuffix(e.File, "_test.go"):
		return "file", fmt.Sprintf("%q is no source file within the module", e.File)
	case e.Find == "":
		return "find", "there is nothing to find"
	case strings.TrimSpace(e.Why) == "":
		return "why", "why can nobody see it?"
	}
	m := Mutant{File: e.File, Find: e.Find, Replace: e.Replace}
	if e.source, why = m.apply(root); why != "" {
		return "find", why
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File)))
	if err != nil {
		return "file", err.Error()
	}
	_, list, err := places(token.NewFileSet(), root, e.File)
	if err != nil {
		return "file", err.Error()
	}
	if !slices.ContainsFunc(list, func(p place) bool { return bytes.Equal(p.apply(text), e.source) }) {
		return "replace", "no operator makes this edit"
	}
	return "", ""
}
