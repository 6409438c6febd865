package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
)

// TestExplain: a failing run is told in text and as a page; one that passes has nothing to tell, and mistakes are told apart.
func TestExplain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run(t, dir, "canary")
	text := must(t, "explain", dir, "--moments", "2", "--tries", "1")
	for _, want := range []string{"fails   compute: acceptance ", "<- the first wrong step", "luck    ", "page    " + filepath.Join(dir, pageName)} {
		if !strings.Contains(text, want) {
			t.Errorf("the story does not say %q:\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(line) > results.Columns && !strings.Contains(line, dir) {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
	if page, err := os.ReadFile(filepath.Join(dir, pageName)); err != nil || strings.Count(string(page), "<svg") != 2 {
		t.Errorf("the page has not both drawings (%v)", err)
	}
	small := []string{"--nodes", "12", "--set", "duration=8s", "--out", dir}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"calm-day@1", exitNotGreen, "there is nothing to explain: the run is pass"},
		{"calm-day", exitUsage, "say which seed"},
		{"nowhere", exitUsage, "is no run"},
		{"canary@1 --moments 1", exitUsage, "--moments 1"},
		{"canary@1 --tries 0", exitUsage, "--tries 0"},
		{"canary@1 --checker policy", exitUsage, "those that did: compute"},
		{"canary@1 --without partition", exitUsage, "--without partition: the plan has no"},
		{"canary@1 --without partition#x", exitUsage, "KIND#N"},
	} {
		code, out, errs := command(t, append(append([]string{"explain"}, strings.Fields(c.args)...), small...)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("lgos-sim explain %s: exit %d, %q %q; want %d, %q", c.args, code, errs, out, c.code, c.want)
		}
	}
}
