package main

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

type replayFlags struct {
	until  string
	host   uint
	device string
	nodes  int
	set    []string
}

func newReplay() *cobra.Command {
	f := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "replay RUN",
		Short: "Carry a run out again and compare it with its record",
		Long: `replay carries a run out again. With a record it exits 0 on the same digest and verdicts, and 1 on
others, naming the first event that differs. --until stops after an event and prints what its host
holds. --host replays one recorded host alone (run --record H keeps its inputs).`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.until, "until", "", "stop after `EVENT` and print its host's state, heads and queues")
	cmd.Flags().UintVar(&f.host, "host", 0, "replay this recorded host alone; with --until, print this host's state")
	cmd.Flags().StringVar(&f.device, "device", "cpu", "what computes jobs: cpu, webgpu or auto")
	cmd.Flags().IntVar(&f.nodes, "nodes", 0, "nodes, for NAME@SEED")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE`, for NAME@SEED")
	return cmd
}

// settings are those of a replay; what a plan fixes cannot be given.
func (f *replayFlags) settings(t *target) (scenarios.Settings, error) {
	if t.plan != nil && (f.nodes != 0 || len(f.set) > 0) {
		return scenarios.Settings{}, fmt.Errorf("the plan fixes nodes and settings: leave --nodes and --set away")
	}
	set, err := parseSet(f.set)
	out := scenarios.Settings{Nodes: f.nodes, Set: set, Device: f.device}
	if t.record != nil {
		out.Limits.MaxEvents = t.record.Bound // what ended the run by a count ends it there again
	}
	return out, err
}

func (f *replayFlags) run(cmd *cobra.Command, arg string) error {
	t, err := findRun(arg)
	if err != nil {
		return err
	}
	set, err := f.settings(t)
	if err != nil {
		return err
	}
	set.Stop = interrupted(cmd.Context())
	if n := t.nodes(set); int(f.host) > n {
		return fmt.Errorf("--host %d: there is no host %d; the run has %d", f.host, f.host, n)
	}
	switch {
	case f.until != "":
		return f.look(cmd, t, set)
	case f.host != 0:
		return f.alone(cmd, t, set)
	}
	m := newMeter(cmd.OutOrStdout(), 5*time.Second)
	update, end := m.Start(arg)
	set.Progress = update
	o, err := t.run(set)
	end()
	m.Close()
	if err != nil {
		return err
	}
	p := newPrinter(cmd.OutOrStdout())
	p.run(&o.Record, "lgos-sim replay "+arg)
	if t.record == nil {
		if g := o.Record.Grade(); g.Outcome != results.Pass {
			return exit{code: g.Outcome.ExitCode()}
		}
		return nil
	}
	return compare(p, t, o)
}

// compare holds a replay to its record.
func compare(p *printer, t *target, o *scenarios.Outcome) error {
	was, is := t.record, &o.Record
	for _, d := range [][3]string{
		{"commit", describeCommit(was.Build), describeCommit(is.Build)}, {"Go", was.Build.Go, is.Build.Go},
		{"target", was.Build.Target, is.Build.Target}, {"device", describeDevice(was.Device), describeDevice(is.Device)},
	} {
		switch {
		case d[0] == "commit" && was.Build.Commit == "":
			p.row("note    ", "commit not recorded: not compared")
		case d[1] != d[2]:
			p.row("differs ", fmt.Sprintf("%s: recorded with %s, replayed with %s", d[0], d[1], d[2]))
		}
	}
	if was.Cut != "" && was.Bound == 0 {
		return comparePrefix(p, was, is)
	}
	if was.Digest != is.Digest {
		p.row("digest  ", "the record says "+was.Digest)
		if err := firstDifference(p, t, o); err != nil {
			return err
		}
		return exit{exitFail, "the replay came to another digest"}
	}
	for _, v := range was.Verdicts {
		now, ok := is.Verdict(v.Checker)
		if !ok || now.Outcome != v.Outcome {
			return exit{exitFail, fmt.Sprintf("same digest, but %s said %s and now says %q", v.Checker, v.Outcome, now.Outcome)}
		}
	}
	fmt.Fprintln(p, "same    digest and verdicts as recorded")
	return nil
}

// comparePrefix compares what a run that was cut short had come to.
func comparePrefix(p *printer, was, is *results.Record) error {
	for i, c := range was.Checkpoints {
		if i >= len(is.Checkpoints) || is.Checkpoints[i] != c {
			return exit{exitFail, fmt.Sprintf("the replay differs in the virtual second that ends at %s", results.Span(c.At))}
		}
	}
	p.row("same    ", fmt.Sprintf("digests up to %s, where the recorded run was cut short (%s)", results.Span(was.Virtual), was.Cut))
	return nil
}

func firstDifference(p *printer, t *target, o *scenarios.Outcome) error {
	for i, c := range t.record.Checkpoints {
		if i >= len(o.Record.Checkpoints) || o.Record.Checkpoints[i] != c {
			p.row("differs ", fmt.Sprintf("first in the virtual second that ends at %s", results.Span(c.At)))
			break
		}
	}
	old, err := loadHashes(t.dir)
	if err != nil || len(old.List) == 0 {
		return err
	}
	h, ok := old.FirstDifference(o.Result.EventHashes)
	if !ok {
		p.row("differs ", "in events between those whose hashes were kept")
		return nil
	}
	text := fmt.Sprintf("first at event %s of host %d", h.Key, h.Host)
	if stride := max(old.Stride, o.Result.EventHashes.Stride); stride > 1 {
		text += fmt.Sprintf(", or in the %d before it", stride-1)
	}
	p.row("differs ", text)
	return nil
}

func describeCommit(b results.Build) string {
	if b.Dirty {
		return b.Commit + " with changes"
	}
	if b.Commit == "" {
		return "an unknown commit"
	}
	return b.Commit
}

func describeDevice(d results.Device) string {
	return strings.Join(strings.Fields(d.Name+" "+d.Adapter+" "+d.Driver), " ")
}

// look stops after an event and prints its host.
func (f *replayFlags) look(cmd *cobra.Command, t *target, set scenarios.Settings) error {
	key, err := parseEvent(f.until)
	if err != nil {
		return err
	}
	if n := t.nodes(set); int(key.Src) > n {
		return fmt.Errorf("--until %s: there is no host %d; the run has %d", f.until, key.Src, n)
	}
	host := sim.HostID(f.host)
	tracer := &scenarios.Tracer{Out: cmd.OutOrStdout(), Key: &key, Last: func(e *sim.Event) {
		if host == 0 {
			host = e.Host
		}
	}}
	set.Until, set.Observe = &key, tracer
	o, err := t.run(set)
	if err != nil {
		return err
	}
	if tracer.Lines() > 0 {
		scenarios.Look(cmd.OutOrStdout(), o.World, host)
		return nil
	}
	if host = cmp.Or(host, key.Src); host != 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "no event has the key %s; the world as it stood then:\n", key)
		scenarios.Look(cmd.OutOrStdout(), o.World, host)
	}
	return exit{exitFail, fmt.Sprintf("--until %s: no event of a host has this key", f.until)}
}

// parseEvent takes an event's identity, KEY.INDEX, or its step's key alone.
func parseEvent(s string) (sim.Key, error) {
	if i := strings.LastIndexByte(s, '.'); i > strings.LastIndexByte(s, '/') {
		if _, err := strconv.Atoi(s[i+1:]); err == nil {
			s = s[:i]
		}
	}
	k, err := sim.ParseKey(s)
	if err != nil {
		return k, fmt.Errorf("--until: %w", err)
	}
	return k, nil
}

// alone replays one host from its recorded inputs. Where no recording lies beside the record, the run is made again to
// get one.
func (f *replayFlags) alone(cmd *cobra.Command, t *target, set scenarios.Settings) error {
	host, w := sim.HostID(f.host), cmd.OutOrStdout()
	var rec *sim.Recording
	plan := t.plan
	if t.dir != "" {
		r, err := loadRecording(t.dir, host)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		rec = r
	}
	if rec == nil {
		set.Record = []sim.HostID{host}
		o, err := t.run(set)
		if err != nil {
			return err
		}
		if rec = o.Result.Recordings[host]; rec == nil {
			return fmt.Errorf("the run left no recording of host %d", host)
		}
		if t.dir != "" {
			if err := saveRecording(t.dir, rec); err != nil {
				return err
			}
		}
		if plan, err = scenarios.ReadPlan("plan", o.Plan); err != nil {
			return err
		}
	}
	digest, differs, err := plan.ReplayHost(rec)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "host %d recorded %s\nhost %d replayed %s\n", host, rec.Digest, host, digest)
	if digest != rec.Digest {
		if differs != "" {
			fmt.Fprintf(w, "first differing event: %s\n", differs)
		}
		return exit{exitFail, "the host alone came to another digest"}
	}
	return nil
}
