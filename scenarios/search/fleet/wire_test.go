package fleet

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

func goodResult() result {
	return result{Session: "s1", Number: 17, Recipe: "3+17", Worker: "host.example/4711", Scenario: "drawn", Seed: 1 << 51, Nodes: 8, Outcome: results.Fail, Checker: "policy",
		Why: "host 3 is blamed", Sort: "fail policy: host # is blamed", Digest: strings.Repeat("0f", 16), Events: 9, Virtual: time.Minute, Took: time.Second, Spent: time.Second,
		Names: []string{"a ×1", "b ×4"}, Data: []results.File{{Name: "x.gz", SHA256: strings.Repeat("ab", 32)}}, Find: "run-17-s1-1"}
}

// TestWire: what is told is read back, and each wrong field is named.
func TestWire(t *testing.T) {
	good := goodResult()
	back, err := decodeResult(encode(good))
	if err != nil || !bytes.Equal(encode(back), encode(good)) || back.recipe.String() != good.Recipe {
		t.Fatalf("%v\n%s\n%s", err, encode(back), encode(good))
	}
	if run := back.run(); !bytes.Equal(encode(tell(good.Session, good.Find, run)), encode(good)) {
		t.Errorf("a run is told as %s", encode(tell(good.Session, good.Find, run)))
	}
	for want, change := range map[string]func(r *result){
		"session:":  func(r *result) { r.Session = "a.b" },
		"number:":   func(r *result) { r.Number = -1 },
		"recipe:":   func(r *result) { r.Recipe = "3+18" },
		"worker:":   func(r *result) { r.Worker = "x y" },
		"error:":    func(r *result) { r.Error = "no" },
		"scenario:": func(r *result) { r.Scenario = "../../etc" },
		"nodes:":    func(r *result) { r.Nodes = -1 },
		"outcome:":  func(r *result) { r.Outcome = "fine" },
		"sort:":     func(r *result) { r.Outcome = results.Pass },
		"digest:":   func(r *result) { r.Digest = "xyz" },
		"find:":     func(r *result) { r.Find = "a/b" },
		"took_ns:":  func(r *result) { r.Bare = -1 },
		"features:": func(r *result) { r.Names = []string{"b", "a"} },
		"data:":     func(r *result) { r.Data[0].SHA256 = "" },
	} {
		r := goodResult()
		change(&r)
		if _, err := decodeResult(encode(r)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if _, err := decodeJob([]byte(`{"session":"s","number":1,"recipe":"1","more":2}`)); err == nil {
		t.Error("a field that nobody knows is read")
	}
}

// TestBuilds: what makes two builds the same.
func TestBuilds(t *testing.T) {
	clean := Build{Commit: "abc", Go: "go1.26.8"}
	for text, b := range map[string]Build{
		"another commit": {Commit: "abd", Go: "go1.26.8"}, "another Go": {Commit: "abc", Go: "go1.26.9"}, "a mutant": {Commit: "abc", Go: "go1.26.8", Mutant: "x"},
		"uncommitted changes": {Commit: "abc-dirty", Go: "go1.26.8", Hash: "1"}, "an unknown commit": {Go: "go1.26.8", Hash: "1"},
	} {
		if b.same(clean) || clean.same(b) {
			t.Errorf("%s is taken for the same", text)
		}
	}
	dirty := Build{Commit: "abc-dirty", Go: "go1.26.8", Hash: "1"}
	other := dirty
	other.Hash = "2"
	if !clean.same(clean) || !dirty.same(dirty) || dirty.same(other) {
		t.Error("the same is taken for another, or another for the same")
	}
	s := spec{Build: other, Session: "s"}
	if _, same, err := decodeSpec(append(encode(s)[:len(encode(s))-1], `,"later":1}`...), dirty); same || err != nil {
		t.Errorf("another build's description: %v %v", same, err)
	}
}

// FuzzWire: no bytes from the wire do harm, and what is read is what was told.
func FuzzWire(f *testing.F) {
	f.Add(encode(goodResult()))
	f.Add(encode(result{Session: "s", Recipe: "0", Worker: "h/1", Error: "no such file"}))
	f.Add(encode(job{Session: "s", Number: 4, Recipe: "1+4"}))
	f.Add(encode(spec{Build: Build{Commit: "c"}, Session: "s", AckWait: time.Second, Tries: 3, Draws: Draws{Scenarios: []string{"name: x"}}}))
	f.Add([]byte(`{"number":1e99}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeResult(b); err == nil {
			again, err := decodeResult(encode(r))
			if err != nil || !bytes.Equal(encode(again), encode(r)) {
				t.Errorf("%v\n%s\n%s", err, encode(again), encode(r))
			}
			if r.run().Recipe[len(r.recipe)-1] != r.Number || strings.ContainsAny(r.Scenario+r.Find, `/\`) {
				t.Errorf("%+v", r)
			}
		}
		if j, err := decodeJob(b); err == nil {
			if again, err := decodeJob(encode(j)); err != nil || again.Recipe != j.Recipe || again.Number != j.Number {
				t.Errorf("%v %+v %+v", err, again, j)
			}
		}
		if s, same, err := decodeSpec(b, Build{Commit: "c"}); err == nil {
			if _, again, err := decodeSpec(encode(s), Build{Commit: "c"}); err != nil || again != same {
				t.Errorf("%v: %s", err, encode(s))
			}
		}
	})
}
