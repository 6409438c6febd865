package search

import (
	"encoding/json"
	"fmt"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOperatorsAreGremlins compares the sites in a file that holds every token with what the dry run of gremlins v0.6.0 wrote
// of it: gremlins unleash --dry-run --output tokens.json with every operator switched on. What only one of the two has must be
// what the table says it leaves out.
func TestOperatorsAreGremlins(t *testing.T) {
	b, err := os.ReadFile("testdata/gremlins/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var theirs struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type         string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal(b, &theirs); err != nil || len(theirs.Files) != 1 {
		t.Fatal(err, len(theirs.Files))
	}
	_, list, err := places(token.NewFileSet(), "testdata/gremlins", theirs.Files[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	edits := map[string]bool{}
	for _, p := range list {
		ours[fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Operator)] = true
		edit := fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.To)
		if edits[edit] {
			t.Errorf("%s is made twice", edit)
		}
		edits[edit] = true
	}
	for _, m := range theirs.Files[0].Mutations {
		at := fmt.Sprintf("%d:%d", m.Line, m.Column)
		twin := map[string]string{"INVERT_NEGATIVES": "ARITHMETIC_BASE", "ARITHMETIC_BASE": "INVERT_NEGATIVES"}[m.Type]
		switch {
		case ours[at+" "+m.Type]:
			delete(ours, at+" "+m.Type)
		case twin != "" && edits[at+" +"]: // the same edit under the other name
		case m.Type == "INVERT_ASSIGNMENTS" && edits[at+" ="] && !edits[at+" -="] && !edits[at+" +="]: // %= becomes %=
		default:
			t.Errorf("gremlins has %s %s, we have not", at, m.Type)
		}
	}
	for left := range ours {
		t.Errorf("we have %s, gremlins has not", left)
	}
}

// TestDraw draws from a package: the same sites again, more for more, each of which fits, compiles, and is found again by
// what a mutant's file would say.
func TestDraw(t *testing.T) {
	w, err := newWorkshop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(w.temp)
	p, err := w.open("./node/kernel")
	if err != nil {
		t.Fatal(err)
	}
	some, more, again := p.draw(1, 4), p.draw(1, 9), p.draw(1, 4)
	if len(some) != 4 || !slices.Equal(some, again) || slices.Equal(some, p.draw(2, 4)) {
		t.Errorf("drew %v, then %v", some, again)
	}
	for _, s := range some {
		if !slices.Contains(more, s) {
			t.Errorf("more have no %s", s)
		}
	}
	for _, e := range p.places {
		source, err := os.ReadFile(w.root + "/" + e.File)
		if err != nil {
			t.Fatal(err)
		}
		m := Mutant{File: e.File}
		m.Find, m.Replace = e.unique(source)
		if got, why := m.apply(w.root); why != "" || string(got) != string(e.apply(source)) {
			t.Errorf("%s: %q becomes %q: %s", e.Site, m.Find, m.Replace, why)
		}
	}
	for _, dir := range []string{"node/none", "../node", "/etc"} {
		if _, err := w.open(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
