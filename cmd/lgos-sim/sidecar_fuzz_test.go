package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// FuzzSidecars: whatever lies beside a record, reading it never panics; hashes that are taken are written back the same.
func FuzzSidecars(f *testing.F) {
	seed := f.TempDir()
	if err := saveHashes(seed, sim.EventHashes{Stride: 4, List: []sim.EventHash{{Key: sim.Key{At: 1, Src: 2, N: 3}, Host: 4, Sum: 5}, {Host: 1}}}); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(seed, hashesName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add([]byte("lgos-host-1\n\x01"))
	dir, again := f.TempDir(), f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range []string{filepath.Join(dir, hashesName), recordingFile(dir, 1)} {
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		loadRecording(dir, 1)
		e, err := loadHashes(dir)
		if err != nil || len(e.List) > hashesKept {
			return
		}
		if err := saveHashes(again, e); err != nil {
			t.Fatal(err)
		}
		if back, err := loadHashes(again); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%+v became %+v, %v", e, back, err)
		}
	})
}
