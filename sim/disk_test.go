package sim

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"pgregory.net/rapid"
)

// modelTx is a transaction as the model keeps it: all of history, nothing cut off.
type modelTx struct {
	c        step.Commit
	done     bool
	at       time.Duration // when it completed
	ok, safe bool
	aborted  bool
}

// A disk is held to a model that keeps all transactions and replays them: crash at any point, relaxed or strict, quota.
func TestDiskIsItsModel(t *testing.T) {
	profile := DefaultDisk()
	rapid.Check(t, func(t *rapid.T) {
		d := &disk{quota: rapid.SampledFrom([]int{0, 60, 300}).Draw(t, "quota")}
		var history []*modelTx
		now := time.Duration(0)
		state := func() map[string]string {
			m := map[string]string{}
			for _, tx := range history {
				if tx.done && tx.ok {
					for _, k := range tx.c.Delete {
						delete(m, k)
					}
					for _, r := range tx.c.Put {
						m[r.Key] = string(r.Value)
					}
				}
			}
			return m
		}
		size := func(m map[string]string) (n int) {
			for k, v := range m {
				n += len(k) + len(v)
			}
			return n
		}
		var due time.Duration
		key := rapid.SampledFrom([]string{"", "a", "ab", "abc", "b", "ba", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"issue": func(t *rapid.T) {
				c := step.Commit{ID: uint64(len(history)), Strict: rapid.Bool().Draw(t, "strict")}
				for range rapid.IntRange(0, 3).Draw(t, "puts") {
					c.Put = append(c.Put, step.Record{Key: key.Draw(t, "key"), Value: make([]byte, rapid.IntRange(0, 40).Draw(t, "size"))})
				}
				c.Delete = rapid.SliceOfN(key, 0, 2).Draw(t, "delete")
				at := d.issue(now, &c, &profile)
				if at < due {
					t.Fatalf("completes at %v, before the one issued before it at %v", at, due)
				}
				due = at
				history = append(history, &modelTx{c: c})
			},
			"complete": func(t *rapid.T) {
				i := slices.IndexFunc(history, func(tx *modelTx) bool { return !tx.done })
				if i < 0 {
					t.Skip()
				}
				now += time.Duration(rapid.Int64Range(0, 3e9).Draw(t, "wait"))
				tx := history[i]
				got := d.complete(now, profile.Flush)
				want := step.CommitError(0)
				tx.done, tx.ok, tx.at = true, true, now
				if after := state(); d.quota > 0 && size(after) > d.quota {
					want = step.QuotaExceeded
				}
				if tx.aborted {
					want = step.Aborted
				}
				if d.broken {
					want = step.DiskFailed
				}
				if want != 0 {
					tx.ok = false
					for _, later := range history[i+1:] {
						later.aborted = true
					}
				} else if tx.c.Strict {
					for _, early := range history[:i+1] {
						early.safe = true
					}
				}
				if got != (step.Committed{ID: tx.c.ID, Strict: tx.c.Strict, Err: want}) {
					t.Fatalf("got %+v, want %v", got, want)
				}
			},
			"crash": func(t *rapid.T) {
				mode := rapid.SampledFrom([]CrashMode{TabCrash, PowerLoss}).Draw(t, "mode")
				d.crash(now, mode, profile.Flush)
				history = slices.DeleteFunc(history, func(tx *modelTx) bool {
					return !tx.done || mode == PowerLoss && tx.ok && !tx.safe && tx.at > now-profile.Flush
				})
				d.boot()
				due = 0
			},
			"wipe": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
					t.Skip()
				}
				d.wipe()
				history = slices.DeleteFunc(history, func(tx *modelTx) bool { return tx.done })
			},
			"break": func(t *rapid.T) { d.broken = rapid.Bool().Draw(t, "broken") },
			"": func(t *rapid.T) {
				want := state()
				got := map[string]string{}
				list := d.store.list("")
				for _, r := range list {
					got[r.Key] = string(r.Value)
				}
				if !maps.Equal(got, want) {
					t.Fatalf("holds %q, want %q", got, want)
				}
				if !slices.IsSortedFunc(list, func(a, b step.Record) int { return cmpString(a.Key, b.Key) }) {
					t.Fatal("records are not sorted")
				}
				if d.store.bytes != size(want) || d.store.count != len(want) {
					t.Fatalf("counts %d bytes in %d records", d.store.bytes, d.store.count)
				}
			},
		})
	})
}

func cmpString(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// Blocks of the store split and empty, and prefixes are found across them.
func TestStoreOverManyBlocks(t *testing.T) {
	s := &store{}
	r := Seed(1).Stream("store")
	model := map[string]int{}
	for i := range 20000 {
		k := fmt.Sprintf("op/%d/%04d", r.IntN(3), r.IntN(3000))
		if r.IntN(3) == 0 {
			_, had := s.delete(k)
			if _, want := model[k]; had != want {
				t.Fatalf("delete %s said %v", k, had)
			}
			delete(model, k)
			continue
		}
		s.put(k, []byte{byte(i)})
		model[k] = i
	}
	for _, prefix := range []string{"", "op/", "op/1/", "op/2/29", "op/3", "z", "a"} {
		var want []string
		for _, k := range slices.Sorted(maps.Keys(model)) {
			if len(k) >= len(prefix) && k[:len(prefix)] == prefix {
				want = append(want, k)
			}
		}
		var got []string
		for _, rec := range s.list(prefix) {
			got = append(got, rec.Key)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("prefix %q: %d records, want %d", prefix, len(got), len(want))
		}
	}
}
