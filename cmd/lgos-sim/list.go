package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

func newList() *cobra.Command {
	var names bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newPrinter(cmd.OutOrStdout())
			for _, s := range scenarios.All() {
				if names {
					fmt.Fprintln(p, s.Name)
					continue
				}
				about := s.About
				if len(s.Expect) > 0 {
					about += " Expects: " + strings.Join(s.Expect, ", ") + "."
				}
				p.row(fmt.Sprintf("%-18s ", s.Name), about)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&names, "names", false, "names alone, for scripts")
	return cmd
}
