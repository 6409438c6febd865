package view

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

//go:embed page
var page embed.FS

// failure is what is wrong with a request, for the one who made it.
type failure struct {
	code int
	text string
}

func (f failure) Error() string { return f.text }

func bad(format string, args ...any) error {
	return failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return failure{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// maxHeader bounds what a request may hold, its address included.
const maxHeader = 16 << 10

// Server serves the page and what it asks for. Names are the host names beside addresses and localhost that requests may
// be made to: a page of another site whose name was made to lead here is told apart by the name that it knows.
func (v *Viewer) Server(names ...string) *http.Server {
	return &http.Server{
		Handler: v.Handler(names...), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // of connections that browsers break off
	}
}

// Handler answers requests: the page's files, and under /api what they show, as JSON.
func (v *Viewer) Handler(names ...string) http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the files are built in
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/api/run", v.answer(nil, func(url.Values) (any, error) { return &v.run, nil }))
	mux.HandleFunc("/api/moment", v.answer([]string{"at", "host", "event", "n"}, v.serveMoment))
	mux.HandleFunc("/api/search", v.answer([]string{"host", "kind", "op", "text", "from", "after", "limit"}, v.serveSearch))
	mux.HandleFunc("/api/look", v.answer([]string{"host", "event", "n"}, v.serveLook))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !known(r.Host, names):
			refuse(w, failure{http.StatusForbidden, "this is served to its own address alone, not to " + strconv.Quote(r.Host[:min(len(r.Host), 100)])})
		case r.Method != http.MethodGet:
			h.Set("Allow", http.MethodGet)
			refuse(w, failure{http.StatusMethodNotAllowed, "only GET is answered"})
		case strings.HasPrefix(r.URL.Path, "/api/") && !slices.Contains([]string{"/api/run", "/api/moment", "/api/search", "/api/look"}, r.URL.Path):
			refuse(w, failure{http.StatusNotFound, "there is no such question; there are run, moment, search and look"})
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// known tells whether a request was made to an address, to localhost or to one of the names.
func known(host string, names []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	_, err := netip.ParseAddr(name)
	return err == nil || strings.EqualFold(name, "localhost") || slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.EqualFold(name, n) })
}

func refuse(w http.ResponseWriter, err error) {
	f := failure{http.StatusInternalServerError, err.Error()}
	errors.As(err, &f)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.code)
	json.NewEncoder(w).Encode(map[string]string{"error": f.text}) //nolint:errcheck // the asker is gone
}

// answer makes a handler of what answers a question that has these parameters, each at most once.
func (v *Viewer) answer(params []string, ask func(url.Values) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			refuse(w, bad("the address is not well formed: %v", err))
			return
		}
		for name, values := range q {
			switch {
			case !slices.Contains(params, name):
				refuse(w, bad("%s: there is no such parameter; there are: %s", strconv.Quote(name[:min(len(name), 40)]), strings.Join(params, ", ")))
				return
			case len(values) > 1:
				refuse(w, bad("%s: it is given %d times", name, len(values)))
				return
			case len(values[0]) > 200:
				refuse(w, bad("%s: it is longer than 200 bytes", name))
				return
			}
		}
		v.mu.Lock()
		before := v.seats.replayed
		a, err := ask(q)
		replayed := v.seats.replayed - before
		v.mu.Unlock()
		if err != nil {
			refuse(w, err)
			return
		}
		b, ok := a.([]byte)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !ok {
			w.Header().Set("Content-Type", "application/json")
			if b, err = json.Marshal(a); err != nil {
				refuse(w, err)
				return
			}
		}
		w.Header().Set("Server-Timing", fmt.Sprintf("answer;dur=%.1f, replayed;desc=\"%d inputs\"", float64(time.Since(began).Microseconds())/1000, replayed))
		w.Write(b)
	}
}

// hostOf reads a host; 0 where none is given.
func (v *Viewer) hostOf(q url.Values) (sim.HostID, error) {
	if !q.Has("host") {
		return 0, nil
	}
	n, err := strconv.ParseUint(q.Get("host"), 10, 32)
	if err != nil || n == 0 || int(n) > len(v.stage.Hosts) {
		return 0, bad("host: %q is not in 1..%d", q.Get("host"), len(v.stage.Hosts))
	}
	return sim.HostID(n), nil
}

// instantOf reads an instant, as in 12.5s.
func (v *Viewer) instantOf(q url.Values, name string) (time.Duration, error) {
	d, err := time.ParseDuration(q.Get(name))
	if err != nil || d < 0 {
		return 0, bad("%s: %q is no instant such as 12.5s", name, q.Get(name))
	}
	return min(d, v.end), nil
}

// stepOfHost reads which of a host's steps is meant: its key, its number, or the last one by an instant.
func (v *Viewer) stepOfHost(q url.Values, h sim.HostID, at time.Duration) (uint32, error) {
	switch total := v.index.tape.tracks[h].n; {
	case q.Has("event") && q.Has("n"):
		return 0, bad("event, n: give one of them")
	case q.Has("n"):
		n, err := strconv.ParseUint(q.Get("n"), 10, 32)
		if err != nil || n == 0 || n > uint64(total) {
			return 0, bad("n: %q is not in 1..%d, the inputs of host %d", q.Get("n"), total, h)
		}
		return uint32(n), nil
	case q.Has("event"):
		key, err := sim.ParseKey(q.Get("event"))
		if err != nil {
			return 0, bad("event: %v", err)
		}
		return v.locate(h, 0, &key)
	}
	return v.locate(h, at, nil)
}

// momentAnswer is the network at an instant and, where one is asked for, a host.
type momentAnswer struct {
	At      int64          `json:"at"`
	Before  int64          `json:"before"` // the instants next to it at which the network changed; -1 is none
	After   int64          `json:"after"`
	Network *networkAnswer `json:"network"`
	Host    *hostAnswer    `json:"host,omitempty"`
	Asleep  int            `json:"asleep,omitempty"` // the host asked for had taken no input yet
}

func (v *Viewer) serveMoment(q url.Values) (any, error) {
	h, err := v.hostOf(q)
	if err != nil {
		return nil, err
	}
	at, a := time.Duration(-1), &momentAnswer{}
	if q.Has("at") {
		if at, err = v.instantOf(q, "at"); err != nil {
			return nil, err
		}
	}
	if h == 0 && (q.Has("event") || q.Has("n")) {
		return nil, bad("event, n: they are of a host: give host as well")
	}
	if at < 0 && !q.Has("event") && !q.Has("n") {
		return nil, bad("at: it is missing; an instant such as 12.5s")
	}
	if h != 0 {
		n, err := v.stepOfHost(q, h, at)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			a.Asleep = int(h)
		} else {
			if q.Has("event") || q.Has("n") {
				steps, err := v.steps(h, n, n)
				if err != nil {
					return nil, err
				}
				at = time.Duration(steps[0].At)
			}
			if a.Host, err = v.host(h, n, at); err != nil {
				return nil, err
			}
		}
	}
	a.At, a.Network = int64(at), v.network(at)
	a.Before, a.After = v.index.around(at)
	return a, nil
}

func (v *Viewer) serveLook(q url.Values) (any, error) {
	h, err := v.hostOf(q)
	if err != nil {
		return nil, err
	}
	if h == 0 || !q.Has("event") && !q.Has("n") {
		return nil, bad("host, event: give a host, and one of its events or its n-th")
	}
	n, err := v.stepOfHost(q, h, 0)
	if err != nil {
		return nil, err
	}
	text, err := v.look(h, n)
	return []byte(text), err
}

// Bounds of a search.
const (
	fewFound  = 50
	mostFound = 500
)

func (v *Viewer) serveSearch(p url.Values) (any, error) {
	q := query{kind: p.Get("kind"), op: strings.ToLower(p.Get("op")), text: p.Get("text"), limit: fewFound}
	var err error
	if q.host, err = v.hostOf(p); err != nil {
		return nil, err
	}
	if q.kind != "" && !slices.Contains(kindNames(), q.kind) && !slices.Contains(bulkKinds(), q.kind) {
		return nil, bad("kind: %q is none of %s; and of one host %s", q.kind, strings.Join(kindNames(), ", "), strings.Join(v.run.Bulk, ", "))
	}
	if _, err := hex.DecodeString(q.op + strings.Repeat("0", len(q.op)%2)); err != nil || len(q.op) > 64 {
		return nil, bad("op: %q is not the beginning of an operation's id in hexadecimal", q.op)
	}
	if p.Has("from") {
		if q.from, err = v.instantOf(p, "from"); err != nil {
			return nil, err
		}
	}
	number := func(name string, into *int, most int) {
		if !p.Has(name) || err != nil {
			return
		}
		n, e := strconv.Atoi(p.Get(name))
		if e != nil || n < 1 || n > most {
			err = bad("%s: %q is not in 1..%d", name, p.Get(name), most)
		}
		*into = n
	}
	number("limit", &q.limit, mostFound)
	number("after", &q.after, 1<<31-1)
	if err != nil {
		return nil, err
	}
	return v.search(q)
}
