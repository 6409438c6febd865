package view

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// TestBadRequests: whatever is asked, the answer is a clear error in JSON.
func TestBadRequests(t *testing.T) {
	v := canary(t)
	key := ask[momentAnswer](t, v, "/api/moment", "host", "3", "n", "20").Host.Event.Key
	for _, c := range []struct {
		path string
		code int
		want string
	}{
		{"/api/moment", 400, "at: it is missing"},
		{"/api/moment?at=", 400, "is no instant"},
		{"/api/moment?at=-1s", 400, "is no instant"},
		{"/api/moment?at=tomorrow", 400, "is no instant"},
		{"/api/moment?at=1s&at=2s", 400, "given 2 times"},
		{"/api/moment?at=1s&hosts=2", 400, "no such parameter"},
		{"/api/moment?at=1s&host=0", 400, "not in 1..24"},
		{"/api/moment?at=1s&host=25", 400, "not in 1..24"},
		{"/api/moment?at=1s&host=99999999999999999999", 400, "not in 1..24"},
		{"/api/moment?at=1s&n=3", 400, "give host as well"},
		{"/api/moment?host=3&n=0", 400, "the inputs of host 3"},
		{"/api/moment?host=3&n=4294967295", 400, "the inputs of host 3"},
		{"/api/moment?host=3&n=3&event=" + key, 400, "give one of them"},
		{"/api/moment?host=3&event=x", 400, "is no key"},
		{"/api/moment?host=4&event=" + key, 404, "host 4 took no event"},
		{"/api/moment?host=3&event=99999999.000000000s/1/1", 404, "host 3 took no event"},
		{"/api/moment?at=" + strings.Repeat("1", 300), 400, "longer than 200 bytes"},
		{"/api/moment?at=%zz", 400, "not well formed"},
		{"/api/moment?" + strings.Repeat("x", 90) + "=1", 400, "no such parameter"},
		{"/api/look?host=3", 400, "give a host, and one of its events"},
		{"/api/search?kind=none", 400, "is none of boot, conn-up"},
		{"/api/search?kind=packet", 400, "name a host as well"},
		{"/api/search?kind=packet&host=3&op=ab", 400, "leave op and text out"},
		{"/api/search?op=xyz", 400, "hexadecimal"},
		{"/api/search?op=" + strings.Repeat("a", 66), 400, "hexadecimal"},
		{"/api/search?limit=0", 400, "not in 1..500"},
		{"/api/search?limit=501", 400, "not in 1..500"},
		{"/api/search?after=-1", 400, "not in 1.."},
		{"/api/search?from=x", 400, "is no instant"},
		{"/api/run?x=1", 400, "no such parameter"},
		{"/api/other", 404, "there are run, moment, search and look"},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:1"+strings.ReplaceAll(c.path, "%zz", "%7a"), nil)
		if strings.Contains(c.path, "%zz") {
			r.URL.RawQuery = "at=%zz"
		}
		w := httptest.NewRecorder()
		v.Handler().ServeHTTP(w, r)
		var e struct{ Error string }
		if json.Unmarshal(w.Body.Bytes(), &e) != nil || w.Code != c.code || !strings.Contains(e.Error, c.want) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%.80s: %d %q; want %d, %q", c.path, w.Code, w.Body, c.code, c.want)
		}
	}
}

// TestServedToItself: only GET is answered, and only under the address itself; every answer forbids what comes from
// elsewhere.
func TestServedToItself(t *testing.T) {
	v := canary(t)
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "MOVE"} {
		w := httptest.NewRecorder()
		v.Handler().ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1/api/run", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodGet {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for host, code := range map[string]int{
		"127.0.0.1:80": 200, "[::1]:80": 200, "localhost": 200, "LOCALHOST:9": 200, "192.168.1.7:80": 200, "box.example:80": 200,
		"evil.example": 403, "127.0.0.1.evil.example:80": 403, "localhost.evil.example": 403, "": 403, "127.0.0.1@evil.example": 403,
	} {
		for _, path := range []string{"/", "/api/run", "/view.js"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			v.Handler("box.example").ServeHTTP(w, r)
			if w.Code != code {
				t.Errorf("to %q, %s: %d, want %d", host, path, w.Code, code)
			}
			policy := w.Header().Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
					t.Errorf("%s: the policy is %q", path, policy)
				}
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s may be sniffed", path)
			}
		}
	}
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/view.css": "text/css; charset=utf-8", "/view.js": "text/javascript; charset=utf-8", "/../tape.go": "", "/page": ""} {
		code, header, body := get(v, path)
		if kind != "" && (code != http.StatusOK || header.Get("Content-Type") != kind || body == "") || kind == "" && code == http.StatusOK {
			t.Errorf("%s: %d %s", path, code, header.Get("Content-Type"))
		}
	}
}

// TestInterrupted: a run that is ended from outside opens no page, and one that cannot be begun says why.
func TestInterrupted(t *testing.T) {
	plan := stormy(t)
	if _, err := Open("x", plan.Run, scenarios.Settings{Stop: func() string { return "interrupted" }}); err == nil {
		t.Error("an interrupted run is shown")
	}
	t.Setenv("TMPDIR", "/nowhere")
	if _, err := Open("x", plan.Run, scenarios.Settings{}); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("%v", err)
	}
}

// BenchmarkMoment asks for moments all over a run, with a host each, in no order: what a reader does who follows links.
func BenchmarkMoment(b *testing.B) {
	v := canary(b)
	moments(b, v, b.N)
}

// moments asks for so many and reports how long they took.
func moments(b *testing.B, v *Viewer, n int) {
	r := benchSeed
	var took []time.Duration
	replayed := v.seats.replayed
	b.ResetTimer()
	for range n {
		r = r*6364136223846793005 + 1442695040888963407
		at, host := time.Duration(r>>1)%v.end, int(r>>33)%v.run.Nodes+1
		began := time.Now()
		if code, _, body := get(v, "/api/moment", "at", at.String(), "host", fmt.Sprint(host)); code != http.StatusOK {
			b.Fatal(body)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(v.seats.replayed-replayed)/float64(n), "inputs-replayed/op")
}

const benchSeed = uint64(7)
