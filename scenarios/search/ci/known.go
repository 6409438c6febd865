package ci

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// Known is a failure that is known and not yet mended: runs of the scenario with such a seed may fail by the checker, up to
// and with the day of the expiry.
type Known struct {
	Scenario string // its name, the file name of a kept plan without .yaml, or drawn
	Seeds    Seeds
	Checker  string
	Reason   string
	Expiry   time.Time // the last day, at midnight UTC

	File string
	Line int // where its entry begins
}

// Seeds is a range, both ends in it. All of them is 0..max.
type Seeds struct{ First, Last uint64 }

func (s Seeds) String() string {
	switch {
	case s == allSeeds():
		return "all"
	case s.First == s.Last:
		return strconv.FormatUint(s.First, 10)
	}
	return fmt.Sprintf("%d..%d", s.First, s.Last)
}

func allSeeds() Seeds { return Seeds{0, 1<<64 - 1} }

// parseSeeds reads all, 7 or 1..50.
func parseSeeds(text string) (Seeds, error) {
	if text == "all" {
		return allSeeds(), nil
	}
	first, last, ranged := strings.Cut(text, "..")
	if !ranged {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 64)
	b, errB := strconv.ParseUint(last, 10, 64)
	if errA != nil || errB != nil || a > b {
		return Seeds{}, fmt.Errorf("%q is no range of seeds: write 7, 1..50 or all", text)
	}
	return Seeds{a, b}, nil
}

// covers tells whether a run is one that the entry speaks of.
func (k *Known) covers(scenario string, seed uint64) bool {
	return k.Scenario == scenario && seed >= k.Seeds.First && seed <= k.Seeds.Last
}

// Expired tells whether the entry excuses nothing any more.
func (k *Known) Expired(today time.Time) bool { return !today.UTC().Before(k.Expiry.AddDate(0, 0, 1)) }

func (k *Known) String() string {
	return fmt.Sprintf("%s of %s, seeds %s, until %s: %s", k.Checker, k.Scenario, k.Seeds, k.Expiry.Format(time.DateOnly), k.Reason)
}

// Bounds of a file of known failures.
const (
	maxKnownFile = 1 << 20
	maxKnown     = 1000
)

// ReadKnown reads a file of known failures strictly: a YAML list of {scenario, seeds, checker, reason, expiry}. What an entry
// may name is given. Errors name the file and the line.
func ReadKnown(file string, names, checkers []string) ([]Known, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxKnownFile {
		return nil, fmt.Errorf("%s: over %d bytes", file, maxKnownFile)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseKnown(file, b, names, checkers)
}

func parseKnown(file string, b []byte, names, checkers []string) (list []Known, err error) {
	f, err := scenarios.ParseYAML(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	const want = "write a list of {scenario, seeds, checker, reason, expiry}, or [] where nothing is known"
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1: it holds no list: %s", file, want)
	}
	list, line := nil, 1
	seq, ok := f.Docs[0].Body.(*ast.SequenceNode)
	if !ok {
		return nil, fmt.Errorf("%s:%d: it holds no list: %s", file, f.Docs[0].Body.GetToken().Position.Line, want)
	}
	if len(seq.Values) > maxKnown {
		return nil, fmt.Errorf("%s: %d entries are over %d", file, len(seq.Values), maxKnown)
	}
	for _, v := range seq.Values {
		line = v.GetToken().Position.Line
		entry, ok := v.(ast.MapNode)
		if !ok {
			return nil, fmt.Errorf("%s:%d: an entry must be a mapping: %s", file, line, want)
		}
		k, err := knownEntry(entry, file, names, checkers)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// knownEntry reads one entry. A field that is missing is told with the line on which the entry begins.
func knownEntry(entry ast.MapNode, file string, names, checkers []string) (k Known, err error) {
	k.File = file
	fields := []string{"scenario", "seeds", "checker", "reason", "expiry"}
	seen := map[string]bool{}
	for it := entry.MapRange(); it.Next(); {
		name, line := it.Key().String(), it.Key().GetToken().Position.Line
		fail := func(format string, args ...any) (Known, error) {
			return k, fmt.Errorf("%s:%d: %s: %w", file, line, name, fmt.Errorf(format, args...))
		}
		if k.Line == 0 {
			k.Line = line
		}
		text, ok := scalar(it.Value())
		switch {
		case !slices.Contains(fields, name):
			return fail("an entry has no such field; it has %s", strings.Join(fields, ", "))
		case seen[name]:
			return fail("it is said twice")
		case !ok || strings.TrimSpace(text) == "":
			return fail("write a text")
		}
		seen[name] = true
		switch name {
		case "scenario":
			if k.Scenario = text; !slices.Contains(names, text) {
				return fail("there is no scenario and no kept plan %q; there are %s", text, strings.Join(names, ", "))
			}
		case "seeds":
			if k.Seeds, err = parseSeeds(text); err != nil {
				return fail("%w", err)
			}
		case "checker":
			if k.Checker = text; !slices.Contains(checkers, text) {
				return fail("%q is none of %s", text, strings.Join(checkers, ", "))
			}
		case "reason":
			k.Reason = strings.Join(strings.Fields(text), " ")
		case "expiry":
			if k.Expiry, err = time.Parse(time.DateOnly, text); err != nil {
				return fail("%q is no day: write it as 2026-12-31", text)
			}
		}
	}
	for _, name := range fields {
		if !seen[name] {
			return k, fmt.Errorf("%s:%d: %s: it is missing: every entry has %s", file, max(1, k.Line), name, strings.Join(fields, ", "))
		}
	}
	return k, nil
}

// scalar is the text of a value that holds one.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}
