package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/scenarios/search/ci"
)

// planted builds the command with a known bug in it.
func planted(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "lgos-sim")
	if _, err := search.Plant(t.Context(), filepath.Join("..", "..", "checkers", "mutants", name+".yaml"), binary); err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestCIFindsAPlantedBug: a binary with a bug finds it in itself, and leaves everything that CI systems read; what it kept
// is red there and green without the bug.
func TestCIFindsAPlantedBug(t *testing.T) {
	binary, dir := planted(t, "wire-push-drops-last"), t.TempDir()
	out := filepath.Join(dir, "out")
	cmd := exec.CommandContext(t.Context(), binary, "ci", "calm-day", "--nodes", "12", "--seeds", "1", "--repeat", "0", "--commit", "0123456", "--out", out)
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "step.md"))
	b, err := cmd.CombinedOutput()
	text := string(b)
	var code *exec.ExitError
	if !errors.As(err, &code) || code.ExitCode() != exitFail {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{
		`(?m)^fail    delivery: `, `(?m)^shrunk  to \d+ hosts`, `<- the first wrong step`, `(?m)^first   lgos-sim replay scenarios/testdata/plans/`,
		`(?m)^::error title=delivery fails in .*\.yaml,file=scenarios/testdata/plans/.*\.yaml,line=1::operation `, `(?m)^runs .*: 1 fail$`, `(?m)^plans   \d+: `, `(?m)^summary `,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("it does not say %s:\n%s", want, text)
		}
	}
	for file, want := range map[string]string{
		filepath.Join(out, ci.JUnitName): "<failure ", filepath.Join(out, ci.QualityName): `"check_name": "lgos-sim/delivery"`,
		filepath.Join(out, ci.SummaryName): "# lgos-sim: fail", filepath.Join(dir, "step.md"): "the first wrong step",
	} {
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s does not hold %q (%v)", file, want, err)
		}
	}
	line := regexp.MustCompile(`(?m)^replay  lgos-sim (.*)$`).FindStringSubmatch(text)
	if line == nil {
		t.Fatalf("no line replays it:\n%s", text)
	}
	args := strings.Fields(line[1])
	if b, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput(); err != nil || !strings.Contains(string(b), "same    digest and verdicts as recorded") {
		t.Errorf("with the bug it is not what was recorded: %v\n%s", err, b)
	}
	r, err := results.Load(filepath.Dir(args[1]))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Verdict("delivery"); v.Outcome != results.Fail {
		t.Errorf("its record says %+v", v)
	}
	alone := filepath.Join(dir, "plan.yaml") // without the record, whose digest is another's
	plan, err := os.ReadFile(args[1])
	if err = errors.Join(err, os.WriteFile(alone, plan, 0o644)); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.CommandContext(t.Context(), binary, "replay", alone).CombinedOutput(); !errors.As(err, &code) || code.ExitCode() != exitFail {
		t.Errorf("with the bug it passes: %v\n%s", err, b)
	}
	must(t, "replay", alone)
}

// TestCIMistakes: each is exit 3 with a message that says what to do.
func TestCIMistakes(t *testing.T) {
	dir := t.TempDir()
	known := filepath.Join(dir, "known.yaml")
	if err := os.WriteFile(known, []byte("- scenario: calm-days\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--commit HEAD": "is no commit", "--budget 1s": "give 10s or more", "--seeds -1": "give a count", "--jobs -1": "is negative", "--nodes 3": "8 or more",
		"nowhere": `no scenario and no file "nowhere"`, "--plans " + dir + "/none": "holds no *.yaml", "--known " + known: known + `:1: scenario: there is no scenario and no kept plan "calm-days"`,
		"--known none.yaml": "none.yaml", "--annotations gitlab": "it is auto, github or none", "--repeat 2": "share in 0..1", "--budget soon": "is not a time such as 30s", "--out " + dir: "name a new or empty folder",
	} {
		code, out, errs := command(t, append([]string{"ci", "--commit", "0123456", "--out", filepath.Join(dir, "out")}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(strings.Join(strings.Fields(errs), " "), want) {
			t.Errorf("ci %s: exit %d, %q %q; want %q", args, code, errs, out, want)
		}
	}
	for line := range strings.Lines(must(t, "help", "ci")) {
		if utf8.RuneCountInString(line) > results.Columns+1 {
			t.Errorf("over %d columns: %s", results.Columns, line)
		}
	}
}

// TestCIExamples: the example workflows are YAML, call ci as it is, and keep the files that it leaves.
func TestCIExamples(t *testing.T) {
	dir := filepath.Join("..", "..", "scripts", "ci-examples")
	if _, err := ci.ReadKnown(filepath.Join(dir, "known-failures.yaml"), nil, nil); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"github-actions.yml", "gitlab-ci.yml"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var whole any
		if err := yaml.Unmarshal(b, &whole); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		calls := 0
		for _, text := range texts(whole) {
			for line := range strings.Lines(text) {
				words := strings.Fields(line)
				if len(words) < 2 || filepath.Base(words[0]) != "lgos-sim" {
					continue
				}
				calls++
				cmd, rest, err := newRoot().Find(words[1:])
				if err == nil {
					err = cmd.ParseFlags(rest)
				}
				if err != nil || cmd.Name() != "ci" || len(cmd.Flags().Args()) > 0 {
					t.Errorf("%s: %s: %v", name, line, err)
					continue
				}
				out, known := cmd.Flag("out").Value.String(), cmd.Flag("known").Value.String()
				if _, err := os.Stat(filepath.Join("..", "..", known)); err != nil || !cmd.Flag("commit").Changed || !cmd.Flag("budget").Changed {
					t.Errorf("%s: %s: %v", name, line, err)
				}
				for _, file := range regexp.MustCompile(`\S+/[\w-]+\.(xml|json|md)\b`).FindAllString(string(b), -1) {
					if rest, ok := strings.CutPrefix(file, out+"/"); !ok || rest != ci.JUnitName && rest != ci.QualityName && rest != ci.SummaryName {
						t.Errorf("%s keeps %s, which ci does not leave", name, file)
					}
				}
				if strings.Count(string(b), out) < 2 {
					t.Errorf("%s does not keep %s", name, out)
				}
			}
		}
		if calls != 1 {
			t.Errorf("%s calls ci %d times", name, calls)
		}
	}
}

// texts are all texts in what YAML holds.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	case map[string]any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	}
	return all
}
