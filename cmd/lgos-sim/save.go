package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
)

// save writes what a run leaves and drops what a sweep need not keep in memory.
func (f *runFlags) save(j job, o *scenarios.Outcome, out string, several bool) done {
	record := o.Record // a copy: a pointer into the outcome would keep all of it
	r := &record
	d := done{record: r, dir: r.Dir(out, several), replay: r.Command()}
	if d.err = r.Save(d.dir, o.Plan); d.err != nil {
		return d
	}
	if j.file != "" {
		d.replay = "lgos-sim replay " + d.dir
	}
	if several {
		d.err = writeReport(filepath.Join(d.dir, results.ReportName), []*results.Record{r})
	}
	bad := r.Grade().Outcome != results.Pass
	if o.Result != nil {
		if !several || bad {
			d.err = firstError(d.err, saveHashes(d.dir, o.Result.EventHashes))
		}
		for _, h := range slices.Sorted(maps.Keys(o.Result.Recordings)) {
			d.err = firstError(d.err, saveRecording(d.dir, o.Result.Recordings[h]))
		}
	}
	if several && !bad {
		for i := range r.Verdicts {
			r.Verdicts[i].Series = nil
		}
		r.Checkpoints = nil
	}
	return d
}

// finish prints the end, writes JUnit and the report, and decides the exit code.
func (f *runFlags) finish(p *printer, ends []done, out string, several bool) error {
	var records []*results.Record
	worst, skipped := results.Pass, 0
	tally := map[results.Outcome]int{}
	var mistake error
	for _, d := range ends {
		mistake = firstError(mistake, d.err)
		if d.skipped {
			skipped++
		}
		if d.record != nil {
			records = append(records, d.record)
			o := d.record.Grade().Outcome
			worst = results.Worse(worst, o)
			tally[o]++
		}
	}
	if len(records) > 0 {
		report := filepath.Join(out, results.ReportName)
		mistake = firstError(mistake, writeReport(report, records))
		if f.junit != "" {
			mistake = firstError(mistake, writeJUnit(f.junit, records))
		}
		if several {
			var parts []string
			for _, o := range results.Outcomes() {
				if n := tally[o]; n > 0 {
					parts = append(parts, fmt.Sprintf("%d %s", n, strings.Replace(string(o), "pass", "as expected", 1)))
				}
			}
			fmt.Fprintf(p, "%s %d runs: %s\n", p.mark(worst, 7), len(records), strings.Join(parts, ", "))
			index := filepath.Join(out, indexName)
			mistake = firstError(mistake, writeIndex(index, ends))
			fmt.Fprintln(p, "index   "+index)
		} else {
			p.run(records[0], ends[0].replay)
			fmt.Fprintln(p, "record  "+filepath.Join(ends[0].dir, results.FileName))
		}
		fmt.Fprintln(p, "report  "+report)
	}
	switch {
	case mistake != nil:
		return mistake
	case skipped > 0:
		return exit{exitNotGreen, fmt.Sprintf("interrupted: %d of %d runs were not begun", skipped, len(ends))}
	case worst != results.Pass:
		return exit{code: worst.ExitCode()}
	}
	return nil
}

func writeReport(file string, records []*results.Record) error {
	var b strings.Builder
	if err := results.WriteReport(&b, records); err != nil {
		return err
	}
	return results.WriteFile(file, []byte(b.String()))
}

func writeJUnit(file string, records []*results.Record) error {
	var b strings.Builder
	if err := results.WriteJUnit(&b, records); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return results.WriteFile(file, []byte(b.String()))
}
