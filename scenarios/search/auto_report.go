package search

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// AutoScore is how many of a package's edits were noticed.
type AutoScore struct {
	Package    string  `json:"package"`
	Sites      int     `json:"sites"` // that operators find, those that do not compile too
	Drawn      int     `json:"drawn"` // that compile
	Tests      int     `json:"killed_by_tests"`
	Scenarios  int     `json:"killed_by_scenarios"`
	Hung       int     `json:"hung"`
	Equivalent int     `json:"equivalent"` // explained
	Survived   int     `json:"survived"`
	Broken     int     `json:"broken"`
	Undone     int     `json:"undone"`
	Score      float64 `json:"score_percent"` // killed or hung, of all that may be: explained, broken and undone ones left out
}

// AutoReport is the fate of packages under operators.
type AutoReport struct {
	Sample      int             `json:"sample"`
	Seed        uint64          `json:"seed"`
	Score       float64         `json:"score_asked"`
	Packages    []AutoScore     `json:"packages"`
	Edits       []AutoFate      `json:"edits"`
	DryRun      bool            `json:"dry_run"`
	Interrupted bool            `json:"interrupted"`
	Took        results.Seconds `json:"took_s"`
}

// score counts.
func (r *AutoReport) score() {
	for i := range r.Packages {
		s := &r.Packages[i]
		for k := range r.Edits {
			f := &r.Edits[k]
			if f.Package != s.Package {
				continue
			}
			s.Drawn++
			switch {
			case f.Status == Killed && slices.Equal(f.By, []string{UnitTests}):
				s.Tests++
			case f.Status == Killed:
				s.Scenarios++
			case f.Status == Hung:
				s.Hung++
			case f.Status == Equivalent:
				s.Equivalent++
			case f.Status == Survived:
				s.Survived++
			case f.Status == Broken:
				s.Broken++
			default:
				s.Undone++
			}
		}
		if noticed := s.Tests + s.Scenarios + s.Hung; noticed+s.Survived > 0 {
			s.Score = math.Round(1000*float64(noticed)/float64(noticed+s.Survived)) / 10
		}
	}
}

// ExitCode is 0 where every package reached the score, 1 where one did not, 2 where it was interrupted, or there was no edit.
func (r *AutoReport) ExitCode() int {
	switch {
	case r.DryRun && len(r.Edits) > 0:
		return 0
	case r.Interrupted || len(r.Edits) == 0:
		return 2
	}
	for _, s := range r.Packages {
		if s.Score < r.Score && s.Tests+s.Scenarios+s.Hung+s.Survived > 0 {
			return 1
		}
	}
	return 0
}

// JSON is the report as a file holds it.
func (r *AutoReport) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// Text is a table of at most 100 columns: a line a package, and each edit that survived, with its place.
func (r *AutoReport) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mutants by operators · up to %d a package, seed %d\n", r.Sample, r.Seed)
	if r.DryRun {
		for i := range r.Edits {
			editLines(&b, &r.Edits[i])
		}
		fmt.Fprintf(&b, "%d edits\n", len(r.Edits))
		return b.String()
	}
	fmt.Fprintf(&b, "%-14s %6s %6s %6s %9s %6s %11s %9s %7s\n", "package", "sites", "drawn", "tests", "scenarios", "hung", "equivalent", "survived", "score")
	for _, s := range r.Packages {
		fmt.Fprintf(&b, "%-14s %6d %6d %6d %9d %6d %11d %9d %5.1f %%\n", clip(s.Package, 14), s.Sites, s.Drawn, s.Tests, s.Scenarios, s.Hung, s.Equivalent, s.Survived, s.Score)
		if s.Broken+s.Undone > 0 {
			fmt.Fprintf(&b, "%-14s %d that the go command refuses, %d not judged to the end\n", "", s.Broken, s.Undone)
		}
	}
	for i := range r.Edits {
		if r.Edits[i].Status == Survived {
			editLines(&b, &r.Edits[i])
		}
	}
	fmt.Fprintf(&b, "in %.0f s\n", float64(r.Took)/1e9)
	if r.Interrupted {
		b.WriteString("interrupted: the same line goes on\n")
	}
	return b.String()
}

// editLines are an edit's place and line.
func editLines(b *strings.Builder, f *AutoFate) {
	b.WriteString(clip(strings.TrimSpace(string(f.Status)+" "+f.Site.String()), results.Columns) + "\n")
	b.WriteString("    " + clip(f.Text, results.Columns-4) + "\n")
}
