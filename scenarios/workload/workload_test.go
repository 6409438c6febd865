package workload

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lifegraph-os/lgos-sim/sim"
)

func testEnv(seats int) *Env {
	e := &Env{Duration: 20 * time.Second, Groups: map[string][]Seat{}, Open: func(string) ([]byte, error) { return nil, errors.New("no files here") }}
	for i := range seats {
		s := Seat{Host: sim.HostID(i + 1), Seed: [32]byte{byte(i)}, Spaces: [][32]byte{{1}, {2}}, Role: "member", Kernel: uint8(1 + i%2)}
		if i == 1 {
			s.Liar = "forger"
		}
		e.Groups["people"] = append(e.Groups["people"], s)
	}
	e.Groups["homeless"] = []Seat{{Host: 99}}
	return e
}

// TestErrorsNameTheField: what a scenario gets wrong is told by the name that it wrote.
func TestErrorsNameTheField(t *testing.T) {
	people := []string{"people"}
	for field, s := range map[string]Spec{
		"groups: the":        &Chat{Groups: []string{"nobody"}, Operations: 1},
		"groups: no host":    &Chat{Operations: 1},
		"groups: host 99":    &Chat{Groups: []string{"homeless"}, Operations: 1},
		"operations: 0":      &Chat{Groups: people},
		"operations: -1":     &Graph{Groups: people, Operations: -1},
		"by:":                &Roles{Of: people, Changes: 1},
		"of:":                &Roles{By: people, Changes: 1},
		"changes:":           &Roles{By: people, Of: people},
		"revoke:":            &Roles{By: people, Of: people, Changes: 1, Revoke: 2},
		"heirs:":             &Roles{By: people, Of: people, Heirs: []string{"nobody"}, Changes: 1},
		"return:":            &Roles{By: people, Of: people, Changes: 1, Return: -1},
		"until: 1s":          &Graph{Groups: people, Operations: 1, Until: time.Second},
		"until: 1h":          &Graph{Groups: people, Operations: 1, Until: time.Hour},
		"drafts:":            &Graph{Groups: people, Operations: 1, Drafts: 2},
		"edits: 0":           &Typing{Groups: people},
		"lenders:":           &Compute{Givers: people, Tasks: 1},
		"givers:":            &Compute{Lenders: people, Tasks: 1},
		"tasks:":             &Compute{Lenders: people, Givers: people},
		"withdraw:":          &Compute{Lenders: people, Givers: people, Tasks: 1, Withdraw: -1},
		"kernels: there is ": &Compute{Lenders: people, Givers: people, Tasks: 1, Kernels: []string{"none"}},
		"file: no files":     &Trace{Writers: people, File: "x"},
	} {
		_, err := s.Scripts(testEnv(4), rand.New(rand.NewPCG(1, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%T: %v, want %q", s, err, field)
		}
	}
}

// TestScripts draws every kind of work: deeds lie within the run, at hosts and in spaces that there are; equal seeds draw
// alike; and each script seats a person again.
func TestScripts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := []string{"people"}
		n := rapid.IntRange(1, 60).Draw(t, "operations")
		specs := []Spec{
			&Chat{Groups: people, Operations: n, Authors: rapid.IntRange(0, 9).Draw(t, "authors"), Channels: rapid.IntRange(0, 3).Draw(t, "channels")},
			&Graph{Groups: people, Operations: n},
			&Typing{Groups: people, Edits: n, Authors: rapid.IntRange(0, 9).Draw(t, "typists")},
			&Roles{By: people, Of: people, Changes: n, Revoke: 0.5},
			&Compute{Lenders: people, Givers: people, Tasks: n, Withdraw: 0.5},
		}
		seats := rapid.IntRange(1, 8).Draw(t, "seats")
		seed := rapid.Uint64().Draw(t, "seed")
		env := testEnv(seats)
		env.Duration = time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "duration"))
		for _, s := range specs {
			scripts, err := s.Scripts(env, rand.New(rand.NewPCG(seed, 0)))
			if err != nil {
				t.Fatal(err)
			}
			again, _ := s.Scripts(env, rand.New(rand.NewPCG(seed, 0)))
			if !reflect.DeepEqual(scripts, again) {
				t.Fatalf("%s: one seed drew two plans", s.Kind())
			}
			deeds := 0
			opens := map[[32]byte]int{}
			for _, x := range scripts {
				if x.Kind != s.Kind() || x.Host < 1 || int(x.Host) > seats {
					t.Fatalf("%+v", x)
				}
				if _, err := New(x); err != nil {
					t.Fatal(err)
				}
				a := args{x.Args}
				times, _ := a.times("times")
				for _, at := range times {
					if at < 0 || at > max(env.Duration, 3*start)+time.Millisecond {
						t.Fatalf("%s: a deed at %v of %v", s.Kind(), at, env.Duration)
					}
				}
				deeds += len(times)
				space, _ := a.key("space")
				most := 1
				if c, ok := s.(*Chat); ok {
					most = max(1, c.Channels)
				}
				if k, _ := a.number("opens"); k > 0 {
					if opens[space] += k; opens[space] > most || x.Host == 2 {
						t.Fatalf("%s: host %d opens one too many, or lies", s.Kind(), x.Host)
					}
				}
			}
			switch s.(type) {
			case *Chat, *Graph, *Typing:
				if deeds != n {
					t.Fatalf("%s: %d deeds of %d", s.Kind(), deeds, n)
				}
			}
		}
	})
}

// TestReturns: who takes a role back gives it later, by the same hand, to the same person, and no more than she may give.
func TestReturns(t *testing.T) {
	env := testEnv(0)
	for i, role := range []string{"owner", "admin", "admin", "member", "guest"} {
		s := Seat{Host: sim.HostID(i + 1), Seed: [32]byte{byte(i)}, Spaces: [][32]byte{{1}}, Role: role}
		env.Groups["all"] = append(env.Groups["all"], s)
		env.Groups[role] = append(env.Groups[role], s)
	}
	for by, most := range map[string]int{"owner": 3, "admin": 2} {
		w := &Roles{By: []string{by}, Of: []string{"all"}, Heirs: []string{"guest"}, Changes: 40, Revoke: 1, Return: 1}
		scripts, err := w.Scripts(env, rand.New(rand.NewPCG(1, 1)))
		if err != nil || len(scripts) < 90 {
			t.Fatalf("%d scripts: %v", len(scripts), err)
		}
		greatest := 0
		for len(scripts) > 0 {
			a, b := args{scripts[0].Args}, args{scripts[1].Args}
			role, _ := b.number("back")
			greatest = max(greatest, role)
			was, _ := a.times("times")
			at, _ := b.times("times")
			if a.text("do") != "revoke" || b.text("do") != "grant" || a.text("whom") != b.text("whom") || scripts[0].Host != scripts[1].Host || at[0] < was[0] || role < 1 {
				t.Fatalf("%v, and then %v", scripts[0], scripts[1])
			}
			scripts = scripts[2:]
			if a.text("was") == "guest" { // there is no other guest to give it on to
				continue
			}
			c := args{scripts[0].Args}
			then, _ := c.times("times")
			if c.text("do") != "grant" || c.text("was") != "guest" || c.text("back") != "" || then[0] < at[0] {
				t.Fatalf("the role was given on by %v", scripts[0])
			}
			scripts = scripts[1:]
		}
		if greatest != most {
			t.Errorf("an %s gives role %d back", by, greatest)
		}
	}
}

// TestNew: a script that was edited by hand is refused with the name of what is wrong in it.
func TestNew(t *testing.T) {
	key := strings.Repeat("01", 32)
	base := []sim.Arg{{Name: "identity", Value: key}, {Name: "space", Value: key}}
	for want, s := range map[string]sim.Script{
		"no person of kind": {Kind: "dance"},
		"identity:":         {Kind: "chat"},
		"space:":            {Kind: "graph", Args: base[:1]},
		"opens:":            {Kind: "chat", Args: base},
		"times:":            {Kind: "graph", Args: append(base[:2:2], sim.Arg{Name: "times", Value: "soon"})},
		"whom:":             {Kind: "roles", Args: base},
		"do:":               {Kind: "roles", Args: append(base[:2:2], sim.Arg{Name: "whom", Value: key}, sim.Arg{Name: "do", Value: "hug"})},
		"input:":            {Kind: "compute", Args: append(base[:2:2], sim.Arg{Name: "kernel", Value: "k"}, sim.Arg{Name: "input", Value: "x"})},
		"agent:":            {Kind: "trace", Args: base},
		"opens: ":           {Kind: "typing", Args: base},
		"drafts:":           {Kind: "graph", Args: append(base[:2:2], sim.Arg{Name: "drafts", Value: "many"})},
		"back:":             {Kind: "roles", Args: append(base[:2:2], sim.Arg{Name: "whom", Value: key}, sim.Arg{Name: "do", Value: "grant"}, sim.Arg{Name: "back", Value: "king"})},
	} {
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	for _, k := range Kinds() {
		if NewSpec(k) == nil || NewSpec(k).Kind() != k {
			t.Errorf("kind %s is not its own", k)
		}
	}
	if NewSpec("dance") != nil {
		t.Error("a spec of no kind")
	}
}
