package search

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Kind is why a run fails, told so that two runs which fail by one bug say the same: who says so, and the reason without
// what is particular to a run.
type Kind struct {
	Checker string // or ledger, or panic
	Reason  string
}

func (k Kind) String() string { return k.Checker + ": " + k.Reason }

// KindOf is the kind of what a checker says.
func KindOf(checker, why string) Kind { return Kind{checker, abstract(why)} }

// abstract takes out of a reason what differs from run to run though its cause is the same: remarks in brackets (which
// operation, how many more), names of kernels and kinds of operations, ids, instants and spans, shares, counts and host
// numbers.
func abstract(reason string) string {
	for _, r := range [...][2]string{
		{` ?\([^()]*\)`, ""},
		{`\b[a-z]+\.[a-z]+[a-z0-9]*\b`, "#"},
		{`\b[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*\b|\b[0-9a-f]{12,}\b`, "#"},
		{`[-+]?\d+(\.\d+)?(µs|ns|ms|s|m|h)?(\d+(\.\d+)?(µs|ns|ms|s|m))*( ?%)?\b`, "#"},
		{`#([/.:]#)+`, "#"},
		{`\s+`, " "},
	} {
		reason = regexp.MustCompile(r[0]).ReplaceAllString(reason, r[1])
	}
	return strings.TrimSpace(reason)
}

// Failures lists why a run fails, in the order of its checkers: those that its scenario does not expect first.
func Failures(r *results.Record) []Kind {
	var own, expected []Kind
	for _, v := range r.Verdicts {
		switch k := (Kind{v.Checker, abstract(v.Why)}); {
		case v.Outcome != results.Fail:
		case slices.Contains(r.Expect, "fail "+v.Checker):
			expected = append(expected, k)
		default:
			own = append(own, k)
		}
	}
	if who := beyond(r); who != "" {
		own = append(own, Kind{who, abstract(r.Why)})
	}
	return append(own, expected...)
}

// beyond names who fails a run besides its checkers, if anything does.
func beyond(r *results.Record) string {
	switch {
	case strings.Contains(r.Broke, " panicked at "):
		return Panic
	case r.Broke != "" || r.Outcome == results.Invalid:
		return Ledger
	}
	return ""
}
