package workload

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/gpu"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Compute is people who lend their devices, and people who give tasks to the network (TASK-1..4). Every other lender allows one
// job at once; a task in four is given in the same moment as the one before it, so that the jobs of a lender can meet.
type Compute struct {
	Lenders  []string `yaml:"lenders"`            // groups whose users consent
	Givers   []string `yaml:"givers"`             // groups that give tasks
	Tasks    int      `yaml:"tasks"`              // how many in all
	Size     int      `yaml:"size,omitempty"`     // of a task, in the kernel's own measure; 0 is 16
	Quorum   int      `yaml:"quorum,omitempty"`   // equal results that accept one; 0 is 2
	Workers  int      `yaml:"workers,omitempty"`  // drawn at first; 0 is quorum + 1
	Kernels  []string `yaml:"kernels,omitempty"`  // all where none is named
	Withdraw float64  `yaml:"withdraw,omitempty"` // share of the lenders who take their consent back in the second half; some of them give it again
}

func (*Compute) Kind() string { return "compute" }

func (c *Compute) Deeds() (int, error) {
	return c.Tasks, cmp.Or(within("tasks", c.Tasks, maxTasks), within("size", c.Size, maxSize), within("quorum", c.Quorum, maxPeople), within("workers", c.Workers, maxPeople))
}

// Claims implements Claimer.
func (c *Compute) Claims() []string {
	if c.Withdraw == 0 {
		return nil
	}
	return []string{Withdrawn}
}

func (c *Compute) Scripts(env *Env, r *rand.Rand) ([]sim.Script, error) {
	lenders, err := env.group("lenders", c.Lenders...)
	if err != nil {
		return nil, err
	}
	givers, err := env.group("givers", c.Givers...)
	if err != nil {
		return nil, err
	}
	givers = slices.DeleteFunc(givers, func(s Seat) bool { return s.Liar != "" })
	if c.Tasks <= 0 || len(givers) == 0 {
		return nil, fmt.Errorf("tasks: %d tasks of %d honest givers", c.Tasks, len(givers))
	}
	if c.Withdraw < 0 || c.Withdraw > 1 {
		return nil, fmt.Errorf("withdraw: %v is not a share", c.Withdraw)
	}
	kernels := c.Kernels
	if len(kernels) == 0 {
		for _, k := range gpu.All() {
			kernels = append(kernels, k.Name)
		}
	}
	for _, k := range kernels {
		if _, ok := gpu.Find(k); !ok {
			return nil, fmt.Errorf("kernels: there is no kernel %q", k)
		}
	}
	var scripts []sim.Script
	for i, s := range lenders {
		for _, space := range s.Spaces {
			times := []time.Duration{start/2 + time.Duration(r.Int64N(int64(start)))}
			if int(float64(i+1)*c.Withdraw) > int(float64(i)*c.Withdraw) { // so that few lenders have their share too
				half := max(env.Duration/2, 1)
				withdrawn := half + time.Duration(r.Int64N(int64(half)))
				if times = append(times, withdrawn); i%4 < 2 { // they change their mind again
					times = append(times, withdrawn+time.Duration(r.Int64N(int64(max(env.Duration-withdrawn, 1)))))
				}
			}
			scripts = append(scripts, script(s, "compute", space, sim.Arg{Name: "most", Value: fmt.Sprint(i % 2)}, sim.Arg{Name: "times", Value: writeTimes(times)}))
		}
	}
	first := 3 * start
	var g Seat
	var space [32]byte
	var at time.Duration
	for n := range c.Tasks {
		if err := env.poll(n); err != nil {
			return nil, err
		}
		if n == 0 || r.IntN(4) > 0 {
			g = givers[r.IntN(len(givers))]
			space = g.Spaces[r.IntN(len(g.Spaces))]
			at = first + time.Duration(r.Int64N(int64(max(env.Duration-first, 1))))
		}
		k, _ := gpu.Find(kernels[r.IntN(len(kernels))])
		quorum := max(c.Quorum, 2)
		scripts = append(scripts, script(g, "compute", space,
			sim.Arg{Name: "kernel", Value: k.Name},
			sim.Arg{Name: "input", Value: hex.EncodeToString(k.Random(r, max(c.Size, 16)))},
			sim.Arg{Name: "quorum", Value: fmt.Sprint(quorum)},
			sim.Arg{Name: "workers", Value: fmt.Sprint(max(c.Workers, quorum+1))},
			sim.Arg{Name: "times", Value: writeTimes([]time.Duration{at})}))
	}
	return scripts, nil
}

// computer is a person who consents, later perhaps no more, and then again; or who gives one task.
type computer struct {
	user
	kernel          string
	input           []byte
	quorum, workers int
	most            int // jobs at once; 0 leaves that to the host
	on              bool
}

func newComputer(a args) (sim.Person, error) {
	u, err := newUser(a)
	if err != nil {
		return nil, err
	}
	c := &computer{user: u, kernel: a.text("kernel")}
	if c.kernel == "" {
		if a.text("most") != "" { // a plan of an older build says nothing
			c.most, err = a.number("most")
		}
		return c, err
	}
	if c.input, err = hex.DecodeString(strings.TrimSpace(a.text("input"))); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if c.quorum, err = a.number("quorum"); err != nil {
		return nil, err
	}
	c.workers, err = a.number("workers")
	return c, err
}

func (c *computer) Wake(_ step.Now, h *sim.Hands) {
	life := c.life
	due := c.wake(h)
	if c.kernel == "" && c.on && life != c.life && life != 0 {
		c.ask(h, "consent", map[string]any{"on": true, "max": c.most})
	}
	for ; due > 0; due-- {
		if c.kernel != "" {
			c.ask(h, "submit_task", map[string]any{"kernel": c.kernel, "input": c.input, "quorum": c.quorum, "workers": c.workers})
			continue
		}
		c.on = !c.on
		if _, issued := c.ask(h, "consent", map[string]any{"on": c.on, "max": c.most}); issued && !c.on {
			h.Count(Withdrawn, 1)
		}
	}
}

func (c *computer) See(_ step.Now, r *step.Reply, h *sim.Hands) {
	if do := c.answered(r); do == "submit_task" && r.Status == step.Shown {
		h.Count("tasks answered", 1)
	}
}
