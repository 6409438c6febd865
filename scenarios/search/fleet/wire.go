package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// Draws are what a recipe is made with, see search.Swarm.
type Draws struct {
	Seed      uint64            `json:"seed"`
	Nodes     int               `json:"nodes,omitempty"`
	Set       map[string]string `json:"set,omitempty"`
	Scenarios []string          `json:"scenarios,omitempty"` // as YAML; none is all that can be drawn
}

// swarm is how the draws are carried out.
func (d *Draws) swarm() search.Swarm {
	w := search.Swarm{Seed: d.Seed, Nodes: d.Nodes, Set: d.Set}
	for _, text := range d.Scenarios {
		w.Bases = append(w.Bases, func() (scenarios.Scenario, error) { return scenarios.Parse("scenario of the sweep", []byte(text)) })
	}
	return w
}

// spec is what workers know of a sweep. Of another build they read Build alone.
type spec struct {
	Build   Build            `json:"build"`
	Session string           `json:"session"` // of the process that leads: another for each
	Lead    string           `json:"lead"`    // where it runs
	Draws   Draws            `json:"draws"`
	Limits  scenarios.Limits `json:"limits"`
	Repeat  float64          `json:"repeat"`
	AckWait time.Duration    `json:"ack_wait_ns"`
	Tries   int              `json:"tries"`
}

// job is one run to do.
type job struct {
	Session string `json:"session"`
	Number  int    `json:"number"`
	Recipe  string `json:"recipe"`

	recipe search.Recipe
}

// result is one run that was done. With Error it was not: the scenario or the worker's machine would not have it.
type result struct {
	Session  string          `json:"session"`
	Number   int             `json:"number"`
	Recipe   string          `json:"recipe"`
	Worker   string          `json:"worker"`
	Error    string          `json:"error,omitempty"`
	Scenario string          `json:"scenario,omitempty"`
	Seed     uint64          `json:"seed,omitempty"`
	Luck     uint64          `json:"luck,omitempty"`
	Nodes    int             `json:"nodes,omitempty"`
	Outcome  results.Outcome `json:"outcome,omitempty"`
	Checker  string          `json:"checker,omitempty"`
	Why      string          `json:"why,omitempty"`
	Sort     string          `json:"sort,omitempty"`
	Digest   string          `json:"digest,omitempty"`
	Events   uint64          `json:"events,omitempty"`
	Virtual  time.Duration   `json:"virtual_ns,omitempty"`
	Took     time.Duration   `json:"took_ns,omitempty"`
	Bare     time.Duration   `json:"bare_ns,omitempty"`
	Around   time.Duration   `json:"around_ns,omitempty"`
	Spent    time.Duration   `json:"spent_ns,omitempty"`
	Repeated bool            `json:"repeated,omitempty"`
	Names    []string        `json:"features,omitempty"`
	Data     []results.File  `json:"data,omitempty"`
	Find     string          `json:"find,omitempty"` // folder of plan and record in the object store

	recipe search.Recipe
	record *results.Record
	plan   []byte
}

func tell(session, find string, r *search.SweepRun) *result {
	return &result{
		Session: session, Number: r.Number, Recipe: r.Recipe.String(), Worker: r.Worker, Scenario: r.Scenario, Seed: r.Seed, Luck: r.Luck, Nodes: r.Nodes,
		Outcome: r.Outcome, Checker: r.Checker, Why: r.Why, Sort: r.Sort, Digest: r.Digest, Events: r.Events, Virtual: r.Virtual, Took: r.Took, Bare: r.Bare,
		Around: r.Around, Spent: r.Spent, Repeated: r.Repeated, Names: r.Names, Data: r.Data, Find: find,
	}
}

func (r *result) run() *search.SweepRun {
	return &search.SweepRun{
		Number: r.Number, Recipe: r.recipe, Worker: r.Worker, Scenario: r.Scenario, Seed: r.Seed, Luck: r.Luck, Nodes: r.Nodes,
		Outcome: r.Outcome, Checker: r.Checker, Why: r.Why, Sort: r.Sort, Digest: r.Digest, Events: r.Events, Virtual: r.Virtual, Took: r.Took, Bare: r.Bare,
		Around: r.Around, Spent: r.Spent, Repeated: r.Repeated, Names: r.Names, Data: r.Data,
	}
}

// Bounds of what is read from the wire.
const (
	maxNumber = 1 << 40
	maxText   = 256 << 10
	maxNames  = 1 << 16
)

var (
	hexadecimal = regexp.MustCompile(`^([0-9a-f]{2}){1,64}$`)
	title       = regexp.MustCompile(`^[^ /\\@\x00-\x1f]{1,200}$`) // becomes part of a path
	plain       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)
	whose       = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}/[0-9]{1,10}$`)
)

// decodeSpec gives another build's spec with Build, Session and Lead alone, and ours whole.
func decodeSpec(b []byte, ours Build) (s spec, same bool, err error) {
	var head struct {
		Build   Build  `json:"build"`
		Session string `json:"session"`
		Lead    string `json:"lead"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return s, false, fmt.Errorf("it is no description of a sweep: %w", err)
	}
	if !plain.MatchString(head.Session) {
		return s, false, errors.New("session: it is missing or no plain word")
	}
	s = spec{Build: head.Build, Session: head.Session, Lead: head.Lead}
	if !s.Build.same(ours) {
		return s, false, nil
	}
	if err := strict(b, &s); err != nil {
		return s, true, err
	}
	switch {
	case s.AckWait < time.Millisecond || s.AckWait > time.Hour:
		err = fmt.Errorf("ack_wait_ns: %v is not in 1ms..1h", s.AckWait)
	case s.Tries < 1:
		err = fmt.Errorf("tries: %d is no count", s.Tries)
	case !(s.Repeat >= 0 && s.Repeat <= 1):
		err = fmt.Errorf("repeat: %g is no share in 0..1", s.Repeat)
	}
	return s, true, err
}

func decodeJob(b []byte) (j job, err error) {
	if err := strict(b, &j); err != nil {
		return j, err
	}
	if !plain.MatchString(j.Session) {
		return j, errors.New("session: it is missing or no plain word")
	}
	j.recipe, err = recipeOf(j.Number, j.Recipe)
	return j, err
}

func recipeOf(n int, text string) (search.Recipe, error) {
	if n < 0 || int64(n) > maxNumber {
		return nil, fmt.Errorf("number: %d is no number of a run", n)
	}
	r, err := search.ParseRecipe(text)
	if err != nil {
		return nil, fmt.Errorf("recipe: %w", err)
	}
	if r[len(r)-1] != n || r.String() != text {
		return nil, fmt.Errorf("recipe: %q is none of run %d", text, n)
	}
	return r, nil
}

func decodeResult(b []byte) (r result, err error) {
	if err := strict(b, &r); err != nil {
		return r, err
	}
	if r.recipe, err = recipeOf(r.Number, r.Recipe); err != nil {
		return r, err
	}
	bad := func(field, what string) (result, error) { return r, fmt.Errorf("%s: %s", field, what) }
	switch {
	case !plain.MatchString(r.Session):
		return bad("session", "it is missing or no plain word")
	case !whose.MatchString(r.Worker):
		return bad("worker", "it is no HOST/PROCESS")
	case r.Error != "" && (r.Outcome != "" || r.Digest != "" || r.Names != nil || r.Find != ""):
		return bad("error", "there is a result beside it")
	case r.Error != "":
		return r, nil
	case !title.MatchString(r.Scenario):
		return bad("scenario", "it is no name of a scenario")
	case r.Nodes < 0:
		return bad("nodes", "it is negative")
	case !slices.Contains(results.Outcomes(), r.Outcome):
		return bad("outcome", fmt.Sprintf("%q is none", r.Outcome))
	case r.Outcome == results.Pass && r.Sort != "":
		return bad("sort", "a pass is no find")
	case r.Digest == "" && r.Outcome == results.Pass, r.Digest != "" && !hexadecimal.MatchString(r.Digest):
		return bad("digest", "it is missing or not hexadecimal")
	case r.Find != "" && (!plain.MatchString(r.Find) || r.Sort == ""):
		return bad("find", "it is no folder of a find")
	case min(r.Virtual, r.Took, r.Bare, r.Around, r.Spent) < 0:
		return bad("took_ns", "a time is negative")
	case len(r.Names) > maxNames:
		return bad("features", "there are too many")
	}
	for i, n := range r.Names {
		if n == "" || i > 0 && r.Names[i-1] >= n {
			return bad("features", "they are not in ascending order")
		}
	}
	for _, f := range r.Data {
		if f.Name == "" || !hexadecimal.MatchString(f.SHA256) {
			return bad("data", "a file is without name or hash")
		}
	}
	return r, nil
}

// strict reads one JSON value with known fields only.
func strict(b []byte, to any) error {
	if !utf8.Valid(b) {
		return errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after it")
	}
	return nil
}

// encode is JSON of what holds no value that JSON has not.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// clip keeps a text short enough to send.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	cut := text[:maxText]
	for !utf8.ValidString(cut) {
		cut = cut[:len(cut)-1]
	}
	return cut + "…"
}
