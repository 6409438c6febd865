package device

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// A frame between the program and its GPU worker: u32 length of what follows, u8 kind, u32 number of the job, payload.
// All little endian.
type frame struct {
	kind    byte
	id      uint32
	payload []byte
}

const (
	frameHello  = 1 // to the worker: say what you are
	frameJob    = 2 // to the worker: u8 length of the kernel's name, the name, the input
	frameInfo   = 3 // from the worker: Info as JSON; a number that is not zero means that there is no adapter, and SelfTest why
	frameDone   = 4 // from the worker: the output
	frameFailed = 5 // from the worker: why, as text
)

// The longest payload: the largest input with its name, or the largest output.
const maxPayload = gpu.MaxInput + 256

var errFrame = errors.New("bad frame")

// writeFrame writes one frame, its payload given in pieces, in one call.
func writeFrame(w io.Writer, kind byte, id uint32, pieces ...[]byte) error {
	n := 5
	for _, p := range pieces {
		n += len(p)
	}
	b := make([]byte, 0, 4+n)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, id)
	for _, p := range pieces {
		b = append(b, p...)
	}
	_, err := w.Write(b)
	return err
}

// readFrame reads one frame. io.EOF means that the other end closed between frames.
func readFrame(r io.Reader) (f frame, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < 5 || n-5 > maxPayload {
		return f, fmt.Errorf("%w: a length of %d", errFrame, n)
	}
	f = frame{head[4], binary.LittleEndian.Uint32(head[5:]), nil}
	// A length is only a promise: read in pieces, so that a liar gets no memory for bytes that he does not send.
	for left := int(n - 5); left > 0; {
		piece := min(left, 1<<20)
		at := len(f.payload)
		f.payload = append(f.payload, make([]byte, piece)...)
		if _, err := io.ReadFull(r, f.payload[at:]); err != nil {
			return f, fmt.Errorf("%w: cut short: %w", errFrame, err)
		}
		left -= piece
	}
	return f, nil
}

func (f frame) job() (kernel string, input []byte, err error) {
	if len(f.payload) < 1 || len(f.payload) < 1+int(f.payload[0]) {
		return "", nil, fmt.Errorf("%w: a job without its kernel's name", errFrame)
	}
	n := 1 + int(f.payload[0])
	return string(f.payload[1:n]), f.payload[n:], nil
}

func (f frame) info() (i Info, err error) {
	if err := json.Unmarshal(f.payload, &i); err != nil {
		return i, fmt.Errorf("%w: %w", errFrame, err)
	}
	return i, nil
}
