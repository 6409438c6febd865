package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say what this build is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := scenarios.Build()
			commit := b.Commit
			if commit == "" {
				commit = "unknown"
			}
			if b.Dirty {
				commit += " with uncommitted changes"
			}
			text := "with cgo: WebGPU and ONNX Runtime where they are installed"
			if !b.Cgo {
				text = "without cgo: no WebGPU and no ONNX Runtime"
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "lgos-sim %s\ncommit   %s\nbuilt    %s %s, %s\nrecords  layout %d\n", b.Version, commit, b.Go, b.Target, text, results.SchemaVersion)
			return err
		},
	}
}
