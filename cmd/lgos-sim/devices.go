package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/gpu/device"
)

func newDevices() *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List what can compute jobs here, each after its bit self-test",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newPrinter(cmd.OutOrStdout())
			for _, i := range device.List(device.Options{}) {
				state := "usable"
				if !i.Usable {
					state = "unusable"
				}
				text := i.Adapter
				for _, s := range []string{i.Backend, i.Driver, i.SelfTest} {
					if s != "" {
						text += " · " + s
					}
				}
				p.row(fmt.Sprintf("%-7s %-9s ", i.Kind, state), text)
			}
			return nil
		},
	}
}
