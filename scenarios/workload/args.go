package workload

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// args reads the arguments of a script; errors name the argument.
type args struct{ list []sim.Arg }

func (a args) text(name string) string {
	for _, x := range a.list {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

func (a args) key(name string) (k [32]byte, err error) {
	b, err := hex.DecodeString(a.text(name))
	if err != nil || len(b) != 32 {
		return k, fmt.Errorf("%s: %q is not 32 bytes in hexadecimal", name, a.text(name))
	}
	return [32]byte(b), nil
}

func (a args) number(name string) (int, error) {
	n, err := strconv.Atoi(a.text(name))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is not a count", name, a.text(name))
	}
	return n, nil
}

// share reads a number from 0 to 1; 0 where there is none.
func (a args) share(name string) (float64, error) {
	if a.text(name) == "" {
		return 0, nil
	}
	x, err := strconv.ParseFloat(a.text(name), 64)
	if err != nil || !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("%s: %q is not a share", name, a.text(name))
	}
	return x, nil
}

func (a args) times(name string) ([]time.Duration, error) {
	var all []time.Duration
	for _, f := range strings.Fields(a.text(name)) {
		d, err := time.ParseDuration(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a time", name, f)
		}
		all = append(all, d)
	}
	return all, nil
}

func writeTimes(all []time.Duration) string {
	var b strings.Builder
	for i, d := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(d.Round(time.Millisecond).String())
	}
	return b.String()
}

func script(s Seat, kind string, space [32]byte, more ...sim.Arg) sim.Script {
	return sim.Script{Host: s.Host, Kind: kind, Args: append([]sim.Arg{
		{Name: "identity", Value: hex.EncodeToString(s.Seed[:])},
		{Name: "space", Value: hex.EncodeToString(space[:])},
	}, more...)}
}
