package checkers

import (
	"strings"
	"testing"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// day plays a run in which everybody does right, with every kind that a judge looks at.
func (s *stage) day() *stage {
	s.channel(1)
	s.sample()
	s.message(3, "good morning")
	s.say(2, "grant", "rights.grant", grant(member, s.pens[4]))
	s.message(5, "I may write now")
	s.sample()
	s.pens[2].schema = 2
	s.say(3, "add_reaction", "add_reaction", nil, []any{0, "Reaction"})
	s.pens[2].schema = 1
	s.sample()
	s.task(3, "sum", 2, 3)
	s.say(1, "revoke", "rights.revoke", revoke(s.pens[4]))
	s.message(4, "good night")
	s.sample()
	return s
}

// task plays offers by hosts 1, 2 and 4, a task of host 3, its results, and its acceptance.
func (s *stage) task(h sim.HostID, kernel string, quorum, workers int) (task *written, results []*written, accept *written) {
	lent := []sim.HostID{1, 2, 4}
	for _, l := range lent {
		s.say(l, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
		s.note(l, step.Note{Kind: step.NoteConsent, N: 1})
	}
	s.takers = lent[:quorum]
	task = s.say(h, "submit_task", "compute.task", map[int]any{0: kernel, 1: []byte("input"), 2: quorum, 3: workers})
	s.asker, s.takers = h, nil
	out := []byte(kernel + ":input")
	for _, l := range lent[:quorum] {
		w := s.pens[l-1].write(s.space, "compute.result", map[int]any{0: task.id[:], 1: out}, nil, s.heads...)
		results = append(results, s.publish(l, 0, w))
		s.note(l, step.Note{Kind: step.NoteResult, Op: task.id})
	}
	accept = s.accept(h, task, out, results...)
	s.note(h, step.Note{Kind: step.NoteSettled, Op: task.id, Data: out})
	return task, results, accept
}

func (s *stage) accept(h sim.HostID, task *written, out []byte, results ...*written) *written {
	ids := map[key]bool{}
	for _, r := range results {
		ids[r.id] = true
	}
	var list [][]byte
	for _, id := range sortedKeys(ids) {
		list = append(list, id[:])
	}
	w := s.pens[h-1].write(s.space, "compute.accept", map[int]any{0: task.id[:], 1: out, 2: list}, nil, s.heads...)
	s.asker = 0
	s.publish(h, 0, w)
	if request := s.by[task.id]; request != 0 && !s.mute {
		s.reply(h, request, step.Shown, map[string]any{"task": task.id[:], "output": out})
	}
	return w
}

func TestAnHonestDayPasses(t *testing.T) {
	for name, v := range newStage(t, nil).day().finish() {
		if v.Outcome != sim.Pass || v.Checked == 0 || v.Why == "" {
			t.Errorf("%s: %v, %d looked at: %s", name, v.Outcome, v.Checked, v.Why)
		}
		t.Logf("%s: %s %v", name, v.Why, v.Metrics)
	}
}

func TestNothingIsVacuous(t *testing.T) {
	for _, j := range All(&Truth{}) {
		v := j.Verdict(sim.End{View: &stage{t: t}})
		if v.Outcome != sim.Vacuous || !strings.HasPrefix(v.Why, "nothing to look at") {
			t.Errorf("%s of an empty run: %v: %s", j.Name(), v.Outcome, v.Why)
		}
	}
}

func TestACutRunIsUnknown(t *testing.T) {
	s := newStage(t, nil)
	s.channel(1)
	s.skip = func(h sim.HostID, _ *written) bool { return h == 2 }
	s.message(3, "cut off")
	for _, j := range s.judges {
		if v := j.Verdict(sim.End{At: s.now, View: s, Cut: "over --max-events"}); v.Outcome != sim.Unknown || v.Why != "over --max-events" {
			t.Errorf("%s of a cut run: %v: %s", j.Name(), v.Outcome, v.Why)
		}
	}
}

func TestBoundsFollowTheFigures(t *testing.T) {
	s := newStage(t, nil)
	was := s.truth.Settle()
	s.truth.Node.GossipPeriod *= 3
	if s.truth.Settle() <= was {
		t.Error("a longer gossip period does not lengthen the settle time")
	}
	truth := *newStage(t, nil).truth
	if one, two := truth.Promise(1), truth.Promise(2); one != 242*time.Millisecond || two != 2*one+truth.Node.Retry {
		t.Errorf("a promise of one try takes %v, of two %v", one, two)
	}
	if truth.Node.Repair = time.Second; truth.Promise(1) != 1444*time.Millisecond {
		t.Errorf("a promise that waits for causes takes %v", truth.Promise(1))
	}
	settle, spread := truth.Settle(), truth.Spread()
	end := 9 * time.Second
	truth.Faults = []sim.Window{{Begin: 5 * time.Second, End: end}, {Begin: end + settle/2, End: end + settle/2}}
	for _, c := range []struct{ saved, booted, due time.Duration }{
		{0, 0, end + settle + settle/2},                  // the first fault began before it was due, the second before it had settled
		{end + 2*settle, 0, end + 2*settle + spread},     // nothing disturbs it
		{end + 2*settle, end + 2*settle, end + 3*settle}, // the receiver has just booted
	} {
		if got := truth.Due(c.saved, c.booted); got != c.due {
			t.Errorf("saved at %v, booted at %v: due at %v, want %v", c.saved, c.booted, got, c.due)
		}
	}
	for _, c := range []struct {
		loss float64
		n    int
		want int
	}{{0, 10, 0}, {0.01, 1, 3}, {0.01, 15, 5}, {0.5, 1, 19}} {
		if got := (&NetFigures{Loss: c.loss}).resends(c.n); got != c.want {
			t.Errorf("a chain of %d crossings at loss %v suffers %d resends, want %d", c.n, c.loss, got, c.want)
		}
	}
}
