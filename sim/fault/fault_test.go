package fault

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
	"pgregory.net/rapid"
)

// examples has one spec of each kind as a scenario writes it.
func examples() map[string]string {
	return map[string]string{
		kindPartition: "share: 0.3\nbegin: 1s\nend: 4s\n",
		kindOneWay:    "hosts: 3,5-9\nbegin: 1s\nend: 4s\ncount: 2\nlength: 500ms\ninward: true\n",
		kindPartial:   "share: 0.3\nbegin: 1s\nend: 4s\nother: 0.5\n",
		kindOffline:   "groups:\n- away\n- late\nbegin: 1s\nend: 4s\n",
		kindLossy:     "share: 0.5\nbegin: 0s\nend: 10s\nloss: 0.1\n",
		kindSlow:      "share: 0.2\nbegin: 0s\nend: 10s\nfactor: 2.5\nextra: 30ms\nbandwidth: 64000.0\n",
		kindDuplicate: "share: 1.0\nbegin: 0s\nend: 10s\ncount: 3\nlength: 1s\ndup: 0.1\n",
		kindCorrupt:   "share: 1.0\nbegin: 0s\nend: 10s\ncorrupt: 0.01\n",
		kindReorder:   "share: 1.0\nbegin: 0s\nend: 10s\nreorder: 0.1\nhold: 300ms\n",
		kindTabCrash:  "share: 0.5\nbegin: 1s\nend: 9s\ntimes: 2\nrestart:\n  least: 200ms\n  most: 2s\n",
		kindPowerLoss: "share: 0.5\nbegin: 1s\nend: 9s\ntimes: 2\nrestart:\n  least: 200ms\n",
		kindTornStep:  "share: 0.5\nbegin: 1s\nend: 9s\nlength: 3s\nrestart:\n  least: 200ms\n  most: 1s\n",
		kindLostDisk:  "begin: 1s\nend: 9s\ntimes: 3\nat_once: 2\nrestart:\n  least: 200ms\n  most: 1s\n",
		kindClockSkew: "share: 0.5\nbegin: 1s\nend: 9s\n",
		kindClockJump: "share: 0.5\nbegin: 1s\nend: 9s\ntimes: 2\nleast: 1s\nmost: 24h0m0s\nback: 0.5\n",
	}
}

func decode(t testing.TB, kind, text string) Spec {
	t.Helper()
	s := NewSpec(kind)
	if err := yaml.UnmarshalWithOptions([]byte(text), s, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return s
}

func env() DrawEnv {
	return DrawEnv{Hosts: 40, Calm: 10 * time.Second, Groups: map[string]netsim.HostSet{"away": netsim.Hosts(5, 9), "late": netsim.Hosts(12), "none": {}}}
}

func stream(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestEveryKindIsListedOnce(t *testing.T) {
	kinds := Kinds()
	if len(kinds) != len(examples()) {
		t.Errorf("%d kinds, %d examples", len(kinds), len(examples()))
	}
	for i, k := range kinds {
		if slices.Index(kinds, k) != i || NewSpec(k).Kind() != k || examples()[k] == "" {
			t.Errorf("%s is listed twice, calls itself %s, or has no example", k, NewSpec(k).Kind())
		}
	}
	if NewSpec("quake") != nil {
		t.Error("there is a spec of an unknown kind")
	}
}

func TestSpecsPrintAndParse(t *testing.T) {
	for _, kind := range Kinds() {
		s := decode(t, kind, examples()[kind])
		b, err := yaml.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if string(b) != examples()[kind] {
			t.Errorf("%s: %q is printed as %q", kind, examples()[kind], b)
		}
		if err := yaml.UnmarshalWithOptions([]byte(examples()[kind]+"surprise: 1\n"), NewSpec(kind), yaml.Strict()); err == nil {
			t.Errorf("%s: an unknown field is accepted", kind)
		}
	}
}

// TestWindows: what is drawn lies in its time, opens, gives its arguments back, and is the same again from the same stream.
func TestWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		s := NewSpec(kind)
		if err := yaml.Unmarshal([]byte(examples()[kind]), s); err != nil {
			t.Fatal(err)
		}
		e := DrawEnv{Hosts: rapid.IntRange(12, 300).Draw(t, "hosts"), Calm: 10 * time.Second, Spare: netsim.HostRange(1, 4), Groups: env().Groups}
		seed := rapid.Uint64().Draw(t, "seed")
		ws, err := s.Windows(e, stream(seed))
		if err != nil || len(ws) == 0 {
			t.Fatalf("%s: %d windows, %v", kind, len(ws), err)
		}
		if again, _ := s.Windows(e, stream(seed)); !reflect.DeepEqual(ws, again) {
			t.Fatalf("%s: two draws from one stream differ", kind)
		}
		begin := time.Second
		if strings.Contains(examples()[kind], "begin: 0s") {
			begin = 0
		}
		for _, w := range ws {
			if w.Kind != kind || w.Begin < begin || w.End > e.Calm || w.End < w.Begin {
				t.Fatalf("%s: %+v", kind, w)
			}
			f, err := New(w)
			if err != nil {
				t.Fatalf("%+v: %v", w, err)
			}
			if f.Name() != kind || !reflect.DeepEqual(f.(thing).args(), w.Args) {
				t.Fatalf("%+v came back as %+v", w, f.(thing).args())
			}
			for _, a := range w.Args {
				if a.Name != "hosts" && a.Name != "from" {
					continue
				}
				set, err := netsim.ParseHosts(a.Value)
				if err != nil || int(set.Max()) > e.Hosts || kind != kindOneWay && set.Has(1) {
					t.Fatalf("%+v hits a host that is not there or spared", w)
				}
			}
		}
	})
}

func TestSharesOfHosts(t *testing.T) {
	for share, want := range map[string]int{"0.01": 1, "0.25": 10, "1": 40} {
		ws, err := decode(t, kindLossy, "share: "+share+"\nbegin: 1s\nend: 2s\nloss: 1\n").Windows(env(), stream(1))
		if err != nil {
			t.Fatal(err)
		}
		f, _ := New(ws[0])
		if n := f.(*loser).hosts.Len(); n != want {
			t.Errorf("share %s of 40 is %d hosts", share, n)
		}
	}
	// the halves are disjoint, and together all
	ws, err := decode(t, kindPartition, examples()[kindPartition]).Windows(env(), stream(1))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := New(ws[0])
	c := f.(*cut)
	if c.from.Len() != 12 || c.to.Len() != 28 || c.from.Without(c.to).Len() != 12 {
		t.Errorf("the parts are %v and %v", c.from, c.to)
	}
}

func TestLostDisksAreFewAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &LostDiskSpec{When: When{time.Second, 9 * time.Second}, Times: rapid.IntRange(1, 8).Draw(t, "times"), AtOnce: rapid.IntRange(1, 3).Draw(t, "at once"),
			Restart: Restart{Least: 100 * time.Millisecond, Most: time.Second}}
		ws, err := s.Windows(env(), stream(rapid.Uint64().Draw(t, "seed")))
		if err != nil || len(ws) != s.Times {
			t.Fatalf("%d windows, %v", len(ws), err)
		}
		for i, w := range ws {
			f, _ := New(w)
			if f.(*wiper).hosts.Len() != s.AtOnce || i > 0 && w.Begin < ws[i-1].End {
				t.Fatalf("%+v: more than %d at once", ws, s.AtOnce)
			}
		}
	})
}

func TestSpecErrorsNameTheField(t *testing.T) {
	crash := "restart:\n  least: 100ms\n"
	for _, c := range []struct{ kind, text, want string }{
		{kindLossy, "begin: 1s\nend: 2s\nloss: 1\n", "share: 0 is not above 0"},
		{kindLossy, "share: .nan\nbegin: 1s\nend: 2s\nloss: 1\n", "share: NaN is not above 0"},
		{kindLossy, "share: 1\nhosts: 1-3\nbegin: 1s\nend: 2s\nloss: 1\n", "share and hosts exclude each other"},
		{kindOffline, "groups: [away, lost]\nbegin: 1s\nend: 2s\n", "groups: there is no group \"lost\""},
		{kindOffline, "groups: [none]\nbegin: 1s\nend: 2s\n", "groups: they have no hosts"},
		{kindOffline, "groups: [away]\nshare: 0.1\nbegin: 1s\nend: 2s\n", "groups: they exclude share and hosts"},
		{kindLossy, "hosts: 1-41\nbegin: 1s\nend: 2s\nloss: 1\n", "hosts: there is no host 41"},
		{kindLossy, "share: 1\nbegin: -1s\nend: 2s\nloss: 1\n", "begin: -1s is negative"},
		{kindLossy, "share: 1\nbegin: 2s\nend: 2s\nloss: 1\n", "end: 2s is not after begin"},
		{kindLossy, "share: 1\nbegin: 2s\nend: 11s\nloss: 1\n", "end: 11s is after the calm"},
		{kindLossy, "share: 1\nbegin: 1s\nend: 2s\nloss: 1.5\n", "loss: 1.5 is not above 0"},
		{kindDuplicate, "share: 1\nbegin: 1s\nend: 2s\n", "dup: 0 is not above 0"},
		{kindCorrupt, "share: 1\nbegin: 1s\nend: 2s\ncorrupt: -1\n", "corrupt: -1 is not above 0"},
		{kindReorder, "share: 1\nbegin: 1s\nend: 2s\nreorder: 1\nhold: -1s\n", "hold: -1s is negative"},
		{kindLossy, "share: 1\nbegin: 1s\nend: 2s\nloss: 1\ncount: 3\n", "length: 3 times 0s do not fit"},
		{kindLossy, "share: 1\nbegin: 1s\nend: 2s\nloss: 1\nlength: 3s\n", "count: 0 is not in"},
		{kindPartition, "share: 1\nbegin: 1s\nend: 2s\n", "share: no host is left"},
		{kindPartial, "share: 0.5\nbegin: 1s\nend: 2s\n", "other: 0 is not between"},
		{kindPartial, "hosts: 1-39\nbegin: 1s\nend: 2s\nother: 0.5\n", "other: 0.5 of 1 hosts leaves"},
		{kindSlow, "share: 1\nbegin: 1s\nend: 2s\n", "factor: one of"},
		{kindSlow, "share: 1\nbegin: 1s\nend: 2s\nfactor: 0.5\n", "factor: 0.5 is not in"},
		{kindSlow, "share: 1\nbegin: 1s\nend: 2s\nextra: -1s\n", "extra: -1s is negative"},
		{kindSlow, "share: 1\nbegin: 1s\nend: 2s\nbandwidth: 10\n", "bandwidth: 10 bit/s is under"},
		{kindTabCrash, "share: 1\nbegin: 1s\nend: 2s\n", "restart.least: 0s is not positive"},
		{kindTabCrash, "share: 1\nbegin: 1s\nend: 2s\nrestart:\n  least: 2s\n", "restart: 2s is longer"},
		{kindTabCrash, "share: 1\nbegin: 1s\nend: 2s\nrestart:\n  least: 2ms\n  most: 1ms\n", "restart.most: 1ms is less"},
		{kindTabCrash, "share: 1\nbegin: 1s\nend: 2s\ntimes: 11\n" + crash, "times: 11 of up to 100ms do not fit"},
		{kindTabCrash, "share: 1\nbegin: 1s\nend: 2s\ntimes: -1\n" + crash, "times: -1 is negative"},
		{kindPowerLoss, "share: 1\nbegin: 1s\nend: 2s\ntimes: -1\n" + crash, "times: -1 is not in"},
		{kindTornStep, "share: 1\nbegin: 1s\nend: 2s\nlength: 3s\n" + crash, "times: 1 of up to 3s do not fit"},
		{kindTornStep, "share: 1\nbegin: 1s\nend: 2s\nlength: -3s\n" + crash, "length: -3s is negative"},
		{kindLostDisk, "begin: 1s\nend: 2s\nat_once: 41\n" + crash, "at_once: 41 is not in"},
		{kindLostDisk, "begin: 1s\nend: 2s\ntimes: 20\n" + crash, "times: 20 of up to 100ms do not fit"},
		{kindLostDisk, "begin: 1s\nend: 2s\n", "restart.least: 0s is not positive"},
		{kindClockSkew, "share: 1\nbegin: 1s\nend: 2s\nmost: -1s\n", "most: -1s is not in"},
		{kindClockJump, "share: 1\nbegin: 1s\nend: 2s\n", "most: 0s is not in"},
		{kindClockJump, "share: 1\nbegin: 1s\nend: 2s\nmost: 1s\nback: 2\n", "back: 2 is not in"},
	} {
		if _, err := decode(t, c.kind, c.text).Windows(env(), stream(1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %q: %v, want %s", c.kind, c.text, err, c.want)
		}
	}
}

func TestNewNamesTheArgument(t *testing.T) {
	list := func(pairs ...string) (out []sim.Arg) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, sim.Arg{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		kind string
		args []sim.Arg
		want string
	}{
		{"quake", nil, `there is no kind "quake"`},
		{kindPartition, nil, "argument 1 must be from"},
		{kindPartition, list("from", "1", "to", ""), "to: it is empty"},
		{kindPartition, list("from", "1", "to", "2", "more", "3"), "there are 3 arguments, not 2"},
		{kindPartition, list("to", "1", "from", "2"), "argument 1 must be from"},
		{kindPartition, list("from", "2,1", "to", "3"), `from: hosts "2,1"`},
		{kindLossy, list("hosts", "1", "loss", "0"), "loss: 0 is not above 0"},
		{kindLossy, list("hosts", "1", "loss", "NaN"), "loss: NaN is not above 0"},
		{kindLossy, list("hosts", "1", "loss", "0.10"), `loss: "0.10" is written as "0.1"`},
		{kindSlow, list("hosts", "1", "factor", "0.5", "extra", "0s", "bandwidth", "0"), "Slow 0.5 is not in"},
		{kindSlow, list("hosts", "1", "factor", "2", "extra", "60s", "bandwidth", "0"), `extra: "60s" is written as "1m0s"`},
		{kindTornStep, list("hosts", "1", "restart", "-1s"), "restart: -1s is not positive"},
		{kindClockJump, list("hosts", "1", "jump", "0s"), "jump: 0s is 0 or over"},
		{kindClockSkew, list("hosts", "1", "skew", "99999999h0m0s"), "skew: "},
		{kindReorder, list("hosts", "1", "reorder", "1", "hold", "0s"), "hold: 0s is not positive"},
	} {
		if _, err := New(sim.Window{Kind: c.kind, Args: c.args}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %s", c.kind, c.args, err, c.want)
		}
	}
}

func TestClientClocks(t *testing.T) {
	r, n := stream(5), [4]int{}
	const draws = 20_000
	for range draws {
		switch d := clientSkew(r).Abs(); {
		case d <= 2*time.Second:
			n[0]++
		case d <= 5*time.Minute:
			n[1]++
		case d%(24*time.Hour) != 0 && d%time.Hour == 0 && d <= 13*time.Hour:
			n[2]++
		case d%(24*time.Hour) == 0:
			n[3]++
		}
	}
	for i, want := range []float64{0.90, 0.08, 0.015, 0.005} {
		if got := float64(n[i]) / draws; got < 0.8*want || got > 1.2*want {
			t.Errorf("share %d is %v, not %v", i, got, want)
		}
	}
}

func FuzzNew(f *testing.F) {
	for _, k := range Kinds() {
		f.Add(k, "hosts", "1-3", "loss", "0.1")
	}
	f.Fuzz(func(t *testing.T, kind, name1, value1, name2, value2 string) {
		w := sim.Window{Kind: kind, Args: []sim.Arg{{Name: name1, Value: value1}, {Name: name2, Value: value2}}}
		if got, err := New(w); err == nil && !reflect.DeepEqual(got.(thing).args(), w.Args) {
			t.Fatalf("%+v was opened and says it is %+v", w.Args, got.(thing).args())
		}
	})
}

// TestCutsSayWhomTheyPart: two hosts are parted by a cut where nothing of one reaches the other.
func TestCutsSayWhomTheyPart(t *testing.T) {
	for _, c := range []struct {
		kind, text string
		a, b       sim.HostID
		want       bool
	}{
		{kindPartition, "hosts: 3-4\n", 3, 7, true}, {kindPartition, "hosts: 3-4\n", 7, 3, true}, {kindPartition, "hosts: 3-4\n", 3, 4, false},
		{kindOneWay, "hosts: 3\n", 7, 3, true}, {kindOneWay, "hosts: 3\n", 7, 8, false},
		{kindOffline, "groups: [away]\n", 5, 9, true}, {kindOffline, "groups: [away]\n", 1, 2, false},
	} {
		windows, err := decode(t, c.kind, c.text+"begin: 1s\nend: 2s\n").Windows(env(), stream(1))
		if err != nil {
			t.Fatal(err)
		}
		f, err := New(windows[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := f.(Cutter).Parts(c.a, c.b); got != c.want {
			t.Errorf("%s of %q: it parts %d and %d: %t", c.kind, c.text, c.a, c.b, got)
		}
	}
	if f, err := New(sim.Window{Kind: kindClockJump, Args: []sim.Arg{{Name: "hosts", Value: "3"}, {Name: "jump", Value: "1h0m0s"}}}); err != nil {
		t.Error(err)
	} else if _, cuts := f.(Cutter); cuts {
		t.Error("a clock cuts")
	}
}
