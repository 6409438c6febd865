package compute

import (
	"bytes"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
)

// Limits of a task. A task beyond them is run by nobody.
const (
	MaxInput   = 32 << 10
	MaxOutput  = 32 << 10
	MaxKernel  = 128
	MaxWorkers = 64 << 10
)

func sound(t *op.Task) bool {
	return t.Kernel != "" && len(t.Kernel) <= MaxKernel && len(t.Input) <= MaxInput && t.Quorum >= 1 && t.Quorum <= t.Workers && t.Workers <= MaxWorkers
}

// place is the space of a task as this node sees it.
type place struct {
	log       *journal.Log
	offers    offers
	tasks     map[op.ID]*task // asked for by this node, or to be run by it
	offered   bool            // this device has ever offered here
	consent   bool            // the user allows tasks of this space, now
	withdrawn bool            // her last word was no, whether it is in the log yet or not
	limit     uint64          // the most jobs at once that she allows; 0 leaves it to the host
}

// task is one compute.task.
type task struct {
	in     *place
	id     op.ID
	entry  uint32
	closed bool   // an accepted result is in the log
	flight uint64 // the request of an operation about it that is being committed
	work   state  // of a worker
	output []byte // of a worker, once it is computed
	idle   int    // how often patience ended with nothing left to do

	mine     bool   // the rest is for the requester
	request  uint64 // of the person who waits for it; 0 after a reboot
	quorum   int
	workers  int // as asked for so far
	winners  map[op.Key]bool
	results  []uint32      // entries, in the order in which they came
	dirty    bool          // something came since the last verdict
	deadline time.Duration // when patience ends; 0 before it began
}

// state is how far a worker is with a task.
type state uint8

const (
	waiting state = iota
	running
	finished // its result is signed, or there will be none
)

// verdict looks for the output that a quorum of winners gives, each identity by its first result: a person can have any
// number of devices, and a new one after every lost disk. Of several outputs it takes the one with the most voices, then the
// least. ids are the first results of a quorum, ascending.
func (t *task) verdict(void func(entry uint32) bool) (output []byte, ids []op.ID) {
	type voice struct {
		output []byte
		ids    []op.ID
	}
	results := make([]*journal.Entry, 0, len(t.results))
	for _, r := range t.results {
		if e := t.in.log.Entries[r]; t.winners[e.Op.Device] && !void(r) {
			results = append(results, e)
		}
	}
	slices.SortFunc(results, func(a, b *journal.Entry) int {
		if later(a.Op, b.Op) {
			return 1
		}
		return -1
	})
	heard := map[op.Key]bool{}
	var voices []voice
	for _, e := range results {
		r, ok := op.ResultOf(e.Op.Args)
		if !ok || heard[e.Author] {
			continue
		}
		heard[e.Author] = true
		i := slices.IndexFunc(voices, func(v voice) bool { return bytes.Equal(v.output, r.Output) })
		if i < 0 {
			i = len(voices)
			voices = append(voices, voice{output: r.Output})
		}
		voices[i].ids = append(voices[i].ids, e.Op.ID)
	}
	var best voice
	for _, v := range voices {
		if len(v.ids) > len(best.ids) || len(v.ids) == len(best.ids) && bytes.Compare(v.output, best.output) < 0 {
			best = v
		}
	}
	if len(best.ids) < t.quorum {
		return nil, nil
	}
	ids = best.ids[:t.quorum]
	slices.SortFunc(ids, op.ID.Compare)
	return best.output, ids
}
