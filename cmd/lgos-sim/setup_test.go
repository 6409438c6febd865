package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSetup: what cannot be installed ends a hard set-up with the exact command and the switch that does without it; a soft
// one goes on and asks for no browser; a switch leaves out what it names alone, loudly.
func TestSetup(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "scripts", "setup.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		env   []string
		stubs map[string]string
		args  []string
		code  int
		want  []string
		not   []string
	}{
		{"all off", []string{"GPU=off", "BROWSER=off"}, nil, nil, 0, []string{"setup: GPU=off: no Vulkan driver", "setup: BROWSER=off: no Chromium"}, []string{"are there"}},
		{"soft", []string{"GPU=off"}, nil, []string{"--soft"}, 0, []string{"setup: GPU=off"}, []string{"hromium", "playwright"}},
		{"no root", []string{"GPU=off"}, map[string]string{"id": "echo 1000"}, nil, 3,
			[]string{"setup: no Chromium. To install it: apt-get update && apt-get install -y --no-install-recommends chromium", "(as root)", "or do without it: BROWSER=off make test"}, nil},
		{"apt fails", []string{"GPU=off"}, map[string]string{"id": "echo 0", "apt-get": "echo no route; exit 100"}, nil, 3, []string{"setup: installing Chromium", "no route", "setup: no Chromium"}, nil},
		{"no npm", []string{"GPU=off"}, map[string]string{"chromium": ""}, nil, 3, []string{"setup: no playwright-core (npm is not installed)", "BROWSER=off make test"}, nil},
		{"another package", []string{"GPU=off"}, map[string]string{"chromium": "", "npm": "mkdir package; touch package/index.js; tar -czf playwright-core-1.tgz package"}, nil, 3,
			[]string{"setup: no playwright-core (npm brought another package than the one that was checked)"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir() // the script works beside its own folder, with these commands alone
			bin := filepath.Join(root, "bin")
			if err := os.MkdirAll(filepath.Join(root, "scripts"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(bin, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, tool := range []string{"bash", "cp", "dirname", "find", "grep", "gzip", "mkdir", "mktemp", "mv", "rm", "sha256sum", "tail", "tar", "touch", "uname"} {
				path, err := exec.LookPath(tool)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
					t.Fatal(err)
				}
			}
			for stub, text := range c.stubs {
				if err := os.WriteFile(filepath.Join(bin, stub), []byte("#!"+filepath.Join(bin, "bash")+"\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			script := filepath.Join(root, "scripts", "setup.sh")
			if err := os.WriteFile(script, b, 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(bin, "bash"), append([]string{script}, c.args...)...)
			cmd.Env = append(c.env, "PATH="+bin, "TMPDIR="+root)
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != c.code {
				t.Errorf("exit %d, want %d", got, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			for _, not := range c.not {
				if strings.Contains(string(out), not) {
					t.Errorf("it says %q:\n%s", not, out)
				}
			}
		})
	}
}
