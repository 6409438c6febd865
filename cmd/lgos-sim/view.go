package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/view"
)

func newView() *cobra.Command {
	f := &replayFlags{}
	var addr string
	var at time.Duration
	cmd := &cobra.Command{
		Use:   "view RUN",
		Short: "Carry a run out again and look into it in a browser",
		Long: `view carries a run out once, keeps what every host took, and serves a page about it until Ctrl-C: the
run as a timeline, the network at a moment, and any host at any of its steps, forward and back, as
that host replayed alone from its inputs comes to be. Nothing is asked from another host. Its address
names the moment: what is shown can be passed on as a link to whoever views the same run.`,
		Example: `  lgos-sim view results/runs/latest
  lgos-sim view canary@1 --at 10s --host 7`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := findRun(args[0])
			if err != nil {
				return err
			}
			set, err := f.settings(t)
			if err != nil {
				return err
			}
			if at < 0 {
				return fmt.Errorf("--at %v: virtual time begins at 0", at)
			}
			if n := t.nodes(set); int(f.host) > n {
				return fmt.Errorf("--host %d: there is no host %d; the run has %d", f.host, f.host, n)
			}
			name, _, err := net.SplitHostPort(addr)
			if err != nil {
				return fmt.Errorf("--addr %s is no address such as 127.0.0.1:8080: %w", addr, err)
			}
			l, err := net.Listen("tcp", addr)
			if err != nil {
				return fmt.Errorf("--addr %s: %w", addr, err)
			}
			defer l.Close()
			set.Stop = interrupted(cmd.Context())
			m := newMeter(cmd.OutOrStdout(), 5*time.Second)
			update, end := m.Start(args[0])
			set.Progress = update
			began := time.Now()
			v, err := view.Open(args[0], t.run, set)
			end()
			m.Close()
			if errors.Is(err, view.ErrInterrupted) {
				return exit{exitNotGreen, err.Error()}
			}
			if err != nil {
				return err
			}
			defer v.Close()
			p := newPrinter(cmd.OutOrStdout())
			p.row("run     ", fmt.Sprintf("%s inputs of all hosts are recorded, %s on disk, after %s", results.Integer(v.Inputs()), results.Bytes(uint64(v.Tape())), results.Span(results.Seconds(time.Since(began)))))
			bound := netip.MustParseAddrPort(l.Addr().String())
			where := bound.String()
			if bound.Addr().IsUnspecified() {
				where = fmt.Sprintf("localhost:%d", bound.Port())
			}
			p.row("page    ", "http://"+where+"/"+fragment(cmd, at, f.host))
			if !bound.Addr().Unmap().IsLoopback() {
				p.row("warning ", "whoever reaches this address can read the run")
			}
			p.row("stop    ", "Ctrl-C")
			return serve(cmd.Context(), v.Server(name), l)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&addr, "addr", "127.0.0.1:0", "serve at this `ADDRESS`; port 0 is any free one")
	fs.DurationVar(&at, "at", 0, "open the page at this virtual time; else at the first violation")
	fs.UintVar(&f.host, "host", 0, "open the page with this host")
	fs.StringVar(&f.device, "device", "cpu", "what computes jobs: cpu, webgpu or auto")
	fs.IntVar(&f.nodes, "nodes", 0, "nodes, for NAME@SEED")
	fs.StringArrayVar(&f.set, "set", nil, "set `KEY=VALUE`, for NAME@SEED")
	return cmd
}

// fragment names the moment that was asked for, as the page does.
func fragment(cmd *cobra.Command, at time.Duration, host uint) string {
	var parts []string
	if cmd.Flags().Changed("at") {
		parts = append(parts, "at="+url.QueryEscape(at.String()))
	}
	if host != 0 {
		parts = append(parts, "host="+strconv.Itoa(int(host)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "#" + strings.Join(parts, "&")
}

// serve answers until the command is interrupted.
func serve(ctx context.Context, s *http.Server, l net.Listener) error {
	done := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if s.Shutdown(limit) != nil {
			s.Close()
		}
	})
	defer done()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
