package node

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// TestStories plays whole stories of a few nodes: what their persons are told, and what they note.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		var g *stage
		request := uint64(1)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			arg := func(i int) string { return d.CmdArgs[i].Key }
			if g != nil {
				g.t, g.said = t, nil
			}
			switch d.Cmd {
			case "space":
				g = newStage(t, strings.Fields(d.Input)...)
			case "nodes": // name, protocol, contacts
				for _, line := range strings.Split(d.Input, "\n") {
					f := strings.Fields(line)
					n, _ := strconv.Atoi(f[1])
					g.add(f[0], uint8(n), f[2:]...)
				}
				for _, p := range g.peers {
					p.boot()
				}
				g.settle()
			case "boot":
				g.find(arg(0)).boot()
				g.settle()
			case "sign-in":
				for _, a := range d.CmdArgs {
					g.find(a.Key).signIn(a.Key)
				}
			case "ask":
				request++
				g.find(arg(0)).ask(request, arg(1), fields(g, d.CmdArgs[2:]))
				g.settle()
			case "ask-raw":
				request++
				g.find(arg(0)).step(&step.Request{ID: request, Body: []byte(d.Input)})
			case "tick":
				after, err := time.ParseDuration(arg(0))
				if err != nil {
					t.Fatal(err)
				}
				g.tick(after)
			case "hold":
				g.find(arg(0)).held = true
			case "disk": // completes the oldest commit, or fails it
				err := step.CommitError(0)
				if len(d.CmdArgs) > 1 {
					err = step.QuotaExceeded
				}
				if !g.find(arg(0)).disked(err) {
					return "the disk has nothing to do\n"
				}
				g.settle()
			case "release":
				g.find(arg(0)).held = false
				g.settle()
			case "crash":
				g.find(arg(0)).crash()
				g.settle()
			case "cut":
				g.cut = true
			case "mend":
				g.mend()
				g.settle()
			case "agree":
				return agree(g)
			default:
				t.Fatalf("there is no command %s", d.Cmd)
			}
			if len(g.said) == 0 {
				return "(nothing)\n"
			}
			return strings.Join(g.said, "\n") + "\n"
		})
	})
}

// fields reads the fields of a request; those that name elements, operations, people, numbers and truths by their names.
func fields(g *stage, args []datadriven.CmdArg) map[string]any {
	m := map[string]any{}
	for _, a := range args {
		v := strings.Join(a.Vals, ", ")
		switch a.Key {
		case "channel", "thread", "message", "element", "from", "to":
			m[a.Key] = g.element(v)
		case "who":
			var who [][]byte
			for _, name := range a.Vals {
				k := keyOf(name)
				who = append(who, k[:])
			}
			m[a.Key] = who
		case "role", "max", "delta":
			n, _ := strconv.ParseInt(v, 10, 64)
			m[a.Key] = n
		case "subscribe", "on":
			m[a.Key] = v == "yes"
		case "version":
			var version [][]byte
			for _, name := range a.Vals {
				version = append(version, g.element(name)[:32])
			}
			m[a.Key] = version
		case "patch":
			at, _ := strconv.Atoi(a.Vals[0])
			del, _ := strconv.Atoi(a.Vals[1])
			m["patches"] = []any{[]any{at, del, a.Vals[2]}}
		case "insert":
			m["patches"] = []any{[]any{0, 0, v}}
		default:
			m[a.Key] = v
		}
	}
	return m
}

// agree tells how many operations each node holds, and whether all show the same.
func agree(g *stage) string {
	var b strings.Builder
	query := fmt.Sprintf("%s %x", step.InspectState, g.space[:])
	for _, p := range g.peers {
		same := "the same state"
		if !bytes.Equal(p.node.Inspect(query), g.peers[0].node.Inspect(query)) {
			same = "another state"
		}
		fmt.Fprintf(&b, "%s: %d operations, %s\n", p.name, (len(p.node.Inspect(fmt.Sprintf("%s %x", step.InspectOps, g.space[:])))-1)/32, same)
	}
	return b.String()
}
