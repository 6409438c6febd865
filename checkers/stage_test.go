package checkers

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// This file is a small theatre: it writes operations with generic CBOR, plays event streams of hosts that do everything
// right, and answers as such hosts would. Tests plant one fault each.

// seeded makes a key from a name.
func seeded(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) key { return key(k.Public().(ed25519.PublicKey)) }

// written is an operation with what the next ones need of it.
type written struct {
	id    key
	bytes []byte
	clock uint64
}

// pen writes the chain of one device.
type pen struct {
	identity, device ed25519.PrivateKey
	incarnation, seq uint64
	prev             *written
	spoil            func(h map[int]any)                   // changes the next header before it is signed
	forge            func(header, body, signature *[]byte) // changes the next parts after that
	schema           uint64
}

func newPen(name string) *pen {
	return &pen{identity: seeded(name), device: seeded(name + "'s device"), incarnation: 7, schema: 1}
}

func (p *pen) who() key { return public(p.identity) }

// write signs the next operation of the chain.
func (p *pen) write(space key, kind string, args any, mutations []any, deps ...*written) *written {
	b := map[int]any{0: kind}
	if args != nil {
		b[2] = args
	}
	if len(mutations) > 0 {
		b[1] = mutations
	}
	body := encode(b)
	hash := sha256.Sum256(body)
	device := public(p.device)
	p.seq++
	clock := uint64(0)
	h := map[int]any{0: 1, 1: space[:], 2: device[:], 3: p.incarnation, 4: p.seq, 8: p.schema, 9: 1234, 10: hash[:]}
	if p.prev != nil {
		h[5], clock = p.prev.id[:], p.prev.clock
	} else {
		who := p.who()
		h[11], h[12] = who[:], ed25519.Sign(p.identity, append([]byte("lgos-device-1"), device[:]...))
	}
	var ids [][]byte
	for _, d := range deps {
		if d != p.prev {
			ids = append(ids, d.id[:])
			clock = max(clock, d.clock)
		}
	}
	if slices.SortFunc(ids, bytes.Compare); len(ids) > 0 {
		h[6] = ids
	}
	h[7] = clock + 1
	if p.spoil != nil {
		p.spoil(h)
		p.spoil = nil
	}
	header := encode(h)
	signature := ed25519.Sign(p.device, append([]byte("lgos-op-1"), header...))
	if p.forge != nil {
		p.forge(&header, &body, &signature)
		p.forge = nil
	}
	w := &written{sha256.Sum256(header), encode([]any{header, body, signature}), clock + 1}
	p.prev = w
	return w
}

// found writes a genesis. The pen's chain goes on from it.
func (p *pen) found(name string, roles map[*pen]int) (key, *written) {
	var people [][2]any
	for q, role := range roles {
		who := q.who()
		people = append(people, [2]any{who[:], role})
	}
	slices.SortFunc(people, func(a, b [2]any) int { return bytes.Compare(a[0].([]byte), b[0].([]byte)) })
	args := map[int]any{0: name, 1: make([]byte, 16), 2: people}
	space := sha256.Sum256(append([]byte("lgos-space-1"), encode(args)...))
	return space, p.write(space, "space.create", args, nil)
}

// grant and revoke are arguments.
func grant(role int, who ...*pen) map[int]any { return map[int]any{0: names(who), 1: role} }
func revoke(who ...*pen) map[int]any          { return map[int]any{0: names(who)} }

func names(who []*pen) [][]byte {
	var ids [][]byte
	for _, p := range who {
		k := p.who()
		ids = append(ids, k[:])
	}
	slices.SortFunc(ids, bytes.Compare)
	return ids
}

// peer is what one host would answer.
type peer struct {
	down   bool
	liar   bool
	ids    map[key]bool
	disk   []step.Record
	blamed []byte
	twist  map[string]func([]byte) []byte // by query name: changes an honest answer
}

// stage plays a run.
type stage struct {
	t        *testing.T
	truth    *Truth
	space    key
	genesis  *written
	plaza    []byte // the channel of messages that stand in one
	now      time.Duration
	n        uint32
	last     sim.Event
	peers    []*peer // host h is peers[h-1]
	pens     []*pen  // beside each host
	bytes    map[key][]byte
	oracle   *book // derives the answers of hosts that do right; its own, never the judges'
	judges   []sim.Checker
	requests uint64
	by       map[key]uint64 // the request of an operation
	commits  uint64
	heads    []*written // of the space, as every author knows them
	skip     func(h sim.HostID, w *written) bool
	late     time.Duration
	slow     time.Duration // before a reply
	receipts int           // how many hosts give one
	workers  int           // of tasks, if not 3
	extend   int           // workers of an extension, if there is one
	accepted []byte        // if not the output of the results
	asker    sim.HostID    // waits for the next operation, and answers it at once
	takers   []sim.HostID  // begin the next operation, which is a task, in the step in which it comes
	mute     bool          // whoever accepts an answer does not show it
	allows   int           // jobs at once, in a consent; 0 is no bound
}

// newStage seats five honest hosts (owner, admin, two members, a guest) and a liar who is a member.
func newStage(t *testing.T, change func(*Truth)) *stage {
	s := &stage{t: t, bytes: map[key][]byte{}, by: map[key]uint64{}, receipts: 2}
	for _, name := range [...]string{"olga", "adam", "mia", "max", "gus", "lara"} {
		s.pens = append(s.pens, newPen(name))
		s.peers = append(s.peers, &peer{ids: map[key]bool{}, twist: map[string]func([]byte) []byte{}})
	}
	s.peers[5].liar = true
	p := s.pens
	s.space, s.genesis = p[0].found("a village", map[*pen]int{p[0]: owner, p[1]: admin, p[2]: member, p[3]: member, p[4]: guest, p[5]: member})
	s.heads = []*written{s.genesis}
	s.truth = &Truth{
		Spaces: []Space{{s.space, s.genesis.bytes}}, Receipts: 2, Calm: 20 * time.Second,
		Net: NetFigures{Latency: 100 * time.Millisecond, Loss: 0.01, RTO: 300 * time.Millisecond, DialMax: time.Second},
		Node: NodeFigures{
			GossipPeriod: time.Second, GossipTurns: 2, BackoffMax: time.Second, BatchFlush: 50 * time.Millisecond, Diameter: 3,
			DiskStrict: 20 * time.Millisecond, StepCPU: time.Millisecond, Jobs: 2,
			Patience: 6 * time.Second,
		},
		Reference: func(kernel string, input []byte) ([]byte, error) { return append([]byte(kernel+":"), input...), nil },
	}
	for i, k := range p {
		h := Host{Honest: i != 5, Identity: k.who(), Spaces: [][32]byte{s.space}, Protocol: 2, Schema: 2}
		if i == 5 {
			h.Liar = "equivocator"
		}
		if i == 3 {
			h.Protocol, h.Schema = 1, 1
		}
		s.truth.Hosts = append(s.truth.Hosts, h)
	}
	if change != nil {
		change(s.truth)
	}
	s.oracle = newBook(s.truth)
	s.judges = All(s.truth)
	s.bytes[s.genesis.id] = s.genesis.bytes
	for h := range s.peers {
		s.boot(sim.HostID(h + 1))
		s.hold(sim.HostID(h+1), s.genesis)
	}
	s.now = time.Second
	return s
}

// event shows one event to all judges that want it.
func (s *stage) event(h sim.HostID, kind sim.Kinds, in step.Input, out step.Effect) {
	if in != nil || h != s.last.Host || s.now != s.last.Key.At { // else it is one more effect of the same step
		s.n++
		s.last = sim.Event{Key: sim.Key{At: s.now, Src: h, N: s.n}, Index: -1, Host: h, Life: 1}
	}
	if s.last.Kind, s.last.Input, s.last.Effect = kind, in, out; out != nil {
		s.last.Index++
	}
	e := &s.last
	for _, j := range s.judges {
		if j.Wants()&kind != 0 {
			j.Observe(e)
		}
	}
}

func (s *stage) note(h sim.HostID, n step.Note) { s.event(h, sim.OnNote, nil, &n) }

func (s *stage) boot(h sim.HostID) {
	s.event(h, sim.OnBoot, &step.Boot{Disk: s.peers[h-1].disk}, nil)
}

// commit writes operations to a disk and completes the transaction.
func (s *stage) commit(h sim.HostID, strict bool, ops ...*written) { s.issue(h, strict, ops...)() }

// issue hands operations to a disk; what it gives completes the transaction.
func (s *stage) issue(h sim.HostID, strict bool, ops ...*written) (complete func()) {
	s.commits++
	id := s.commits
	p := s.peers[h-1]
	var put []step.Record
	for _, w := range ops {
		put = append(put, step.Record{Key: "op/" + hex.EncodeToString(w.id[:4]), Value: append([]byte{1, 2, 3, 4}, w.bytes...)})
	}
	s.event(h, sim.OnCommit, nil, &step.Commit{ID: id, Strict: strict, Put: put})
	return func() {
		p.disk = append(p.disk, put...)
		s.event(h, sim.OnCommitted, &step.Committed{ID: id, Strict: strict}, nil)
	}
}

// hold puts an operation in a host's journal.
func (s *stage) hold(h sim.HostID, w *written) { s.peers[h-1].ids[w.id] = true }

// apply delivers an operation to a host.
func (s *stage) apply(h sim.HostID, w *written) {
	s.hold(h, w)
	s.note(h, step.Note{Kind: step.NoteApplied, Op: w.id})
}

// ask plays a request and gives its number.
func (s *stage) ask(h sim.HostID, body map[string]any) uint64 {
	s.requests++
	body["space"] = s.space[:]
	s.event(h, sim.OnRequest, &step.Request{ID: s.requests, Body: encode(body)}, nil)
	return s.requests
}

func (s *stage) reply(h sim.HostID, request uint64, status step.Status, body map[string]any) {
	s.event(h, sim.OnReply, nil, &step.Reply{Request: request, Status: status, Body: encode(body)})
}

// say plays an honest operation from the request to durability, with its delivery to every host.
func (s *stage) say(h sim.HostID, do, kind string, args any, mutations ...any) *written {
	body := map[string]any{"do": do, "on": true}
	if s.allows > 0 {
		body["max"] = s.allows
	}
	request := s.ask(h, body)
	w := s.pens[h-1].write(s.space, kind, args, mutations, s.heads...)
	s.by[w.id] = request
	return s.publish(h, request, w)
}

func (s *stage) publish(h sim.HostID, request uint64, w *written) *written {
	s.sign(h, request, w)
	return s.spread(h, request, w)
}

func (s *stage) sign(h sim.HostID, request uint64, w *written) {
	s.heads = []*written{w}
	s.bytes[w.id] = w.bytes
	s.note(h, step.Note{Kind: step.NoteAuthored, Op: w.id, N: int64(request), Data: w.bytes})
}

// spread plays what follows once an operation is signed.
func (s *stage) spread(h sim.HostID, request uint64, w *written) *written {
	complete := s.issue(h, true, w)
	s.now += 20 * time.Millisecond
	complete()
	s.now += s.slow
	s.note(h, step.Note{Kind: step.NoteSaved, Op: w.id})
	if request != 0 {
		s.reply(h, request, step.Accepted, map[string]any{"op": w.id[:]})
	}
	s.apply(h, w)
	s.now += s.late
	var receipters []byte
	for i := range s.peers {
		to := (s.asker+sim.HostID(i))%sim.HostID(len(s.peers)) + 1 // the asker comes last
		if to == h || s.skip != nil && s.skip(to, w) {
			continue
		}
		s.now += 30 * time.Millisecond
		s.apply(to, w)
		if slices.Contains(s.takers, to) {
			s.note(to, step.Note{Kind: step.NoteTaken, Op: w.id})
		}
		wants := len(receipters)/4 < s.receipts && !s.peers[to-1].liar
		s.commit(to, wants, w)
		if wants {
			s.note(to, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: sim.AddrOf(h)})
			receipters = binary.BigEndian.AppendUint32(receipters, uint32(to))
		}
	}
	if len(receipters) >= 8 {
		s.note(h, step.Note{Kind: step.NoteDurable, Op: w.id, Data: receipters})
		if request != 0 {
			s.reply(h, request, step.Durable, map[string]any{"op": w.id[:]})
		}
	}
	if s.asker == 0 {
		s.now += 50 * time.Millisecond
	}
	return w
}

// channel and message are ordinary content.
func (s *stage) channel(h sim.HostID) *written {
	return s.say(h, "create_channel", "create_channel", nil, []any{0, "Channel"}, []any{3, 0, "name", "plaza"})
}

func (s *stage) message(h sim.HostID, text string) *written {
	return s.say(h, "send_message", "send_message", nil, []any{0, "Message"}, []any{3, 0, "text", text})
}

// sample lets all judges look.
func (s *stage) sample() {
	for _, j := range s.judges {
		j.Sample(s.now, s)
	}
}

// finish ends the run after the settle time and gives all verdicts by name.
func (s *stage) finish() map[string]sim.Verdict {
	s.now = max(s.now, s.truth.Calm) + 2*s.truth.Settle()
	verdicts := map[string]sim.Verdict{}
	for _, j := range s.judges {
		verdicts[j.Name()] = j.Verdict(sim.End{At: s.now, View: s})
	}
	return verdicts
}

// The stage is the sim.View of its peers.
func (s *stage) Hosts() int                      { return len(s.peers) }
func (s *stage) Up(h sim.HostID) bool            { return !s.peers[h-1].down }
func (s *stage) Life(sim.HostID) uint32          { return 1 }
func (s *stage) Liar(h sim.HostID) bool          { return s.peers[h-1].liar }
func (s *stage) Disk(h sim.HostID) []step.Record { return s.peers[h-1].disk }
func (s *stage) Inspect(h sim.HostID, q string) []byte {
	name, arg, _ := strings.Cut(q, " ")
	p := s.peers[h-1]
	if p.down {
		return nil
	}
	a := s.honest(h, name, arg)
	if f := p.twist[name]; f != nil && a != nil {
		a = f(bytes.Clone(a))
	}
	if a == nil {
		return nil
	}
	return append([]byte{1}, a...)
}

// honest is the answer of a host that does right.
func (s *stage) honest(h sim.HostID, name, arg string) []byte {
	raw, _ := hex.DecodeString(arg)
	p := s.peers[h-1]
	switch name {
	case step.InspectOp:
		return s.bytes[array(raw)]
	case step.InspectBlamed:
		blamed := map[key]bool{}
		for i := 0; i+32 <= len(p.blamed); i += 32 {
			blamed[key(p.blamed[i:])] = true
		}
		for _, f := range s.oracle.spaces[0].forks(s.set(h).members) {
			blamed[f.chain.device] = true
		}
		b := []byte{}
		for _, d := range sortedKeys(blamed) {
			b = append(b, d[:]...)
		}
		return b
	}
	if array(raw) != s.space {
		return nil
	}
	k := s.set(h)
	switch name {
	case step.InspectOps:
		return k.ids
	case step.InspectHeads:
		return k.frontier()
	case step.InspectVoid:
		return k.voids()
	case step.InspectRights:
		return k.ruling.rights()
	case step.InspectState, step.InspectIndex:
		st := k.stateOf(s.truth.host(h).Schema, k.voids())
		if err := k.fold(st); err != nil {
			s.t.Fatal(err)
		}
		if name == step.InspectIndex {
			return newConvergence(s.oracle).scenery(k, st.want).index
		}
		return st.want
	}
	return nil
}

// set is a host's set as the oracle knows it.
func (s *stage) set(h sim.HostID) *set {
	ids := []byte{}
	for _, id := range sortedKeys(s.peers[h-1].ids) {
		if s.oracle.ops[id] == nil {
			s.oracle.learn(s.bytes[id])
		}
		ids = append(ids, id[:]...)
	}
	k := &set{space: s.oracle.spaces[0], ids: ids}
	s.oracle.fill(s, h, k)
	return k
}

// ticket is a host's place in a task's lottery.
func (s *stage) ticket(task *written, h sim.HostID) []byte {
	d := public(s.pens[h-1].device)
	sum := sha256.Sum256(slices.Concat([]byte("lgos-lottery-1"), task.id[:], d[:]))
	return sum[:]
}
