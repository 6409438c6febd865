package sim

import (
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// disk is a host's store, as IndexedDB has it: transactions are atomic and complete in the order issued; one that fails
// fails those issued behind it; a relaxed one survives a crash of the tab, and power loss only once it was flushed.
type disk struct {
	store  store
	quota  int
	broken bool // every commit fails until the next boot

	free    time.Duration // when it is done with all that was issued
	pending []transaction
	undo    []undo // of transactions that power loss would take back, oldest first
}

type transaction struct {
	step.Commit
	aborted bool
}

// undo is what a record was before a transaction that is not yet safe.
type undo struct {
	at  time.Duration // when the transaction completed
	key string
	old []byte
	had bool
}

// issue takes a transaction and tells when it completes. The process may use its lists again after the step, so they are
// copied; the bytes are shared.
func (d *disk) issue(now time.Duration, c *step.Commit, p *DiskProfile) time.Duration {
	t := transaction{Commit: *c}
	t.Put, t.Delete = slices.Clone(c.Put), slices.Clone(c.Delete)
	d.pending = append(d.pending, t)
	took := p.Relaxed
	if c.Strict {
		took = p.Strict
	}
	for i := range c.Put {
		took += time.Duration(len(c.Put[i].Key)+len(c.Put[i].Value)) * p.PerByte
	}
	d.free = max(d.free, now) + took
	return d.free
}

// complete ends the oldest pending transaction.
func (d *disk) complete(now time.Duration, flush time.Duration) step.Committed {
	t := d.pending[0]
	d.pending[0] = transaction{}
	d.pending = d.pending[1:]
	out := step.Committed{ID: t.ID, Strict: t.Strict}
	d.settle(now - flush)
	switch {
	case d.broken:
		out.Err = step.DiskFailed
	case t.aborted:
		out.Err = step.Aborted
	case d.quota > 0 && d.store.bytes+d.growth(&t) > d.quota:
		out.Err = step.QuotaExceeded
	}
	if out.Err != 0 {
		for i := range d.pending {
			d.pending[i].aborted = true
		}
		return out
	}
	for _, k := range t.Delete {
		if old, had := d.store.delete(k); had {
			d.undo = append(d.undo, undo{now, k, old, true})
		}
	}
	for _, r := range t.Put {
		old, had := d.store.put(r.Key, r.Value)
		d.undo = append(d.undo, undo{now, r.Key, old, had})
	}
	if t.Strict {
		d.undo = d.undo[:0]
	}
	return out
}

// growth is by how many bytes a transaction would make the store larger.
func (d *disk) growth(t *transaction) int {
	size := map[string]int{} // of the records that it touches, after it
	before := 0
	touch := func(k string, n int) {
		if _, seen := size[k]; !seen && len(d.store.blocks) > 0 {
			if i, at, ok := d.store.find(k); ok {
				before += len(k) + len(d.store.blocks[i][at].Value)
			}
		}
		size[k] = n
	}
	for _, k := range t.Delete {
		touch(k, 0)
	}
	for _, r := range t.Put {
		touch(r.Key, len(r.Key)+len(r.Value))
	}
	for _, r := range t.Put {
		before -= size[r.Key]
		size[r.Key] = 0
	}
	return -before
}

// settle forgets how to undo what completed by an instant: it is safe.
func (d *disk) settle(by time.Duration) {
	n := 0
	for n < len(d.undo) && d.undo[n].at <= by {
		n++
	}
	if n > 0 {
		d.undo = slices.Delete(d.undo, 0, n)
	}
}

// crash takes what a crash takes and counts it: what was not committed and, by power loss, what was not safe.
func (d *disk) crash(now time.Duration, mode CrashMode, flush time.Duration) (records, bytes int64) {
	for _, t := range d.pending {
		records += int64(len(t.Put) + len(t.Delete))
		for _, r := range t.Put {
			bytes += int64(len(r.Key) + len(r.Value))
		}
	}
	d.pending = nil
	if mode == PowerLoss {
		d.settle(now - flush)
		for _, u := range slices.Backward(d.undo) {
			var lost []byte
			if u.had {
				lost, _ = d.store.put(u.key, u.old)
			} else {
				lost, _ = d.store.delete(u.key)
			}
			records++
			bytes += int64(len(u.key) + len(lost))
		}
		d.undo = nil
	}
	return records, bytes
}

// wipe loses all that is stored and counts it.
func (d *disk) wipe() (records, bytes int64) {
	records, bytes = int64(d.store.count), int64(d.store.bytes)
	d.store, d.undo = store{}, nil
	return records, bytes
}

// boot makes the disk ready for a new life.
func (d *disk) boot() {
	d.broken, d.free, d.pending = false, 0, nil
}
