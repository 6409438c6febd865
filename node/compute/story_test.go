package compute

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/rights"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// host is a node of journal, rights and compute, with a disk that answers at once and a runner that answers when told.
type host struct {
	g                *stage
	name             string
	identity, device ed25519.PrivateKey
	disk             map[string][]byte
	life             uint32
	now              step.Now
	journal          *journal.Journal
	rights           *rights.Rights
	compute          *Compute
	log              *journal.Log
	out              step.Effects
	runs             []step.Run
	timer            time.Duration
}

// stage holds the hosts, and names for operations in the order in which they were signed.
type stage struct {
	store   *op.Store
	hosts   []*host
	names   map[op.ID]string
	count   map[string]int
	genesis []byte
	said    []string
	silent  bool
}

func (h *host) Device() ed25519.PrivateKey { return h.device }
func (h *host) Identity() op.Key           { return op.KeyOf(h.identity) }
func (h *host) Certificate() [64]byte      { return op.Certify(h.identity, op.KeyOf(h.device)) }

func (h *host) Author(space op.SpaceID, d op.Draft, request uint64) (op.ID, error) {
	id, err := h.journal.Author(space, &d, request, 0, &h.out)
	if err == nil {
		short := strings.TrimPrefix(d.Kind, "compute.")
		h.g.count[short]++
		h.g.names[id] = fmt.Sprintf("%s%d", short, h.g.count[short])
		h.say("signs %s", h.g.names[id])
	}
	return id, err
}

func (h *host) say(format string, args ...any) {
	if !h.g.silent {
		h.g.said = append(h.g.said, h.name+" "+fmt.Sprintf(format, args...))
	}
}

func (h *host) boot() {
	h.life++
	h.now, h.runs, h.timer = step.Now{}, nil, 0
	h.rights = rights.New()
	h.journal = journal.New(journal.Config{Store: h.g.store}, h.rights, h)
	h.compute = New(Config{Author: h, Verdicts: h.rights, Profile: "cpu", Jobs: 2, Patience: 5 * time.Second, Tries: 2})
	h.compute.Boot(op.KeyOf(h.device))
	var err error
	if h.log, err = h.journal.Found(h.g.genesis); err != nil {
		panic(err)
	}
	in := &step.Boot{Life: h.life, Entropy: [32]byte{byte(h.life), h.name[0]}}
	for k, v := range h.disk {
		in.Disk = append(in.Disk, step.Record{Key: k, Value: v})
	}
	slices.SortFunc(in.Disk, func(a, b step.Record) int { return strings.Compare(a.Key, b.Key) })
	h.applied(h.journal.Boot(in, &h.out), nil)
	h.settle()
}

func (h *host) applied(entries []*journal.Entry, out *step.Effects) {
	for _, e := range entries {
		h.rights.Admitted(h.log, e)
		h.compute.Applied(h.log, e, out)
	}
}

// settle ends a step: effects are carried out, commits answered, until nothing is left.
func (h *host) settle() {
	for {
		h.compute.Flush(h.now, &h.out)
		list := slices.Clone(h.out.List)
		if len(list) == 0 {
			return
		}
		h.out = step.Effects{}
		for _, e := range list {
			switch e := e.(type) {
			case *step.Commit:
				for _, r := range e.Put {
					h.disk[r.Key] = r.Value
				}
				saved, _, _ := h.journal.Committed(&step.Committed{ID: e.ID, Strict: e.Strict}, &h.out)
				for _, s := range saved {
					h.applied([]*journal.Entry{s.Entry}, &h.out)
				}
			case *step.Run:
				h.runs = append(h.runs, *e)
			case *step.SetTimer:
				h.timer = h.now.Mono + e.After
			case *step.Reply:
				var v map[string]any
				if err := cbor.Unmarshal(e.Body, &v); err != nil {
					panic(err)
				}
				if v["why"] != nil {
					h.say("tells request %d: %s, %v", e.Request, e.Status, v["why"])
				} else {
					h.say("tells request %d: %s, %q", e.Request, e.Status, v["output"])
				}
			case *step.Note:
				switch e.Kind {
				case step.NoteTaken:
					h.say("takes %s", h.g.names[e.Op])
				case step.NoteSettled:
					h.say("settles %s: %q", h.g.names[e.Op], e.Data)
				case step.NoteConsent:
					h.say("consents %d", e.N)
				}
			}
		}
	}
}

func (g *stage) host(name string) *host {
	for _, h := range g.hosts {
		if h.name == name {
			return h
		}
	}
	panic("no host " + name)
}

func (g *stage) found(names []string) {
	var members []op.Membership
	for _, n := range names {
		var seed, dseed [32]byte
		person, _, second := strings.Cut(n, "/") // ann/phone is another device of ann
		copy(seed[:], "identity "+person)
		copy(dseed[:], "device "+n)
		h := &host{g: g, name: n, identity: ed25519.NewKeyFromSeed(seed[:]), device: ed25519.NewKeyFromSeed(dseed[:]), disk: map[string][]byte{}}
		g.hosts = append(g.hosts, h)
		if !second {
			members = append(members, op.Membership{Identity: h.Identity(), Role: op.Member})
		}
	}
	members[0].Role = op.Owner
	var seed [32]byte
	copy(seed[:], "identity "+names[0])
	g.genesis = rights.Genesis("stage", [16]byte{}, members, seed, [32]byte{1}, 1)
	for _, h := range g.hosts {
		h.boot()
	}
}

func (g *stage) sync(hosts []*host) {
	for range 4 {
		for _, from := range hosts {
			for _, to := range hosts {
				for _, e := range slices.Clone(from.log.Entries) {
					if !to.log.Has(e.Op) {
						to.applied(to.journal.Receive(1, e.Op.Bytes, &to.out), &to.out)
						to.journal.Flush(false, &to.out)
						to.settle()
					}
				}
			}
		}
	}
}

func body(v any) []byte {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// TestStories tells how tasks find workers and results find acceptance. "done" answers a host's jobs: with the output given,
// or with what the input becomes by an honest worker.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		g := &stage{store: op.NewStore(1 << 20), names: map[op.ID]string{}, count: map[string]int{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			g.said = nil
			hosts := func() []*host {
				if !d.HasArg("at") {
					return g.hosts
				}
				var names string
				d.ScanArgs(t, "at", &names)
				var list []*host
				for _, n := range strings.Split(names, "+") {
					list = append(list, g.host(n))
				}
				return list
			}
			var request uint64
			d.MaybeScanArgs(t, "request", &request)
			switch d.Cmd {
			case "space":
				g.found(strings.Fields(d.Input))
			case "consent", "submit_task":
				var m map[string]any
				for _, h := range hosts() {
					switch d.Cmd {
					case "consent":
						var on bool
						var limit uint64
						d.ScanArgs(t, "on", &on)
						d.MaybeScanArgs(t, "max", &limit)
						m = map[string]any{"do": d.Cmd, "space": h.log.ID[:], "on": on, "max": limit}
					default:
						quorum, workers := uint64(1), uint64(1)
						d.MaybeScanArgs(t, "quorum", &quorum)
						d.MaybeScanArgs(t, "workers", &workers)
						m = map[string]any{"do": d.Cmd, "space": h.log.ID[:], "kernel": "shout", "input": []byte("hello"), "quorum": quorum, "workers": workers}
						if d.HasArg("odd") {
							m["odd"] = 1
						}
					}
					if err := h.compute.Request(h.log, d.Cmd, body(m), request, &h.out); err != nil {
						h.say("denies: %v", err)
					}
					h.settle()
				}
			case "sync":
				g.sync(hosts())
			case "done":
				for _, h := range hosts() {
					runs := h.runs
					h.runs = nil
					for _, r := range runs {
						in := &step.JobDone{ID: r.ID, Out: []byte(strings.ToUpper(string(r.Input)))}
						if d.HasArg("output") {
							var s string
							d.ScanArgs(t, "output", &s)
							in.Out = []byte(s)
						}
						if d.HasArg("error") {
							in.Err = "no device"
						}
						h.compute.JobDone(in, &h.out)
						h.settle()
					}
				}
			case "wait": // until the host's timer is due
				for _, h := range hosts() {
					if h.timer == 0 {
						h.say("has no timer")
						continue
					}
					h.now.Mono, h.timer = h.timer, 0
					h.compute.Timer(h.now, &h.out)
					h.settle()
				}
			case "crash":
				for _, h := range hosts() {
					h.boot()
				}
			}
			if len(g.said) == 0 {
				return "ok\n"
			}
			return strings.Join(g.said, "\n") + "\n"
		})
	})
}
