package explain

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// TestPlantedBugs: of planted bugs that different checkers catch, the story is short, names the host and the operation, and
// marks the step in which the planted code ran.
func TestPlantedBugs(t *testing.T) {
	for _, c := range []struct {
		name, checker, wrong string
		seed                 int
	}{
		{"gossip-asks-never", "delivery", `asks host \d+ for others, \d+ times? by \S+ s, and never for it`, 1},
		{"journal-judges-bodies-alone", "policy", `gets operation [0-9a-f]{12} .* in a push of host \d+, a liar, .*; takes it in`, 1},
		{"replica-one-receipt-less", "durability", `calls operation [0-9a-f]{12} \(create_channel\) durable`, 1},
		{"compute-quorum-one-less", "compute", `signs operation [0-9a-f]{12} \(compute.accept\)`, 1},
		{"crdt-register-tie-by-arrival", "convergence", `gets operation [0-9a-f]{12} \(graph.edit\) in a push of host \d+, .*; takes it in`, 4},
		{"node-panics-on-rubbish", "panic", `goes wrong upon a packet of host \d+`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := explained(t, c.name, c.seed)
			if lines := strings.Count(text, "\n"); lines > 30 {
				t.Errorf("%d lines are no short story", lines)
			}
			flat := strings.Join(strings.Fields(text), " ")
			if !strings.HasPrefix(flat, "fails "+c.checker+":") {
				t.Errorf("another checker's violation is told")
			}
			host := regexp.MustCompile(`host (\d+) ` + c.wrong + `[^<]*<- the first (wrong step|thing missing)`)
			if !host.MatchString(flat) {
				t.Errorf("the story does not mark %s", host)
			}
			if c.checker == "convergence" && !regexp.MustCompile(`differ first at .*: hosts (\d+) and (\d+) hold the same operations: .* host \d+ took ([0-9a-f]{12}) before ([0-9a-f]{12})`).MatchString(flat) {
				t.Errorf("the states that part are not told")
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// explained builds the command with a bug in it and lets it explain the run that shows the bug.
func explained(t *testing.T, name string, seed int) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "lgos-sim")
	m, err := search.Plant(t.Context(), filepath.Join(root, "checkers", "mutants", name+".yaml"), binary)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"explain", fmt.Sprintf("%s@%d", m.Scenario, seed), "--moments", "0", "--out", dir}
	if m.Nodes > 0 {
		args = append(args, "--nodes", strconv.Itoa(m.Nodes))
	}
	for k, v := range m.Set {
		args = append(args, "--set", k+"="+v)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
