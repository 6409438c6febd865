package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
	"github.com/lifegraph-os/lgos-sim/scenarios/search/fleet"
)

type workerFlags struct {
	link  fleet.Link
	jobs  int
	idle  time.Duration
	child bool
}

func newWorker() *cobra.Command {
	f := &workerFlags{link: fleet.LinkFromEnv()}
	cmd := &cobra.Command{
		Use:   "worker --nats URL",
		Short: "Do the runs of a sweep that another machine leads",
		Long: `worker does runs for the lgos-sim sweep --nats of the same server, and waits until there is one. It
ends when that sweep is over. The server needs JetStream: nats-server -js.

Sweep and worker must be built from the same commit with the same Go: another worker is refused. A
run whose worker dies is done by another; one that takes three processes down is told as unknown.
Ctrl-C ends a worker after the run at hand, a second one at once.

What flags do not say is taken from NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CREDS, NATS_CA,
NATS_CERT and NATS_KEY, which keep secrets off the command line. The NATS user needs lgos.>, $JS.>,
$KV.lgos-sweeps.>, $O.*.> and _INBOX.>.

Exit codes: 0 the sweep is over, or --idle; 3 refused, or no such server.`,
		Example: `  lgos-sim worker --nats nats://10.0.0.7:4222
  lgos-sim worker --nats tls://nats.example:4222 --creds worker.creds --jobs 16 --idle 10m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	url := f.link.URL
	fs.StringVar(&f.link.URL, "nats", "", "`URL` of the NATS server (default $NATS_URL)")
	natsFlags(fs, &f.link)
	fs.IntVarP(&f.jobs, "jobs", "j", 0, "worker processes; 0 is one for each core")
	fs.DurationVar(&f.idle, "idle", 0, "end after so long without work; 0 waits for ever")
	fs.BoolVar(&f.child, "child", false, "end when standard input does")
	cmd.PreRun = func(*cobra.Command, []string) { f.link.URL = cmp.Or(f.link.URL, url) }
	if err := fs.MarkHidden("child"); err != nil {
		panic(err)
	}
	return cmd
}

// natsFlags are those by which a client shows who it is. Their defaults may come from the environment and are not printed.
func natsFlags(fs *pflag.FlagSet, l *fleet.Link) {
	for _, f := range []struct {
		to         *string
		name, what string
	}{
		{&l.Creds, "creds", "`FILE` of the NATS user's JWT and seed"},
		{&l.CA, "tls-ca", "`FILE` of the authorities that sign the NATS server's certificate"},
		{&l.Cert, "tls-cert", "`FILE` of this client's certificate"},
		{&l.Key, "tls-key", "`FILE` of its key"},
	} {
		fs.StringVar(f.to, f.name, *f.to, f.what)
		fs.Lookup(f.name).DefValue = ""
	}
}

func (f *workerFlags) run(cmd *cobra.Command) error {
	switch {
	case f.link.URL == "":
		return errors.New("give the server of the sweep: --nats URL")
	case f.jobs < 0:
		return fmt.Errorf("--jobs %d is negative", f.jobs)
	case f.idle < 0:
		return fmt.Errorf("--idle %v: give a time such as 10m", f.idle)
	}
	if f.jobs == 0 {
		f.jobs = runtime.GOMAXPROCS(0)
	}
	p := newPrinter(cmd.OutOrStdout())
	p.Writer = &plainMeter{w: p.Writer}
	if f.jobs > 1 {
		return fleet.RunWorkers(cmd.Context(), fleet.Options{
			Link: f.link, Jobs: f.jobs, Say: func(what string) { p.row(fleet.NotePrefix, what) },
			Spawn: func(env []string) *exec.Cmd {
				c := spawnWorker(env, "--idle", f.idle.String())
				c.Stdout = cmd.OutOrStdout()
				return c
			},
		})
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(search.GCPercent))
	}
	w := fleet.Worker{Link: f.link, Idle: f.idle, Again: againElsewhere}
	w.Say = func(what string) { p.row(fleet.NotePrefix, what) }
	if f.child {
		w.Say = func(what string) { fmt.Fprintln(p, fleet.NotePrefix+strings.ReplaceAll(what, "\n", " ")) }
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(exitPass) // whoever started it is gone
		}()
	}
	var done fleet.Done
	runs, finds := 0, 0
	w.Told = func(d fleet.Done) {
		runs++
		done.CPU += d.CPU
		if d.Find {
			finds++
		}
	}
	w.Begun = func(sweep string, d fleet.Draws, b fleet.Build) {
		of := "drawn situations"
		if n := len(d.Scenarios); n > 0 {
			of = fmt.Sprintf("%d scenarios", n)
		}
		p.row("sweep   ", fmt.Sprintf("%s of %s · seed %d · %s", sweep, of, d.Seed, b))
	}
	if err := w.Run(cmd.Context()); err != nil {
		return err
	}
	p.row("done    ", fmt.Sprintf("%s runs, %s finds, %s of CPU", results.Integer(uint64(runs)), results.Integer(uint64(finds)), results.Span(results.Seconds(done.CPU))))
	return nil
}

// crew is who does the runs of a sweep: worker processes, where NATS builds.
func (f *sweepFlags) crew(say func(string)) (search.Crew, error) {
	if !fleet.Builds && f.link.URL == "" {
		say("this build knows no NATS: the runs are done in this process")
		return nil, nil
	}
	jobs := f.jobs
	if jobs == 0 && f.link.URL == "" {
		jobs = runtime.GOMAXPROCS(0)
	}
	if f.runs > 0 {
		jobs = min(jobs, f.runs)
	}
	if f.link.URL != "" {
		env := fleet.LinkFromEnv()
		f.link.User, f.link.Password = env.User, env.Password
		f.link.Creds, f.link.CA = cmp.Or(f.link.Creds, env.Creds), cmp.Or(f.link.CA, env.CA)
		f.link.Cert, f.link.Key = cmp.Or(f.link.Cert, env.Cert), cmp.Or(f.link.Key, env.Key)
	}
	return fleet.New(fleet.Options{Link: f.link, Jobs: jobs, Replicas: f.replicas, Say: say, Spawn: func(env []string) *exec.Cmd { return spawnWorker(env) }})
}

// spawnWorker is this command as a worker that does one run at a time and ends with this process.
func spawnWorker(env []string, more ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	c := exec.Command(self, append([]string{"worker", "--jobs", "1", "--child"}, more...)...)
	c.Env = append(os.Environ(), env...)
	return c
}

// againElsewhere does a run of another machine's sweep in a process of its own and reads its digest.
func againElsewhere(ctx context.Context, d fleet.Draws, r search.Recipe) (string, error) {
	dir, err := os.MkdirTemp("", "lgos-sim-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	f := sweepFlags{seed: d.Seed, nodes: d.Nodes}
	for _, key := range slices.Sorted(maps.Keys(d.Set)) {
		f.set = append(f.set, key+"="+d.Set[key])
	}
	var files []string
	for i, text := range d.Scenarios {
		file := filepath.Join(dir, strconv.Itoa(i)+".yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		files = append(files, file)
	}
	return f.again(ctx, files, r)
}
