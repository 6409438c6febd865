package fault

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// args reads a window's arguments: each once, in order, in the one form in which it is written. The first error stays.
type args struct {
	list []sim.Arg
	next int
	err  error
}

func read[T any](a *args, name string, parse func(string) (T, error), print func(T) sim.Arg) (v T) {
	if a.err != nil {
		return v
	}
	if a.next >= len(a.list) || a.list[a.next].Name != name {
		a.err = fmt.Errorf("argument %d must be %s", a.next+1, name)
		return v
	}
	text := a.list[a.next].Value
	a.next++
	v, err := parse(text)
	if err == nil && print(v).Value != text {
		err = fmt.Errorf("%q is written as %q", clip(text), clip(print(v).Value))
	}
	if err != nil {
		a.err = fmt.Errorf("%s: %w", name, err)
	}
	return v
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// check keeps a reason why the arguments are wrong.
func (a *args) check(ok bool, format string, v ...any) {
	if a.err == nil && !ok {
		a.err = fmt.Errorf(format, v...)
	}
}

func (a *args) end() error {
	a.check(a.next == len(a.list), "there are %d arguments, not %d", len(a.list), a.next)
	return a.err
}

// hosts reads a set that is not empty.
func (a *args) hosts(name string) netsim.HostSet {
	s := read(a, name, netsim.ParseHosts, func(s netsim.HostSet) sim.Arg { return hostsArg(name, s) })
	a.check(s.Len() > 0, "%s: it is empty", name)
	return s
}

func (a *args) number(name string) float64 {
	return read(a, name, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }, func(v float64) sim.Arg { return numberArg(name, v) })
}

func (a *args) share(name string) float64 {
	v := a.number(name)
	a.check(v > 0 && v <= 1, "%s: %v is not above 0 and up to 1", name, v)
	return v
}

func (a *args) duration(name string) time.Duration {
	return read(a, name, time.ParseDuration, func(d time.Duration) sim.Arg { return durationArg(name, d) })
}

// Hosts are those that a window names as its hosts; of a cut there are none.
func Hosts(w sim.Window) (hosts netsim.HostSet) {
	for _, a := range w.Args {
		if a.Name == "hosts" {
			hosts, _ = netsim.ParseHosts(a.Value)
		}
	}
	return hosts
}

func hostsArg(name string, s netsim.HostSet) sim.Arg   { return sim.Arg{Name: name, Value: s.String()} }
func durationArg(name string, d time.Duration) sim.Arg { return sim.Arg{Name: name, Value: d.String()} }
func numberArg(name string, v float64) sim.Arg {
	return sim.Arg{Name: name, Value: strconv.FormatFloat(v, 'g', -1, 64)}
}
