//go:build !js && !wasip1

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/lifegraph-os/lgos-sim/results"
)

// natsServer is a server of its own, with a user, as a cluster would be.
func natsServer(t *testing.T) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, Username: "u", Password: "hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	return strings.Replace(s.ClientURL(), "nats://", "nats://u:hunter2@", 1)
}

// asCommand starts this command in a process of its own.
func asCommand(t *testing.T, args ...string) (c *exec.Cmd, out io.Reader, errs *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c = exec.Command(self, args...)
	errs = &bytes.Buffer{}
	c.Stderr = errs
	said, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c, said, errs
}

// TestWorkerCommand: a sweep over a server is led by one process, killed, and led by another, while a worker of two processes
// stays. It comes to what a sweep without a server comes to, and the worker ends with it.
func TestWorkerCommand(t *testing.T) {
	t.Setenv("NATS_URL", natsServer(t))
	file, dir := broken(t), t.TempDir()
	args := func(out string, more ...string) []string {
		return append([]string{"sweep", file, "--nodes", "12", "--set", "duration=8s", "--seeds", "8", "--repeat", "0.3", "--out", filepath.Join(dir, out)}, more...)
	}
	worker, workerSaid, workerErrs := asCommand(t, "worker", "--jobs", "2")
	lead, leadSaid, leadErrs := asCommand(t, args("many", "--nats", os.Getenv("NATS_URL"))...)
	told := 0
	for lines := bufio.NewScanner(leadSaid); told < 2 && lines.Scan(); {
		if strings.Contains(lines.Text(), " replay  ") {
			told++
		}
	}
	if err := lead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = lead.Wait() // killed
	if told < 2 {
		t.Fatalf("%d finds were told\n%s", told, leadErrs)
	}
	code, text, errs := command(t, args("many", "--nats", os.Getenv("NATS_URL"), "--resume")...)
	before := 0
	if at := strings.Index(text, "resumed "); at >= 0 {
		fmt.Sscan(text[at+len("resumed "):], &before)
	}
	if code != exitFail || before < told || strings.Contains(text+errs, "hunter2") {
		t.Fatalf("%d finds were told, %d runs were kept, exit %d\n%s%s", told, before, code, text, errs)
	}
	_, whole, _ := command(t, args("one")...)
	for _, line := range []string{`(?m)^(fail|pass) +[0-9]+ runs: .*$`, `(?m)^search .*\n.*$`, `(?m)^  find .*$`} {
		a, b := regexp.MustCompile(line).FindString(text), regexp.MustCompile(line).FindString(whole)
		if a != b || a == "" {
			t.Errorf("over a server: %s\nwithout: %s", a, b)
		}
	}
	if plans, err := filepath.Glob(filepath.Join(dir, "many", "*", results.PlanName)); err != nil || len(plans) < 5 {
		t.Errorf("%d plans of finds came back (%v)", len(plans), err)
	}
	said, err := io.ReadAll(workerSaid)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err != nil || !strings.Contains(string(said), "of 1 scenarios · seed 1 · commit") || strings.Count(string(said), "done    ") < 2 || strings.Contains(string(said), "hunter2") {
		t.Errorf("the worker ends with %v\n%s%s", err, said, workerErrs)
	}
}

// TestWorkerMistakes: each is exit 3 with a message that says what to do and nothing that is secret.
func TestWorkerMistakes(t *testing.T) {
	t.Setenv("NATS_URL", "")
	for args, want := range map[string]string{
		"": "give the server of the sweep: --nats URL", "--nats hunter2": "write nats://HOST:4222", "--nats nats://u:hunter2@127.0.0.1:1": "nats://127.0.0.1:1: nats: no servers available",
		"--nats nats://x --jobs -1": "--jobs -1 is negative", "--nats nats://x --idle -1s": "give a time such as 10m", "--nats nats://x --creds /no": "--creds /no: there is no such file",
		"--nats nats://x more": "unknown command", "--nats nats://x --idle soon": "--idle soon is not a time",
	} {
		code, out, errs := command(t, append([]string{"worker"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(errs, want) || strings.Contains(errs+out, "hunter2") {
			t.Errorf("worker %s: exit %d, %q %q; want %q", args, code, errs, out, want)
		}
	}
	for line := range strings.Lines(must(t, "help", "worker")) {
		if utf8.RuneCountInString(line) > results.Columns+1 {
			t.Errorf("over %d columns: %s", results.Columns, line)
		}
	}
	if text := must(t, "worker", "--nats", natsServer(t), "--jobs", "1", "--idle", "1ms"); !strings.Contains(text, "done    0 runs") {
		t.Errorf("without work it says %q", text)
	}
}

// TestKubernetesExample: what the example gives the command are flags that it has.
func TestKubernetesExample(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "scripts", "sweep-kubernetes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		OnExitCodes struct {
			ContainerName string `yaml:"containerName"`
			Values        []int
		} `yaml:"onExitCodes"`
	}
	type pod struct {
		Kind string
		Spec struct {
			Template struct {
				Spec struct {
					RestartPolicy string `yaml:"restartPolicy"`
					Containers    []struct {
						Name string
						Args []string
					}
				}
			}
			PodFailurePolicy struct {
				Rules []rule
			} `yaml:"podFailurePolicy"`
		}
	}
	seen := map[string]bool{}
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var p pod
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Spec.Template.Spec.Containers {
			cmd, rest, err := newRoot().Find(c.Args)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil || cmd.Name() != c.Args[0] || len(cmd.Flags().Args()) > 0 {
				t.Errorf("container %s: %v: %v", c.Name, c.Args, err)
			}
			refused := slices.ContainsFunc(p.Spec.PodFailurePolicy.Rules, func(r rule) bool {
				return r.OnExitCodes.ContainerName == c.Name && slices.Contains(r.OnExitCodes.Values, exitUsage)
			})
			if p.Kind != "Job" || p.Spec.Template.Spec.RestartPolicy != "Never" || !refused {
				t.Errorf("container %s is tried again although it was refused", c.Name)
			}
			seen[cmd.Name()] = true
		}
	}
	if !seen["sweep"] || !seen["worker"] {
		t.Errorf("it runs %v", seen)
	}
}
