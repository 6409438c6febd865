package search

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
)

// set is a package with the edits to judge in it, compiled.
type set struct {
	switches map[Site]int
	files    map[string][]byte
	test     string        // the binary of its unit tests; empty where there are none
	cpu      time.Duration // they take without any edit
	command  string
	recorded func() error     // the scenarios without any edit, once, for what follows
	reached  map[int][]Mutant // the runs in which an edit's switch comes upon a value that the edit changes
}

// assemble compiles the packages of the edits that are to be judged, and sees that their tests pass without any in force.
func (a *auto) assemble(edits []AutoFate, todo []int) error {
	sites := map[string][]Site{}
	for _, i := range todo {
		sites[edits[i].Package] = append(sites[edits[i].Package], edits[i].Site)
	}
	a.sets = map[string]*set{}
	for dir, list := range sites {
		if a.Say != nil {
			a.Say(dir + " with its edits in it")
		}
		s := &set{switches: map[Site]int{}, reached: map[int][]Mutant{}}
		x, err := a.packs[dir].schema(a.root, list)
		if err != nil {
			return err
		}
		s.files = x.files
		for i, k := range x.switches {
			s.switches[list[i]] = k
		}
		a.sets[dir] = s
		s.recorded = sync.OnceValue(func() error { return a.record(dir, s) })
		if a.SkipTests {
			continue
		}
		s.test = filepath.Join(a.temp, strings.ReplaceAll(dir, "/", "-")+".test")
		why, err := a.compile(s.test, s.files, "test -c", "./"+dir)
		if err != nil || why != "" {
			return errors.Join(err, fmt.Errorf("the tests of %s do not compile: %s", dir, why))
		}
		if _, err := os.Stat(s.test); err != nil {
			s.test = ""
			continue
		}
		w := *a.workshop
		w.cpu = 10 * time.Minute
		r := w.test(dir, s.test)
		if r.err != nil {
			return fmt.Errorf("the tests of %s fail without any edit: %s", dir, clip(r.said, 2000))
		}
		s.cpu = r.cpu
	}
	return nil
}

// record compiles the command with a package's edits in it and runs the scenarios with none in force: they must go as they do
// without the switches.
func (a *auto) record(dir string, s *set) error {
	digests, err := a.measured()
	if err != nil {
		return err
	}
	if a.Say != nil {
		a.Say("the scenarios with the edits of " + dir + " in the command")
	}
	s.command = filepath.Join(a.temp, strings.ReplaceAll(dir, "/", "-")+".command")
	if why, err := a.build(s.command, "auto", s.files); err != nil || why != "" {
		return errors.Join(err, fmt.Errorf("the command with the edits of %s does not compile: %s", dir, why))
	}
	tape := filepath.Join(a.temp, strings.ReplaceAll(dir, "/", "-")+".reached")
	w := *a.workshop
	w.env = []string{switchRecord + "=" + tape}
	for i, m := range a.lines() {
		os.Remove(tape)
		digest, err := a.passes(&w, s.command, m)
		if err != nil {
			return err
		}
		if digest != digests[i] {
			return fmt.Errorf("lgos-sim %s: with the switches of %s in the command its digest is %s, without %s", strings.Join(m.line(m.Seeds), " "), dir, digest, digests[i])
		}
		reached, err := os.ReadFile(tape)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for k, b := range reached {
			if b != 0 {
				s.reached[k] = append(s.reached[k], m)
			}
		}
	}
	return nil
}

// measure sees that the scenarios pass without any edit: else they would kill everything. It gives their digests.
func (a *auto) measure() (digests []string, err error) {
	if a.Say != nil {
		a.Say("the scenarios without any edit")
	}
	binary := filepath.Join(a.temp, "unmutated")
	why, err := a.build(binary, "", nil)
	if err != nil || why != "" {
		return nil, errors.Join(err, fmt.Errorf("the unmutated command does not compile: %s", why))
	}
	for _, m := range a.lines() {
		digest, err := a.passes(a.workshop, binary, m)
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	return digests, nil
}

// passes runs a scenario that must pass, and gives its digest.
func (a *auto) passes(w *workshop, binary string, m Mutant) (digest string, err error) {
	line := m.line(m.Seeds)
	r := w.run(binary, line)
	if err := a.ctx.Err(); err != nil {
		return "", err
	}
	if r.record == nil {
		return "", fmt.Errorf("lgos-sim %s: %s", strings.Join(line, " "), clip(r.said, 500))
	}
	if g := r.record.Grade(); g.Outcome != results.Pass {
		return "", fmt.Errorf("lgos-sim %s does not pass without any edit: %s: %s", strings.Join(line, " "), g.Name, g.Why)
	}
	return r.record.Digest, nil
}
