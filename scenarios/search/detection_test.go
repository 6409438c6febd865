package search

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDetections keeps what became of mutants, reads it back, and tells what is not as it was.
func TestDetections(t *testing.T) {
	file := filepath.Join(t.TempDir(), "detections.json")
	fates := []Fate{
		{Name: "b", Status: Killed, Seed: 2, By: []string{"policy"}, CPU: 3e9},
		{Name: "a", Status: Killed, Seed: 1, By: []string{"delivery"}, CPU: 1e9},
		{Name: "c", Status: Killed, Seed: 9, By: []string{"policy"}, CPU: 2e9},
	}
	if err := keepDetections(file, fates, true); err != nil {
		t.Fatal(err)
	}
	kept, err := ReadDetections(file)
	if err != nil || len(kept.Mutants) != 3 || kept.Mutants[0].Name != "a" {
		t.Fatal(kept, err)
	}
	if differ, missing := kept.compare(fates); len(differ)+len(missing) > 0 {
		t.Errorf("the same differs: %v %v", differ, missing)
	}
	later := slices.Clone(fates)
	later[0].Seed, later[1].By, later[2].Seed = 3, []string{"delivery", "panic"}, 4
	later = append(later, Fate{Name: "d", Status: Killed, Seed: 1, By: []string{"policy"}})
	differ, missing := kept.compare(later)
	if want := []string{"b needs 3 seeds, once 2", "a is caught by delivery, panic, once by delivery"}; !slices.Equal(differ, want) || !slices.Equal(missing, []string{"d"}) {
		t.Errorf("%q and missing %q, want %q", differ, missing, want)
	}
	r := Report{Mutants: later, Missing: missing}
	if r.ExitCode() != 1 || !strings.Contains(r.Text(), "no detection is kept of d") {
		t.Errorf("exit code %d:\n%s", r.ExitCode(), r.Text())
	}
	if err := keepDetections(file, later[3:], false); err != nil {
		t.Fatal(err)
	}
	if kept, err = ReadDetections(file); err != nil || len(kept.Mutants) != 4 {
		t.Errorf("a part is kept as %v: %v", kept, err)
	}
	if d := detection(fates); d.Rate != 100 || d.Seeds != 2 || d.MostSeeds != 9 || d.CPU != 2e9 || d.MostCPU != 3e9 {
		t.Errorf("detection: %+v", d)
	}
	if d := detection(append(fates, Fate{Status: Survived})); d.Rate != 75 {
		t.Errorf("detection with a survivor: %+v", d)
	}
}

func TestReadDetections(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"mutants": [{"name": "a", "seed": 1, "by": ["policy"]}]}`, ""},
		{`{"mutants": [{"name": "a", "seed": 0, "by": ["policy"]}]}`, "mutants[0].seed: 0 is not in 1..100"},
		{`{"mutants": [{"name": "a", "seed": 1}]}`, "mutants[0].by: name who failed"},
		{`{"mutants": [{"name": "b", "seed": 1, "by": ["a"]}, {"name": "a", "seed": 1, "by": ["a"]}]}`, `mutants[1].name: "a" is not behind`},
		{`{"mutants": [], "x": 1}`, `unknown field "x"`},
		{`{"mutants": []} {}`, "something follows"},
		{`nothing`, "no file of detections"},
	} {
		file := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadDetections(file)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestCells are a mutant's row of the matrix.
func TestCells(t *testing.T) {
	f := Fate{Status: Killed, CaughtBy: "policy", By: []string{"policy", "delivery", "compute"}, Silent: []string{"compute", "durability"}}
	checkers := []string{"convergence", "policy", "compute", "delivery", "durability"}
	row := cells(&f, checkers)
	if want := []string{"", cellKilled, cellLoud, cellFailed, cellSilent}; !slices.Equal(row, want) {
		t.Errorf("%q, want %q", row, want)
	}
	if got, want := heads(checkers)+"|"+marks(row), "con pol com del dur|     K   !   x   ·"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
