package rights

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestLearnsWhatCame: what is learned is what was admitted, not what was judged last.
func TestLearnsWhatCame(t *testing.T) {
	g := &stage{store: op.NewStore(1 << 20), names: map[op.ID]string{}, ops: map[string]*op.Operation{}}
	g.found("ann owner\ncat member")
	ann, cat := g.player("ann"), g.player("cat")
	g.receive(cat, g.sign(cat, "note", g.draft("write", nil, ""), nil).Bytes)
	r := New()
	r.Judge(cat.log, cat.log.Entries[cat.log.Count()-1])
	g.receive(cat, g.sign(ann, "out", g.draft("revoke", []string{"cat"}, ""), nil).Bytes)
	r.Admitted(cat.log, cat.log.Entries[cat.log.Count()-1])
	if role := r.Role(cat.log, cat.Identity()); role != None {
		t.Fatalf("who was revoked is %v", role)
	}
}
