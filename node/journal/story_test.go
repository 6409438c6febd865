package journal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// story is one host, named writers, and named operations.
type story struct {
	t       *testing.T
	host    *host
	writers map[string]*writer
	ops     map[string]*op.Operation
	names   map[op.ID]string
	request uint64
}

// TestStories plays the transcripts of testdata/stories. Commands:
//
//	write NAME by=WRITER [after=(NAME,…)] [prev=NAME|none] [kind=KIND] [clock=+N]   sign an operation, and keep it
//	receive NAME… [peer=N]            hand operations to the host
//	forge NAME [copy=body]            hand over a copy with a spoilt signature, or body
//	author NAME                       the host signs an operation of its own
//	flush [strict]                    the host commits what it received
//	answer [quota|aborted]            the disk completes the oldest commit
//	crash                             the host boots anew from its disk
//	damage N                          tear the N-th record of the disk
//	show                              admitted operations, heads, forks, disk, what is missing
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		store := op.NewStore(1 << 20)
		s := &story{t: t, host: newHost(t, store, 100), writers: map[string]*writer{}, ops: map[string]*op.Operation{}, names: map[op.ID]string{}}
		s.name("genesis", s.host.l.Entries[0].Op)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.run(d) })
	})
}

func (s *story) name(name string, o *op.Operation) {
	s.ops[name], s.names[o.ID] = o, name
}

func (s *story) run(d *datadriven.TestData) string {
	var out strings.Builder
	var peer int
	d.MaybeScanArgs(s.t, "peer", &peer)
	h := s.host
	switch d.Cmd {
	case "write":
		s.write(d)
	case "receive":
		for _, a := range d.CmdArgs {
			if o := s.ops[a.Key]; o != nil {
				h.j.Receive(step.Addr(peer), o.Bytes, &h.out)
			}
		}
	case "forge":
		b := bytes.Clone(s.ops[d.CmdArgs[0].Key].Bytes)
		b[len(b)-1] ^= 1
		if d.HasArg("copy") {
			b[len(b)-70] ^= 1
		}
		h.j.Receive(step.Addr(peer), b, &h.out)
	case "author":
		s.request++
		id, err := h.j.Author(h.l.ID, &op.Draft{Kind: op.SendMessage}, s.request, 0, &h.out)
		if err != nil {
			fmt.Fprintln(&out, err)
			break
		}
		o, err := h.store.Open(h.j.disk.flying[len(h.j.disk.flying)-1].own.op.Bytes)
		if err != nil || o.ID != id {
			s.t.Fatal(id, err)
		}
		s.name(d.CmdArgs[0].Key, o)
		fmt.Fprintf(&out, "request %d: seq %d of incarnation %x, after %s\n", s.request, o.Seq, o.Incarnation>>48, s.causes(o))
	case "flush":
		h.j.Flush(d.HasArg("strict"), &h.out)
	case "answer":
		var err step.CommitError
		if d.HasArg("quota") {
			err = step.QuotaExceeded
		} else if d.HasArg("aborted") {
			err = step.Aborted
		}
		saved, failed, strict := h.answer(err)
		for _, x := range saved {
			fmt.Fprintf(&out, "saved %s for request %d\n", s.names[x.Entry.Op.ID], x.Request)
		}
		if len(failed) > 0 {
			fmt.Fprintln(&out, "failed requests", failed)
		}
		if len(strict) > 0 {
			fmt.Fprintln(&out, "strict:", s.list(strict))
		}
	case "crash":
		fmt.Fprint(&out, strings.Join(h.boot(), "\n"), "\n")
	case "damage":
		var n int
		fmt.Sscan(d.CmdArgs[0].Key, &n)
		k := s.keys()[n-1]
		h.disk[k] = h.disk[k][:len(h.disk[k])-9]
	case "show":
		return s.show()
	default:
		d.Fatalf(s.t, "unknown command %s", d.Cmd)
	}
	for _, e := range h.out.List {
		switch e := e.(type) {
		case *step.Note:
			fmt.Fprintf(&out, "note %v", e.Kind)
			if name, ok := s.names[op.ID(e.Op)]; ok {
				fmt.Fprintf(&out, " %s", name)
			}
			if e.Text != "" {
				fmt.Fprintf(&out, ": %s", e.Text)
			}
			fmt.Fprintln(&out)
		case *step.Commit:
			fmt.Fprintf(&out, "commit strict=%v: %s\n", e.Strict, s.records(e.Put))
		}
	}
	h.effects()
	if out.Len() == 0 {
		return "nothing\n"
	}
	return out.String()
}

func (s *story) write(d *datadriven.TestData) {
	var by, after, prev, clock string
	kind := op.SendMessage
	d.ScanArgs(s.t, "by", &by)
	d.MaybeScanArgs(s.t, "prev", &prev)
	d.MaybeScanArgs(s.t, "kind", &kind)
	d.MaybeScanArgs(s.t, "clock", &clock)
	w := s.writers[by]
	if w == nil {
		w = newWriter(s.host.store, uint64(by[0]))
		s.writers[by] = w
	}
	from := w.last
	if prev != "" {
		from = s.ops[prev] // nil for none
	}
	var deps []*op.Operation
	for _, a := range d.CmdArgs {
		if a.Key == "after" {
			for _, after = range a.Vals {
				deps = append(deps, s.ops[after])
			}
		}
	}
	var edit func(*op.Header)
	if clock != "" {
		edit = func(h *op.Header) { h.Clock++ }
	}
	w.last = w.write(kind, from, deps, edit)
	s.name(d.CmdArgs[0].Key, w.last)
}

func (s *story) causes(o *op.Operation) string {
	ids := slices.Clone(o.Deps)
	if o.Seq > 1 {
		ids = append(ids, o.Prev)
	}
	return s.list(ids)
}

// list names operations, in the order of their names.
func (s *story) list(ids []op.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, s.names[id])
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (s *story) records(put []step.Record) string {
	var names []string
	for _, r := range put {
		name := "damaged"
		if o, err := s.host.store.Open(r.Value); err == nil {
			name = s.names[o.ID]
		}
		names = append(names, r.Key[:3]+"…"+r.Key[len(r.Key)-2:]+"="+name)
	}
	return strings.Join(names, " ")
}

func (s *story) keys() (keys []string) {
	for k := range s.host.disk {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *story) show() string {
	var out strings.Builder
	l := s.host.l
	var ids, forked []op.ID
	for _, e := range l.Entries {
		ids = append(ids, e.Op.ID)
		if e.Forked {
			forked = append(forked, e.Op.ID)
		}
	}
	var disk []step.Record
	for _, k := range s.keys() {
		disk = append(disk, step.Record{Key: k, Value: s.host.disk[k]})
	}
	for _, x := range []struct{ what, is string }{{"admitted", s.list(ids)}, {"heads", s.list(l.Heads())}, {"forked", s.list(forked)},
		{"missing", s.list(l.Missing())}, {"disk", s.records(disk)}} {
		if x.is != "" {
			fmt.Fprintf(&out, "%s: %s\n", x.what, x.is)
		}
	}
	return out.String()
}
