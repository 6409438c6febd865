package scenarios

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Tracer prints the events of a run that its filters let through, a line each. It is an observer: see Settings.Observe.
type Tracer struct {
	Out      io.Writer
	Hosts    []sim.HostID     // none is all
	From, To time.Duration    // To 0 is to the end
	Key      *sim.Key         // this step alone
	Last     func(*sim.Event) // told of every event printed

	kinds   sim.Kinds
	notes   []step.NoteKind
	op      []byte   // the first bytes of an operation's id
	carried [][]byte // the bytes of operations so named, once their authors showed them
	lines   int
	past    bool
	err     error
}

// eventKinds names what may be traced.
func eventKinds() []string {
	return []string{"boot", "conn-up", "conn-down", "packet", "drained", "timer", "request", "committed", "loaded", "job-done", "dial", "close", "send",
		"set-timer", "commit", "read", "run", "reply", "note", "crash", "unissued", "panic", "fault"}
}

// Only keeps events of these kinds: names of inputs and effects (packet, send, …) or of notes (applied, refused, …).
func (t *Tracer) Only(kinds []string) error {
	for _, k := range kinds {
		if i := slices.Index(eventKinds(), k); i >= 0 {
			t.kinds |= 1 << i
			continue
		}
		found := false
		for n := range step.NoteKinds {
			if n > 0 && step.NoteKind(n).String() == k {
				t.kinds |= sim.OnNote
				t.notes = append(t.notes, step.NoteKind(n))
				found = true
			}
		}
		if !found {
			var notes []string
			for n := 1; n < step.NoteKinds; n++ {
				notes = append(notes, step.NoteKind(n).String())
			}
			return fmt.Errorf("--kind %s: known are %s; and of notes %s", k, strings.Join(eventKinds(), ", "), strings.Join(notes, ", "))
		}
	}
	return nil
}

// About keeps events that name or carry the operation whose id begins with these hexadecimal digits.
func (t *Tracer) About(prefix string) error {
	b, err := hex.DecodeString(prefix)
	if err != nil || len(b) < 4 || len(b) > 32 {
		return fmt.Errorf("--op %s: give the first 8 to 64 hexadecimal digits of an operation's id, an even number of them", prefix)
	}
	t.op = b
	return nil
}

// Lines is how many were printed; Err what went wrong with the output.
func (t *Tracer) Lines() int { return t.lines }
func (t *Tracer) Err() error { return t.err }

// Past tells that the run has gone beyond what is wanted, so that it may stop.
func (t *Tracer) Past() bool { return t.past || t.err != nil }

func (t *Tracer) Name() string { return "trace" }

// Wants is everything where a filter needs to see more than it prints.
func (t *Tracer) Wants() sim.Kinds {
	if t.kinds == 0 || t.op != nil {
		return 1<<len(eventKinds()) - 1
	}
	return t.kinds
}

// Observe prints an event that passes every filter.
func (t *Tracer) Observe(e *sim.Event) {
	if t.To > 0 && e.Key.At > t.To || t.Key != nil && e.Key.Compare(*t.Key) > 0 {
		t.past = true
		return
	}
	if t.op != nil && !t.about(e) {
		return
	}
	if e.Key.At < t.From || t.kinds != 0 && t.kinds&e.Kind == 0 || t.Key != nil && e.Key != *t.Key {
		return
	}
	if len(t.Hosts) > 0 && !slices.Contains(t.Hosts, e.Host) {
		return
	}
	if n, ok := e.Effect.(*step.Note); ok && len(t.notes) > 0 && !slices.Contains(t.notes, n.Kind) {
		return
	}
	t.lines++
	if t.Last != nil {
		t.Last(e)
	}
	if t.Out != nil && t.err == nil {
		_, t.err = fmt.Fprintln(t.Out, sim.FormatEvent(e))
	}
}

// about tells whether an event names the operation or carries its bytes. An operation's id is nowhere in its own bytes,
// so they are learned from its author's note.
func (t *Tracer) about(e *sim.Event) bool {
	carries := func(b []byte) bool {
		return bytes.Contains(b, t.op) || slices.ContainsFunc(t.carried, func(o []byte) bool { return bytes.Contains(b, o) })
	}
	records := func(rs []step.Record) bool {
		return slices.ContainsFunc(rs, func(r step.Record) bool { return carries(r.Value) })
	}
	switch x := e.Effect.(type) {
	case *step.Note:
		named := bytes.HasPrefix(x.Op[:], t.op)
		if named && x.Kind == step.NoteAuthored && len(x.Data) > 0 {
			t.carried = append(t.carried, slices.Clone(x.Data))
		}
		return named
	case *step.Send:
		return carries(x.Bytes)
	case *step.Commit:
		return records(x.Put)
	case *step.Reply:
		return carries(x.Body)
	}
	if e.Effect != nil {
		return false
	}
	switch x := e.Input.(type) {
	case *step.Packet:
		return carries(x.Bytes)
	case *step.Request:
		return carries(x.Body)
	case *step.Loaded:
		return records(x.Records)
	case *step.Boot:
		return records(x.Disk)
	}
	return false
}

// Sample and Verdict are nothing to an observer.
func (t *Tracer) Sample(time.Duration, sim.View) {}

func (t *Tracer) Verdict(sim.End) sim.Verdict {
	return sim.Verdict{Checker: t.Name(), Checked: t.lines}
}
