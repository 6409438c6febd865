package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"
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
		first, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("printed.yaml", first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if second, err := again.YAML(); err != nil || string(first) != string(second) {
			t.Fatalf("printed in two ways (%v):\n%s\n%s", err, first, second)
		}
	})
}

// FuzzPrepare: of what the reader takes a world is made in little time, or not at all.
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
		began, asked := time.Now(), time.Time{}
		_, err = prepare(s, Settings{Stop: func() string {
			if asked.IsZero() && time.Since(began) > time.Second {
				asked = time.Now()
			}
			if !asked.IsZero() {
				return "enough"
			}
			return ""
		}}, nil, nil)
		if end := time.Since(began); end > 20*time.Second {
			t.Fatalf("drawing it took %v, and %v from when it was to stop (%v)", end, time.Since(asked), err)
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
		first, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadPlan("printed.yaml", first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if second, err := again.Bytes(); err != nil || string(first) != string(second) {
			t.Fatalf("printed in two ways (%v):\n%s\n%s", err, first, second)
		}
	})
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
	started := time.Now()
	for _, s := range deepTexts(30_000) {
		if _, err := Parse("deep.yaml", []byte(s)); err == nil {
			t.Errorf("%.20q… was taken", s)
		}
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("it took %v", took)
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
