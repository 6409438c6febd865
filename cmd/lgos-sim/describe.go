package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lifegraph-os/lgos-sim/scenarios"
)

func newDescribe() *cobra.Command {
	return &cobra.Command{
		Use:   "describe NAME|FILE",
		Short: "Print a scenario as YAML that run accepts, and what --set takes",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := findScenario(args[0])
			if err != nil {
				return err
			}
			text, err := s.YAML()
			if err != nil {
				return err
			}
			p := newPrinter(cmd.OutOrStdout())
			fmt.Fprintln(p, "# What --set takes:")
			for _, k := range scenarios.Keys(s) {
				p.row(fmt.Sprintf("#   %-12s ", k.Name), fmt.Sprintf("%s (default %s)", k.Doc, k.Default), "#"+fmt.Sprintf("%16s", ""))
			}
			_, err = p.Write(text)
			return err
		},
	}
}
