package wire

import "errors"

// Errors of Decode.
var (
	ErrTooLong   = errors.New("wire: frame too long")
	ErrTruncated = errors.New("wire: frame truncated")
	ErrVersion   = errors.New("wire: frame of a version not spoken")
	ErrKind      = errors.New("wire: frame of an unknown kind")
	ErrLimit     = errors.New("wire: list too long")
	ErrVarint    = errors.New("wire: varint not in its shortest form")
)

const kindHello = 1

// Holder keeps one frame of each class, so that decoding allocates only when a list outgrows all before it.
type Holder struct {
	hello   Hello
	push    Push
	heads   Heads
	want    Want
	summary Summary
	receipt Receipt
}

// Append appends a frame in a version's layout. A Hello is written the same in all versions. It panics where the version
// does not exist or a list is over its limit: both are the caller's mistake.
func Append(dst []byte, version uint8, f Frame) []byte {
	if tooLong(f) {
		panic("wire: list over its limit")
	}
	if h, ok := f.(*Hello); ok {
		return appendHello(dst, h)
	}
	switch version {
	case V1:
		return appendV1(dst, f)
	case V2:
		return appendV2(dst, f)
	}
	panic("wire: no such version")
}

// Decode reads a frame of at most the given version into the holder. The frame is valid until the holder is used again;
// its byte slices are those of b. Bytes after the known fields are a later version's and are passed over.
func Decode(max uint8, b []byte, h *Holder) (Frame, error) {
	switch {
	case len(b) > MaxFrame:
		return nil, ErrTooLong
	case len(b) < 2:
		return nil, ErrTruncated
	case b[0] > max:
		return nil, ErrVersion
	}
	c := cursor{b: b[2:]}
	var f Frame
	switch b[0] {
	case 0:
		if b[1] == kindHello {
			f = decodeHello(&c, h)
		}
	case V1:
		f = decodeV1(b[1], &c, h)
	case V2:
		f = decodeV2(b[1], &c, h)
	default:
		return nil, ErrVersion
	}
	if f == nil {
		return nil, ErrKind
	}
	if c.err == nil && tooLong(f) {
		c.err = ErrLimit
	}
	if c.err != nil {
		return nil, c.err
	}
	return f, nil
}

// Class tells the class of encoded bytes without decoding them.
func Class(b []byte) uint8 {
	if len(b) < 2 {
		return ClassNone
	}
	switch k := b[1]; {
	case b[0] == 0 && k == kindHello:
		return ClassHello
	case b[0] == V1 && k >= v1Push && k <= v1Receipt:
		return k
	case b[0] == V2 && k >= v2Push && k <= v2Receipt:
		return k - v2Offset
	}
	return ClassNone
}

// ClassName names a class.
func ClassName(class uint8) string {
	return [...]string{"unknown", "hello", "push", "heads", "want", "summary", "receipt", "unknown"}[min(class, Classes)]
}

// KindName names the class of encoded bytes.
func KindName(b []byte) string { return ClassName(Class(b)) }

func tooLong(f Frame) bool {
	switch f := f.(type) {
	case *Hello:
		return f.Spaces.Len() > MaxSpaces
	case *Push:
		return len(f.Ops) > MaxOps
	case *Heads:
		return f.Heads.Len() > MaxHeads
	case *Want:
		return f.IDs.Len() > MaxIDs
	case *Summary:
		return len(f.Chains) > MaxChains
	case *Receipt:
		return f.IDs.Len() > MaxIDs
	}
	return false
}

// The Hello: 0, 1, min, max, count (2 bytes), spaces. It is the one layout that may never change.

func appendHello(b []byte, h *Hello) []byte {
	n := h.Spaces.Len()
	b = append(b, 0, kindHello, h.Min, h.Max, byte(n>>8), byte(n))
	return append(b, h.Spaces...)
}

func decodeHello(c *cursor, h *Holder) Frame {
	h.hello = Hello{Min: c.u8(), Max: c.u8()}
	h.hello.Spaces = c.ids(uint64(c.u16()))
	return &h.hello
}

// cursor reads fields; the first error sticks, and everything read after it is zero.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail(ErrTruncated)
		return nil
	}
	p := c.b[:n:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) ids(n uint64) IDs {
	if n > MaxFrame/32 {
		c.fail(ErrLimit)
		return nil
	}
	return IDs(c.take(32 * n))
}

func (c *cursor) array32() (a [32]byte) {
	copy(a[:], c.take(32))
	return a
}
