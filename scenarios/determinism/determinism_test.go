// Package determinism proves that a run is a function of its scenario and its seed: however the command is built, and on
// whatever it runs, one digest comes out. It holds tests only.
package determinism

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

var nodes = flag.Int("nodes", small, "`N` nodes in the runs that are compared; under -race and in the browser never more than 60")

const (
	name  = "partition-heal"
	seed  = 7
	small = 60
	alone = 17 // the host that is replayed alone
)

// TestOneDigest runs a scenario built and carried out in every way that there is, and prints a table.
func TestOneDigest(t *testing.T) {
	w := newWorkshop(t)
	var table table
	native := w.build("native", nil)
	run := func(n int, out string, more ...string) []string {
		return append([]string{"run", name, "--seed", strconv.Itoa(seed), "--nodes", strconv.Itoa(n), "--device", "cpu", "--out", out}, more...)
	}
	cores := func(n int) []string { return []string{fmt.Sprintf("GOMAXPROCS=%d", n)} }
	with := func(binary string, args []string) []string { return append([]string{binary}, args...) }

	first := w.exec(cores(1), with(native, run(*nodes, "one", "--record", strconv.Itoa(alone)))...)
	record := w.load("one")
	want := record.Digest
	add := func(build string, n int, want string, s said) {
		table.add(build, n, s)
		if got := digestOf(s.text); got != want {
			t.Errorf("%s: digest %q, want %q\n%s", build, got, want, s.text)
		}
	}
	add(record.Build.Target+", GOMAXPROCS=1", *nodes, want, first)
	add("GOMAXPROCS=2, another process", *nodes, want, w.exec(cores(2), with(native, run(*nodes, "two"))...))
	if again := w.load("two"); fmt.Sprint(again.Verdicts) != fmt.Sprint(record.Verdicts) || again.Plan != record.Plan {
		t.Errorf("two processes came to other verdicts or plans:\n%v\n%v", record.Verdicts, again.Verdicts)
	}
	add("a store of operations a node", *nodes, want, w.exec(nil, with(native, run(*nodes, "private", "--set", "store=private"))...))
	add("containers poisoned after use", *nodes, want, w.exec(nil, with(native, run(*nodes, "poison", "--poison"))...))

	// Compilers that order, inline and allocate otherwise, from the record and the plan that the first build left.
	plain := w.build("plain", nil, "-gcflags=github.com/lifegraph-os/lgos-sim/...=-N -l")
	replayed := w.exec(nil, plain, "replay", "one")
	add("not optimised, from record and plan", *nodes, want, replayed)
	if !strings.Contains(replayed.text, "digest and verdicts as recorded") {
		t.Errorf("the replay does not say that it came to the same:\n%s", replayed.text)
	}
	if why := w.lacks("386"); why != "" {
		table.leftOut("linux/386", why)
	} else {
		add("linux/386", *nodes, want, w.exec(nil, with(w.build("x386", []string{"GOARCH=386", "CGO_ENABLED=0"}), run(*nodes, "x386"))...))
	}
	wasi := w.build("wasi", []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}, "-ldflags=-s -w")
	add("wasip1/wasm under wazero", *nodes, want, w.wasi(wasi, run(*nodes, "/wasi")...))

	few, wantFew := "one", want
	if *nodes != small {
		few = "few"
		wantFew = digestOf(w.exec(nil, with(native, run(small, few, "--record", strconv.Itoa(alone)))...).text)
	}
	if why := w.lacks("race"); why != "" {
		table.leftOut("-race", why)
	} else {
		add("-race", small, wantFew, w.exec(cores(2), with(w.build("race", nil, "-race"), run(small, "race"))...))
	}
	if why := w.lacks("node"); why != "" {
		table.leftOut("js/wasm under Node", why)
	} else {
		js := w.build("js.wasm", []string{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0"}, "-ldflags=-s -w")
		add("js/wasm under Node", small, wantFew, w.browser(js, run(small, "js")...))
		w.oneHost(&table, js, few)
	}

	in := w.inProcess(seed)
	add("this test's process", small, wantFew, in)
	other := w.inProcess(seed + 1)
	table.add(fmt.Sprintf("seed %d: must differ", seed+1), small, other)
	if digestOf(other.text) == wantFew {
		t.Errorf("seeds %d and %d give one digest: it sees nothing", seed, seed+1)
	}
	table.print()
}

// oneHost replays the recording that a run left of one host, where there is no world around it: in the browser's build.
func (w workshop) oneHost(table *table, js, dir string) {
	w.Helper()
	file := filepath.Join(w.dir, dir, fmt.Sprintf("host-%d.recording", alone))
	if info, err := os.Stat(file); err != nil || info.Size() < 10000 {
		w.Fatalf("the run left no recording of host %d: %v", alone, err)
	}
	s := w.browser(js, "replay", dir, "--host", strconv.Itoa(alone))
	m := regexp.MustCompile(`recorded ([0-9a-f]{32})\nhost \d+ replayed ([0-9a-f]{32})\n`).FindStringSubmatch(s.text)
	if m == nil || m[1] != m[2] {
		w.Errorf("host %d alone under Node:\n%s", alone, s.text)
		return
	}
	s.text = "digest  " + m[2]
	table.add(fmt.Sprintf("js/wasm under Node, host %d alone", alone), small, s)
}

// inProcess runs the scenario from Go.
func (w workshop) inProcess(seed uint64) said {
	w.Helper()
	s, ok := scenarios.Find(name)
	if !ok {
		w.Fatalf("there is no scenario %s", name)
	}
	started := time.Now()
	o, err := scenarios.Run(s, scenarios.Settings{Seed: seed, Nodes: small})
	if err != nil {
		w.Fatal(err)
	}
	return said{"digest  " + hex.EncodeToString(o.Result.Digest[:]), time.Since(started)}
}

func (w workshop) load(dir string) *results.Record {
	w.Helper()
	r, err := results.Load(filepath.Join(w.dir, dir))
	if err != nil {
		w.Fatal(err)
	}
	return r
}

var digestLine = regexp.MustCompile(`(?m)^digest  ([0-9a-f]+)$`)

// digestOf finds the digest in what a command printed.
func digestOf(text string) string {
	if m := digestLine.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// table is what is printed at the end, at most 100 columns wide.
type table struct{ lines []string }

func (t *table) add(build string, nodes int, s said) {
	d := digestOf(s.text)
	t.lines = append(t.lines, fmt.Sprintf("%s\t%d\t%s\t%.2f s", build, nodes, d[:min(16, len(d))], s.wall.Seconds()))
}

func (t *table) leftOut(build, why string) {
	t.lines = append(t.lines, fmt.Sprintf("%s\t\tleft out: %s\t", build, why))
}

func (t *table) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, seed %d: build\tnodes\tdigest\twall\n", name, seed)
	for _, l := range t.lines {
		fmt.Fprintln(w, l)
	}
	w.Flush()
}
