package checkers

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// wait is how long requests of one class waited to become durable, from when they were accepted; of those that never did,
// forever.
type wait struct {
	name    string
	due     time.Duration
	times   []time.Duration
	authors []sim.HostID // of each of times
	slowest *request
	longest time.Duration
}

const forever = time.Duration(math.MaxInt64)

// within counts those durable within a time.
func (w *wait) within(due time.Duration) (n int) {
	for _, t := range w.times {
		if t <= due {
			n++
		}
	}
	return n
}

// withinByAuthor is the mean over the authors of the share of each's requests that were durable within a time. What a fault
// does to a host is one draw for all its requests: in a lossy window one host's stalled stream makes all of them late.
func (w *wait) withinByAuthor(due time.Duration) float64 {
	all, late := map[sim.HostID]int{}, map[sim.HostID]int{}
	for i, t := range w.times {
		if all[w.authors[i]]++; t > due {
			late[w.authors[i]]++
		}
	}
	sum := float64(len(all))
	for _, h := range slices.Sorted(maps.Keys(late)) {
		sum -= float64(late[h]) / float64(all[h])
	}
	return sum / float64(len(all))
}

// waits gathers the accepted requests whose author's host stayed up until they were due: one that goes down forgets who
// waits. A request beside every fault is due after one try. One that a fault may disturb is due after three, whether the fault
// has ended or not, for those who are left can keep the promise; and so is one for which hosts lack causes that are still
// spreading after a fault; where its author has not enough neighbours who can be reached all that time, nothing says when.
func (d *durability) waits(end sim.End) [3]wait {
	one, more := d.truth.Promise(1), d.truth.Promise(3)
	all := [3]wait{{name: "beside faults", due: one}, {name: "under a fault", due: more}, {name: "soon after a fault", due: more}}
	for _, r := range d.book.order {
		if r.first != step.Accepted || r.op == (key{}) || !d.served(r.space) {
			continue
		}
		w := &all[0]
		if d.truth.Disturbed(r.replied, r.replied+one) {
			w = &all[1]
		} else if d.truth.Disturbed(r.replied-d.truth.Spread(), r.replied) {
			w = &all[2]
		}
		if p := d.tracks[r.op]; d.afterFault(w) && (p == nil || !d.attested(p, r.replied+w.due)) {
			continue
		}
		took := forever
		if r.durable > 0 {
			took = r.durable - r.replied
		}
		if due := r.replied + w.due; took > w.due && (due > end.At || r.gone && r.went <= due) {
			continue
		}
		if w.slowest == nil || took > w.longest {
			w.slowest, w.longest = r, took
		}
		w.times, w.authors = append(w.times, took), append(w.authors, r.host)
	}
	return all
}

// tooSmall says why a class is too small for a share of it to say anything; nothing where it is not.
func (w *wait) tooSmall() string {
	if len(w.times) < fewest {
		return fmt.Sprintf("too few requests: %d, asked from %d on", len(w.times), fewest)
	}
	return ""
}

// prompt is the share of a class that must be durable when due: 80 %; where nobody looked for witnesses less may do, as at all.
func (d *durability) prompt(w *wait) float64 {
	if d.truth.MinDurable > 0 && d.afterFault(w) {
		return promptShare
	}
	return min(promptShare, d.truth.MinDurable)
}

// afterFault tells whether a class is of requests that a fault may have disturbed.
func (d *durability) afterFault(w *wait) bool { return w.due > d.truth.Promise(1) }

const promptShare = 0.8

// tooFew tells whether n of so many are less than a share.
func tooFew(n, of int, want float64) bool { return float64(n) < want*float64(of)-1e-9 }

// fewest is of how many requests at least a share is judged.
const fewest = 20

// inTime judges the shares that became durable in time: of the requests, and under a fault also by author, so that it is not one
// host that makes the share too small. What must become durable at all without a fault must be after two tries.
func (d *durability) inTime(end sim.End, waits [3]wait) {
	for i := range waits {
		w := &waits[i]
		d.inShare(end, w, w.due, d.prompt(w))
	}
	d.inShare(end, &waits[0], d.truth.Promise(2), d.truth.MinDurable)
}

func (d *durability) inShare(end sim.End, w *wait, due time.Duration, want float64) {
	n, of := w.within(due), len(w.times)
	if w.tooSmall() != "" && want < 1 || !tooFew(n, of, want) {
		return
	}
	if d.afterFault(w) && w.withinByAuthor(due) >= want-1e-9 {
		return
	}
	d.fail(end.At, w.slowest.event, "%d of %d requests %s became durable within %v, %.2f %%; at least %.0f %% must", n, of, w.name, due.Round(time.Millisecond), share(n, of), 100*want)
}

// abandoned judges that authors ask for receipts until there are enough, also for what a former life saved: in the calm at the
// end every operation becomes durable whose author is up and has its disk. Whom liars surround may find nobody to give them.
func (d *durability) abandoned(end sim.End) {
	if slices.ContainsFunc(d.truth.Hosts, func(h Host) bool { return !h.Honest }) {
		return
	}
	for _, p := range d.order {
		h := p.op.host
		if _, lost := d.lost[h]; lost || p.saved == 0 || !end.View.Up(h) || !d.served(array(p.op.head.Space)) {
			continue
		}
		due := d.truth.Due(p.saved, d.boots[h]) + d.truth.Promise(3)
		if due > end.At {
			continue
		}
		if d.kept++; p.at < 0 {
			d.fail(due, "", "operation %s (%s), which host %d saved at %v, was to be durable by %v, long after every fault, and is not at the end", p.op, p.op.kind, h, p.saved, due)
		}
	}
}
