package sim

// payload is an immutable byte string on its way, shared by all packets that carry it.
type payload struct {
	bytes []byte
	hash  digest
	refs  int32
	class uint8
}

// payloads hands out handles of byte strings, so that what is pending holds no pointer.
type payloads struct {
	list []payload
	free []uint32
	last uint32 // the handle given last, or that of the packet being handled
}

// newPayloads begins with payload 0, which has no bytes and is never given up: the world's own packets carry it.
func newPayloads(own uint8) payloads {
	return payloads{list: []payload{{hash: hashBytes(nil), refs: 1 << 30, class: own}}}
}

// of is what a packet carries.
func (p *payloads) of(e *entry) *payload {
	if e.kind&^through > evParcel {
		return &p.list[0]
	}
	return &p.list[e.ref]
}

// drop gives up what a packet carries.
func (p *payloads) drop(e *entry) {
	if e.kind&^through <= evParcel {
		p.release(e.ref)
	}
}

// intern gives a handle that holds one reference. A process that sends the same bytes to many, or forwards the bytes that
// it is just being given, gets the same handle: they are hashed once.
func (p *payloads) intern(b []byte, classify func([]byte) uint8, classes int) uint32 {
	if len(b) > 0 && p.last != 0 {
		if l := &p.list[p.last]; len(l.bytes) == len(b) && &l.bytes[0] == &b[0] {
			l.refs++
			return p.last
		}
	}
	ref := p.alloc()
	l := &p.list[ref]
	l.bytes, l.hash, l.refs, l.class = b, hashBytes(b), 1, 0
	if classify != nil {
		if l.class = classify(b); int(l.class) >= classes {
			l.class = 0
		}
	}
	p.last = ref
	return ref
}

func (p *payloads) alloc() uint32 {
	if n := len(p.free); n > 0 {
		ref := p.free[n-1]
		p.free = p.free[:n-1]
		return ref
	}
	p.list = append(p.list, payload{})
	return uint32(len(p.list) - 1)
}

// release gives up one reference.
func (p *payloads) release(ref uint32) {
	l := &p.list[ref]
	if l.refs--; l.refs == 0 && ref != 0 {
		l.bytes = nil
		p.free = append(p.free, ref)
	}
}

// bend makes a copy with one bit flipped.
func (p *payloads) bend(ref uint32, bit int32) uint32 {
	from := p.list[ref]
	b := append([]byte(nil), from.bytes...)
	b[bit/8] ^= 1 << (bit % 8)
	to := p.alloc()
	p.list[to] = payload{b, hashBytes(b), 1, from.class}
	return to
}
