package checkers

import (
	"slices"
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// TestAWorkerIsDrawnByWhatItsRequesterKnew: an offer was void when the lottery was held and another became so later, so that
// neither all that the run knows nor the offers as they were made tell who was drawn.
func TestAWorkerIsDrawnByWhatItsRequesterKnew(t *testing.T) {
	const requester, adam, mia, max = 1, 2, 3, 4
	for n := range 200 {
		s := newStage(t, nil)
		s.channel(requester)
		lend := func(h sim.HostID) *written {
			s.note(h, step.Note{Kind: step.NoteConsent, N: 1})
			return s.say(h, "consent", "compute.offer", map[int]any{0: true, 1: 2, 2: "cpu"})
		}
		since := lend(adam)
		lend(mia)
		last := lend(max)
		void := s.publish(requester, 0, s.pens[requester-1].write(s.space, "rights.revoke", revoke(s.pens[mia-1]), nil, since))
		s.heads = []*written{last, void}
		task := s.say(requester, "submit_task", "compute.task", map[int]any{0: "sum", 1: []byte{byte(n)}, 2: 1, 3: 1})
		order := []sim.HostID{adam, mia, max}
		slices.SortFunc(order, s.order(task))
		if !slices.Equal(order, []sim.HostID{mia, max, adam}) {
			continue
		}
		s.asker = requester
		out := append([]byte("sum:"), byte(n))
		result := s.publish(max, 0, s.pens[max-1].write(s.space, "compute.result", map[int]any{0: task.id[:], 1: out}, nil, task))
		s.accept(requester, task, out, result)
		s.publish(adam, 0, s.pens[adam-1].write(s.space, "rights.revoke", revoke(s.pens[max-1]), nil, since))
		if v := s.finish()["compute"]; v.Outcome == sim.Fail {
			t.Errorf("the worker was drawn when only one offer was void: %s", v.Why)
		}
		return
	}
	t.Fatal("no task draws the workers in this order")
}
