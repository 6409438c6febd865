package scenarios

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// maxFile bounds a scenario file; the largest of ours has 3 KiB, and the parser takes seconds for the oddest of this size.
const maxFile = 128 << 10

// Parse reads a scenario strictly: an unknown field or a bad value is an error with line and column.
func Parse(file string, b []byte) (Scenario, error) {
	var s Scenario
	if len(b) > maxFile {
		return s, fmt.Errorf("%s: over %d bytes", file, maxFile)
	}
	if err := decode(b, &s); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	if err := s.check(); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.Work) == 0 {
		return s, fmt.Errorf("%s: work: nobody does anything", file)
	}
	return s, nil
}

// decode reads YAML strictly into v. The parser's panics on broken input become errors.
func decode(b []byte, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not YAML: %v", r)
		}
	}()
	f, err := ParseYAML(b)
	if err != nil {
		return err
	}
	if len(f.Docs) == 0 || len(f.Docs) == 1 && f.Docs[0].Body == nil {
		return fmt.Errorf("the file is empty")
	}
	if len(f.Docs) != 1 {
		return fmt.Errorf("a file holds one document, this has %d", len(f.Docs))
	}
	if _, ok := f.Docs[0].Body.(ast.MapNode); !ok {
		return fmt.Errorf("the document must be a mapping")
	}
	return yaml.NodeToValue(f.Docs[0].Body, v, yaml.Strict(), yaml.DisallowUnknownField())
}

// YAML prints the scenario; Parse gives it back.
func (s Scenario) YAML() ([]byte, error) {
	return yaml.MarshalWithOptions(s, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
}

// check finds what the types allow and a scenario must not say.
func (s *Scenario) check() error {
	switch {
	case s.Name == "" || strings.ContainsAny(s.Name, " /\\@"):
		return fmt.Errorf("name: %q must be one word without / and @", s.Name)
	case len(s.Spaces) == 0:
		return fmt.Errorf("spaces: there is none")
	case len(s.Groups) == 0:
		return fmt.Errorf("groups: there is none")
	}
	for i, w := range s.Work { // a list may have an empty item
		if w.Spec == nil {
			return fmt.Errorf("work[%d]: it is empty", i)
		}
	}
	for i, f := range s.Faults {
		if f.Spec == nil {
			return fmt.Errorf("faults[%d]: it is empty", i)
		}
	}
	rest := 0
	for i, g := range s.Groups {
		switch {
		case g.Liar != nil && g.Liar.Spec == nil:
			return fmt.Errorf("groups[%d].liar: it is empty", i)
		case g.Count < 0 || g.Share < 0 || g.Share > 1 || g.Count > 0 && g.Share > 0:
			return fmt.Errorf("groups[%d]: count %d and share %v: give one, count from 1 or share in 0..1", i, g.Count, g.Share)
		case g.Kernel > 2:
			return fmt.Errorf("groups[%d].kernel: there is no kernel %d", i, g.Kernel)
		case g.Role != "" && !slices.Contains(roles(), g.Role):
			return fmt.Errorf("groups[%d].role: %q is none of %s", i, g.Role, strings.Join(roles(), ", "))
		case g.Device != "" && !slices.Contains(profileNames(), g.Device):
			return fmt.Errorf("groups[%d].device: %q is none of %s", i, g.Device, strings.Join(profileNames(), ", "))
		}
		for field, names := range sortedPairs(map[string][]string{"beside": g.Beside, "spaces": g.Spaces}) {
			for _, name := range names {
				if !slices.Contains(s.Spaces, name) {
					return fmt.Errorf("groups[%d].%s: the scenario has no space %q", i, field, name)
				}
			}
		}
		if g.Count == 0 && g.Share == 0 {
			rest++
		}
	}
	if rest > 1 {
		return fmt.Errorf("groups: %d of them say neither count nor share; one may", rest)
	}
	if err := s.bounds(); err != nil {
		return err
	}
	for i, e := range s.Expect {
		if _, ok := strings.CutPrefix(e, "fail "); !ok {
			return fmt.Errorf("expect[%d]: %q is not of the form: fail CHECKER", i, e)
		}
	}
	return nil
}

func roles() []string { return []string{"guest", "member", "admin", "owner"} }

func sortedPairs[T any](m map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
