// Package fleet carries out the runs of a sweep in worker processes, on this machine or on any number of others, over NATS
// JetStream. The sweep leads: it alone chooses runs and writes the history. Jobs and results are messages that stay in the
// server until whoever holds them acknowledges them, so that neither a worker's death nor the sweep's own loses or doubles a
// run; plans and records of finds go through an object store. Workers trust the
// server: who may write to it decides what they run.
//
// A sweep on one machine goes the same way, over a server within its process: a run that takes its process down costs one
// worker, not the sweep, and what is used by many machines is used every day. BenchmarkFleet, 40 runs of 60 nodes, took 0.4 % more
// CPU time than the same runs in one process, both with GOMAXPROCS=1. Where NATS does not build (js, wasip1) a sweep does its runs in its own process.
package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// Link says how a NATS server is reached.
type Link struct {
	URL            string // nats:// or tls://, several with commas; credentials may stand in it
	User, Password string
	Creds          string // file of a JWT and its seed, as nsc writes it
	CA             string // file of the authorities that the server's certificate must come from
	Cert, Key      string // files of the client's own certificate
}

// LinkFromEnv takes what the nats command takes: NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CREDS, NATS_CA, NATS_CERT, NATS_KEY.
func LinkFromEnv() Link {
	l := Link{}
	for name, field := range l.fields() {
		*field = os.Getenv(name)
	}
	return l
}

func (l *Link) fields() map[string]*string {
	return map[string]*string{"NATS_URL": &l.URL, "NATS_USER": &l.User, "NATS_PASSWORD": &l.Password, "NATS_CREDS": &l.Creds, "NATS_CA": &l.CA, "NATS_CERT": &l.Cert, "NATS_KEY": &l.Key}
}

// env is what gives a child process the same link. Nothing of it is on a command line, which others may read.
func (l *Link) env() []string {
	var out []string
	for name, field := range l.fields() {
		out = append(out, name+"="+*field)
	}
	return out
}

// Options say how a sweep is carried out.
type Options struct {
	Link     Link // without a URL a server of its own serves this machine
	Jobs     int  // worker processes that it starts here
	Replicas int  // servers of the cluster that keep each message; 0 is 1
	AckWait  time.Duration
	Tries    int                          // processes that a run may take down; 0 is 3
	Spawn    func(env []string) *exec.Cmd // a worker that does one run at a time; env says where its server is
	Say      func(what string)            // told, in one line, of trouble that it goes on from
	Build    func() Build                 // what workers must be; nil is this build
	ended    func()                       // tests: before the streams go
}

// How long a message is held back for a worker that gives no sign of life. It gives three in that time.
const (
	remoteWait = 30 * time.Second
	localWait  = 10 * time.Second
)

// triesOfRun is how many processes a run may take down before that is its result.
const triesOfRun = 3

// ErrRefused is a worker whose build is not the sweep's.
var ErrRefused = errors.New("refused")

// Build is what a worker and its sweep must share, or their digests and finds would be those of different programs.
type Build struct {
	Commit string `json:"commit"` // of the source; "-dirty" where it had uncommitted changes
	Go     string `json:"go"`
	Mutant string `json:"mutant,omitempty"`
	Hash   string `json:"hash,omitempty"` // of the binary, where the commit does not tell the source
}

// ThisBuild is what runs.
func ThisBuild() Build {
	b := scenarios.Build()
	out := Build{Commit: search.Commit(), Go: b.Go, Mutant: b.Tested}
	if !out.known() {
		out.Hash = search.BuildHash()
	}
	return out
}

// known tells whether the commit says all of the source.
func (b Build) known() bool { return b.Commit != "" && !strings.HasSuffix(b.Commit, "-dirty") }

func (b Build) same(o Build) bool {
	return b.Go == o.Go && b.Mutant == o.Mutant && b.Commit == o.Commit && (b.known() || b.Hash == o.Hash)
}

func (b Build) String() string {
	commit := b.Commit
	if commit == "" {
		commit = "unknown"
	}
	text := fmt.Sprintf("commit %s, %s", commit, b.Go)
	if b.Mutant != "" {
		text += ", with mutant " + b.Mutant
	}
	if b.Hash != "" {
		text += ", binary " + b.Hash
	}
	return text
}

// refuse says why a worker may not work for a sweep, and what to do.
func (b Build) refuse(sweep string, s Build) error {
	mend := "build the same commit with the same Go, make build, on every machine"
	if !s.known() {
		mend = "copy the sweep's own binary to every machine, or commit what it was built from"
	}
	return fmt.Errorf("%w: sweep %s is of %s; this worker is of %s: %s", ErrRefused, sweep, s, b, mend)
}

// Worker does runs for the sweeps of a server.
type Worker struct {
	Link  Link
	Idle  time.Duration                                                                  // end after so long without work; 0 waits for ever
	Again func(ctx context.Context, d Draws, r search.Recipe) (digest string, err error) // does a run in a process of its own
	Say   func(what string)
	Told  func(Done) // told of each run
	Begun func(sweep string, d Draws, b Build)

	build func() Build              // tests
	event func(stage string, n int) // tests: taken, begun, ran, stored, doubled, acknowledged
	beat  func(n int)               // tests
}

// Done is one run that a worker told of.
type Done struct {
	Number int
	Find   bool
	CPU    time.Duration
}

// sweepID names a sweep in the server: those of one key are one.
func sweepID(k search.SweepKey) string {
	sum := sha256.Sum256([]byte(k.String()))
	return hex.EncodeToString(sum[:6])
}

// name tells processes apart.
func name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

func say(f func(string), format string, args ...any) {
	if f != nil {
		f(fmt.Sprintf(format, args...))
	}
}

// Builds tells whether this build has NATS.
const Builds = builds

// NotePrefix begins a line in which a worker tells of trouble.
const NotePrefix = "note    "
