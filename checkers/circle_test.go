package checkers

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// packet shows a packet of another host.
func (s *stage) packet(to, from sim.HostID, c step.Conn, bytes []byte) {
	s.n++
	s.last = sim.Event{Key: sim.Key{At: s.now, Src: from, N: s.n}, Index: -1, Host: to, Life: 1, Kind: sim.OnPacket}
	s.last.Input = &step.Packet{Conn: c, Channel: step.Reliable, Bytes: bytes}
	for _, j := range s.judges {
		j.Observe(&s.last)
	}
}

// send shows one more effect of the step under way.
func (s *stage) send(h sim.HostID, c step.Conn, bytes []byte) {
	s.event(h, sim.OnSend, nil, &step.Send{Conn: c, Channel: step.Reliable, Bytes: bytes})
}

// layout writes frames as one protocol version does.
type layout struct{ version byte }

func (l layout) begin(kind byte, space key) []byte {
	if l.version == 2 {
		kind += newerKinds
	}
	return append([]byte{l.version, kind}, space[:]...)
}

func (l layout) number(b []byte, width int, n uint64) []byte {
	if l.version == 2 {
		return binary.AppendUvarint(b, n)
	}
	return append(b, binary.BigEndian.AppendUint64(nil, n)[8-width:]...)
}

func (l layout) push(space key, receipt uint64, ops ...*written) []byte {
	b := l.begin(pushFrame, space)
	if l.version == 2 {
		b = append(b, 3) // hops
	}
	b = l.number(l.number(b, 1, receipt), 2, uint64(len(ops)))
	for _, w := range ops {
		b = append(l.number(b, 4, uint64(len(w.bytes))), w.bytes...)
	}
	return b
}

func (l layout) want(space key, ops ...*written) []byte {
	b := l.number(l.begin(wantFrame, space), 2, uint64(len(ops)))
	for _, w := range ops {
		b = append(b, w.id[:]...)
	}
	return b
}

// summary tells how far one author's chain is held.
func (l layout) summary(space key, p *pen, seq uint64) []byte {
	device := public(p.device)
	b := append(l.number(l.number(l.begin(summaryFrame, space), 1, 0), 2, 1), device[:]...)
	return l.number(l.number(b, 8, p.incarnation), 8, seq)
}

// asked lets host 3 ask host 4 for a receipt for an operation that is not strictly on its disk, and host 4 commit it.
func (s *stage) asked(l layout, between func(w *written)) {
	w := s.message(3, "do you have it?")
	s.packet(4, 3, 1, l.push(s.space, 1, w))
	complete := s.issue(4, true, w)
	between(w)
	s.now += time.Millisecond
	complete()
}

// linked lets another host connect to host 1.
func (s *stage) linked(c step.Conn, peer sim.HostID) {
	s.event(1, sim.OnConnUp, &step.ConnUp{Conn: c, Peer: sim.AddrOf(peer)}, nil)
}

// shut lets another host connect to host 1, which closes the connection a while later.
func (s *stage) shut(peer sim.HostID, after time.Duration) {
	s.linked(7, peer)
	s.now += after
	s.event(1, sim.OnClose, nil, &step.Close{Conn: 7})
}

// TestNeighboursOweAndWaste plants what only time or bytes show: each must be found in both layouts of frames, and the honest
// way of the same story must pass.
func TestNeighboursOweAndWaste(t *testing.T) {
	pass := ""
	for _, c := range []struct {
		name, judge, words string
		play               func(s *stage, l layout)
	}{
		{"a receipt that is owed and not given", "durability", "and gave none", func(s *stage, l layout) {
			s.asked(l, func(*written) {})
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"a receipt that is owed and given", "durability", pass, func(s *stage, l layout) {
			s.asked(l, func(*written) {})
			s.note(4, step.Note{Kind: step.NoteReceipt, Op: s.heads[0].id, Peer: sim.AddrOf(3)})
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"a receipt for who is gone", "durability", pass, func(s *stage, l layout) {
			s.asked(l, func(*written) { s.event(4, sim.OnConnDown, &step.ConnDown{Conn: 1}, nil) })
			s.packet(4, 3, 2, []byte{l.version, 9})
		}},
		{"a receipt to one connection where another ended", "durability", "and gave none", func(s *stage, l layout) {
			s.asked(l, func(*written) { s.event(4, sim.OnConnDown, &step.ConnDown{Conn: 2}, nil) })
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"a receipt for what was written softly and stays so", "durability", "did not write it strictly at once", func(s *stage, l layout) {
			w := s.message(3, "do you have it?")
			s.packet(4, 3, 1, l.push(s.space, 1, w))
			s.now += time.Second
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"a receipt for what is written strictly a step later", "durability", "did not write it strictly at once", func(s *stage, l layout) {
			w := s.message(3, "do you have it?")
			s.packet(4, 3, 1, l.push(s.space, 1, w))
			s.now += time.Second
			s.commit(4, true, w)
		}},
		{"a receipt for what is being written strictly", "durability", pass, func(s *stage, l layout) {
			w := s.message(3, "do you have it?")
			complete := s.issue(4, true)
			s.packet(4, 3, 1, l.push(s.space, 1, w))
			s.now += time.Second
			complete()
			s.note(4, step.Note{Kind: step.NoteReceipt, Op: w.id, Peer: sim.AddrOf(3)})
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"a liar who asks", "durability", pass, func(s *stage, l layout) {
			w := s.message(3, "mine")
			s.packet(4, 6, 1, l.push(s.space, 1, w))
			s.commit(4, true, w)
			s.packet(4, 3, 1, []byte{l.version, 9})
		}},
		{"an answer with what was told", "delivery", "which has just told", func(s *stage, l layout) {
			w := s.message(3, "told")
			s.packet(1, 2, 1, l.summary(s.space, s.pens[2], s.pens[2].seq))
			s.send(1, 1, l.push(s.space, 0, w))
		}},
		{"an answer with what comes after", "delivery", pass, func(s *stage, l layout) {
			w := s.message(3, "not told")
			s.packet(1, 2, 1, l.summary(s.space, s.pens[2], s.pens[2].seq-1))
			s.send(1, 1, l.push(s.space, 0, w))
		}},
		{"an answer that leaves something out", "delivery", "it lacks what is between", func(s *stage, l layout) {
			s.message(3, "left out")
			w := s.message(3, "told")
			s.packet(1, 2, 1, l.summary(s.space, s.pens[2], s.pens[2].seq-2))
			s.send(1, 1, l.push(s.space, 0, w))
		}},
		{"an answer in two parts", "delivery", pass, func(s *stage, l layout) {
			v, w := s.message(3, "not told"), s.message(3, "nor this")
			s.packet(1, 2, 1, l.summary(s.space, s.pens[2], s.pens[2].seq-2))
			s.send(1, 1, l.push(s.space, 0, v, w))
		}},
		{"an answer that says that nothing is left", "delivery", "tells host 2 that nothing is left to send", func(s *stage, l layout) {
			s.message(3, "left")
			s.packet(1, 2, 1, l.summary(s.space, s.pens[2], s.pens[2].seq-1))
			s.send(1, 1, l.push(s.space, 0))
		}},
		{"an answer with what nobody asked for", "delivery", "which did not ask for it", func(s *stage, l layout) {
			v, w := s.message(3, "asked for"), s.message(3, "not asked for")
			s.packet(1, 2, 1, l.want(s.space, v))
			s.send(1, 1, l.push(s.space, 0, v, w))
		}},
		{"an answer that is said twice", "delivery", "which did not ask for it, or once", func(s *stage, l layout) {
			w := s.message(3, "once")
			s.packet(1, 2, 1, l.want(s.space, w))
			s.send(1, 1, l.push(s.space, 0, w, w))
		}},
		{"a first catch-up without an answer", "delivery", "did not answer", func(s *stage, l layout) {
			s.linked(1, 2)
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
			s.packet(1, 2, 1, []byte{l.version, 3})
		}},
		{"a first catch-up over each of two connections", "delivery", "did not answer", func(s *stage, l layout) {
			s.linked(1, 2)
			s.linked(2, 3)
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
			s.send(1, 1, l.push(s.space, 0))
			s.packet(1, 3, 2, l.summary(s.space, s.pens[0], s.pens[0].seq))
		}},
		{"a second catch-up without an answer", "delivery", pass, func(s *stage, l layout) {
			s.linked(1, 2)
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
			s.send(1, 1, l.push(s.space, 0))
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
		}},
		{"a catch-up of a liar", "delivery", pass, func(s *stage, l layout) {
			s.linked(1, 6)
			s.packet(1, 6, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
		}},
		{"a host that goes down before it answers", "delivery", pass, func(s *stage, l layout) {
			s.linked(1, 2)
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
			s.event(1, sim.OnCrash, nil, nil)
			s.boot(1)
		}},
		{"no answer for want of credit", "delivery", pass, func(s *stage, l layout) {
			s.linked(1, 2)
			s.send(1, 1, make([]byte, step.SendCredit))
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
			s.packet(1, 2, 1, l.want(s.space, s.message(3, "not to be had")))
		}},
		{"no answer with credit that came back", "delivery", "did not answer", func(s *stage, l layout) {
			s.linked(1, 2)
			s.send(1, 1, make([]byte, step.SendCredit))
			s.event(1, sim.OnDrained, &step.Drained{Conn: 1}, nil)
			s.packet(1, 2, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
		}},
		{"a wish that is granted by half", "delivery", "which it has, and did not send it", func(s *stage, l layout) {
			v, w := s.message(3, "sent"), s.message(3, "kept")
			s.linked(1, 2)
			s.packet(1, 2, 1, l.want(s.space, v, w))
			s.send(1, 1, l.push(s.space, 0, v))
		}},
		{"a wish that is granted in two pushes", "delivery", pass, func(s *stage, l layout) {
			v, w := s.message(3, "sent"), s.message(3, "sent too")
			s.linked(1, 2)
			s.packet(1, 2, 1, l.want(s.space, v, w))
			s.send(1, 1, l.push(s.space, 0, v))
			s.send(1, 1, l.push(s.space, 0, w))
		}},
		{"a wish that is granted until credit ends", "delivery", pass, func(s *stage, l layout) {
			v, w := s.message(3, "sent"), s.message(3, "kept")
			s.linked(1, 2)
			s.send(1, 1, make([]byte, step.SendCredit-1))
			s.packet(1, 2, 1, l.want(s.space, v, w))
			s.send(1, 1, l.push(s.space, 0, v))
		}},
		{"a summary of less than there is", "delivery", "which follows", func(s *stage, l layout) {
			s.message(3, "untold")
			s.send(1, 1, l.summary(s.space, s.pens[2], s.pens[2].seq-1))
		}},
		{"a summary of more than there is", "delivery", "and it has not", func(s *stage, l layout) {
			s.send(1, 1, l.summary(s.space, s.pens[0], s.pens[0].seq+1))
		}},
		{"a summary of what there is", "delivery", pass, func(s *stage, l layout) {
			s.send(1, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
		}},
		{"a push to who brought it", "delivery", "pushes operations back", func(s *stage, l layout) {
			w := s.message(3, "back")
			s.packet(1, 2, 1, l.push(s.space, 0, w))
			s.send(1, 1, l.push(s.space, 0, w))
		}},
		{"a push to another", "delivery", pass, func(s *stage, l layout) {
			w := s.message(3, "onward")
			s.packet(1, 2, 1, l.push(s.space, 0, w))
			s.send(1, 2, l.push(s.space, 0, w))
		}},
		{"a question for nothing", "delivery", "for no operation at all", func(s *stage, l layout) {
			s.send(1, 1, l.want(s.space))
		}},
		{"a question for what is there", "delivery", "which it has", func(s *stage, l layout) {
			s.send(1, 1, l.want(s.space, s.message(3, "there")))
		}},
		{"a neighbour who is told nothing", "delivery", "has told it nothing", func(s *stage, l layout) {
			s.connect(1, 2)
			s.now = 40 * time.Second
			s.packet(1, 2, 1, []byte{l.version, 3})
			s.now = 60 * time.Second
		}},
		{"neighbours who speak", "delivery", pass, func(s *stage, l layout) {
			s.connect(1, 2)
			s.now = 40 * time.Second
			s.packet(1, 2, 1, []byte{l.version, 3})
			s.packet(2, 1, 1, []byte{l.version, 3})
			s.now = 60 * time.Second
		}},
		{"a second connection that nobody uses once the first ended", "delivery", "has told it nothing", func(s *stage, l layout) {
			s.connect(1, 2)
			s.connect(1, 2)
			s.now = 40 * time.Second
			s.packet(1, 2, 1, []byte{l.version, 3})
			s.packet(2, 1, 1, []byte{l.version, 3})
			s.event(1, sim.OnConnDown, &step.ConnDown{Conn: 1}, nil)
			s.event(2, sim.OnConnDown, &step.ConnDown{Conn: 1}, nil)
			s.now = 60 * time.Second
			s.packet(1, 2, 2, []byte{l.version, 3})
			s.now = 80 * time.Second
		}},
		{"a silent neighbour who is asked again", "delivery", "passes over its other neighbours", func(s *stage, l layout) {
			s.inquire(l, 4*time.Second, true)
		}},
		{"a silent neighbour who is asked again after a while", "delivery", pass, func(s *stage, l layout) {
			s.inquire(l, 6*time.Second, true)
		}},
		{"a silent neighbour, and no other", "delivery", pass, func(s *stage, l layout) {
			s.inquire(l, 4*time.Second, false)
		}},
		{"a neighbour who answers", "delivery", pass, func(s *stage, l layout) {
			s.inquire(l, 4*time.Second, true, func() { s.packet(1, 2, 1, l.push(s.space, 0)) })
		}},
		{"a neighbour who was forgotten in between", "delivery", pass, func(s *stage, l layout) {
			s.inquire(l, 4*time.Second, true, func() { s.boot(1); s.connect(1, 2) })
		}},
		{"a neighbour with whom heads are never compared", "delivery", "host 3, one of its 2 connections, had no turn in", func(s *stage, l layout) {
			s.rounds(l.begin(headsFrame, s.space), 1)
		}},
		{"neighbours with whom heads are compared in turn", "delivery", pass, func(s *stage, l layout) {
			s.rounds(l.begin(headsFrame, s.space), 1, 2)
		}},
		{"heads for one neighbour alone, as answers", "delivery", pass, func(s *stage, l layout) {
			s.rounds(l.begin(headsFrame, s.space), 1, 2)
			for range 10 {
				s.packet(1, 2, 1, l.begin(headsFrame, s.space))
				s.send(1, 1, l.begin(headsFrame, s.space))
			}
		}},
		{"a neighbour who is never asked for what is missing", "delivery", "asks its neighbours for operations that others wait for, and host 2", func(s *stage, l layout) {
			s.rounds(l.want(s.space, &written{id: key{9}}), 2)
		}},
		{"neighbours who are asked in turn for what is missing", "delivery", pass, func(s *stage, l layout) {
			s.rounds(l.want(s.space, &written{id: key{9}}), 1, 2)
		}},
		{"a neighbour who has no room", "delivery", pass, func(s *stage, l layout) {
			s.connect(1, 2)
			s.connect(1, 3)
			s.send(1, 2, make([]byte, step.SendCredit))
			s.rounds(l.want(s.space, &written{id: key{9}}), 1)
		}},
		{"a dial that comes late", "delivery", "and lacked neighbours", func(s *stage, _ layout) {
			s.lost(200*time.Millisecond, time.Second)
		}},
		{"dials after waits that double", "delivery", pass, func(s *stage, _ layout) {
			s.lost(100*time.Millisecond, 200*time.Millisecond, 400*time.Millisecond, 800*time.Millisecond)
		}},
		{"no dial where the lost peer came by itself", "delivery", pass, func(s *stage, _ layout) {
			s.lost()
			s.now += 50 * time.Millisecond
			s.event(1, sim.OnConnUp, &step.ConnUp{Conn: 9, Peer: sim.AddrOf(2)}, nil)
			s.now += 2 * time.Second
		}},
		{"no dial where another came", "delivery", "and lacked neighbours", func(s *stage, _ layout) {
			s.lost()
			s.now += 50 * time.Millisecond
			s.event(1, sim.OnConnUp, &step.ConnUp{Conn: 9, Peer: sim.AddrOf(3)}, nil)
			s.now += 2 * time.Second
		}},
		{"a connection that is closed before it could be greeted", "delivery", "is to wait for a greeting for 10s", func(s *stage, _ layout) {
			s.shut(2, 10*time.Second-1)
		}},
		{"a connection on which no greeting came", "delivery", pass, func(s *stage, _ layout) { s.shut(2, 10*time.Second) }},
		{"a connection that was one too many", "delivery", pass, func(s *stage, _ layout) { s.shut(2, 0) }},
		{"a liar's connection", "delivery", pass, func(s *stage, _ layout) { s.shut(6, time.Second) }},
		{"a connection with altered bytes", "delivery", pass, func(s *stage, _ layout) {
			s.truth.Faults = append(s.truth.Faults, sim.Window{Kind: "corrupt", Begin: s.now, End: s.now})
			s.shut(2, time.Second)
		}},
		{"a dial that never comes", "delivery", "and lacked neighbours", func(s *stage, _ layout) {
			s.lost()
			s.now += 2 * time.Second
		}},
	} {
		for _, l := range []layout{{1}, {2}} {
			t.Run(c.name, func(t *testing.T) {
				s := newStage(t, func(tr *Truth) {
					tr.Node.Compared, tr.Node.Dials, tr.Node.Debts, tr.Node.CatchUp = 2, 1, 8, 3*time.Second
					tr.Node.Relink, tr.Node.BackoffMin, tr.Node.Greet = 100*time.Millisecond, 100*time.Millisecond, 10*time.Second
				})
				s.channel(1)
				c.play(s, l)
				v := s.finish()[c.judge]
				if c.words == pass && v.Outcome != sim.Pass || c.words != pass && (v.Outcome != sim.Fail || !strings.Contains(v.Why, c.words)) {
					t.Errorf("version %d: %s says %v: %s\nwant %q", l.version, c.judge, v.Outcome, v.Why, c.words)
				}
			})
		}
	}
}

// inquire has host 1 send host 2 a summary, and another after a time; host 3 is its neighbour too, or not.
func (s *stage) inquire(l layout, wait time.Duration, another bool, between ...func()) {
	s.connect(1, 2)
	if another {
		s.connect(1, 3)
	}
	s.now += 10 * time.Second
	s.send(1, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
	for _, f := range between {
		f()
	}
	s.now += wait
	s.event(1, sim.OnTimer, &step.Timer{ID: 1}, nil)
	s.send(1, 1, l.summary(s.space, s.pens[0], s.pens[0].seq))
	s.now = 40 * time.Second
	for _, x := range [][2]sim.HostID{{1, 2}, {2, 1}, {1, 3}, {3, 1}} { // all go on speaking
		s.packet(x[0], x[1], step.Conn(max(x[0], x[1])-1), []byte{l.version, 3})
	}
}

// rounds lets a timer of host 1, which is connected to 2 and 3, send a frame over one connection in each of many rounds, in turn.
func (s *stage) rounds(frame []byte, over ...step.Conn) {
	if d := s.judges[3].(*delivery); len(d.circles.hosts[1].ends) == 0 {
		s.connect(1, 2)
		s.connect(1, 3)
	}
	for i := range 20 {
		s.now += time.Second
		s.event(1, sim.OnTimer, &step.Timer{ID: 1}, nil)
		s.send(1, over[i%len(over)], frame)
	}
	for _, x := range [][2]sim.HostID{{1, 2}, {2, 1}, {1, 3}, {3, 1}} { // all go on speaking
		s.packet(x[0], x[1], step.Conn(max(x[0], x[1])-1), frame)
	}
}

// connect opens the next connection between two hosts, who greet.
func (s *stage) connect(h, peer sim.HostID) {
	conn := step.Conn(len(s.judges[3].(*delivery).circles.hosts[h].ends) + 1)
	for _, x := range [][2]sim.HostID{{h, peer}, {peer, h}} {
		s.event(x[0], sim.OnConnUp, &step.ConnUp{Conn: conn, Peer: sim.AddrOf(x[1])}, nil)
		s.note(x[0], step.Note{Kind: step.NoteVersion, Peer: sim.AddrOf(x[1]), N: 2})
	}
}

// lost lets host 1 lose the one connection that it dialled, and dial again after each of some waits, in vain.
func (s *stage) lost(waits ...time.Duration) {
	s.event(1, sim.OnDial, nil, &step.Dial{Conn: 1, Peer: sim.AddrOf(2)})
	s.event(1, sim.OnConnUp, &step.ConnUp{Conn: 1, Peer: sim.AddrOf(2), Dialed: true}, nil)
	s.note(1, step.Note{Kind: step.NoteVersion, Peer: sim.AddrOf(2), N: 2})
	s.now += time.Second
	s.event(1, sim.OnConnDown, &step.ConnDown{Conn: 1}, nil)
	for i, w := range waits {
		s.now += w
		s.event(1, sim.OnTimer, &step.Timer{ID: 1}, nil)
		s.event(1, sim.OnDial, nil, &step.Dial{Conn: step.Conn(2 + i), Peer: sim.AddrOf(2)})
		s.event(1, sim.OnConnDown, &step.ConnDown{Conn: step.Conn(2 + i)}, nil)
	}
	if len(waits) > 0 {
		s.now += 100 * time.Millisecond
		s.event(1, sim.OnTimer, &step.Timer{ID: 1}, nil)
		s.event(1, sim.OnDial, nil, &step.Dial{Conn: 50, Peer: sim.AddrOf(2)})
	}
}
