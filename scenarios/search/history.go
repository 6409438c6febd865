package search

import "time"

// HistoryName is the file of the history in a sweep's folder.
const HistoryName = "sweeps.sqlite"

// history keeps runs as they end, so that nothing but what runs is lost when the process is killed.
type history interface {
	begin(k SweepKey) ([]SweepRun, error) // gives the runs that the sweep has already, by number
	add(r *SweepRun) error
	spoil(r *SweepRun) error // changes the outcome of a run that it has
	end(s SweepSummary) error
	close() error
}

// Past is one sweep of a history.
type Past struct {
	Key      string
	Seed     uint64
	Commit   string
	Build    string
	Draws    string
	Started  time.Time
	Runs     int
	Tally    string // "970 pass, 30 invalid"
	Finds    int
	Sorts    []string
	Features int
	CPU      time.Duration
	Unseen   []string // moments
}
