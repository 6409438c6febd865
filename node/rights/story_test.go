package rights

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/journal"
	"github.com/lifegraph-os/lgos-sim/node/op"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// player is a person with one node of her own: a journal judged by rights. She signs by hand, so that she may also lie.
type player struct {
	name             string
	identity, device ed25519.PrivateKey
	journal          *journal.Journal
	rights           *Rights
	log              *journal.Log
	last             *op.Operation
}

func (p *player) Device() ed25519.PrivateKey { return p.device }
func (p *player) Identity() op.Key           { return op.KeyOf(p.identity) }
func (p *player) Certificate() [64]byte      { return op.Certify(p.identity, op.KeyOf(p.device)) }

// stage holds the players and names of operations.
type stage struct {
	store   *op.Store
	players []*player
	names   map[op.ID]string
	ops     map[string]*op.Operation
}

func seed(name, what string) (s [32]byte) {
	copy(s[:], name+" "+what)
	return s
}

func (g *stage) player(name string) *player {
	for _, p := range g.players {
		if p.name == name {
			return p
		}
	}
	i, d := seed(name, "identity"), seed(name, "device")
	p := &player{name: name, identity: ed25519.NewKeyFromSeed(i[:]), device: ed25519.NewKeyFromSeed(d[:])}
	g.players = append(g.players, p)
	return p
}

// found gives everybody the genesis.
func (g *stage) found(input string) {
	var founders []op.Membership
	for _, line := range strings.Split(input, "\n") {
		f := strings.Fields(line)
		p := g.player(f[0])
		if r := roleOf(f[1]); r != None {
			founders = append(founders, op.Membership{Identity: p.Identity(), Role: r})
		}
	}
	first := g.players[0].name
	genesis := Genesis("stage", [16]byte{1}, founders, seed(first, "identity"), seed("founding", "device"), 1)
	for _, p := range g.players {
		p.rights = New()
		p.journal = journal.New(journal.Config{Store: g.store}, p.rights, p)
		var err error
		if p.log, err = p.journal.Found(genesis); err != nil {
			panic(err)
		}
		var out step.Effects
		g.effect(p, p.journal.Boot(&step.Boot{Life: 1}, &out))
	}
	g.names[g.players[0].log.Genesis] = "genesis"
}

func roleOf(s string) Role {
	for r := None; r <= Owner; r++ {
		if r.String() == s {
			return r
		}
	}
	panic("no role " + s)
}

// receive gives a node the bytes of operations; it tells what it made of them.
func (g *stage) receive(p *player, bytes []byte) (said []string) {
	var out step.Effects
	admitted := p.journal.Receive(1, bytes, &out)
	for _, e := range out.List {
		if n, ok := e.(*step.Note); ok && n.Kind == step.NoteRefused {
			said = append(said, fmt.Sprintf("%s refused: %s", g.names[n.Op], n.Text))
		}
	}
	for _, e := range admitted {
		said = append(said, g.names[e.Op.ID]+" admitted")
	}
	if void := g.effect(p, admitted); len(void) > 0 {
		said = append(said, "void: "+strings.Join(void, " "))
	}
	return said
}

func (g *stage) effect(p *player, admitted []*journal.Entry) (names []string) {
	for _, e := range admitted {
		for _, v := range p.rights.Admitted(p.log, e) {
			names = append(names, g.names[p.log.Entries[v].Op.ID])
		}
	}
	return names
}

// sign writes the next operation of a player, after all that her node holds.
func (g *stage) sign(p *player, name string, d op.Draft, prev *op.Operation) *op.Operation {
	h := op.Header{Format: 1, Space: p.log.ID, Device: op.KeyOf(p.device), Incarnation: 7, Seq: 1, Schema: 1}
	if prev != nil {
		h.Seq, h.Prev, h.Clock = prev.Seq+1, prev.ID, prev.Clock
	} else {
		h.Identity, h.Certificate = p.Identity(), p.Certificate()
	}
	for _, id := range p.log.Heads() {
		if id != h.Prev {
			e, _ := p.log.Get(id)
			h.Deps, h.Clock = append(h.Deps, id), max(h.Clock, e.Op.Clock)
		}
	}
	h.Clock++
	h.WallMS = int64(len(g.names))
	o, err := g.store.Open(op.Sign(h, d.Body(), p.device))
	if err != nil {
		panic(err)
	}
	g.names[o.ID], g.ops[name] = name, o
	return o
}

func (g *stage) draft(kind string, names []string, role string) op.Draft {
	var who []op.Key
	for _, n := range names {
		who = append(who, g.player(n).Identity())
	}
	switch kind {
	case "grant":
		return Grant(who, roleOf(role))
	case "revoke":
		return Revoke(who)
	}
	return op.Draft{Kind: op.GraphEdit, Mutations: []op.Mutation{{Code: op.CreateNode, Type: "note"}}}
}

// roles are a player's by the library's encoder, and by nothing that was remembered.
func (g *stage) roles(p *player) []byte {
	roles := map[cbor.ByteString]Role{}
	for k, role := range p.rights.Roles(p.log) {
		roles[cbor.ByteString(k[:])] = role
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	b, err := mode.Marshal(roles)
	if err != nil {
		panic(err)
	}
	return append([]byte{step.InspectLayout}, b...)
}

// TestStories runs protocol stories with real operations and journals. A player whose name ends a command's first word acts;
// "secretly" signs without asking her own node, "fork" signs a second operation in place of her last one.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		g := &stage{store: op.NewStore(1 << 20), names: map[op.ID]string{}, ops: map[string]*op.Operation{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var said []string
			arg := func(key string) (v string) {
				d.MaybeScanArgs(t, key, &v)
				return v
			}
			switch d.Cmd {
			case "space":
				g.found(d.Input)
			case "write", "grant", "revoke":
				p := g.player(arg("by"))
				draft := g.draft(d.Cmd, strings.Fields(strings.ReplaceAll(arg("who"), "+", " ")), arg("role"))
				prev := p.last
				if d.HasArg("fork") {
					if e, ok := p.log.Get(p.last.Prev); ok {
						prev = e.Op
					} else {
						prev = nil
					}
				}
				may := p.rights.May(p.log, p.Identity(), &draft)
				o := g.sign(p, arg("name"), draft, prev)
				said = g.receive(p, o.Bytes)
				if ok := slices.Contains(said, arg("name")+" admitted"); ok {
					p.last = o
				} else if may {
					said = append(said, "but it may")
				}
			case "send": // from one to another, all that she has, and one operation by name
				to := g.player(arg("to"))
				if name := arg("name"); name != "" {
					said = g.receive(to, g.ops[name].Bytes)
					break
				}
				for _, e := range g.player(arg("from")).log.Entries {
					said = append(said, g.receive(to, e.Op.Bytes)...)
				}
			case "sync":
				for range 2 {
					for _, from := range g.players {
						for _, to := range g.players {
							for _, e := range from.log.Entries {
								if s := g.receive(to, e.Op.Bytes); len(s) > 0 {
									said = append(said, to.name+": "+strings.Join(s, ", "))
								}
							}
						}
					}
				}
				for _, p := range g.players[1:] {
					a := g.players[0]
					if !slices.Equal(p.rights.Void(p.log), a.rights.Void(a.log)) || string(p.rights.Inspect(p.log)) != string(a.rights.Inspect(a.log)) {
						said = append(said, p.name+" differs from "+a.name)
					}
				}
			case "show":
				p := g.player(arg("at"))
				for _, q := range g.players {
					if r := p.rights.Role(p.log, q.Identity()); r != None {
						said = append(said, q.name+" "+r.String())
					}
				}
				void := []string{"void:"}
				for _, e := range p.log.Entries {
					if p.rights.IsVoid(p.log, e.Index) {
						void = append(void, g.names[e.Op.ID])
					}
				}
				said = append(said, strings.Join(void, " "))
			}
			for _, p := range g.players {
				if got, want := p.rights.Inspect(p.log), g.roles(p); !bytes.Equal(got, want) {
					t.Errorf("%s: after %s %s shows roles %x, and they are %x", d.Pos, d.Cmd, p.name, got, want)
				}
			}
			if len(said) == 0 {
				return "ok\n"
			}
			return strings.Join(said, "\n") + "\n"
		})
	})
}
