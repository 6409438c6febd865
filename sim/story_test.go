package sim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// deaf does nothing.
type deaf struct{}

func (deaf) Step(step.Now, step.Input, *step.Effects) {}
func (deaf) Inspect(string) []byte                    { return nil }

// puppet does what its lines say, each at an instant counted from its boot: "LIFE AFTER VERB ...".
type puppet struct {
	life  uint32
	lines [][]string
	shy   bool
}

func (p *puppet) Inspect(string) []byte {
	if p.shy {
		panic("asked")
	}
	return nil
}

func (p *puppet) Step(now step.Now, in step.Input, out *step.Effects) {
	switch x := in.(type) {
	case *step.Boot:
		for i, l := range p.lines {
			life, _ := strconv.Atoi(l[0])
			after, err := time.ParseDuration(l[1])
			if err != nil {
				panic(err)
			}
			if uint32(life) == p.life {
				out.SetTimer(step.TimerID(1000+i), after)
			}
		}
	case *step.Timer:
		if x.ID >= 1000 {
			for _, act := range strings.Split(strings.Join(p.lines[x.ID-1000][2:], " "), ";") {
				p.do(strings.Fields(act), out)
			}
		}
	case *step.Packet:
		if strings.HasPrefix(string(x.Bytes), "ping") {
			out.Send(x.Conn, x.Channel, []byte("pong"+string(x.Bytes[4:])))
		}
	}
}

func (p *puppet) do(w []string, out *step.Effects) {
	num := func(i int) int {
		n, err := strconv.Atoi(w[i])
		if err != nil {
			panic(err)
		}
		return n
	}
	dur := func(i int) time.Duration {
		d, err := time.ParseDuration(w[i])
		if err != nil {
			panic(err)
		}
		return d
	}
	switch w[0] {
	case "dial":
		out.Dial(step.Addr(num(1)))
	case "close":
		out.Close(step.Conn(num(1)))
	case "send", "post": // unreliable, reliable
		ch := step.Unreliable
		if w[0] == "post" {
			ch = step.Reliable
		}
		b := []byte(w[2])
		if len(w) > 3 {
			b = append(b, make([]byte, num(3))...)
		}
		out.Send(step.Conn(num(1)), ch, b)
	case "timer":
		out.SetTimer(step.TimerID(num(1)), dur(2))
	case "commit": // id strict|relaxed key=value... -key...
		var put []step.Record
		var del []string
		for _, kv := range w[3:] {
			if k, v, ok := strings.Cut(kv, "="); ok {
				put = append(put, step.Record{Key: k, Value: []byte(v)})
			} else {
				del = append(del, kv)
			}
		}
		out.Commit(uint64(num(1)), w[2] == "strict", put, del)
	case "read":
		out.Read(uint64(num(1)), w[2])
	case "run":
		out.Run(uint64(num(1)), w[2], []byte(w[3]))
	case "cost":
		out.Cost += dur(1)
	case "lie":
		n := out.Note(step.NoteLie)
		n.Text, n.N = w[1], int64(num(2))
	case "panic":
		panic(w[1])
	case "shy": // panics when it is asked
		p.shy = true
	default:
		panic("no verb " + w[0])
	}
}

// puppeteer is a fault that does what its arguments say.
type puppeteer struct{ w Window }

func (f *puppeteer) Name() string { return f.w.Kind }
func (f *puppeteer) Begin(w *World) {
	for _, a := range f.w.Args {
		n, _ := strconv.Atoi(a.Value)
		h := HostID(n)
		switch a.Name {
		case "crash":
			w.Crash(h, TabCrash)
		case "power":
			w.Crash(h, PowerLoss)
		case "boot":
			w.Boot(h, 0)
			w.Count("boots", 1)
		case "lose":
			w.LoseDisk(h)
		case "tear":
			w.TearNext(h, time.Second)
		case "cut":
			w.Net().Add(w.Cause(), netsim.Rule{From: netsim.Hosts(h), To: netsim.HostRange(1, HostID(w.Hosts())), Both: true, Cut: true})
		case "mute":
			w.Net().Add(w.Cause(), netsim.Rule{From: netsim.Hosts(h), To: netsim.HostRange(1, HostID(w.Hosts())), Cut: true})
		}
	}
}
func (f *puppeteer) End(w *World) { w.Net().Remove(w.Cause()) }

// teller writes down every event but the puppets' strings.
type teller struct{ out []string }

func (c *teller) Name() string { return "teller" }
func (c *teller) Wants() Kinds { return 1<<23 - 1 }
func (c *teller) Observe(e *Event) {
	if t, ok := e.Input.(*step.Timer); ok && t.ID >= 1000 {
		return
	}
	if t, ok := e.Effect.(*step.SetTimer); ok && t.ID >= 1000 {
		return
	}
	line := strings.SplitN(FormatEvent(e), " ", 2)
	text := line[1]
	if p, ok := e.Input.(*step.Packet); ok && len(p.Bytes) < 30 {
		text = text[:strings.LastIndex(text, " ")] + " " + string(p.Bytes)
	}
	if e.Index < 0 && e.Host != 0 || e.Kind == OnFault {
		text = fmt.Sprintf("%9.3fs %s", e.Key.At.Seconds(), text)
	} else {
		text = fmt.Sprintf("%10s %s", "", text)
	}
	c.out = append(c.out, text)
}
func (c *teller) Sample(at time.Duration, v View) {
	for h := HostID(1); int(h) <= v.Hosts(); h++ {
		v.Inspect(h, "state 5ace")
		if disk := v.Disk(h); disk != nil {
			var b strings.Builder
			for _, r := range disk {
				fmt.Fprintf(&b, " %s=%s", r.Key, r.Value)
			}
			c.out = append(c.out, fmt.Sprintf("%9.3fs disk of host %d:%s", at.Seconds(), h, b.String()))
		}
	}
}
func (c *teller) Verdict(End) Verdict { return Verdict{Checked: len(c.out)} }

// Stories: the first line of a case gives options, each further line "HOST LIFE AFTER ACT; ACT" or a line of a plan.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			hosts, quota, ledger := 2, 0, false
			net := netsim.Config{Sites: netsim.Fixed(50 * time.Millisecond)}
			for _, a := range d.CmdArgs {
				switch a.Key {
				case "hosts":
					d.ScanArgs(t, "hosts", &hosts)
				case "quota":
					d.ScanArgs(t, "quota", &quota)
				case "up":
					var up int
					d.ScanArgs(t, "up", &up)
					net.Up = float64(up)
				case "ledger":
					ledger = true
				}
			}
			lines := map[string][][]string{}
			var plan strings.Builder
			for _, l := range strings.Split(d.Input, "\n") {
				if w := strings.Fields(l); len(w) > 0 && w[0][0] >= '0' && w[0][0] <= '9' {
					lines[w[0]] = append(lines[w[0]], w[1:])
				} else {
					fmt.Fprintln(&plan, l)
				}
			}
			tell := &teller{}
			c := Config{Seed: 1, Checkers: []Checker{tell}, Poison: true, Devices: map[string]Device{"cpu": {Runner: doubler{true}, PerWork: time.Millisecond}},
				Catalog: Catalog{Fault: func(w Window) (Fault, error) { return &puppeteer{w}, nil }, Person: func(Script) (Person, error) { return &asker{}, nil }}}
			if err := c.Plan.UnmarshalText([]byte(plan.String())); err != nil {
				return err.Error()
			}
			net.Seed, net.Hosts = 1, hosts
			var err error
			if c.Net, err = netsim.New(net); err != nil {
				t.Fatal(err)
			}
			for i := range hosts {
				c.Seats = append(c.Seats, Seat{Quota: quota, Device: "cpu", Liar: []string{"", "", "tale"}[min(i, 2)],
					New: func(life uint32) Process { return &puppet{life: life, lines: lines[strconv.Itoa(i+1)]} }})
			}
			w, err := New(c)
			if err != nil {
				return err.Error()
			}
			r := w.Run()
			out := strings.Join(tell.out, "\n") + "\n"
			if r.Outcome != Pass {
				out += fmt.Sprintf("%v: %s\n", r.Outcome, regexp.MustCompile(`:\d+\)`).ReplaceAllString(r.Why, ":LINE)"))
			}
			if ledger {
				out += r.Ledger.String()
			}
			return out
		})
	})
}
