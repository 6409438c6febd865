package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const knownText = `# a comment
- scenario: canary
  seeds: 1..50
  checker: compute
  reason: >
    the quorum
    colludes
  expiry: 2026-03-31
- {scenario: drawn, seeds: all, checker: panic, reason: "it is known: so", expiry: 2026-04-01}
`

var knownNames = []string{"canary", "drawn", "a-plan"}

func readKnown(t *testing.T, text string) ([]Known, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := ReadKnown(file, knownNames, Judges())
	if err != nil && !strings.HasPrefix(err.Error(), file) {
		t.Errorf("the error does not begin with the file: %v", err)
	}
	return list, err
}

// TestKnown: an entry is read as it is written, covers its seeds, and excuses up to its last day.
func TestKnown(t *testing.T) {
	list, err := readKnown(t, knownText)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	k := list[0]
	if k.Reason != "the quorum colludes" || k.Line != 2 || list[1].Line != 9 || k.Seeds.String() != "1..50" || list[1].Seeds.String() != "all" {
		t.Errorf("%+v", list)
	}
	for seed, want := range map[uint64]bool{0: false, 1: true, 50: true, 51: false} {
		if k.covers("canary", seed) != want || k.covers("drawn", seed) {
			t.Errorf("seed %d: %v", seed, !want)
		}
	}
	for day, want := range map[string]bool{"2026-03-30T12:00:00Z": false, "2026-03-31T23:59:59Z": false, "2026-04-01T00:00:00Z": true, "2026-03-31T23:00:00-05:00": true} {
		today, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		if k.Expired(today) != want {
			t.Errorf("at %s it is expired: %v", day, !want)
		}
	}
	if list, err := readKnown(t, "[]\n"); err != nil || len(list) != 0 {
		t.Errorf("nothing known: %v, %v", list, err)
	}
}

// TestKnownMistakes: each is told with the file, the line, the field and what to write.
func TestKnownMistakes(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"seeds: 1..50", "seeds: 50..1", `:3: seeds: "50..1" is no range of seeds: write 7, 1..50 or all`},
		{"scenario: canary", "scenario: canaries", `:2: scenario: there is no scenario and no kept plan "canaries"; there are canary`},
		{"checker: compute", "checker: computer", `:4: checker: "computer" is none of convergence`},
		{"expiry: 2026-03-31", "expiry: next year", `:8: expiry: "next year" is no day: write it as 2026-12-31`},
		{"  expiry: 2026-03-31\n", "", `:2: expiry: it is missing`},
		{"checker: compute", "judge: compute", ":4: judge: an entry has no such field; it has scenario, seeds, checker, reason, expiry"},
		{"checker: compute", "checker: [compute]", ":4: checker: write a text"},
		{"reason: >\n    the quorum\n    colludes", `reason: " "`, ":5: reason: write a text"},
		{"- {scenario: drawn", "- a\n- {scenario: drawn", ":9: an entry must be a mapping"},
		{"# a comment\n", "a: b\n---\n", ""},
		{knownText, "a: b\n", ":1: it holds no list"},
		{knownText, "", "it holds no list"},
		{"seeds: 1..50", "seeds: &a 1..50", "anchors"},
		{"checker: compute", "checker: compute\n  checker: policy", "checker"},
	} {
		if _, err := readKnown(t, strings.Replace(knownText, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %q", c.new, err, c.want)
		}
	}
}

// FuzzKnown: no file makes the reader panic, and what it takes is whole.
func FuzzKnown(f *testing.F) {
	f.Add([]byte(knownText))
	f.Add([]byte("[]"))
	f.Add([]byte("- scenario: canary\n  seeds: 7\n"))
	f.Add([]byte("- {? [[{: &x *x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseKnown("known.yaml", b, knownNames, Judges())
		for _, k := range list {
			if err == nil && (k.Scenario == "" || k.Checker == "" || k.Reason == "" || k.Expiry.IsZero() || k.Seeds.First > k.Seeds.Last || k.Line < 1) {
				t.Fatalf("%+v", k)
			}
		}
	})
}
