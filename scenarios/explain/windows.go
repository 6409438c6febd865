package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/results"
)

// downs tells which hosts of the story went down, and came back, within it.
func (w *teller) downs() {
	begin, n := w.begin(), 0
	for _, m := range w.t.marks {
		if (m.what != crashed && m.what != booted) || m.at < begin || m.at > w.until() || !slices.Contains(w.hosts, m.host) {
			continue
		}
		if n++; n > 4 {
			return
		}
		text := "goes down: " + m.text
		if m.what == booted {
			text = fmt.Sprintf("boots again, life %d", m.n)
		}
		w.add(Line{At: m.at, Host: m.host, Text: text, step: m.step, rank: 1})
	}
}

// until is when the story is over: a request that was late is so at its deadline.
func (w *teller) until() time.Duration {
	if w.s.late != nil {
		return w.s.late.deadline
	}
	return w.s.at
}

func (w *teller) begin() time.Duration {
	begin := w.s.at
	for i := range w.lines {
		begin = min(begin, w.lines[i].At)
	}
	return begin
}

// faults are the windows that did something while the story went on, and concern its hosts.
func (w *teller) faults(r *Report) (out []window) {
	begin := w.begin()
	for i := range w.x.rec.Faults {
		f := &w.x.rec.Faults[i]
		a, b := time.Duration(f.Begin), time.Duration(f.End)
		did := slices.ContainsFunc(f.Effects, func(c results.Count) bool { return c.N > 0 })
		if !did || b < begin || a > w.until() || len(out) == 4 {
			continue
		}
		concerns, all := false, true
		var args []string
		for _, arg := range f.Args {
			args = append(args, arg.Name+" "+arg.Value)
			set, err := netsim.ParseHosts(arg.Value)
			if err != nil || arg.Name != "hosts" && arg.Name != "from" && arg.Name != "to" {
				continue
			}
			all = false
			concerns = concerns || slices.ContainsFunc(w.hosts, set.Has)
		}
		if concerns || all {
			out = append(out, window{f.Kind, a, b, clip(strings.Join(args, ", "), 60)})
		}
	}
	return out
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
