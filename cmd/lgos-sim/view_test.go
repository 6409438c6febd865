package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
)

// said is what a command says while it runs.
type said struct {
	mu   sync.Mutex
	b    bytes.Buffer
	line chan struct{} // closed when the page's address was said
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := strings.Contains(s.b.String(), "stop    ")
	s.b.Write(b)
	if !before && strings.Contains(s.b.String(), "stop    ") {
		close(s.line)
	}
	return len(b), nil
}

// TestView: a failing run is served until the command is interrupted, at the moment asked for; mistakes are told apart.
func TestView(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run(t, dir, "canary")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	out, errs := &said{line: make(chan struct{})}, &bytes.Buffer{}
	done := make(chan int)
	go func() { done <- execute(ctx, []string{"view", dir, "--at", "10.5s", "--host", "7"}, out, errs) }()
	select {
	case <-out.line:
	case code := <-done:
		t.Fatalf("exit %d: %s", code, errs)
	}
	text := out.b.String()
	m := regexp.MustCompile(`page {4}(http://127\.0\.0\.1:\d+/)(#\S+)`).FindStringSubmatch(text)
	if m == nil || m[2] != "#at=10.5s&host=7" {
		t.Fatalf("no page is named:\n%s", text)
	}
	for _, line := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(line) > results.Columns {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
	r, err := http.Get(m[1] + "api/moment?at=10.5s&host=7")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		At   int64
		Host struct{ Host, N, Total int }
	}
	err = json.NewDecoder(r.Body).Decode(&answer)
	r.Body.Close()
	if err != nil || answer.At != int64(10500*time.Millisecond) || answer.Host.Host != 7 || answer.Host.N == 0 || answer.Host.N >= answer.Host.Total {
		t.Errorf("%+v, %v", answer, err)
	}
	stop()
	if code := <-done; code != exitPass {
		t.Errorf("exit %d when interrupted: %s", code, errs)
	}
	address, err := url.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"view nowhere", "is no run", exitUsage},
		{"view canary", "say which seed", exitUsage},
		{"view " + dir + " --host 13", "there is no host 13; the run has 12", exitUsage},
		{"view " + dir + " --at -1s", "virtual time begins at 0", exitUsage},
		{"view " + dir + " --at soon", "--at soon is not a time such as 30s", exitUsage},
		{"view " + dir + " --addr here", "--addr here is no address such as 127.0.0.1:8080", exitUsage},
		{"view " + dir + " --addr 127.0.0.1:99999", "--addr 127.0.0.1:99999", exitUsage},
		{"view " + dir + " --nodes 9", "the plan fixes nodes", exitUsage},
	} {
		code, out, errs := command(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("lgos-sim %s: exit %d, %q %q; want %d, %q", c.args, code, errs, out, c.code, c.want)
		}
	}
	if r, err := http.Get(address.String()); err == nil {
		r.Body.Close()
		t.Error("it goes on serving after it was interrupted")
	}
}
