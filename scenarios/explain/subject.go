package explain

import (
	"bytes"
	"encoding/hex"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// subject is what a verdict is about.
type subject struct {
	checker, why string
	at           time.Duration
	event        *sim.Key
	hosts        []sim.HostID // as it names them; the first is where it went wrong
	prefixes     []string     // of ids that it names, of whatever kind
	ops          []subjectOp
	asker        sim.HostID // with request
	request      uint64
	watch        sim.HostID // whose links and comparisons of heads are kept
	late         *late      // the request, where the verdict is of a share of them
}

// subjectOp is an operation that the story follows.
type subjectOp struct {
	id    op.ID
	bytes []byte // nil where nobody showed them
	kind  string
	role  string // what it is to the story: empty for what the verdict names
	space op.SpaceID
}

func (s *subject) known() bool { return len(s.ops) > 0 || s.request != 0 || s.event != nil }

// index finds an operation, -1 where it is none of the subject's.
func (s *subject) index(id op.ID) int {
	return slices.IndexFunc(s.ops, func(o subjectOp) bool { return o.id == id })
}

// carried tells which of the operations a packet carries or names. It looks for their bytes, so as not to depend on a
// codec that may be what is wrong.
func (s *subject) carried(b []byte) (list []int) {
	for i := range s.ops {
		if o := &s.ops[i]; len(o.bytes) > 0 && bytes.Contains(b, o.bytes) || bytes.Contains(b, o.id[:]) {
			list = append(list, i)
		}
	}
	return list
}

// held tells which of the operations a record on a disk holds.
func (s *subject) held(b []byte) (list []int) {
	for i := range s.ops {
		if o := &s.ops[i]; len(o.bytes) > 0 && bytes.Contains(b, o.bytes) {
			list = append(list, i)
		}
	}
	return list
}

// compares tells whether a packet between two hosts compares what both hold in the operation's space, or catches up with it,
// and one of them is watched for what never came.
func (s *subject) compares(from, to sim.HostID, b []byte) bool {
	if !s.lacking() && !s.tardy() || from != s.watch && to != s.watch || len(s.ops) == 0 || len(b) < 34 {
		return false
	}
	class := wire.Class(b)
	return class >= wire.ClassPush && class <= wire.ClassSummary && [32]byte(b[2:34]) == s.ops[0].space
}

// lacking tells whether the verdict is that something never came.
func (s *subject) lacking() bool {
	return strings.Contains(s.why, " lacks ") || strings.Contains(s.why, "never reached") || strings.Contains(s.why, "is missing at the end")
}

// tardy tells whether the verdict is that something came too late.
func (s *subject) tardy() bool { return reached.MatchString(s.why) && dueBy.MatchString(s.why) }

// whole tells whether a packet's bytes hold an operation, rather than its name.
func (m *mark) whole() bool { return m.class == "push" || m.class == "unknown" }

var (
	hostsNamed   = regexp.MustCompile(`\bhosts? (\d+)(?: and (\d+))?\b`)
	reached      = regexp.MustCompile(`reached host (\d+)`)
	idNamed      = regexp.MustCompile(`\b[0-9a-f]{12}\b`)
	dueBy        = regexp.MustCompile(`it was due by (\S+)`)
	requestNamed = regexp.MustCompile(`\brequest (\d+) \(`)
)

// read takes a verdict apart. Checkers speak in sentences; hosts, ids and requests in them have one form each.
func read(v *results.Verdict) *subject {
	s := &subject{checker: v.Checker, why: v.Why, at: time.Duration(v.At)}
	if v.Event != "" {
		if k, err := sim.ParseKey(v.Event[:strings.LastIndexByte(v.Event, '.')]); err == nil {
			s.event = &k
		}
	}
	add := func(text string) {
		if n, err := strconv.ParseUint(text, 10, 32); err == nil && n > 0 && !slices.Contains(s.hosts, sim.HostID(n)) {
			s.hosts = append(s.hosts, sim.HostID(n))
		}
	}
	if m := reached.FindStringSubmatch(v.Why); m != nil {
		add(m[1])
	}
	for _, m := range hostsNamed.FindAllStringSubmatch(v.Why, -1) {
		add(m[1])
		add(m[2])
	}
	s.prefixes = idNamed.FindAllString(v.Why, -1)
	if m := requestNamed.FindStringSubmatch(v.Why); m != nil && len(s.hosts) > 0 {
		s.request, _ = strconv.ParseUint(m[1], 10, 64)
		s.asker = s.hosts[0]
	}
	return s
}

// maxOps is how many operations a story follows.
const maxOps = 5

// resolve finds the operations that a verdict names, and the request behind them.
func (s *subject) resolve(t *trace, view sim.View) {
	if s.late != nil {
		s.follow(s.late.op, "", t, view)
		return
	}
	for _, p := range s.prefixes {
		raw, _ := hex.DecodeString(p)
		for _, a := range t.applied {
			if bytes.HasPrefix(a.id[:], raw) {
				s.follow(a.id, "", t, view)
				break
			}
		}
		for _, id := range t.order {
			if bytes.HasPrefix(id[:], raw) {
				s.follow(id, "", t, view)
			}
		}
	}
	if s.request != 0 {
		for _, id := range t.order {
			if w := t.written[id]; w.host == s.asker && w.request == s.request {
				s.follow(id, "", t, view)
			}
		}
	}
	for i := 0; i < len(s.ops); i++ { // what a result of computing is about
		o := s.ops[i]
		opened, err := op.NewStore(1 << 20).Open(o.bytes)
		if err != nil {
			continue
		}
		s.ops[i].kind = opened.Kind
		if a, ok := op.AcceptanceOf(opened.Args); ok && opened.Kind == op.ComputeAccept {
			s.follow(a.Task, "task", t, view)
			for _, r := range a.Results {
				s.follow(r, "result", t, view)
			}
		}
	}
	if len(s.ops) > 0 && s.request == 0 {
		if w, ok := t.written[s.ops[0].id]; ok && w.request != 0 {
			s.asker, s.request = w.host, w.request
		}
	}
}

// follow adds an operation to the story.
func (s *subject) follow(id op.ID, role string, t *trace, view sim.View) {
	if len(s.ops) == maxOps || s.index(id) >= 0 {
		return
	}
	o := subjectOp{id: id, bytes: t.written[id].bytes, role: role}
	for h := sim.HostID(1); o.bytes == nil && view != nil && int(h) <= view.Hosts(); h++ { // a liar's: whoever holds it has its bytes
		if b := view.Inspect(h, "op "+id.String()); len(b) > 1 {
			o.bytes = bytes.Clone(b[1:])
		}
	}
	if opened, err := op.NewStore(1 << 20).Open(o.bytes); err == nil {
		o.kind, o.space = opened.Kind, opened.Space
	}
	s.ops = append(s.ops, o)
}

// doing is what a request asks for.
func doing(body []byte) string {
	var m struct {
		Do string `cbor:"do"`
	}
	_ = cbor.Unmarshal(body, &m) // a person's request is always a map; of another there is nothing to tell
	return m.Do
}

// shortID is the beginning of an id, as checkers write it.
func shortID(id op.ID) string { return id.String()[:12] }

func kindBit(k sim.Kinds) uint8 { return uint8(bits.TrailingZeros64(uint64(k))) }
