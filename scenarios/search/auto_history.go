package search

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// autoHistory is a file of fates, a line of JSON each, so that a run that was ended goes on where it was. An edit that was
// killed stays so while its package and the edit are the same; one that survived while every source of the module is.
type autoHistory struct {
	lock  sync.Mutex
	root  string
	how   string
	tree  string
	packs map[string][]byte // what a package's folder holds, tests too
	known map[string]AutoFate
	file  *os.File // nil where none is kept
}

func openAutoHistory(root, path, how string) (*autoHistory, error) {
	h := &autoHistory{root: root, how: how, packs: map[string][]byte{}, known: map[string]AutoFate{}}
	sum := sha256.New()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && p != root && (strings.HasPrefix(name, ".") || name == "results" && filepath.Dir(p) == root || name == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(p) != ".go" && filepath.Base(filepath.Dir(p)) != "scenarios":
			return nil
		}
		return hashFile(sum, root, p)
	})
	if err != nil {
		return nil, err
	}
	h.tree = hex.EncodeToString(sum.Sum(nil)[:8])
	if path == "" {
		return h, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if h.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(h.file)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			if len(line) > 0 { // it was ended while it wrote
				_, err := h.file.WriteString("\n")
				return h, err
			}
			return h, nil
		} else if err != nil {
			return nil, err
		}
		var f AutoFate
		if json.Unmarshal(line, &f) == nil && f.Key != "" {
			h.known[f.Key] = f
		} else if n == 1 {
			h.file.Close()
			return nil, fmt.Errorf("%s:1: this is no history of mutants: name another file, or remove it", path)
		}
	}
}

// lookup gives an edit its key, and its fate where that is known.
func (h *autoHistory) lookup(f *AutoFate, source []byte) error {
	pack, ok := h.packs[f.Package]
	if !ok {
		sum := sha256.New()
		files, _ := filepath.Glob(filepath.Join(h.root, filepath.FromSlash(f.Package), "*.go"))
		for _, file := range files {
			if err := hashFile(sum, h.root, file); err != nil {
				return err
			}
		}
		pack = sum.Sum(nil)
		h.packs[f.Package] = pack
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%x %s %s\n", pack, h.how, f.File)
	sum.Write(source)
	f.Key, f.Tree = hex.EncodeToString(sum.Sum(nil)[:8]), h.tree
	was, ok := h.known[f.Key]
	if ok && (was.Status == Killed || was.Status == Hung || was.Tree == h.tree) {
		site, offset := f.Site, f.offset
		*f = was
		f.Site, f.offset, f.Known = site, offset, true
	}
	return nil
}

// add keeps a fate.
func (h *autoHistory) add(f AutoFate) error {
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.file == nil {
		return nil
	}
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = h.file.Write(append(bytes.TrimSpace(b), '\n'))
	return err
}

func (h *autoHistory) close() error {
	if h.file == nil {
		return nil
	}
	return h.file.Close()
}

func hashFile(sum io.Writer, root, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(name), len(b))
	_, err = sum.Write(b)
	return err
}
