package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/gpu/device"
)

// newGPUWorker is the child process that owns the GPU: the driver may take it down, and no run with it.
func newGPUWorker() *cobra.Command {
	return &cobra.Command{
		Use:    "gpu-worker",
		Short:  "Serve GPU jobs on standard input and output",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return device.ServeWorker(os.Stdin, os.Stdout) },
	}
}
