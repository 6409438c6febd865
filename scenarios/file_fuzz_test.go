package scenarios

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParse: no text makes the reader of scenario files panic, overflow the stack or hang, and what it takes it prints so
// that it reads back the same.
func FuzzParse(f *testing.F) {
	for _, s := range All() {
		text, err := s.YAML()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, s := range deepTexts(100) {
		f.Add([]byte(s))
	}
	for _, g := range greed {
		if s, _ := Find("partition-heal"); g.ask != nil {
			g.ask(&s)
			f.Add(fuzzYAML(f, s))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse("scenario.yaml", b)
		if err != nil {
			return
		}
		printsAlike(t, s.YAML, func(b []byte) (func() ([]byte, error), error) {
			again, err := Parse("printed.yaml", b)
			return again.YAML, err
		})
	})
}

// FuzzPrepare: of what the reader takes a world is made, or the reason told why not; and drawing it ends when it is told to.
func FuzzPrepare(f *testing.F) {
	s, _ := Find("partition-heal")
	s.Nodes = 8
	f.Add(fuzzYAML(f, s))
	for _, g := range greed {
		if s, _ := Find("partition-heal"); g.ask != nil {
			g.ask(&s)
			f.Add(fuzzYAML(f, s))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse("scenario.yaml", b)
		if err != nil {
			return
		}
		if s.Network.File != "" || slices.ContainsFunc(s.Work, func(w Work) bool { return w.Kind() == "trace" }) {
			return // other files are not what is tested here
		}
		const patience = 1000 // polls: drawing that asks seldom, and works long between, runs into the limit of go test
		polls := 0
		_, err = prepare(s, Settings{Stop: func() string {
			if polls++; polls > patience {
				return "enough"
			}
			return ""
		}}, nil, nil)
		if polls > patience+1 || polls > patience && err == nil {
			t.Fatalf("drawing went on for %d polls after it was to stop (%v)", polls-patience, err)
		}
	})
}

func fuzzYAML(f *testing.F, s Scenario) []byte {
	text, err := s.YAML()
	if err != nil {
		f.Fatal(err)
	}
	return text
}

// FuzzReadPlan: the same of plan files.
func FuzzReadPlan(f *testing.F) {
	for _, name := range []string{"partition-heal", "all-at-once"} {
		s, _ := Find(name)
		text, err := (&PlanFile{Scenario: s, Settings: Settings{Seed: 7, Nodes: 60, Device: "cpu", Set: map[string]string{"store": "private"}}}).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("lgos-sim-plan: 1\nplan: \"calm 1s\\nend 2s\"\njobs:\n  - input: \"00\"\n    out: \"!\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadPlan("plan.yaml", b)
		if err != nil {
			return
		}
		printsAlike(t, p.Bytes, func(b []byte) (func() ([]byte, error), error) {
			again, err := ReadPlan("printed.yaml", b)
			return again.Bytes, err
		})
	})
}

// printsAlike: what is printed reads back, and prints the same.
func printsAlike(t *testing.T, printed func() ([]byte, error), read func([]byte) (func() ([]byte, error), error)) {
	t.Helper()
	first, err := printed()
	if err != nil {
		t.Fatal(err)
	}
	printed, err = read(first)
	if err != nil {
		t.Fatalf("%v\n%s", err, first)
	}
	if second, err := printed(); err != nil || string(first) != string(second) {
		t.Fatalf("printed in two ways (%v):\n%s\n%s", err, first, second)
	}
}

// deepTexts nest n times in every way that YAML has, or blow up.
func deepTexts(n int) []string {
	var out []string
	for _, s := range []string{"[", "{", "- ", "? ", "- ? ", "[a, ", "{a: ", "{? ", "[? ", "a: {b: ", "a:\n- ", "&a ", "!a ", "*a ", "<<: ", "a: ", ": ", "\"", "|\n", "# \n", "--- ", "-\t"} {
		out = append(out, "name: a\n"+strings.Repeat(s, n), strings.Repeat(s, n))
	}
	var steps strings.Builder
	for i := range min(n, 600) {
		steps.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return append(out, steps.String(),
		"spaces: &a [x, x]\ngroups: &b [*a, *a, *a]\nwork: &c [*b, *b, *b]\nfaults: [*c, *c, *c]\n",
		"network: &n {<<: *n}\n")
}

// A file as big as the reader takes, nested to its end or unfolding itself, is refused at once: the parser by itself would
// take hours, or end the process by overflowing the stack.
func TestDeepFilesAreRefused(t *testing.T) {
	for _, s := range deepTexts(30_000) {
		if _, err := Parse("deep.yaml", []byte(s)); err == nil {
			t.Errorf("%.20q… was taken", s)
		}
	}
	for text, want := range map[string]string{
		"name: &a x\n":                             "[1:7] anchors, aliases",
		"name: *a\n":                               "anchors, aliases",
		"spaces: " + strings.Repeat("[", 33):       "nested too deep",
		strings.Repeat(" ", 600) + "name: x\n":     "nested too deep",
		"spaces:\n  - " + strings.Repeat("- ", 70): "nested too deep",
	} {
		if _, err := Parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}
