package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// pack is a package that operators edit.
type pack struct {
	dir    string // in the module, with slashes
	path   string // to import it
	fset   *token.FileSet
	trees  []*ast.File
	places []place
	types  types.Config
}

// open reads a package of the module as it is built without cgo, and compiles what it imports.
func (w *workshop) open(dir string) (*pack, error) {
	p := &pack{dir: path.Clean(filepath.ToSlash(dir)), fset: token.NewFileSet()}
	if !filepath.IsLocal(dir) {
		return nil, fmt.Errorf("package %q: name a folder within the module, such as node/op", dir)
	}
	files, _ := filepath.Glob(filepath.Join(w.root, filepath.FromSlash(p.dir), "*.go"))
	if len(files) == 0 {
		return nil, fmt.Errorf("package %q: there are no Go files in %s of the module", dir, p.dir)
	}
	cmd := exec.CommandContext(w.ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Export,GoFiles", "./"+p.dir)
	cmd.Dir, cmd.Env = w.root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = errors.New(strings.TrimSpace(string(failed.Stderr)))
		}
		return nil, fmt.Errorf("package %s: %w", p.dir, err)
	}
	exports := map[string]string{}
	type listed struct {
		ImportPath, Export string
		GoFiles            []string
	}
	var last listed
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var next listed
		if err := d.Decode(&next); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[next.ImportPath], last = next.Export, next
	}
	p.path = last.ImportPath // dependencies come first
	for _, f := range last.GoFiles {
		tree, list, err := places(p.fset, w.root, path.Join(p.dir, f))
		if err != nil {
			return nil, err
		}
		p.trees, p.places = append(p.trees, tree), append(p.places, list...)
	}
	p.types.Importer = importer.ForCompiler(p.fset, "gc", func(name string) (io.ReadCloser, error) {
		return os.Open(exports[name])
	})
	return p, nil
}

// compiles tells whether the package does with the edit in it.
func (p *pack) compiles(e place) bool {
	was := *e.tok
	defer func() { *e.tok = was }()
	for t := token.Token(0); ; t++ {
		if t.String() == e.To {
			*e.tok = t
			break
		}
	}
	_, err := p.types.Check(p.path, p.fset, p.trees, nil)
	return err == nil
}

// draw gives as many sites that compile as are asked for, or all that there are, by position. The same seed and sources give
// the same sites, and more of them include fewer.
func (p *pack) draw(seed uint64, n int) (some []Site) {
	for _, i := range sim.Seed(seed).Stream("mutants of " + p.dir).Perm(len(p.places)) {
		if len(some) == n {
			break
		}
		if p.compiles(p.places[i]) {
			some = append(some, p.places[i].Site)
		}
	}
	slices.SortFunc(some, func(a, b Site) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		if a.offset != b.offset {
			return a.offset - b.offset
		}
		return strings.Compare(a.Operator, b.Operator)
	})
	return some
}
