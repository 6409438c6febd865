package op

import (
	"bytes"
	"crypto/ed25519"
	"hash/maphash"
	"sync"
)

// Store opens bytes once for all who share it: a bounded table from whole bytes to the operation, or to the refusal. It
// answers for bytes in hand, never for an id, and keeps nothing that a secret went into.
//
// The table has two generations. What is asked for moves to the young one; when that has its share of the bound, it
// becomes the old one and the former old one is dropped. So the bound holds, whatever comes in, and what is in use stays.
// Refusals have generations of their own, an eighth of the bound, so that a flood of rubbish drops no operation.
type Store struct {
	mu      sync.Mutex
	seed    maphash.Seed
	good    generations
	bad     generations
	serials uint32
	over    *Store // looked into before anything is opened, and never filled; nil for most
}

type generations struct {
	young, old map[uint64]*opened
	bytes      int // of the young one
	bound      int // of each
}

// opened is one run of bytes and its verdict.
type opened struct {
	bytes   []byte
	op      *Operation
	refusal *Refusal
	next    *opened // another with the same fast hash
}

// bookkeeping is what an entry takes besides its bytes.
const bookkeeping = 512

// NewStore makes a store that holds about so many bytes.
func NewStore(maxBytes int) *Store {
	s := &Store{seed: maphash.MakeSeed()}
	s.good = generations{young: map[uint64]*opened{}, bound: maxBytes / 2}
	s.bad = generations{young: map[uint64]*opened{}, bound: maxBytes / 16}
	return s
}

// Beside makes a store of its own bound for those who must not fill this one: what is known here it need not open again.
func (s *Store) Beside(maxBytes int) *Store {
	b := NewStore(maxBytes)
	b.seed, b.over = s.seed, s
	return b
}

// Open gives the operation that the bytes are, or a *Refusal: malformed or signature. It may keep a copy of b.
func (s *Store) Open(b []byte) (*Operation, error) { return s.open(b, nil) }

// Sign signs and opens an operation. It gives what Open gives for the bytes of the function Sign, but does not verify a
// signature that it has just made.
func (s *Store) Sign(h Header, body []byte, device ed25519.PrivateKey) (*Operation, error) {
	signer := KeyOf(device)
	return s.open(Sign(h, body, device), &signer)
}

func (s *Store) open(b []byte, signer *Key) (*Operation, error) {
	if len(b) > MaxBytes {
		return nil, malformed("too long")
	}
	h := maphash.Bytes(s.seed, b)
	s.mu.Lock()
	e := s.find(h, b)
	s.mu.Unlock()
	if e == nil && s.over != nil {
		e = s.over.peek(h, b)
	}
	if e == nil {
		e = &opened{bytes: bytes.Clone(b)}
		e.op, e.refusal = decode(e.bytes, signer)
		s.mu.Lock()
		if other := s.find(h, b); other != nil { // somebody else was quicker
			e = other
		} else if e.op != nil {
			e.op.Serial = s.serial()
			s.good.add(h, e)
		} else {
			s.bad.add(h, e)
		}
		s.mu.Unlock()
	}
	if e.refusal != nil {
		return nil, e.refusal
	}
	return e.op, nil
}

// serial gives the next number. Stores beside one another never give the same: a journal tells operations apart by it.
func (s *Store) serial() uint32 {
	if s.over != nil {
		s.over.mu.Lock()
		defer s.over.mu.Unlock()
		return s.over.serial()
	}
	s.serials++
	return s.serials - 1
}

// peek finds bytes for a store beside this one, and leaves all as it is.
func (s *Store) peek(h uint64, b []byte) *opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, table := range []map[uint64]*opened{s.good.young, s.good.old, s.bad.young, s.bad.old} {
		for e := table[h]; e != nil; e = e.next {
			if bytes.Equal(e.bytes, b) {
				return e
			}
		}
	}
	return nil
}

// find compares whole bytes: the fast hash only says where to look.
func (s *Store) find(h uint64, b []byte) *opened {
	if e := s.good.find(h, b); e != nil {
		return e
	}
	return s.bad.find(h, b)
}

func (g *generations) find(h uint64, b []byte) *opened {
	for e := g.young[h]; e != nil; e = e.next {
		if bytes.Equal(e.bytes, b) {
			return e
		}
	}
	for e := g.old[h]; e != nil; e = e.next {
		if bytes.Equal(e.bytes, b) {
			e = &opened{bytes: e.bytes, op: e.op, refusal: e.refusal}
			g.add(h, e)
			return e
		}
	}
	return nil
}

func (g *generations) add(h uint64, e *opened) {
	if g.bytes += len(e.bytes) + bookkeeping; g.bytes > g.bound && len(g.young) > 0 {
		g.old, g.young, g.bytes = g.young, make(map[uint64]*opened, len(g.young)), len(e.bytes)+bookkeeping
	}
	e.next = g.young[h]
	g.young[h] = e
}
