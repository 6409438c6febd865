package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/scenarios/workload"
)

// data reads the files that a run depends on, and remembers their hashes for its plan.
type data struct {
	names  []string
	hashes map[string]string
	bytes  map[string][]byte
	traces map[string]*workload.Recording
}

// Names of data that are not files: the best that can be had, and what the project generated itself.
const (
	best      = "best"
	generated = "generated"
)

// generatedRounds makes the generated text about a tenth as long as the recorded one.
const generatedRounds = 250

// resolve turns "best" into the name of a file of others where their data is at hand, else into the fallback.
func resolve(name, file, fallback string) string {
	switch {
	case name != best:
		return name
	case exists(filepath.Join(dataDir(), file)):
		return filepath.Base(file)
	}
	return fallback
}

// dataDir is where data of others lies.
func dataDir() string {
	if d := os.Getenv("LGOS_DATA"); d != "" {
		return d
	}
	for dir := "."; ; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared", "data")
		}
		if abs, err := filepath.Abs(dir); err != nil || abs == filepath.Dir(abs) {
			return filepath.Join("..", "shared", "data")
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// open reads a data file, once. A bare name that is no file here is looked for among the data of others.
func (d *data) open(name string) ([]byte, error) {
	if b, ok := d.bytes[name]; ok {
		return b, nil
	}
	var b []byte
	var err error
	switch file := filepath.Join(dataDir(), name); {
	case name == generated:
		b, err = json.Marshal(workload.Generated(generatedRounds))
	case strings.ContainsAny(name, `/\`) || exists(name):
		b, err = readFile(name)
	case exists(file):
		b, err = readFile(file)
	default:
		b, err = readFile(filepath.Join(dataDir(), "latency", name))
	}
	if err != nil {
		return nil, err
	}
	if d.bytes == nil {
		d.bytes, d.hashes = map[string][]byte{}, map[string]string{}
	}
	sum := sha256.Sum256(b)
	d.names = append(d.names, name)
	d.bytes[name], d.hashes[name] = b, hex.EncodeToString(sum[:])
	return b, nil
}

// maxData bounds a data file.
const maxData = 256 << 20

// readFile reads a file that has an end.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", name)
	case info.Size() > maxData:
		return nil, fmt.Errorf("%s has over %d bytes", name, maxData)
	}
	return os.ReadFile(name)
}

func (d *data) recording(name string) (*workload.Recording, error) {
	if r, ok := d.traces[name]; ok {
		return r, nil
	}
	b, err := d.open(name)
	if err != nil {
		return nil, err
	}
	r, err := workload.ReadRecording(name, b)
	if err != nil {
		return nil, err
	}
	if d.traces == nil {
		d.traces = map[string]*workload.Recording{}
	}
	d.traces[name] = r
	return r, nil
}

// matrix reads measured latencies.
func (d *data) matrix(name, unit string) (*netsim.Sites, error) {
	b, err := d.open(name)
	if err != nil {
		return nil, err
	}
	units := map[string]time.Duration{"": 0, "s": time.Second, "ms": time.Millisecond}
	u, ok := units[unit]
	if !ok {
		return nil, fmt.Errorf("unit: %q is neither s nor ms", unit)
	}
	return netsim.ReadMatrix(bytes.NewReader(b), u)
}
