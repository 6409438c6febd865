//go:build !js && !wasip1

package fleet

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// asWorkerVar makes the test binary a worker that does what it says: work; hang:STAGE:N, which stays for ever at its n-th
// time at a stage; die:N, which kills itself at run N; other, which is of another commit.
const asWorkerVar = "LGOS_FLEET_WORKER"

func TestMain(m *testing.M) {
	if plan := os.Getenv(asWorkerVar); plan != "" {
		os.Exit(asWorker(strings.Split(plan, ":")))
	}
	os.Exit(m.Run())
}

func asWorker(plan []string) int {
	w := &Worker{Link: LinkFromEnv(), Say: func(what string) { fmt.Println(NotePrefix + what) }}
	times := 0
	w.event = func(stage string, n int) {
		fmt.Println(stage, n)
		switch {
		case plan[0] == "hang" && plan[1] == stage:
			if times++; strconv.Itoa(times) == plan[2] {
				fmt.Println("hangs", n)
				select {}
			}
		case plan[0] == "die" && stage == "begun" && plan[1] == strconv.Itoa(n):
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Kill()
			}
			select {}
		}
	}
	if plan[0] == "other" {
		w.build = func() Build { return Build{Commit: "0123456789", Go: runtime.Version()} }
	}
	err := w.Run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if errors.Is(err, ErrRefused) {
		return usage
	}
	return 0
}

func asProcess(plan string, env []string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(self)
	c.Env = append(append(os.Environ(), env...), asWorkerVar+"="+plan)
	return c
}

// process is a worker process of a test.
type process struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Scanner
	errs  head
}

func start(t *testing.T, to Link, plan string) *process {
	t.Helper()
	p := &process{Cmd: asProcess(plan, to.env()), t: t}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr = &p.errs
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	p.lines = bufio.NewScanner(out)
	return p
}

// until waits for an event and gives its run.
func (p *process) until(stage string) (n int) {
	p.t.Helper()
	for p.lines.Scan() {
		if _, err := fmt.Sscanf(p.lines.Text(), stage+" %d", &n); err == nil {
			return n
		}
	}
	p.t.Fatalf("a worker ended before it was %q: %s", stage, p.errs.all())
	return 0
}

// kill ends a process as nothing else does, and waits until it is gone.
func (p *process) kill() {
	p.t.Helper()
	if err := p.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		p.t.Fatalf("it ended by %v", err)
	}
}

// rest gives what a process still says, and its exit code.
func (p *process) rest() (said []string, code int) {
	for p.lines.Scan() {
		said = append(said, p.lines.Text())
	}
	_ = p.Wait() // the code says it
	return said, p.ProcessState.ExitCode()
}

func cluster(t *testing.T) *embedded {
	t.Helper()
	e, err := embed()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func options(t *testing.T, runs int) search.SweepOptions {
	return search.SweepOptions{Swarm: search.Swarm{Seed: 5, Nodes: 8}, Fresh: 0.5, Runs: runs, Out: t.TempDir()}
}

func crew(t *testing.T, o Options) *Fleet {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Fleet)
}

// outcome is the end of a sweep.
type outcome struct {
	search.SweepSummary
	err error
}

func begin(ctx context.Context, o search.SweepOptions) <-chan outcome {
	end := make(chan outcome, 1)
	go func() {
		s, err := search.Sweep(ctx, o)
		end <- outcome{s, err}
	}()
	return end
}

// last waits for the end, which does not come where a run is lost.
func last(t *testing.T, end <-chan outcome) outcome {
	t.Helper()
	select {
	case s := <-end:
		return s
	case <-time.After(5 * time.Minute):
		t.Fatal("the sweep does not end: a run is lost")
		return outcome{}
	}
}

// row is what a run comes to wherever it is done.
type row struct {
	Number                            int
	Recipe, Scenario, Outcome, Digest string
	Features                          string
}

func rows(t *testing.T, out string) (all []row) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(out, search.HistoryName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Query("SELECT number, recipe, scenario, outcome, digest, hex(features) FROM run ORDER BY number")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		var x row
		if err := r.Scan(&x.Number, &x.Recipe, &x.Scenario, &x.Outcome, &x.Digest, &x.Features); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

// alone are the runs of a sweep in one process: what every fleet must come to.
var alone = sync.OnceValue(func() []row {
	t := &testing.T{}
	out, err := os.MkdirTemp("", "alone-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(out)
	o := search.SweepOptions{Swarm: search.Swarm{Seed: 5, Nodes: 8}, Fresh: 0.5, Runs: 34, Out: out}
	if s, err := search.Sweep(context.Background(), o); err != nil || s.Mutants == 0 {
		panic(fmt.Sprint(err, s.Mutants, " mutants"))
	}
	return rows(t, out)
})

func same(t *testing.T, out string, runs int) {
	t.Helper()
	if diff := cmp.Diff(alone()[:runs], rows(t, out)); diff != "" {
		t.Errorf("the runs are not those of one process:\n%s", diff)
	}
}

// TestFleetLosesNothing: of three worker processes one is killed while it holds a job. The sweep comes to what one process
// comes to, run by run.
func TestFleetLosesNothing(t *testing.T) {
	e, runs := cluster(t), len(alone())
	o := options(t, runs)
	o.Crew = crew(t, Options{Link: e.link, AckWait: time.Second, Tries: 9})
	end := begin(t.Context(), o)
	victim := start(t, e.link, "hang:ran:3") // it has taken a job, and nobody else knows what came of it
	held := victim.until("hangs")
	others := []*process{start(t, e.link, "work"), start(t, e.link, "work")}
	for _, p := range others {
		p.until("stored")
	}
	victim.kill()
	s := last(t, end)
	if s.err != nil || s.Runs != runs || s.Jobs != 3 || s.Finds() != 0 {
		t.Fatalf("%v, %+v", s.err, s.SweepSummary)
	}
	same(t, o.Out, runs)
	again := 0
	for _, p := range others {
		said, code := p.rest()
		if code != 0 {
			t.Errorf("a worker ends with %d when the sweep is over: %s", code, p.errs.all())
		}
		again += strings.Count(strings.Join(said, "\n")+"\n", fmt.Sprintf("stored %d\n", held))
	}
	if again == 0 {
		t.Errorf("nobody did run %d, which the killed worker held", held)
	}
}

// TestFleetDoublesNothing: a worker is killed after its result is stored and before it could say so. Its run is done again,
// and the server keeps one result.
func TestFleetDoublesNothing(t *testing.T) {
	const runs = 10
	e := cluster(t)
	o := options(t, runs)
	f := crew(t, Options{Link: e.link, AckWait: time.Second, Tries: 9})
	stored := uint64(0)
	f.ended = func() {
		info, err := f.results.Info(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		stored = info.State.LastSeq
	}
	o.Crew = f
	end := begin(t.Context(), o)
	first := start(t, e.link, "hang:stored:2")
	doubled := first.until("hangs")
	first.kill()
	second := start(t, e.link, "hang:taken:2") // its job comes back after the first one's, so that the sweep is not over before
	second.until("hangs")
	second.kill()
	third := start(t, e.link, "work")
	s := last(t, end)
	if s.err != nil || s.Runs != runs {
		t.Fatalf("%v, %+v", s.err, s.SweepSummary)
	}
	same(t, o.Out, runs)
	if said, _ := third.rest(); !slices.Contains(said, fmt.Sprintf("doubled %d", doubled)) {
		t.Errorf("run %d was not done again:\n%s", doubled, strings.Join(said, "\n"))
	}
	if stored != runs {
		t.Errorf("%d results were stored for %d runs", stored, runs)
	}
}

// TestFleetCountsOnce: a result that comes twice is counted once, one with another digest is a find, and rubbish costs nothing.
func TestFleetCountsOnce(t *testing.T) {
	const runs = 6
	e := cluster(t)
	o := options(t, runs)
	var mu sync.Mutex
	var notes []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, what)
	}
	f := crew(t, Options{Link: e.link, Say: note})
	o.Say = note
	nc, err := nats.Connect(e.ClientURL(), nats.UserInfo(e.link.User, e.link.Password))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	told, err := nc.SubscribeSync("lgos.*.result.*")
	if err != nil {
		t.Fatal(err)
	}
	publish := func(subject, body string) {
		if _, err := js.Publish(context.Background(), subject, []byte(body)); err != nil {
			t.Error(err)
		}
	}
	o.Crew = littered{f, func() {
		publish(jobSubject(f.id), `{"session":"x","number":-1,"recipe":"1"}`)
		publish(jobSubject(f.id), "\xff rubbish")
	}}
	w := &Worker{Link: e.link, Say: note}
	last := ""
	w.event = func(stage string, n int) {
		if !told.IsValid() {
			return // the sweep is over
		}
		switch stage {
		case "stored": // what the worker told of is the first that is heard
			m, err := told.NextMsg(time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			last = string(m.Data)
		case "acknowledged":
			id := f.id
			switch n {
			case 0:
				publish(resultSubject(id, "3"), `{"number":3}`)
				publish(resultSubject(id, "zzz"), `{`)
			case 1:
				publish(resultSubject(id, "1"), last)
			case 2:
				digest := alone()[2].Digest
				publish(resultSubject(id, "2"), strings.Replace(last, digest, strings.Repeat("0", len(digest)), 1))
			}
			if n == runs-1 { // or the server would wait for this test to take what is too late
				_ = told.Unsubscribe()
			}
			for { // what the test told itself
				if _, err := told.NextMsg(time.Millisecond); err != nil {
					break
				}
			}
		}
	}
	working := make(chan error, 1)
	go func() { working <- w.Run(t.Context()) }()
	var finds []search.SweepRun
	o.Found = func(r search.SweepRun) { finds = append(finds, r) }
	s, err := search.Sweep(t.Context(), o)
	if err != nil || s.Runs != runs || len(finds) != 1 || finds[0].Number != 2 || finds[0].Checker != "determinism" || s.Outcome() != results.Fail {
		t.Errorf("%v, %+v, finds %+v", err, s, finds)
	}
	if err := <-working; err != nil {
		t.Error(err)
	}
	want := slices.Clone(alone()[:runs])
	want[2].Outcome = string(results.Fail)
	if diff := cmp.Diff(want, rows(t, o.Out)); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"a job came that cannot be read: number: -1", "a job came that cannot be read: it is not UTF-8", "result.3: recipe:", "result.zzz: unexpected EOF"} {
		if !strings.Contains(all, want) {
			t.Errorf("nobody says %q:\n%s", want, all)
		}
	}
}

// littered finds rubbish in its queue before the first job.
type littered struct {
	*Fleet
	litter func()
}

func (l littered) Begin(ctx context.Context, k search.SweepKey, o *search.SweepOptions) (int, error) {
	n, err := l.Fleet.Begin(ctx, k, o)
	if err == nil {
		l.litter()
	}
	return n, err
}

// TestFleetOutlivesARun: a run that takes its process down each time is told as unknown, and costs no other run.
func TestFleetOutlivesARun(t *testing.T) {
	const runs, deadly = 6, 3
	o := options(t, runs)
	var notes []string
	o.Crew = crew(t, Options{Jobs: 1, AckWait: time.Second, Tries: 2, Say: func(what string) { notes = append(notes, what) },
		Spawn: func(env []string) *exec.Cmd { return asProcess(fmt.Sprintf("die:%d", deadly), env) }})
	var finds []search.SweepRun
	o.Found = func(r search.SweepRun) { finds = append(finds, r) }
	s, err := search.Sweep(t.Context(), o)
	if err != nil || s.Runs != runs || len(finds) != 1 || finds[0].Number != deadly || finds[0].Outcome != results.Unknown || finds[0].Checker != "process" ||
		!strings.Contains(finds[0].Why, "2 processes that began it died") {
		t.Fatalf("%v, %+v, finds %+v", err, s, finds)
	}
	got := rows(t, o.Out)
	for i, want := range alone()[:runs] {
		if i != deadly && got[i] != want {
			t.Errorf("run %d is %+v, want %+v", i, got[i], want)
		}
	}
	if n := strings.Count(strings.Join(notes, "\n"), "a worker process died (signal: killed)"); n != 2 {
		t.Errorf("%d deaths were told: %q", n, notes)
	}
}

// TestFleetRefuses: a worker of another commit is refused, and a sweep that was interrupted goes on where
// it was.
func TestFleetRefuses(t *testing.T) {
	const runs = 8
	e := cluster(t)
	o := options(t, runs)
	ctx, stop := context.WithCancel(t.Context())
	o.Crew = crew(t, Options{Link: e.link, AckWait: time.Second})
	o.Tick = func(s search.SweepSummary) {
		if s.Runs == 3 {
			stop()
		}
	}
	end := begin(ctx, o)
	good := start(t, e.link, "work")
	good.until("taken") // so that the sweep is led
	other := start(t, e.link, "other")
	_, code := other.rest()
	said := other.errs.all()
	if code != usage || !strings.Contains(said, "refused: sweep ") || !strings.Contains(said, "this worker is of commit 0123456789") {
		t.Errorf("a worker of another commit ends with %d: %s", code, said)
	}
	s := <-end
	if s.err != nil || !s.Interrupted || s.Runs < 3 || s.Runs >= runs {
		t.Fatalf("%v, %+v", s.err, s.SweepSummary)
	}
	o.Tick, o.Resume = nil, true
	o.Crew = crew(t, Options{Link: e.link, AckWait: time.Second})
	if s = <-begin(t.Context(), o); s.err != nil || s.Runs != runs || s.Resumed < 3 {
		t.Fatalf("%v, %+v", s.err, s.SweepSummary)
	}
	same(t, o.Out, runs)
	if _, code := good.rest(); code != 0 {
		t.Errorf("the worker of both sessions ends with %d: %s", code, good.errs.all())
	}
}

// TestOneLead: two processes cannot lead one sweep, and one without workers gives back what nobody took when its time is over.
func TestOneLead(t *testing.T) {
	e := cluster(t)
	o := options(t, 4)
	ctx, stop := context.WithCancel(t.Context())
	f := crew(t, Options{Link: e.link})
	o.Crew = f
	end := begin(ctx, o)
	w := start(t, e.link, "hang:taken:1")
	w.until("hangs")
	second := o
	second.Out, second.Crew = t.TempDir(), crew(t, Options{Link: e.link})
	if _, err := search.Sweep(t.Context(), second); err == nil || !strings.Contains(err.Error(), "is led by") {
		t.Errorf("a second lead: %v", err)
	}
	stop()
	if s := <-end; s.err != nil || !s.Interrupted || s.Runs != 0 {
		t.Errorf("%v, %+v", s.err, s.SweepSummary)
	}
	w.kill()
	second.Crew, second.Runs, second.For = crew(t, Options{Link: e.link}), 0, 200*time.Millisecond
	if s, err := search.Sweep(t.Context(), second); err != nil || s.Runs != 0 || s.Interrupted {
		t.Errorf("out of time: %v, %+v", err, s)
	}
}

// TestBeating: a run that takes longer than the server waits for is not given to another worker, who waits for one.
func TestBeating(t *testing.T) {
	t.Parallel()
	e := cluster(t)
	o := options(t, 2)
	o.Crew = crew(t, Options{Link: e.link, AckWait: 3 * time.Second})
	var mu sync.Mutex
	taken := map[int]int{}
	working := make(chan error, 2)
	for range 2 {
		long := make(chan bool)
		at := -1
		w := &Worker{Link: e.link}
		w.event = func(stage string, n int) {
			mu.Lock()
			if at = n; stage == "taken" {
				taken[n]++
			}
			first := taken[n] == 1
			mu.Unlock()
			if stage == "ran" && n == 0 && first {
				<-long
			}
		}
		w.beat = func(beats int) {
			mu.Lock()
			defer mu.Unlock()
			if at == 0 && beats == 5 {
				close(long)
			}
		}
		go func() { working <- w.Run(t.Context()) }()
	}
	if s, err := search.Sweep(t.Context(), o); err != nil || s.Runs != 2 {
		t.Errorf("%v, %+v", err, s)
	}
	for range 2 {
		if err := <-working; err != nil {
			t.Error(err)
		}
	}
	if taken[0] != 1 || taken[1] != 1 {
		t.Errorf("runs were taken so often: %v", taken)
	}
}
