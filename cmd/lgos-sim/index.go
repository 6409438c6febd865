package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// indexName is the list of all runs under one folder: outcome, run, nodes, digest, and where its record, plan and report lie.
const indexName = "index.txt"

// writeIndex puts a line for each run into the index. Lines of other runs that the folder has seen stay.
func writeIndex(file string, ends []done) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	lines := map[string]string{} // by folder
	for _, l := range strings.Split(string(old), "\n") {
		if fields := strings.Fields(l); len(fields) == 5 {
			lines[fields[4]] = l
		}
	}
	for _, d := range ends {
		if r := d.record; r != nil {
			name := filepath.Base(d.dir)
			lines[name] = fmt.Sprintf("%-7s  %-28s  %6d  %.12s  %s", r.Grade().Outcome, r.Name(), r.Nodes, r.Digest, name)
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintln(&b, lines[name])
	}
	return results.WriteFile(file, []byte(b.String()))
}
