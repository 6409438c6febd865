package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// Beside a record lie the digests after single events, by which a replay finds the first that differs, and the recorded
// inputs of single hosts.
const (
	hashesName   = "events.gz"
	hashesMagic  = "lgos-sim events 1\n"
	hashesKept   = 1 << 16
	recordingFmt = "host-%d.recording"
)

// saveHashes thins the hashes to what is kept on disk, 28 bytes each.
func saveHashes(dir string, e sim.EventHashes) error {
	stride, step := e.Stride, 1
	for len(e.List)/step > hashesKept {
		step *= 2
		stride *= 2
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, hashesMagic)
	var cell [28]byte
	binary.BigEndian.PutUint64(cell[:], stride)
	z.Write(cell[:8])
	for i := 0; i < len(e.List); i += step {
		h := e.List[i]
		binary.BigEndian.PutUint64(cell[0:], uint64(h.Key.At))
		binary.BigEndian.PutUint32(cell[8:], uint32(h.Key.Src))
		binary.BigEndian.PutUint32(cell[12:], h.Key.N)
		binary.BigEndian.PutUint32(cell[16:], uint32(h.Host))
		binary.BigEndian.PutUint64(cell[20:], h.Sum)
		z.Write(cell[:])
	}
	if err := z.Close(); err != nil {
		return err
	}
	return results.WriteFile(filepath.Join(dir, hashesName), b.Bytes())
}

// loadHashes reads them back; a record without them gives none.
func loadHashes(dir string) (sim.EventHashes, error) {
	var e sim.EventHashes
	file := filepath.Join(dir, hashesName)
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	damaged := fmt.Errorf("%s is damaged: delete it, and the replay says less", file)
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return e, damaged
	}
	text, err := io.ReadAll(io.LimitReader(z, 64+28*(hashesKept+1)))
	rest, ok := bytes.CutPrefix(text, []byte(hashesMagic))
	if err != nil || !ok || len(rest) < 8 || (len(rest)-8)%28 != 0 {
		return e, damaged
	}
	e.Stride = binary.BigEndian.Uint64(rest)
	if e.Stride == 0 || e.Stride&(e.Stride-1) != 0 {
		return sim.EventHashes{}, damaged
	}
	for cell := rest[8:]; len(cell) > 0; cell = cell[28:] {
		e.List = append(e.List, sim.EventHash{
			Key:  sim.Key{At: time.Duration(binary.BigEndian.Uint64(cell)), Src: sim.HostID(binary.BigEndian.Uint32(cell[8:])), N: binary.BigEndian.Uint32(cell[12:])},
			Host: sim.HostID(binary.BigEndian.Uint32(cell[16:])), Sum: binary.BigEndian.Uint64(cell[20:]),
		})
	}
	return e, nil
}

func recordingFile(dir string, h sim.HostID) string {
	return filepath.Join(dir, fmt.Sprintf(recordingFmt, h))
}

func saveRecording(dir string, r *sim.Recording) error {
	b, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	return results.WriteFile(recordingFile(dir, r.Host), b)
}

func loadRecording(dir string, h sim.HostID) (*sim.Recording, error) {
	file := recordingFile(dir, h)
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(sim.Recording)
	if err := r.UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
