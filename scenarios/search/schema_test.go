package search

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSchemaIsItsEdits: with each switch on, a program says what it says with that edit alone. What it records with none on
// are at least those edits with which it says something else.
func TestSchemaIsItsEdits(t *testing.T) {
	w, err := newWorkshop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(w.temp)
	w.cpu = 2e9
	p, err := w.open("scenarios/search/testdata/schema")
	if err != nil {
		t.Fatal(err)
	}
	sites := p.draw(1, len(p.places))
	x, err := p.schema(w.root, sites)
	if err != nil {
		t.Fatal(err)
	}
	if alone := len(sites) - len(x.switches); alone == 0 || alone > 12 {
		t.Errorf("%d of %d edits must be compiled alone", alone, len(sites))
	}
	compile := func(name string, files map[string][]byte) string {
		binary := filepath.Join(w.temp, name)
		if why, err := w.compile(binary, files, "build", "./"+p.dir); why != "" || err != nil {
			t.Errorf("%s: %s, %v", name, why, err)
		}
		return binary
	}
	together, plain := compile("together", x.files), w.process(w.temp, compile("plain", nil))
	tape := filepath.Join(w.temp, "tape")
	said := func(r ran) string {
		what, _, _ := strings.Cut(r.said, "\ngoroutine") // of a panic
		return fmt.Sprint(what, r.err)
	}
	says := func(variable, value string) string {
		v := *w
		v.env = []string{variable + "=" + value}
		return said(v.process(w.temp, together))
	}
	want := said(plain)
	if got := says(switchRecord, tape); got != want {
		t.Errorf("with no edit in force it says %q, without switches %q", got, want)
	}
	reached, err := os.ReadFile(tape)
	if err != nil {
		t.Fatal(err)
	}
	unreached := 0
	parallel(len(sites), 0, func(i int) {
		k := x.switches[i]
		if k == 0 {
			return
		}
		source, err := os.ReadFile(filepath.Join(w.root, sites[i].File))
		if err != nil {
			t.Error(err)
			return
		}
		r := w.process(w.temp, compile(fmt.Sprint("alone-", k), map[string][]byte{sites[i].File: sites[i].apply(source)}))
		alone, switched := said(r), says(switchOn, fmt.Sprint(k))
		if !r.hung && alone != switched {
			t.Errorf("%s (%s): alone it says %q, by its switch %q", sites[i], sites[i].Text, alone, switched)
		}
		if seen := k < len(reached) && reached[k] == 1; alone != want && !seen {
			t.Errorf("%s (%s) changes what is said, and is not recorded", sites[i], sites[i].Text)
		} else if !seen {
			unreached++
		}
	})
	if unreached < 3 {
		t.Errorf("%d edits are recorded as without effect", unreached)
	}
}
