// Command lgos-sim runs, replays and judges simulated LGOS networks. Each subcommand is a file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// Exit codes.
const (
	exitPass     = 0
	exitFail     = 1
	exitNotGreen = 2 // vacuous, unknown or invalid
	exitUsage    = 3 // a mistake in the command line, a file or the set-up
)

// exit ends the command with a code, and with a message unless everything was said.
type exit struct {
	code int
	text string
}

func (e exit) Error() string { return e.text }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // a second Ctrl-C ends at once
		<-ctx.Done()
		stop()
	}()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs the command line and gives its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var e exit
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &e):
		if e.text != "" {
			complain(stderr, e.text)
		}
		return e.code
	}
	complain(stderr, err.Error())
	var stopped scenarios.Stopped
	if errors.As(err, &stopped) {
		return exitNotGreen
	}
	return exitUsage
}

// complain prints an error no wider than the rest.
func complain(w io.Writer, text string) {
	p := printer{Writer: w}
	for i, line := range strings.Split("lgos-sim: "+text, "\n") {
		if first, rest, ok := strings.Cut(line, " "); i == 0 && ok && results.Width(line) > results.Columns {
			p.row(first+" ", rest, "  ")
			continue
		}
		fmt.Fprintln(w, line)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "lgos-sim",
		Short: "Run whole LGOS nodes over a deterministic virtual network, and judge them",
		Long: `lgos-sim runs thousands of whole LGOS nodes in one process, over a deterministic virtual network
with faults and liars, and lets checkers judge what they did. The same scenario and seed give the
same digest, on any machine.

A RUN is a record, the folder that holds it, a plan file, or NAME@SEED.
Exit codes: 0 pass, 1 fail, 2 vacuous, unknown or invalid, 3 usage or set-up.`,
		Example: `  lgos-sim list
  lgos-sim run partition-heal --seed 7
  lgos-sim replay partition-heal@7 --until 36.000000000s/17/4411
  lgos-sim trace results/runs/partition-heal-7 --host 17 --from 35s --to 36s`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		bad := regexp.MustCompile(`^invalid argument "(.*)" for "(?:-., )?--(.*)" flag: `).FindStringSubmatch(err.Error())
		if bad == nil {
			return err
		}
		is := map[string]string{"uint": "a whole number from 0 on", "uint64": "a whole number from 0 on", "int": "a whole number", "float64": "a number", "duration": "a time such as 30s", "bool": "true or false"}
		want, ok := is[strings.TrimSuffix(cmd.Flag(bad[2]).Value.Type(), "Slice")]
		if !ok {
			return err
		}
		return fmt.Errorf("--%s %s is not %s", bad[2], bad[1], want)
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newList(), newDescribe(), newRun(), newSweep(), newWorker(), newCI(), newReplay(), newShrink(), newTrace(), newExplain(), newView(), newTwice(), newMutants(), newBench(), newDevices(), newVersion(), newGPUWorker())
	return root
}
