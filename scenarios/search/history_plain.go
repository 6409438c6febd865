//go:build js || wasip1

package search

import "errors"

var errNoHistory = errors.New("this build keeps no history: SQLite does not run on this target")

func openHistory(_ string, say func(string)) (history, error) {
	if say != nil {
		say(errNoHistory.Error() + "; the sweep cannot be resumed")
	}
	return none{}, nil
}

// ReadHistory gives the sweeps that a folder has seen.
func ReadHistory(string) ([]Past, error) { return nil, errNoHistory }

// none is the history of a build that has none.
type none struct{}

func (none) begin(SweepKey) ([]SweepRun, error) { return nil, nil }
func (none) add(*SweepRun) error                { return nil }
func (none) spoil(*SweepRun) error              { return nil }
func (none) end(SweepSummary) error             { return nil }
func (none) close() error                       { return nil }
