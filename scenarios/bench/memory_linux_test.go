package bench

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A file's pages that are mapped are the page cache's, and no build's: memory that a build fills is its own.
func TestPeakMemoryIsNoFile(t *testing.T) {
	const size, slack = 64 << 20, 16 << 20
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	touch := func(b []byte) (sum int) {
		for i := 0; i < len(b); i += os.Getpagesize() {
			sum += int(b[i])
		}
		return sum
	}
	resetPeak()
	before := peakMemory()
	mapped, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	if sum := touch(mapped); sum != 0 {
		t.Fatalf("a file of zeros sums up to %d", sum)
	}
	if grown := peakMemory() - before; grown > slack {
		t.Errorf("a mapped file of %d bytes made the peak %d larger", size, grown)
	}
	if err := syscall.Munmap(mapped); err != nil {
		t.Fatal(err)
	}
	resetPeak()
	before = peakMemory()
	filled := make([]byte, size)
	for i := 0; i < len(filled); i += os.Getpagesize() {
		filled[i] = 1
	}
	if grown := peakMemory() - before; grown < size-slack {
		t.Errorf("%d bytes that were filled made the peak %d larger", size, grown)
	}
	runtime.KeepAlive(filled)
}
