package checkers

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// planted is one fault in an honest day: who must find it, and in which words.
type planted struct {
	name, judge, words string
	truth              func(*Truth)
	play               func(*stage)
}

// everyone delivers an operation to all hosts without a word from its author.
func (s *stage) everyone(w *written) {
	s.bytes[w.id] = w.bytes
	for i := range s.peers {
		s.apply(sim.HostID(i+1), w)
	}
	s.heads = []*written{w}
}

// lie is an operation of the liar, on top of what is known.
func (s *stage) lie(kind string, args any, mutations ...any) *written {
	return s.pens[5].write(s.space, kind, args, mutations, s.heads...)
}

// document plays a note with a text in it, and gives its element and the first edit.
func (s *stage) document() (element []byte, first *written) {
	note := s.say(3, "graph_create", "graph.edit", nil, []any{0, "note"})
	element = append(note.id[:], 0)
	return element, s.say(3, "edit_text", "text.edit", nil, []any{7, element, "body", []any{[]any{0, nil, nil, "one "}}})
}

// insertion puts a word before the first character of an edit.
func insertion(element []byte, before *written) []any {
	return []any{7, element, "body", []any{[]any{0, nil, []any{before.id[:], 0}, "two "}}}
}

func flip(b []byte) []byte { b[len(b)-1] ^= 1; return b }

func plants() []planted {
	node := []any{0, "Message"}
	return []planted{
		// convergence
		{"a state that the operations do not mean", "convergence", "shows another state of space", nil, func(s *stage) {
			s.peers[1].twist[step.InspectState] = flip
		}},
		{"an operation that names what came from nowhere", "convergence", "which is not in its causal past", nil, func(s *stage) {
			s.say(3, "graph_set", "graph.edit", nil, []any{3, append(bytes.Repeat([]byte{7}, 32), 0), "title", "x"})
		}},
		{"an operation that names a concurrent one", "convergence", "which is not in its causal past", nil, func(s *stage) {
			before := s.heads
			doc := s.say(3, "graph_create", "graph.edit", nil, []any{0, "note"})
			s.heads = before
			s.say(4, "graph_set", "graph.edit", nil, []any{3, append(doc.id[:], 0), "title", "x"})
		}},
		{"an edit of a version that names a character beside it", "convergence", "not in the version that it edits", nil, func(s *stage) {
			doc, first := s.document()
			second := s.say(3, "edit_text", "text.edit", nil, insertion(doc, first))
			request := s.ask(4, map[string]any{"do": "edit_text", "version": [][]byte{first.id[:]}})
			s.publish(4, request, s.pens[3].write(s.space, "text.edit", nil, []any{insertion(doc, second)}, second))
		}},
		{"all hosts wrong alike", "convergence", "shows another state of space", nil, func(s *stage) {
			for _, p := range s.peers {
				p.twist[step.InspectState] = flip
			}
		}},
		{"an old kernel that shows what it cannot know", "convergence", "shows another state of space", nil, func(s *stage) {
			s.pens[2].schema = 2
			s.say(3, "add_reaction", "add_reaction", nil, []any{0, "Reaction"})
			newer := s.honest(1, step.InspectState, hexOf(s.space))
			s.peers[3].twist[step.InspectState] = func([]byte) []byte { return newer }
		}},
		{"equal sets, different void", "convergence", "differ in what is void", nil, func(s *stage) {
			id := s.message(3, "void at one host only").id
			s.peers[1].twist[step.InspectVoid] = func([]byte) []byte { return id[:] }
		}},
		{"heads that are not the frontier", "convergence", "heads of space", nil, func(s *stage) {
			s.peers[0].twist[step.InspectHeads] = func(b []byte) []byte { return append(b, s.genesis.id[:]...) }
		}},
		{"a host that never gets an operation", "convergence", "at the end host 2 lacks 1 of", nil, func(s *stage) {
			s.skip = func(h sim.HostID, _ *written) bool { return h == 2 }
			s.message(3, "not for you")
		}},
		{"a host that does not answer", "convergence", "host 2 does not answer", nil, func(s *stage) {
			s.peers[1].twist[step.InspectOps] = func([]byte) []byte { return nil }
		}},
		{"an acknowledged operation that nobody has", "convergence", "acknowledged by host 3", nil, func(s *stage) {
			s.forget(s.message(3, "gone"), 1, 2, 3, 4, 5, 6)
		}},
		{"an operation without an honest author", "convergence", "no honest host signed it", nil, func(s *stage) {
			p := *s.pens[2]
			p.device, p.prev, p.seq = seeded("stolen"), nil, 0
			s.everyone(p.write(s.space, "send_message", nil, []any{node}, s.heads...))
		}},
		{"an operation whose author does not know its kind", "convergence", "host 4 signed it, whose kernel does not know add_reaction", nil, func(s *stage) {
			s.pens[3].schema = 2
			s.say(4, "add_reaction", "add_reaction", nil, []any{0, "Reaction"})
		}},
		{"an operation that nobody asked for", "convergence", "was not asked for it (request 999)", nil, func(s *stage) {
			s.publish(3, 999, s.pens[2].write(s.space, "send_message", nil, []any{node}, s.heads...))
		}},
		{"a signature that does not verify", "convergence", "signature: the device did not sign it", nil, func(s *stage) {
			s.pens[5].forge = func(_, _, sig *[]byte) { (*sig)[3] ^= 1 }
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a certificate that does not verify", "convergence", "signature: the identity did not certify", nil, func(s *stage) {
			s.pens[5].spoil = func(h map[int]any) { h[12] = make([]byte, 64) }
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a body that does not match its hash", "convergence", "malformed: the body does not match", nil, func(s *stage) {
			s.pens[5].forge = func(_, body, _ *[]byte) { *body = encode(map[int]any{0: "delete_message"}) }
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a header that is not canonical", "convergence", "malformed: not canonical", nil, func(s *stage) {
			s.pens[5].forge = func(h, _, sig *[]byte) {
				*h = append([]byte{0xb8, (*h)[0] & 31}, (*h)[1:]...)
				*sig = ed25519.Sign(s.pens[5].device, append([]byte("lgos-op-1"), *h...))
			}
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"an admitted operation that its device did not sign", "policy", "(send_message by an unknown device), which the rules refuse: signature", nil, func(s *stage) {
			s.pens[5].forge = func(_, _, sig *[]byte) { (*sig)[3] ^= 1 }
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a set without a cause", "convergence", "gap: its cause", nil, func(s *stage) {
			w := s.message(3, "a cause")
			s.message(4, "an effect")
			delete(s.peers[1].ids, w.id)
		}},
		{"an id without bytes", "convergence", "missing: the host does not show bytes", nil, func(s *stage) {
			s.peers[1].ids[key{9}] = true
		}},
		{"a text that all hosts read alike and nobody wrote", "convergence", "should have 5 and read otherwise from character 3 on", nil, func(s *stage) {
			s.dictate("hello", "help!")
		}},
		{"unknown kinds kept with other bytes", "convergence", "which does not know add_reaction, keeps other bytes", nil, func(s *stage) {
			s.pens[2].schema = 2
			s.say(3, "add_reaction", "add_reaction", nil, []any{0, "Reaction"})
			s.peers[3].twist[step.InspectOp] = flip
		}},
		{"a stranger's operation", "convergence", "is nobody's", nil, func(s *stage) {
			s.everyone(newPen("nobody").write(s.space, "send_message", nil, []any{node}, s.heads...))
		}},

		// policy
		{"a guest's message", "policy", "its author is guest in its past", nil, func(s *stage) {
			s.message(5, "I may not")
		}},
		{"a stranger's message", "policy", "its author is a stranger in its past", nil, func(s *stage) {
			s.everyone(newPen("nobody").write(s.space, "send_message", nil, []any{node}, s.heads...))
		}},
		{"a member's grant", "policy", "its author is member in its past and changes rights", nil, func(s *stage) {
			s.everyone(s.lie("rights.grant", grant(admin, s.pens[5])))
		}},
		{"an admin who makes admins", "policy", "its author is admin in its past and reaches for", nil, func(s *stage) {
			s.say(2, "grant", "rights.grant", grant(admin, s.pens[2]))
		}},
		{"an owner who makes owners", "policy", "its author is owner in its past and reaches for", nil, func(s *stage) {
			s.say(1, "grant", "rights.grant", grant(owner, s.pens[2]))
		}},
		{"an admin who revokes the owner", "policy", "reaches for", nil, func(s *stage) {
			s.say(2, "revoke", "rights.revoke", revoke(s.pens[0]))
		}},
		{"a revoked member's message", "policy", "its author is a stranger in its past", nil, func(s *stage) {
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[5]))
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"an unknown kind of right", "policy", "unknown kind of right", nil, func(s *stage) {
			s.everyone(s.lie("rights.delegate", nil))
		}},
		{"a clock that runs ahead", "policy", "clock: its clock is", nil, func(s *stage) {
			s.pens[5].spoil = func(h map[int]any) { h[7] = 99 }
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a chain with a hole", "policy", "chain: prev is of another chain, or seq does not follow it", nil, func(s *stage) {
			s.everyone(s.lie("send_message", nil, node))
			s.pens[5].seq++
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"an operation from nowhere", "policy", "space: it is not the genesis and names no cause", nil, func(s *stage) {
			s.everyone(s.pens[5].write(s.space, "send_message", nil, []any{node}))
		}},
		{"an effect of what may not be", "policy", "cause: a cause of it may not be admitted", nil, func(s *stage) {
			w := s.lie("rights.grant", grant(admin, s.pens[5]))
			s.note(6, step.Note{Kind: step.NoteAuthored, Op: w.id, Data: w.bytes})
			s.everyone(s.lie("send_message", nil, node))
		}},
		{"a refusal for no reason", "policy", "for rights, and the rules admit it", nil, func(s *stage) {
			s.note(2, step.Note{Kind: step.NoteRefused, Op: s.message(3, "fine").id, Text: step.RefuseRights})
		}},
		{"a member denied", "policy", "each of the 1 sets of rights operations that the host can have held", nil, func(s *stage) {
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
		}},
		{"a member denied because her host signs what is malformed", "policy", "that it refuses itself: malformed: header", nil, func(s *stage) {
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "malformed: header: none or too many deps"})
		}},
		{"a member denied before a crash", "policy", "a member of the space from the beginning", nil, func(s *stage) {
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
			s.event(3, sim.OnCrash, nil, nil)
			s.boot(3)
		}},
		{"a member denied who was revoked once, and given the right again", "policy", "each of the 1 sets", nil, func(s *stage) {
			s.say(2, "revoke", "rights.revoke", revoke(s.pens[2]))
			s.say(2, "grant", "rights.grant", grant(member, s.pens[2]))
			s.sample()
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
		}},
		{"an edit of an early version by one whose right was taken since", "policy", "who has no right to it by any of the 1 sets", nil, func(s *stage) {
			doc, first := s.document()
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[3]))
			s.sample()
			request := s.ask(4, map[string]any{"do": "edit_text", "version": [][]byte{first.id[:]}})
			s.publish(4, request, s.pens[3].write(s.space, "text.edit", nil, []any{insertion(doc, first)}, first))
		}},
		{"a guest denied between two grants that each made him a member", "policy", "each of the 2 sets", nil, func(s *stage) {
			s.say(2, "grant", "rights.grant", grant(member, s.pens[4]))
			s.sample()
			s.reply(5, s.ask(5, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
			s.say(1, "grant", "rights.grant", grant(member, s.pens[4]))
		}},
		{"an admin denied a grant that rests on a role given back", "policy", "each of the 1 sets", nil, func(s *stage) {
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[1]))
			s.say(1, "grant", "rights.grant", grant(admin, s.pens[1]))
			s.sample()
			who := s.pens[4].who()
			request := s.ask(2, map[string]any{"do": "grant", "who": [][]byte{who[:]}, "role": member})
			s.reply(2, request, step.Denied, map[string]any{"why": "rights: no"})
		}},
		{"roles that nobody gave", "policy", "by its operations the role is member", nil, func(s *stage) {
			who := s.pens[2].who()
			s.peers[1].twist[step.InspectRights] = func(b []byte) []byte {
				i := strings.Index(string(b), string(who[:]))
				b[i+32] = admin
				return b
			}
		}},
		{"an effect that a revoke forbids", "policy", "take effect, which is void", nil, func(s *stage) {
			before := s.heads
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[5]))
			late := s.pens[5].write(s.space, "send_message", nil, []any{node}, before...)
			s.everyone(late)
			s.peers[1].twist[step.InspectVoid] = func([]byte) []byte { return []byte{} }
		}},
		{"a void that nothing asks for", "policy", "which takes effect by its", nil, func(s *stage) {
			id := s.message(3, "fine").id
			for _, p := range s.peers {
				p.twist[step.InspectVoid] = func([]byte) []byte { return id[:] }
			}
		}},
		{"an honest device that is blamed", "policy", "of the honest identity", nil, func(s *stage) {
			d := public(s.pens[2].device)
			s.message(3, "I am no liar")
			s.note(2, step.Note{Kind: step.NoteBlamed, Data: d[:]})
		}},
		{"an honest device in the list of the blamed", "policy", "of the honest identity", nil, func(s *stage) {
			d := public(s.pens[2].device)
			s.message(3, "I am no liar")
			s.peers[1].blamed = d[:]
		}},
		{"a device blamed that did nothing", "policy", "of which nothing is known", nil, func(s *stage) {
			s.peers[1].blamed = make([]byte, 32)
		}},
		{"a liar blamed without a fork", "policy", "shows no fork", nil, func(s *stage) {
			d := public(s.pens[5].device)
			s.everyone(s.lie("send_message", nil, node))
			s.peers[1].blamed = d[:]
		}},
		{"a fork that nobody sees", "policy", "and does not blame it", nil, func(s *stage) {
			s.fork()
			s.peers[1].twist[step.InspectBlamed] = func([]byte) []byte { return []byte{} }
		}},

		// compute
		{"a wrong result accepted", "compute", "the accepted output of sum is wrong", nil, func(s *stage) {
			s.work(3, 2, []byte("42"), 1, 2)
		}},
		{"too few results", "compute", "rests on 1 results", nil, func(s *stage) {
			s.work(3, 2, []byte("sum:input"), 1)
		}},
		{"a worker who was not drawn", "compute", "was not drawn", nil, func(s *stage) {
			s.workers = 1
			s.work(3, 1, []byte("sum:input"), s.loser())
		}},
		{"a worker who answers again after a crash", "compute", "its device gave", nil, func(s *stage) {
			s.answersAgain(1, func(h sim.HostID) {
				s.event(h, sim.OnCrash, nil, nil)
				s.boot(h)
			})
		}},
		{"a worker who counts twice, having lost his disk", "compute", "counts twice", nil, func(s *stage) {
			s.answersAgain(2, s.lose)
		}},
		{"a result that says something else", "compute", "gives another output", nil, func(s *stage) {
			s.accepted = []byte("sum:other")
			s.work(3, 2, []byte("sum:input"), 1, 2)
		}},
		{"an acceptance by another", "compute", "it is not the requester's", nil, func(s *stage) {
			task, results := s.offered(3, 2, []byte("sum:input"), 1, 2)
			s.accept(4, task, []byte("sum:input"), results...)
		}},
		{"an acceptance of something that is no task", "compute", "names no task", nil, func(s *stage) {
			s.accept(3, s.message(4, "not a task"), []byte("x"))
		}},
		{"a quorum that nobody accepts", "compute", "2 workers that were drawn for it gave one output", nil, func(s *stage) {
			s.offered(3, 2, []byte("sum:input"), 1, 2)
		}},
		{"a worker who was drawn and idles", "compute", "its user allows it, nothing runs there, and it gave no result", nil, func(s *stage) {
			s.offered(3, 2, []byte("sum:input"), 1)
		}},
		{"a requester who asks nobody else", "compute", "2 devices that offered before it were never asked", nil, func(s *stage) {
			s.workers = 1
			task, _ := s.offered(3, 1, nil)
			s.peers[s.drawn(task)-1].down = true
		}},
		{"a quorum that is overlooked for a while", "compute", "and was accepted 6s later", nil, func(s *stage) {
			task, results := s.offered(3, 2, []byte("sum:input"), 1, 2)
			s.now += 6 * time.Second
			s.accept(3, task, []byte("sum:input"), results...)
		}},
		{"an answer that is not shown", "compute", "was not shown the output that was accepted", nil, func(s *stage) {
			s.mute = true
			s.work(3, 2, []byte("sum:input"), 1, 2)
		}},
		{"a kernel that does not exist", "compute", "there is no such kernel", func(t *Truth) { t.Reference = nil }, func(s *stage) {
			s.work(3, 2, []byte("sum:input"), 1, 2)
		}},
		{"an input that the kernel refuses", "compute", "has no result on this input", func(t *Truth) {
			t.Reference = func(string, []byte) ([]byte, error) { return nil, errors.New("too short") }
		}, func(s *stage) {
			s.work(3, 2, []byte("sum:input"), 1, 2)
		}},
		{"a task run without consent", "compute", "its user never allowed it", nil, func(s *stage) {
			s.taken(4)
		}},
		{"a task run after a withdrawal", "compute", "its user has withdrawn it", nil, func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			s.withdraw(4)
			s.taken(4)
		}},
		{"more tasks at once than the host may run", "compute", "it runs 3 jobs, and was configured for 2", nil, func(s *stage) {
			s.begins(4, 3)
		}},
		{"more tasks at once than the user allows", "compute", "it runs 2 jobs, and its user allows 1", nil, func(s *stage) {
			s.allows = 1
			s.begins(4, 2)
		}},
		{"a task that is let lie", "compute", "it let it lie", nil, func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			task := s.taskBy(3, 1, 1)
			s.now += time.Second
			s.message(3, "tick")
			s.note(4, step.Note{Kind: step.NoteTaken, Op: task.id})
		}},
		{"work at a task that is known to be settled", "compute", "and knew of its acceptance", nil, func(s *stage) {
			task, _, _ := s.task(3, "sum", 2, 3)
			s.event(4, sim.OnJobDone, &step.JobDone{ID: 1}, nil)
			s.note(4, step.Note{Kind: step.NoteTaken, Op: task.id})
		}},
		{"a result after a withdrawal", "compute", "gave a result for task", nil, func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			task := s.taken(4)
			s.withdraw(4)
			s.note(4, step.Note{Kind: step.NoteResult, Op: task.id})
		}},
		{"a task run while the host itself says no", "compute", "it said itself", nil, func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			s.note(4, step.Note{Kind: step.NoteConsent, N: 0})
			s.taken(4)
		}},
		{"a host that says no after its user said yes again", "compute", "says that it may not", nil, func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			s.note(4, step.Note{Kind: step.NoteConsent, N: 1})
			s.withdraw(4)
			s.note(4, step.Note{Kind: step.NoteConsent, N: 0})
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			s.now += 2 * time.Second
		}},

		// delivery
		{"an operation that never comes", "delivery", "never reached host 2", nil, func(s *stage) {
			s.skip = func(h sim.HostID, _ *written) bool { return h == 2 }
			s.message(3, "not for you")
		}},
		{"an operation that comes too late", "delivery", "it was due by", nil, func(s *stage) {
			s.now = s.truth.Settle() // the boots are long ago
			s.late = s.truth.Spread()
			s.message(3, "late")
		}},
		{"a reply that waits for the network", "delivery", "its own disk and CPU explain", nil, func(s *stage) {
			s.slow = time.Millisecond // however near the other host is
			s.message(3, "slow")
		}},
		{"a request without a reply", "delivery", "never answered request", nil, func(s *stage) {
			s.ask(3, map[string]any{"do": "send_message"})
		}},

		// durability
		{"a receipt before the strict commit", "durability", "gave a receipt for operation", nil, func(s *stage) {
			w := s.message(3, "fine")
			s.note(6, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: 3}) // a liar's says nothing
			s.note(5, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: 3})
		}},
		{"saved without a strict commit", "durability", "calls its operation", nil, func(s *stage) {
			w := s.pens[2].write(s.space, "send_message", nil, []any{node}, s.heads...)
			s.note(3, step.Note{Kind: step.NoteAuthored, Op: w.id, N: int64(s.ask(3, map[string]any{"do": "send_message"})), Data: w.bytes})
			s.commit(3, false, w)
			s.note(3, step.Note{Kind: step.NoteSaved, Op: w.id})
		}},
		{"durable by one receipt", "durability", "with 1 receipts of others", nil, func(s *stage) {
			s.receipts = 0
			w := s.message(3, "lonely")
			s.commit(1, true, w)
			s.note(1, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: 3})
			s.note(3, step.Note{Kind: step.NoteDurable, Op: w.id, Data: addresses(1)})
		}},
		{"durable by a receipt that nobody gave", "durability", "which it never gave", nil, func(s *stage) {
			s.receipts = 0
			w := s.message(3, "lonely")
			s.note(3, step.Note{Kind: step.NoteDurable, Op: w.id, Data: addresses(1, 2)})
		}},
		{"durable by one host twice", "durability", "counts host 1 twice", nil, func(s *stage) {
			s.receipts = 0
			w := s.message(3, "lonely")
			s.commit(1, true, w)
			s.note(1, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: 3})
			s.note(3, step.Note{Kind: step.NoteDurable, Op: w.id, Data: addresses(1, 1)})
		}},
		{"told durable too early", "durability", "before its operation", nil, func(s *stage) {
			s.receipts = 0
			w := s.message(3, "lonely")
			s.reply(3, s.requests, step.Durable, map[string]any{"op": w.id[:]})
		}},
		{"a durable operation that is nowhere", "durability", "is at no honest host any more", nil, func(s *stage) {
			w := s.message(3, "gone")
			s.forget(w, 1, 2, 3, 4, 5, 6)
			s.erase(w, 1, 2, 3, 4, 5, 6)
		}},
		{"a record that vanished", "durability", "is no more on the disk of host 1, which lost nothing", nil, func(s *stage) {
			s.erase(s.message(3, "gone"), 1)
		}},
		{"too few requests durable", "durability", "2 of 3 requests became durable, 66.67 %; at least 80 % must", func(t *Truth) { t.MinDurable = 0.8 }, func(s *stage) {
			s.message(3, "durable")
			s.receipts = 0
			s.message(3, "not durable")
		}},
		{"durable after one try too late", "durability", "1 of 21 requests beside faults became durable within 242ms, 4.76 %; at least 80 % must", func(t *Truth) { t.MinDurable = 0.8 }, func(s *stage) {
			s.late = s.truth.Promise(1)
			for range 20 {
				s.message(3, "late")
			}
		}},
		{"one of all durable too late", "durability", "2 of 3 requests beside faults became durable within 484ms, 66.67 %; at least 100 % must", func(t *Truth) { t.MinDurable = 1 }, func(s *stage) {
			s.message(3, "in time")
			s.late = s.truth.Promise(2)
			s.message(3, "late")
		}},
	}
}

// TestPlantedFaultsAreFound plays each fault alone. Its judge must find it in the words that say what it is.
func TestPlantedFaultsAreFound(t *testing.T) {
	for _, p := range plants() {
		t.Run(p.judge+"/"+p.name, func(t *testing.T) {
			s := newStage(t, p.truth)
			s.channel(1)
			p.play(s)
			s.sample()
			verdicts := s.finish()
			v := verdicts[p.judge]
			if v.Outcome != sim.Fail || !strings.Contains(v.Why, p.words) {
				t.Errorf("%s says %v: %s\nwant fail: %s", p.judge, v.Outcome, v.Why, p.words)
			}
			if v.At == 0 {
				t.Error("the violation has no time")
			}
		})
	}
}

// TestFaultsOutOfContractPass plays what looks like a fault and is none.
func TestFaultsOutOfContractPass(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*stage)
	}{
		{"a fork, seen and void", func(s *stage) { s.fork() }},
		{"an author and a receipter lost their disks", func(s *stage) {
			w := s.message(3, "gone")
			s.forget(w, 1, 2, 3, 4, 5, 6)
			s.erase(w, 2, 4, 5, 6)
			s.lose(1)
			s.lose(3)
		}},
		{"a host that is down at the end", func(s *stage) {
			s.peers[3].down = true
			s.skip = func(h sim.HostID, _ *written) bool { return h == 4 }
			s.message(3, "without you")
		}},
		{"an operation of a host that went down before it could speak", func(s *stage) {
			request := s.ask(4, map[string]any{"do": "send_message"})
			w := s.pens[3].write(s.space, "send_message", nil, []any{[]any{0, "Message"}}, s.heads...)
			s.note(4, step.Note{Kind: step.NoteAuthored, Op: w.id, N: int64(request), Data: w.bytes})
			s.commit(4, true, w)
			s.note(4, step.Note{Kind: step.NoteSaved, Op: w.id})
			s.reply(4, request, step.Accepted, map[string]any{"op": w.id[:]})
			s.event(4, sim.OnCrash, nil, nil)
			s.peers[3].down = true
		}},
		{"a bad copy of a good operation, refused", func(s *stage) {
			w := s.message(3, "fine")
			s.note(2, step.Note{Kind: step.NoteRefused, Op: w.id, Text: step.RefuseSignature})
			s.note(2, step.Note{Kind: step.NoteRefused, Op: w.id, Text: step.RefuseMalformed})
		}},
		{"a member denied while his right was taken, which he had at the looks before and after", func(s *stage) {
			s.sample()
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[2]))
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
			s.say(1, "grant", "rights.grant", grant(member, s.pens[2]))
			s.sample()
		}},
		{"a member denied for what she asks", func(s *stage) {
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "space is not 32 bytes"})
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "body: there is no such element"})
			s.reply(3, s.ask(3, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "malformed: too long"})
		}},
		{"a member denied at a version in which he was none", func(s *stage) {
			s.say(2, "grant", "rights.grant", grant(member, s.pens[4]))
			s.sample()
			request := s.ask(5, map[string]any{"do": "edit_text", "version": [][]byte{s.genesis.id[:]}})
			s.reply(5, request, step.Denied, map[string]any{"why": "rights: no"})
		}},
		{"a message accepted while its author's right was being taken", func(s *stage) {
			s.sample()
			s.message(3, "just in time")
			s.say(1, "revoke", "rights.revoke", revoke(s.pens[2]))
			s.sample()
		}},
		{"a late edit of an early version", func(s *stage) {
			doc, first := s.document()
			request := s.ask(4, map[string]any{"do": "edit_text", "version": [][]byte{first.id[:]}})
			s.publish(4, request, s.pens[3].write(s.space, "text.edit", nil, []any{insertion(doc, first)}, first))
		}},
		{"a guest, denied", func(s *stage) {
			s.reply(5, s.ask(5, map[string]any{"do": "send_message"}), step.Denied, map[string]any{"why": "rights: no"})
		}},
		{"a trespasser, refused", func(s *stage) {
			w := s.lie("rights.grant", grant(admin, s.pens[5]))
			s.note(6, step.Note{Kind: step.NoteAuthored, Op: w.id, Data: w.bytes})
			s.note(2, step.Note{Kind: step.NoteRefused, Op: w.id, Text: step.RefuseRights})
		}},
		{"a withdrawal that a crash overtook", func(s *stage) {
			s.say(4, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
			s.ask(4, map[string]any{"do": "consent", "on": false})
			s.event(4, sim.OnCrash, nil, nil)
			s.boot(4)
			s.taken(4)
		}},
		{"a liar who fools himself", func(s *stage) {
			task, results := s.offered(3, 2, []byte("sum:input"), 1, 2)
			s.everyone(s.lie("compute.accept", map[int]any{0: task.id[:], 1: []byte("42"), 2: [][]byte{results[0].id[:]}}))
			s.accept(3, task, []byte("sum:input"), results...)
		}},
		{"a drawn worker whose user withdrew", func(s *stage) {
			s.offered(3, 2, []byte("sum:input"), 1)
			s.withdraw(2)
			s.withdraw(4)
		}},
		{"a drawn worker who is down", func(s *stage) {
			s.offered(3, 2, []byte("sum:input"), 1)
			s.peers[1].down, s.peers[3].down = true, true
		}},
		{"a drawn worker without a device", func(s *stage) {
			for _, h := range [...]sim.HostID{2, 4} {
				s.event(h, sim.OnJobDone, &step.JobDone{ID: 1, Err: "no runner"}, nil)
			}
			s.offered(3, 2, []byte("sum:input"), 1)
		}},
		{"a requester who lost his disk", func(s *stage) {
			s.offered(3, 2, []byte("sum:input"), 1, 2)
			s.lose(3)
		}},
		{"an answer to a person whose host went down", func(s *stage) {
			s.mute = true
			task, results := s.offered(3, 2, []byte("sum:input"), 1, 2)
			s.event(3, sim.OnCrash, nil, nil)
			s.boot(3)
			s.accept(3, task, []byte("sum:input"), results...)
		}},
		{"workers of an extension", func(s *stage) {
			s.workers, s.extend = 1, 3
			s.work(3, 1, []byte("sum:input"), s.loser())
		}},
		{"a receipt whose note was torn off", func(s *stage) {
			s.receipts = 1
			w := s.message(3, "torn")
			s.commit(4, true, w)
			s.event(4, sim.OnCrash, nil, nil)
			s.note(3, step.Note{Kind: step.NoteDurable, Op: w.id, Data: addresses(1, 4)})
			s.boot(4)
		}},
		{"too few to judge their share", func(s *stage) {
			s.truth.MinDurable = 0.8
			s.late = s.truth.Promise(1)
			for range fewest - 2 {
				s.message(3, "late")
			}
		}},
		{"relaxed commits, then a strict one", func(s *stage) {
			w := s.message(3, "fine")
			s.commit(4, true)
			s.note(4, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: 3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, nil)
			s.channel(1)
			c.play(s)
			s.sample()
			for name, v := range s.finish() {
				if v.Outcome == sim.Fail {
					t.Errorf("%s fails: %s", name, v.Why)
				}
			}
		})
	}
}

// TestUnderAFaultWitnessesMustBeInReach: a request counts under a fault where enough neighbours could give a receipt all the time
// until it was due: none is lost by either end, none parted from the author by a cut. One author's requests are not held against all.
func TestUnderAFaultWitnessesMustBeInReach(t *testing.T) {
	const author = 1
	near := []sim.HostID{2, 3}
	for _, c := range []struct {
		name   string
		late   int
		play   func(d *durability, due time.Duration)
		judged bool
		fails  bool
	}{
		{"all of one of five authors late", 21, func(d *durability, _ time.Duration) {
			for i, r := range d.book.order[21:] {
				r.host = sim.HostID(5 + i)
			}
		}, true, false},
		{"all of one of four authors late", 22, func(d *durability, _ time.Duration) {
			for i, r := range d.book.order[22:] {
				r.host = sim.HostID(5 + i)
			}
		}, true, true},
		{"a fifth late", 5, nil, true, false},
		{"more than a fifth late", 6, nil, true, true},
		{"the author loses a neighbour", 6, func(d *durability, due time.Duration) { d.near[author].part(3, due) }, false, false},
		{"the author loses it later", 6, func(d *durability, due time.Duration) { d.near[author].part(3, due+1) }, true, true},
		{"the author loses one of two connections", 6, func(d *durability, due time.Duration) {
			d.near[author].conns[9] = 3
			d.near[author].part(9, due)
		}, true, true},
		{"the neighbour loses the author", 6, func(d *durability, due time.Duration) { d.near[3].part(author, time.Second/2) }, false, false},
		{"a cut parts them", 6, func(d *durability, due time.Duration) {
			d.truth.Cuts = []Cut{{due, due + 1, func(a, b sim.HostID) bool { return a == author && b == 3 }}}
		}, false, false},
		{"a cut parts others", 6, func(d *durability, due time.Duration) {
			d.truth.Cuts = []Cut{{due, due + 1, func(a, b sim.HostID) bool { return a == 4 && b == 5 }}}
		}, true, true},
		{"a cut parts them later", 6, func(d *durability, due time.Duration) {
			d.truth.Cuts = []Cut{{due + 1, due + 2, func(a, b sim.HostID) bool { return true }}}
		}, true, true},
	} {
		truth := newStage(t, nil).truth
		truth.MinDurable, truth.Faults = 0.8, []sim.Window{{Kind: "lossy", End: time.Hour}}
		d := newDurability(newBook(truth))
		for _, h := range near {
			for _, x := range [...][2]sim.HostID{{author, h}, {h, author}} {
				d.near[x[0]].conns[step.Conn(x[1])] = x[1]
				d.near[x[0]].greets(x[1], time.Second/4)
			}
		}
		op := &operation{host: author}
		op.head.Space = truth.Spaces[0].ID[:]
		p := &promise{op: op, saved: time.Second}
		p.witnesses = d.witnesses(p)
		d.tracks[key{1}] = p
		due := p.saved + truth.Promise(3)
		for i := range 25 {
			r := &request{asking: asking{host: author}, space: truth.Spaces[0].ID, first: step.Accepted, op: key{1}, replied: p.saved, durable: due}
			if i < c.late {
				r.durable++
			}
			d.book.order = append(d.book.order, r)
		}
		if c.play != nil {
			c.play(d, due)
		}
		end := sim.End{At: time.Minute}
		all := d.waits(end)
		if d.inTime(end, all); len(all[1].times) > 0 != c.judged || d.faults > 0 != c.fails {
			t.Errorf("%s: %d requests judged, %d faults: %s", c.name, len(all[1].times), d.faults, d.first)
		}
	}
}

// TestRequestsThatWentDownAreNotJudgedByTime: a host that goes down before a request is due forgets who waits for it.
func TestRequestsThatWentDownAreNotJudgedByTime(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{0, "1 of 1 beside faults"}, {time.Second, "1 of 2 beside faults"}} {
		s := newStage(t, nil)
		s.channel(1)
		s.receipts = 0
		s.message(3, "forgotten")
		s.now += c.after
		s.event(3, sim.OnCrash, nil, nil)
		s.boot(3)
		if v := s.finish()["durability"]; !strings.Contains(v.Why, c.want) {
			t.Errorf("down %v later: %s; want %s", c.after, v.Why, c.want)
		}
	}
}

func hexOf(k key) string { return strings.TrimPrefix(about("", k), " ") }

func addresses(hosts ...uint32) (b []byte) {
	for _, h := range hosts {
		b = binary.BigEndian.AppendUint32(b, h)
	}
	return b
}

// forget takes an operation out of journals, erase off disks, lose empties a disk by a boot.
func (s *stage) forget(w *written, hosts ...sim.HostID) {
	for _, h := range hosts {
		delete(s.peers[h-1].ids, w.id)
	}
}

func (s *stage) erase(w *written, hosts ...sim.HostID) {
	for _, h := range hosts {
		s.peers[h-1].disk = slices.DeleteFunc(s.peers[h-1].disk, func(r step.Record) bool { return string(r.Value[4:]) == string(w.bytes) })
	}
}

func (s *stage) lose(h sim.HostID) {
	s.event(h, sim.OnCrash, nil, nil)
	s.peers[h-1].disk = nil
	s.boot(h)
}

// fork makes the liar sign two operations with one seq.
func (s *stage) fork() {
	before := *s.pens[5]
	one := s.lie("send_message", nil, []any{0, "Message"})
	*s.pens[5] = before
	two := s.lie("send_message", nil, []any{0, "Thread"})
	s.everyone(one)
	s.everyone(two)
	s.heads = []*written{one, two}
}

func (s *stage) withdraw(h sim.HostID) {
	s.say(h, "", "compute.offer", map[int]any{0: false, 1: 2, 2: "cpu"})
	request := s.ask(h, map[string]any{"do": "consent", "on": false})
	s.reply(h, request, step.Accepted, nil)
}

func (s *stage) taskBy(h sim.HostID, quorum, workers int) *written {
	return s.say(h, "submit_task", "compute.task", map[int]any{0: "sum", 1: []byte("input"), 2: quorum, 3: workers})
}

// taken is a task of host 3 that others begin in the step in which it comes to them.
func (s *stage) taken(by ...sim.HostID) *written {
	s.takers = by
	task := s.taskBy(3, 1, 1)
	s.takers = nil
	return task
}

// begins makes a host take tasks after another has ended, none of which ends.
func (s *stage) begins(h sim.HostID, tasks int) {
	s.say(h, "consent", "compute.offer", map[int]any{0: true, 1: s.allows, 2: "cpu"})
	s.taken(h)
	s.event(h, sim.OnJobDone, &step.JobDone{ID: 1}, nil)
	for range tasks {
		s.taken(h)
	}
}

// offered plays offers of hosts 1, 2 and 4, a task, and results of some of them.
func (s *stage) offered(h sim.HostID, quorum int, out []byte, by ...sim.HostID) (task *written, results []*written) {
	for _, l := range [...]sim.HostID{1, 2, 4} {
		s.say(l, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
	}
	workers := 3
	if s.workers != 0 {
		workers = s.workers
	}
	task = s.taskBy(h, quorum, workers)
	if s.extend != 0 {
		w := s.pens[h-1].write(s.space, "compute.extend", map[int]any{0: task.id[:], 1: s.extend}, nil, s.heads...)
		s.publish(h, 0, w)
	}
	if len(by) == 1 && by[0] == 0 {
		by[0] = s.undrawn(task)
	}
	for _, l := range by {
		s.asker = h
		w := s.pens[l-1].write(s.space, "compute.result", map[int]any{0: task.id[:], 1: out}, nil, s.heads...)
		results = append(results, s.publish(l, 0, w))
	}
	return task, results
}

// work is offered, then accepted.
func (s *stage) work(h sim.HostID, quorum int, out []byte, by ...sim.HostID) {
	task, results := s.offered(h, quorum, out, by...)
	if s.accepted != nil {
		out = s.accepted
	}
	s.accept(h, task, out, results...)
}

// answersAgain plays a worker who answers, to whom something happens, and who answers once more; so many results are accepted.
func (s *stage) answersAgain(quorum int, happens func(h sim.HostID)) {
	out := []byte("sum:input")
	task, results := s.offered(3, quorum, out, 4)
	happens(4)
	again := s.pens[3].write(s.space, "compute.result", map[int]any{0: task.id[:], 1: out}, nil, s.heads...)
	s.accept(3, task, out, append(results, s.publish(4, 0, again))[:quorum]...)
}

// loser stands for the worker whom the lottery puts last.
func (s *stage) loser() sim.HostID { return 0 }

func (s *stage) undrawn(task *written) sim.HostID {
	return slices.MaxFunc([]sim.HostID{1, 2, 4}, s.order(task))
}

func (s *stage) drawn(task *written) sim.HostID {
	return slices.MinFunc([]sim.HostID{1, 2, 4}, s.order(task))
}

func (s *stage) order(task *written) func(a, b sim.HostID) int {
	return func(a, b sim.HostID) int { return bytes.Compare(s.ticket(task, a), s.ticket(task, b)) }
}

// dictate gives a text to host 3 to write, who writes another.
func (s *stage) dictate(want, got string) {
	s.truth.Texts = []Text{{Space: s.space, Type: "text", Prop: "body", Edits: 1, Want: want, Known: true}}
	w := s.say(3, "graph_create", "graph.edit", nil, []any{0, "text"})
	s.say(3, "edit_text", "text.edit", nil, []any{7, append(w.id[:], 0), "body", []any{[]any{0, nil, nil, got}}})
}

func TestATextIsHeldToWhatWasGiven(t *testing.T) {
	s := newStage(t, nil)
	s.dictate("hello", "hello")
	if v := s.finish()["convergence"]; v.Outcome != sim.Pass {
		t.Errorf("the text was written as given: %v: %s", v.Outcome, v.Why)
	}
	s = newStage(t, nil)
	s.dictate("hello", "hello")
	s.truth.Texts[0].Edits = 2
	if v := s.finish()["convergence"]; v.Outcome != sim.Unknown || !strings.Contains(v.Why, "1 edits of a text, 2 recorded") {
		t.Errorf("the writers were not through: %v: %s", v.Outcome, v.Why)
	}
}
