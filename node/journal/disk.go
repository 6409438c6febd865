package journal

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// A record is one admitted operation: key "op/", eight hexadecimal digits of the space, "/", the place in the order of
// admission as ten decimal digits; value the operation's bytes, exactly. They are their own checksum: not a bit can change
// without the hash or a signature failing to fit. So a thousand nodes can keep one copy. Places are counted over all spaces,
// and never used twice, so that two spaces with equal digits do not meet.
//
// Transactions complete in the order issued and go to one log, so that a strict one makes all before it safe as well: what a
// node acknowledged is never on the disk without its causes.
//
// One more record, "durable", holds a place, 4 bytes, big endian: own operations in places up to it have their receipts. It goes
// along with other transactions, so that it may be late; then some are asked about again.
//
// A damaged record is moved to "bad/" and its key, of which a few are kept, and its operation comes again by gossip.
const (
	recordPrefix = "op/"
	badPrefix    = "bad/"
	markRecord   = "durable"
	maxBad       = 64
	commitTag    = uint64('J') << 56 // top byte of the journal's commit ids
)

// saved says whether an entry is on the disk.
type saved uint8

const (
	unsaved saved = iota
	relaxed       // in a relaxed commit, in flight or done, or found at boot: power loss may still take it
	strictly
)

// disk is what is on its way to the disk.
type disk struct {
	record  uint32 // places used
	commits uint64 // commits issued
	flying  []commit
	todo    []late // entries to be committed
	soft    []late // entries that a completed relaxed commit, or a former life, left on the disk
	failed  bool   // the last commit failed
	mark    uint32 // own operations in places up to it are durable
	marked  uint32 // what the disk was told of it
}

// commit is one transaction that is not answered yet.
type commit struct {
	id      uint64
	entries []late
	own     *pending
}

type late struct {
	log   *Log
	entry *Entry
}

// later remembers an admitted entry for the next flush.
func (d *disk) later(l *Log, e *Entry) {
	if e.Op.ID == l.Genesis {
		e.saved = strictly // the configuration brings it at every boot
		return
	}
	if place, ok := l.places[e.Op.ID]; ok {
		e.saved, e.record = relaxed, place
		d.soft = append(d.soft, late{l, e})
		delete(l.places, e.Op.ID)
		return
	}
	d.todo = append(d.todo, late{l, e})
}

// IsJournalCommit tells whether a commit id is the journal's.
func IsJournalCommit(id uint64) bool { return id>>56 == commitTag>>56 }

// Strict tells whether an entry is known to survive power loss.
func (e *Entry) Strict() bool { return e.saved == strictly }

// Secure has an entry that is on the disk, but may not survive power loss, written again at the next flush, which is to be a
// strict one.
func (j *Journal) Secure(l *Log, e *Entry) {
	if e.saved == relaxed && !slices.Contains(j.disk.todo, late{l, e}) {
		j.disk.todo = append(j.disk.todo, late{l, e})
	}
}

// Unsaved is how many entries the next flush will commit.
func (j *Journal) Unsaved() int { return len(j.disk.todo) }

// Flush commits what was received since the last time, in one transaction. It tells whether there was anything.
func (j *Journal) Flush(strict bool, out *step.Effects) bool {
	d := &j.disk
	if len(d.todo) == 0 {
		return false
	}
	d.issue(commit{entries: d.todo}, nil, strict, out)
	d.todo = nil
	return true
}

// issue hands a transaction to the world.
func (d *disk) issue(c commit, put []step.Record, strict bool, out *step.Effects) {
	put = slices.Grow(put, len(c.entries)+1)
	for _, x := range c.entries {
		if x.entry.record == 0 {
			x.entry.record = d.place()
		}
		if !strict && x.entry.saved == unsaved {
			x.entry.saved = relaxed
		}
		put = append(put, record(x.log.ID, x.entry.record, x.entry.Op))
	}
	if c.own != nil {
		c.own.record = d.place()
		put = append(put, record(c.own.log.ID, c.own.record, c.own.op))
	}
	if d.marked != d.mark {
		d.marked = d.mark
		put = append(put, step.Record{Key: markRecord, Value: binary.BigEndian.AppendUint32(nil, d.mark)})
	}
	d.commits++
	c.id = commitTag | d.commits
	d.flying = append(d.flying, c)
	out.Commit(c.id, strict, put, nil)
}

func (d *disk) place() uint32 {
	d.record++
	return d.record
}

func record(space op.SpaceID, place uint32, o *op.Operation) step.Record {
	var key [len(recordPrefix) + 8 + 1 + 10]byte
	copy(key[:], recordPrefix)
	hex.Encode(key[3:], space[:4])
	key[11] = '/'
	for i := len(key) - 1; i > 11; i-- {
		key[i] = byte('0' + place%10)
		place /= 10
	}
	return step.Record{Key: string(key[:]), Value: o.Bytes}
}

// Saved is an own operation that is strictly on the disk and admitted, with the request that it was signed for.
type Saved struct {
	Entry   *Entry
	Request uint64
}

// Committed takes the answer to one of the journal's commits. Own operations that it saved are admitted now: they are given,
// may be sent from now on, and were not before. Requests whose operations failed are given by number; their chain ended, and
// the next operation begins another. Operations of others that became safe from power loss are
// given by id.
func (j *Journal) Committed(in *step.Committed, out *step.Effects) (own []Saved, failed []uint64, strict []op.ID) {
	j.admitted = j.admitted[:0]
	d := &j.disk
	at := slices.IndexFunc(d.flying, func(c commit) bool { return c.id == in.ID })
	if at < 0 {
		return nil, nil, nil
	}
	c := d.flying[at]
	d.flying = slices.Delete(d.flying, at, at+1)
	d.failed = in.Err != 0
	if d.failed {
		failed = j.fail(c, at)
		for _, x := range c.entries {
			x.entry.saved = unsaved
		}
		d.todo = append(c.entries, d.todo...)
		d.marked = 0 // perhaps; it is told again
		return nil, failed, nil
	}
	d.soft = append(d.soft, c.entries...)
	for _, x := range c.entries {
		x.entry.saved = max(x.entry.saved, relaxed)
	}
	if in.Strict {
		for _, x := range d.soft {
			if x.entry.saved != strictly {
				x.entry.saved = strictly
				strict = append(strict, x.entry.Op.ID)
			}
		}
		d.soft = nil
	}
	if c.own == nil || c.own.failed {
		return nil, nil, strict
	}
	if !in.Strict {
		return nil, j.fail(c, at), strict
	}
	e := j.save(c.own, out)
	if e == nil {
		return nil, j.fail(c, at), strict
	}
	return []Saved{{e, c.own.request}}, nil, strict
}

// Durable says that all own operations have their receipts, but for the given one and those saved after it; nil is no one. The
// next life will not ask about them.
func (j *Journal) Durable(but *Entry) {
	d := &j.disk
	mark := d.record
	for _, c := range d.flying {
		if c.own != nil {
			mark = min(mark, c.own.record-1)
		}
	}
	if but != nil {
		mark = min(mark, but.record-1)
	}
	d.mark = max(d.mark, mark)
}

// Undurable are the own operations that a former life saved and may not have found receipts for, in the order in which it saved
// them. A strict commit is on its way then: what a former life left may not survive power loss, and must not be called durable
// before it does.
func (j *Journal) Undurable(out *step.Effects) (own []*Entry) {
	d := &j.disk
	device := op.KeyOf(j.signer.Device())
	for _, x := range d.soft {
		if e := x.entry; e.Op.Device == device && e.record > d.mark {
			own = append(own, e)
		}
	}
	if len(own) > 0 {
		slices.SortFunc(own, func(a, b *Entry) int { return int(a.record) - int(b.record) })
		d.issue(commit{}, nil, true, out)
	}
	return own
}

// recover reads the disk back: all whole records are offered in their order.
func (j *Journal) recover(records []step.Record, out *step.Effects) {
	d := &j.disk
	var bad []step.Record
	var gone []string
	count, kept := 0, 0
	for _, r := range records {
		if r.Key == markRecord && len(r.Value) == 4 {
			d.marked = binary.BigEndian.Uint32(r.Value)
		}
		key, isBad := strings.CutPrefix(r.Key, badPrefix)
		rest, isOp := strings.CutPrefix(key, recordPrefix)
		if !isOp {
			continue
		}
		place, ok := placeOf(rest)
		if ok {
			d.record = max(d.record, place)
		}
		if isBad {
			if kept++; kept > maxBad/2 {
				gone = append(gone, r.Key)
			}
			continue
		}
		var o *op.Operation
		if ok {
			out.Cost += op.CostRecover + op.OpenCost(len(r.Value), false)
			o, _ = j.store.Open(r.Value)
		}
		if o == nil || hex.EncodeToString(o.Space[:4]) != rest[:8] {
			bad = append(bad, r)
			continue
		}
		l := j.Log(o.Space)
		if l == nil { // of a space that this node no longer holds
			continue
		}
		count++
		if l.Has(o) || l.buffer.waiting[o.ID] != nil {
			continue
		}
		l.places[o.ID] = place
		j.offer(l, o, 0, out)
	}
	d.mark = min(d.marked, d.record) // places above are not used yet, whatever a damaged record says
	var put []step.Record
	for i, r := range bad {
		if gone = append(gone, r.Key); i < maxBad/2 {
			put = append(put, step.Record{Key: badPrefix + r.Key, Value: r.Value})
		}
	}
	if len(gone) > 0 {
		d.commits++
		out.Commit(commitTag|d.commits, false, put, gone)
	}
	if count+len(bad) == 0 {
		return
	}
	n := out.Note(step.NoteRecovered)
	if n.N = int64(count); len(bad) > 0 {
		n.Text = fmt.Sprintf("%d damaged, the first %q", len(bad), bad[0].Key)
	}
}

// placeOf reads what follows "op/" in a key.
func placeOf(rest string) (place uint32, ok bool) {
	if len(rest) != 8+1+10 || rest[8] != '/' {
		return 0, false
	}
	n, err := strconv.ParseUint(rest[9:], 10, 32)
	return uint32(n), err == nil && n > 0 && n < 1<<31
}
