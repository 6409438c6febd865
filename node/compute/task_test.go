package compute

import (
	"testing"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// TestSound: what is at a bound is in it.
func TestSound(t *testing.T) {
	most := op.Task{Kernel: string(make([]byte, MaxKernel)), Input: make([]byte, MaxInput), Quorum: MaxWorkers, Workers: MaxWorkers}
	least := op.Task{Kernel: "k", Quorum: 1, Workers: 1}
	for _, c := range []struct {
		name string
		from op.Task
		edit func(*op.Task)
		want bool
	}{
		{"all that is allowed", most, func(*op.Task) {}, true},
		{"as little as can be", least, func(*op.Task) {}, true},
		{"a long name", most, func(t *op.Task) { t.Kernel += "x" }, false},
		{"no name", least, func(t *op.Task) { t.Kernel = "" }, false},
		{"a long input", most, func(t *op.Task) { t.Input = append(t.Input, 0) }, false},
		{"too many workers", most, func(t *op.Task) { t.Workers++ }, false},
		{"fewer workers than the quorum", most, func(t *op.Task) { t.Workers-- }, false},
		{"no quorum", least, func(t *op.Task) { t.Quorum = 0 }, false},
	} {
		task := c.from
		if c.edit(&task); sound(&task) != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}
