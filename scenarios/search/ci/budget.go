package ci

import (
	"context"
	"sync"
	"time"
)

// Shares of the wall-clock budget.
const (
	reserved = 0.3 // kept back to shrink and explain finds; as long as there is none, half of it is searched too
	oneRun   = 4   // no run takes more than one part in so many of what is left to search, once it takes longer than anyRun
	oneFind  = 2   // nor one find more than one in so many of what is left of the reserve
)

// anyRun is how long every run may take while there is time to search: a machine may be slow.
const anyRun = 30 * time.Second

// budget divides the wall clock between searching and what is done about finds. A budget of nothing bounds nothing, so that
// all that happens follows from the commit.
type budget struct {
	whole time.Duration
	now   func() time.Time
	began time.Time

	mu      sync.Mutex
	found   bool
	used    time.Duration // on finds
	dealing time.Time     // when the find at hand was begun; zero where there is none
}

func newBudget(whole time.Duration) *budget {
	return &budget{whole: whole, now: time.Now, began: time.Now()}
}

func (b *budget) reserve() time.Duration { return time.Duration(reserved * float64(b.whole)) }

// searchLeft is how long may still be searched. What finds take is not taken from it.
func (b *budget) searchLeft() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	keep := b.reserve()
	if !b.found {
		keep /= 2
	}
	used := b.used
	if !b.dealing.IsZero() {
		used += b.now().Sub(b.dealing)
	}
	return b.whole - keep + min(used, keep) - b.now().Sub(b.began)
}

// over tells whether nothing more may be searched.
func (b *budget) over() bool { return b.whole > 0 && b.searchLeft() <= 0 }

// run is how long the next run may take; 0 is no bound.
func (b *budget) run() time.Duration {
	if b.whole == 0 {
		return 0
	}
	return max(b.searchLeft()/oneRun, anyRun)
}

// find begins one, and gives how long it may take; 0 is no bound, less than that no time at all. The clock of the search
// stands still until done is called.
func (b *budget) find() (share time.Duration, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found, b.dealing = true, b.now()
	if b.whole > 0 {
		left := min(b.reserve()-b.used, b.whole-b.now().Sub(b.began))
		if share = left / oneFind; share < time.Second {
			share = -1
		}
	}
	return share, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used += b.now().Sub(b.dealing)
		b.dealing = time.Time{}
	}
}

// atFind tells whether a find is at hand.
func (b *budget) atFind() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.dealing.IsZero()
}

// within bounds a context by a share, unless it is 0.
func within(ctx context.Context, share time.Duration) (context.Context, context.CancelFunc) {
	if share == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, share)
}

func stopWith(ctx context.Context, why string) func() string {
	return func() string {
		if ctx.Err() != nil {
			return why
		}
		return ""
	}
}
