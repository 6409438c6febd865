package ci

import (
	"testing"
	"time"
)

// TestBudget: while nothing is found 85 % of the budget is searched, then 70 %, and what finds take is taken from their own
// share; each is given half of what is left of that.
func TestBudget(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	b := &budget{whole: 10 * time.Minute, began: start, now: func() time.Time { return now }}
	left := func(want time.Duration) {
		t.Helper()
		if got := b.searchLeft(); got != want {
			t.Errorf("after %v: %v are left to search, want %v", now.Sub(start), got, want)
		}
	}
	left(510 * time.Second)
	now = start.Add(60 * time.Second)
	left(450 * time.Second)
	if got := b.run(); got != 450*time.Second/4 {
		t.Errorf("a run may take %v", got)
	}
	share, done := b.find()
	if share != 90*time.Second {
		t.Errorf("the first find may take %v", share)
	}
	now = now.Add(40 * time.Second)
	left(360 * time.Second) // it stands still
	if !b.atFind() || b.over() {
		t.Error("the find is not at hand, or the search over")
	}
	done()
	left(360 * time.Second)
	share, done = b.find()
	if share != 70*time.Second {
		t.Errorf("the second find may take %v", share)
	}
	now = now.Add(139*time.Second + 500*time.Millisecond)
	done()
	if share, _ := b.find(); share != -1 {
		t.Errorf("nothing is left of the reserve, and a find may take %v", share)
	}
	now = now.Add(400 * time.Second)
	if !b.over() {
		t.Error("the search goes on for ever")
	}
	free := newBudget(0)
	if share, _ := free.find(); free.over() || free.run() != 0 || share != 0 {
		t.Error("a budget of nothing bounds something")
	}
}
