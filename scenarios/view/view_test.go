package view

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// stormy is a small run with partitions, crashes that tear steps and lose disks, liars and old kernels.
func stormy(t testing.TB) *scenarios.PlanFile {
	t.Helper()
	s, ok := scenarios.Find("all-at-once")
	if !ok {
		t.Fatal("there is no all-at-once")
	}
	plan, err := scenarios.NewPlan(s, scenarios.Settings{Seed: 3, Nodes: 60, Set: map[string]string{"operations": "60"}})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// opened is the run that the tests look into, carried out once.
var opened = sync.OnceValues(func() (*Viewer, error) {
	s, _ := scenarios.Find("canary")
	return Open("canary@1", func(set scenarios.Settings) (*scenarios.Outcome, error) { return scenarios.Run(s, set) },
		scenarios.Settings{Seed: 1, Nodes: 24})
})

func canary(t testing.TB) *Viewer {
	t.Helper()
	v, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// get asks the handler as a browser on this machine does.
func get(v *Viewer, path string, params ...string) (int, http.Header, string) {
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Add(params[i], params[i+1])
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7777"+path+"?"+q.Encode(), nil)
	w := httptest.NewRecorder()
	v.Handler().ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func ask[T any](t testing.TB, v *Viewer, path string, params ...string) (out T) {
	t.Helper()
	code, _, body := get(v, path, params...)
	if code != http.StatusOK {
		t.Fatalf("%s %v: %d %s", path, params, code, body)
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryHostAlone: each host of a stormy run, replayed alone to its last step, comes to the digest that the run had, and
// is up at each of its inputs. Steps that were cut short and lives that ended are among them.
func TestEveryHostAlone(t *testing.T) {
	plan := stormy(t)
	var world *sim.World
	v, err := Open("stormy", func(set scenarios.Settings) (*scenarios.Outcome, error) {
		o, err := plan.Run(set)
		if err == nil {
			world = o.World
		}
		return o, err
	}, scenarios.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	end := v.index.at(v.end)
	for h := sim.HostID(1); int(h) <= v.run.Nodes; h++ {
		if end.up[h] != world.Up(h) || end.life[h] != world.Life(h) {
			t.Errorf("host %d ends up %v in life %d, in the picture %v in life %d", h, world.Up(h), world.Life(h), end.up[h], end.life[h])
		}
		var links int
		for line := range strings.Lines(string(world.Inspect(h, step.InspectQueues))) {
			fmt.Sscanf(line, "links: %d of", &links)
		}
		if !world.Liar(h) && len(end.ends[h]) != links {
			t.Errorf("host %d has %d links, in the picture %d", h, links, len(end.ends[h]))
		}
	}
	cuts, crashes, lives := 0, 0, 0
	for h := sim.HostID(1); int(h) <= v.run.Nodes; h++ {
		k := &v.index.tape.tracks[h]
		s := &seat{host: h, player: sim.NewPlayer(v.stage.New(h)), of: v.index}
		if err := s.run(k.n); err != nil {
			t.Fatal(err)
		}
		if c := s.frame.crashed; c != nil {
			s.player.Crash(c.key, c.mode)
		}
		if s.player.Digest() != v.digests[h-1] {
			t.Errorf("host %d alone comes to %v, in the run to %v", h, s.player.Digest(), v.digests[h-1])
		}
		lives += len(k.boots)
		for i := range k.blocks {
			frames, err := v.index.tape.block(h, i)
			if err != nil {
				t.Fatal(err)
			}
			for j := range frames {
				if frames[j].cut >= 0 {
					cuts++
				}
				if frames[j].crashed != nil {
					crashes++
				}
			}
		}
		// from the boot of its last life it is the same
		late := &seat{host: h, player: sim.NewPlayer(v.stage.New(h)), of: v.index, n: k.boots[len(k.boots)-1] - 1}
		if err := late.run(k.n); err != nil {
			t.Fatal(err)
		}
		if c := late.frame.crashed; c != nil {
			late.player.Crash(c.key, c.mode)
		}
		if late.player.Digest() != v.digests[h-1] {
			t.Errorf("host %d from its last boot comes to another digest", h)
		}
	}
	if cuts == 0 || crashes == 0 || lives <= v.run.Nodes {
		t.Fatalf("%d cut steps, %d crashes, %d lives: the run is too calm for this test", cuts, crashes, lives)
	}
	t.Logf("%d inputs, %d cut steps, %d crashes, %d lives", v.Inputs(), cuts, crashes, lives)
	networks(t, v)
}

// networks holds the picture of the network at many instants, made from shots, to one made from all that happened before.
func networks(t *testing.T, v *Viewer) {
	halves, downs := 0, 0
	for i := range 40 {
		at := v.end * time.Duration(i) / 40
		want := newNetwork(v.run.Nodes)
		for k := range v.index.entries() {
			if e := v.index.entry(k); e.at <= int64(at) {
				want.apply(e)
			}
		}
		got := v.index.at(at)
		if !slices.Equal(got.up, want.up) || !slices.Equal(got.life, want.life) || !slices.Equal(got.links(), want.links()) || !slices.Equal(got.lies, want.lies) {
			t.Fatalf("the network at %v is another than all before it makes", at)
		}
		for _, l := range got.links() {
			if l.ends != 3 {
				halves++
			}
		}
		for _, up := range got.up[1:] {
			if !up {
				downs++
			}
		}
	}
	if halves == 0 || downs == 0 {
		t.Errorf("%d connections of one end, %d hosts down: the run is too calm for this test", halves, downs)
	}
}

// TestAsReplayUntil: a host at an event is, byte for byte, what replay --until prints of it.
func TestAsReplayUntil(t *testing.T) {
	v := canary(t)
	s, _ := scenarios.Find("canary")
	tried := 0
	for _, c := range []struct {
		host  sim.HostID
		share float64
	}{{7, .02}, {7, .31}, {3, .6}, {12, .45}, {20, .9}, {24, .22}, {24, .5}} {
		n := uint32(c.share*float64(v.index.tape.tracks[c.host].n)) + 1
		m := ask[momentAnswer](t, v, "/api/moment", "host", fmt.Sprint(c.host), "n", fmt.Sprint(n))
		key, err := sim.ParseKey(m.Host.Event.Key)
		if err != nil {
			t.Fatal(err)
		}
		seen := &scenarios.Tracer{Key: &key, Hosts: []sim.HostID{c.host}}
		o, err := scenarios.Run(s, scenarios.Settings{Seed: 1, Nodes: 24, Until: &key, Observe: seen})
		if err != nil {
			t.Fatal(err)
		}
		if seen.Lines() == 0 {
			t.Fatalf("host %d: replay --until %s does not reach it", c.host, key)
		}
		var want strings.Builder
		scenarios.Look(&want, o.World, c.host)
		_, _, got := get(v, "/api/look", "host", fmt.Sprint(c.host), "event", key.String())
		if got != want.String() {
			t.Errorf("host %d at %s:\n%s\nas replay --until:\n%s", c.host, key, got, want.String())
		}
		tried++
	}
	if tried < 7 {
		t.Fatal("too few events")
	}
}

// TestBackAsForward: stepping back gives the bytes that stepping forward gave, also from the end and over the network.
func TestBackAsForward(t *testing.T) {
	v := canary(t)
	var there []string
	total := v.index.tape.tracks[9].n
	for n := total / 2; n < total/2+40; n++ {
		_, _, body := get(v, "/api/moment", "host", "9", "n", fmt.Sprint(n))
		there = append(there, body)
	}
	get(v, "/api/moment", "host", "9", "n", fmt.Sprint(total))
	for i := len(there) - 1; i >= 0; i-- {
		if _, _, body := get(v, "/api/moment", "host", "9", "n", fmt.Sprint(int(total/2)+i)); body != there[i] {
			t.Fatalf("step %d going back is another:\n%s\n%s", int(total/2)+i, body, there[i])
		}
	}
	m, last := ask[momentAnswer](t, v, "/api/moment", "at", "0s"), int64(-1)
	var forth []int64
	for m.After >= 0 && len(forth) < 60 {
		forth = append(forth, m.At)
		m = ask[momentAnswer](t, v, "/api/moment", "at", time.Duration(m.After).String())
	}
	for i := len(forth) - 1; i >= 0; i-- {
		if m.Before != forth[i] || m.Before == last {
			t.Fatalf("back from %d leads to %d, not %d", m.At, m.Before, forth[i])
		}
		last = m.Before
		m = ask[momentAnswer](t, v, "/api/moment", "at", time.Duration(m.Before).String())
	}
}

// TestWhatIsShown: the verdict leads to the moment and host that it names, where the host holds what the story tells.
func TestWhatIsShown(t *testing.T) {
	v := canary(t)
	run := ask[runAnswer](t, v, "/api/run")
	i := slices.IndexFunc(run.Verdicts, func(x verdictAnswer) bool { return x.Outcome == "fail" })
	if i < 0 || run.Outcome != "fail" || run.Grade != "pass" {
		t.Fatalf("the canary is %s, graded %s", run.Outcome, run.Grade)
	}
	bad := run.Verdicts[i]
	if bad.Checker != "compute" || bad.At == 0 || bad.Host == 0 || run.First == nil || run.First.Host != bad.Host {
		t.Fatalf("%+v, first %+v", bad, run.First)
	}
	m := ask[momentAnswer](t, v, "/api/moment", "at", time.Duration(bad.At).String(), "host", fmt.Sprint(bad.Host))
	_, rest, _ := strings.Cut(bad.Why, "acceptance ")
	id := rest[:12]
	known := false
	for _, e := range m.Host.Effects {
		known = known || strings.Contains(e.Text, "authored") && strings.Contains(e.Text, id[:8])
	}
	if !known {
		t.Errorf("the step does not author %s: %+v", id, m.Host.Effects)
	}
	found := ask[searchAnswer](t, v, "/api/search", "op", id, "host", fmt.Sprint(bad.Host))
	kinds := []string{}
	for _, f := range found.Found {
		kinds = append(kinds, f.Kind)
		if !strings.HasPrefix(f.Op, id) || f.Host != bad.Host || f.Key == "" {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Contains(kinds, "authored") || !slices.Contains(kinds, "saved") {
		t.Errorf("of %s only %v is found", id, kinds)
	}
	if len(run.Hosts) != 24 || len(m.Network.Links) < 3*24 || m.Host.Total == 0 || len(m.Host.Spaces) == 0 || len(m.Host.Spaces[0].Journal) == 0 || len(m.Host.Queues) == 0 || len(m.Host.Spaces[0].Roles) == 0 {
		t.Errorf("something is missing: %+v", m.Host)
	}
	liars := 0
	for _, g := range run.Groups {
		if g.Liar != "" {
			liars += g.Hosts
		}
	}
	if liars == 0 || len(m.Network.Lies) == 0 {
		t.Errorf("%d liars, %v", liars, m.Network.Lies)
	}
	end := ask[momentAnswer](t, v, "/api/moment", "host", "5", "n", fmt.Sprint(v.index.tape.tracks[5].n))
	if !end.Host.Checked {
		t.Error("the digest at the last step was not held to that of the run")
	}
	if m := ask[momentAnswer](t, v, "/api/moment", "at", "10m"); m.At != run.End {
		t.Errorf("behind the end is %d", m.At)
	}
}

// TestSearch: what is found is what a trace of the run holds, page by page.
func TestSearch(t *testing.T) {
	v := canary(t)
	tally := map[string]int{}
	for i := range v.index.entries() {
		tally[kindNames()[v.index.entry(i).kind]]++
	}
	for _, kind := range []string{"applied", "receipt", "request", "conn-up", "boot", "lie"} {
		n, after, last := 0, "", int64(-1)
		for {
			params := []string{"kind", kind, "limit", "100"}
			if after != "" {
				params = append(params, "after", after)
			}
			a := ask[searchAnswer](t, v, "/api/search", params...)
			for _, f := range a.Found {
				if f.At < last || f.Kind != kind {
					t.Fatalf("%s: %+v after %d", kind, f, last)
				}
				last = f.At
			}
			n += len(a.Found)
			if a.Next == 0 {
				break
			}
			after = fmt.Sprint(a.Next)
		}
		if n != tally[kind] || n == 0 {
			t.Errorf("%d of %d events %s are found", n, tally[kind], kind)
		}
	}
	for _, kind := range v.run.Bulk {
		bit, want, got, after := slices.Index(bulkKinds(), kind), 0, 0, 0
		for i := range v.index.tape.tracks[4].blocks {
			frames, err := v.index.tape.block(4, i)
			if err != nil {
				t.Fatal(err)
			}
			for j := range frames {
				if kindOf(frames[j].In) == bit {
					want++
				}
			}
		}
		for {
			params := []string{"kind", kind, "host", "4", "limit", "500"}
			if after > 0 {
				params = append(params, "after", fmt.Sprint(after))
			}
			a := ask[searchAnswer](t, v, "/api/search", params...)
			got += len(a.Found)
			if after = a.Next; after == 0 {
				break
			}
		}
		if got != want || kind == "packet" && got == 0 {
			t.Errorf("host 4: %d of %d inputs %s are found", got, want, kind)
		}
	}
	if a := ask[searchAnswer](t, v, "/api/search", "text", "SEND_MESS", "from", "5s"); len(a.Found) == 0 || a.Found[0].At < 5e9 || !strings.Contains(a.Found[0].Text, "send_message") {
		t.Errorf("%+v", a)
	}
	if a := ask[searchAnswer](t, v, "/api/search", "text", "nobody says this"); len(a.Found) != 0 {
		t.Errorf("%+v", a)
	}
	if n := len(kindNames()); n != int(kindNote)+step.NoteKinds-1 || kindNames()[kindLie] != "lie" {
		t.Errorf("%d names", n)
	}
}
