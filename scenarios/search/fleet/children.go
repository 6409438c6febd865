//go:build !js && !wasip1

package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// children are worker processes on this machine. One that dies is started anew; one that ends well has nothing left to do.
type children struct {
	spawn func(env []string) *exec.Cmd
	env   []string
	jobs  int
	say   func(string)
	most  int64         // deaths in a row, without work done between them, that are no run's doing
	died  atomic.Int64  // in a row
	fail  chan error    // that none can work
	done  chan struct{} // closed when all have ended well

	mu    sync.Mutex
	alive map[*exec.Cmd]io.Closer
	over  bool
	wait  sync.WaitGroup
}

// startChildren starts so many workers.
func startChildren(n, tries int, env []string, spawn func([]string) *exec.Cmd, tell func(string)) *children {
	c := &children{spawn: spawn, env: env, jobs: n, say: tell, most: int64(tries * (n + 1)), fail: make(chan error, 1), done: make(chan struct{}), alive: map[*exec.Cmd]io.Closer{}}
	for range n {
		c.wait.Go(c.keep)
	}
	go func() {
		c.wait.Wait()
		close(c.done)
	}()
	return c
}

// keep has one worker alive.
func (c *children) keep() {
	for {
		cmd := c.spawn(c.env)
		if os.Getenv("GOMAXPROCS") == "" { // a process with more than its share of the cores collects garbage on those of others
			cmd.Env = append(cmd.Environ(), fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.GOMAXPROCS(0)/c.jobs)))
		}
		said := &head{}
		if cmd.Stderr == nil {
			cmd.Stderr = said
		}
		if cmd.Stdout == nil {
			cmd.Stdout = &notes{say: c.say}
		}
		in, err := cmd.StdinPipe() // its end tells the worker that nobody needs it any more
		c.mu.Lock()
		if c.over {
			c.mu.Unlock()
			return
		}
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			c.mu.Unlock()
			c.broken(fmt.Errorf("a worker process does not start: %w", err))
			return
		}
		c.alive[cmd] = in
		c.mu.Unlock()
		err = cmd.Wait()
		c.mu.Lock()
		delete(c.alive, cmd)
		over := c.over
		c.mu.Unlock()
		var exit *exec.ExitError
		switch {
		case over || err == nil:
			return
		case errors.As(err, &exit) && exit.ExitCode() == usage:
			c.broken(errors.New(said.all()))
			return
		}
		if c.died.Add(1) > c.most {
			c.broken(fmt.Errorf("worker processes die one after the other, the last by %w: %s", err, said.first()))
			return
		}
		say(c.say, "a worker process died (%v) and is started anew: %s", err, said.first())
	}
}

// usage is the exit code of a command that another try cannot help.
const usage = 3

func (c *children) broken(err error) {
	select {
	case c.fail <- err:
	default: // the first says it
	}
}

// interrupt asks all to end after the run at hand.
func (c *children) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for cmd := range c.alive {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
	}
}

// kill ends all at once.
func (c *children) kill() {
	c.mu.Lock()
	c.over = true
	for cmd, in := range c.alive {
		_ = cmd.Process.Kill() // it may have ended
		in.Close()
	}
	c.mu.Unlock()
	c.wait.Wait()
}

// head keeps the beginning of what is written: where a program of Go dies it says first why.
type head struct {
	mu sync.Mutex
	b  []byte
}

func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, b[:min(len(b), 4096-len(h.b))]...)
	return len(b), nil
}

func (h *head) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.TrimPrefix(strings.TrimSpace(string(h.b)), "lgos-sim: ")
}

func (h *head) first() string {
	line, _, _ := strings.Cut(h.all(), "\n")
	if line == "" {
		return "it said nothing"
	}
	return line
}

// notes passes on the lines in which a worker says what went wrong, and no others.
type notes struct {
	say  func(string)
	rest []byte
}

func (n *notes) Write(b []byte) (int, error) {
	n.rest = append(n.rest, b...)
	for {
		line, rest, ok := bytes.Cut(n.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		if text, ok := bytes.CutPrefix(line, []byte(NotePrefix)); ok {
			say(n.say, "%s", text)
		}
		n.rest = rest
	}
}
