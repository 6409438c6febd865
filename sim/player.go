package sim

import (
	"fmt"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// Player is a host without a world: it takes again what a Tape was told that its host took, from the first input on or from
// the Boot of any life.
type Player struct {
	make    func(life uint32) Process
	process Process
	life    uint32
	begun   bool
	sum     digest
	out     *step.Effects
	scratch []byte
}

// NewPlayer makes a player of a host that is down; newProcess is what sits on its seat.
func NewPlayer(newProcess func(life uint32) Process) *Player {
	return &Player{make: newProcess, out: &step.Effects{}}
}

// Take steps the process with an input. Of the effects only so many were carried out as cut says; a negative one is all of
// them. It gives all of them, valid until the next call, and with what the process panicked, if it did. An error is an
// input to a host that is down.
func (p *Player) Take(t *Taken, cut int) (effects []step.Effect, panicked string, err error) {
	p.out.Reset()
	if b, ok := t.In.(*step.Boot); ok {
		p.life, p.process = b.Life, p.make(b.Life)
	}
	if p.process == nil {
		return nil, "", fmt.Errorf("sim: the recording has an input at %v for a host that is down", t.Key)
	}
	if !p.begun {
		p.begun, p.sum = true, digest{t.Before[0], t.Before[1]}
	}
	p.sum.key(t.Key, t.Now.Wall-t.Key.At)
	if x, ok := t.In.(*step.Packet); ok {
		p.sum.packet(codePacket, x.Conn, x.Channel, hashBytes(x.Bytes))
	} else {
		p.scratch = appendInput(p.scratch[:0], t.In)
		p.sum.bytes(p.scratch)
	}
	p.out.NextConn = t.Next
	if panicked = p.step(t); panicked != "" {
		return nil, panicked, nil
	}
	list := p.out.List
	if cut >= 0 {
		list = list[:min(cut, len(list))]
	}
	for _, f := range list {
		if s, ok := f.(*step.Send); ok {
			p.sum.packet(codeSend, s.Conn, s.Channel, hashBytes(s.Bytes))
			continue
		}
		p.scratch = appendEffect(p.scratch[:0], f)
		p.sum.bytes(p.scratch)
	}
	return p.out.List, "", nil
}

// step steps the process; a panic is hashed as the world does.
func (p *Player) step(t *Taken) (panicked string) {
	defer func() {
		if r := recover(); r != nil {
			panicked = fmt.Sprint(r)
			p.sum.bytes(append([]byte{codePanic}, panicked...))
			p.process = nil
			p.out.Reset()
		}
	}()
	p.process.Step(t.Now, t.In, p.out)
	return ""
}

// Crash ends a life.
func (p *Player) Crash(k Key, mode CrashMode) {
	p.sum.crash(k, mode)
	p.process = nil
}

// Up tells whether the host runs; Life is how often it has booted.
func (p *Player) Up() bool     { return p.process != nil }
func (p *Player) Life() uint32 { return p.life }

// Inspect asks the process; nil while the host is down.
func (p *Player) Inspect(query string) []byte {
	if p.process == nil {
		return nil
	}
	return p.process.Inspect(query)
}

// Running is the running digest, which Taken.Before of the host's next input must equal; Digest is what the host's is where
// nothing follows.
func (p *Player) Running() [2]uint64 { return [2]uint64{p.sum.a, p.sum.b} }
func (p *Player) Digest() HostDigest { return p.sum.sum() }
