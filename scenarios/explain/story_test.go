package explain

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/node/wire"
	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// planted is a node with a bug: it is deaf to operations, or falls over them, from its second on; or it gives no receipts.
type planted struct {
	sim.Process
	bug string
}

func (p *planted) Step(now step.Now, in step.Input, out *step.Effects) {
	if m, ok := in.(*step.Packet); ok && wire.Class(m.Bytes) == wire.ClassPush && now.Mono > 1200*time.Millisecond {
		switch p.bug {
		case "deaf":
			return
		case "fragile":
			panic("it holds an operation upside down")
		}
	}
	p.Process.Step(now, in, out)
	if p.bug == "mute" {
		out.List = slices.DeleteFunc(out.List, func(e step.Effect) bool {
			s, ok := e.(*step.Send)
			return ok && wire.Class(s.Bytes) == wire.ClassReceipt
		})
	}
}

// small runs the small scenario.
func small(t *testing.T) func(scenarios.Settings) (*scenarios.Outcome, error) {
	t.Helper()
	b, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("small.yaml", b)
	if err != nil {
		t.Fatal(err)
	}
	return func(set scenarios.Settings) (*scenarios.Outcome, error) {
		set.Seed = 1
		return scenarios.Run(s, set)
	}
}

// plant seats the bug.
func plant(bug string) scenarios.Settings {
	return scenarios.Settings{Seat: func(h sim.HostID, s sim.Seat) sim.Seat {
		if h == 3 && bug != "" || bug == "mute" {
			honest := s.New
			s.New = func(life uint32) sim.Process { return &planted{honest(life), bug} }
		}
		return s
	}}
}

// mask hides what another wording of a frame or an operation would change.
func mask(text string) string {
	text = regexp.MustCompile(`\b[0-9a-f]{12}\b`).ReplaceAllString(text, "ID")
	text = regexp.MustCompile(`the whole trace: [^)]*`).ReplaceAllString(text, "the whole trace: SIZE")
	text = regexp.MustCompile(`\d+ of \d+ steps`).ReplaceAllString(text, "N of N steps")
	text = regexp.MustCompile(`\d+\.\d+s/\d+/\d+`).ReplaceAllString(text, "EVENT")
	text = regexp.MustCompile(`\b[\d,]{3,} (with|without)\b`).ReplaceAllString(text, "N $1")
	return regexp.MustCompile(`(\d\.\d\d)\d{4} s\b`).ReplaceAllString(text, "$1 s")
}

// TestTranscripts: what is told of bugs on host 3, word by word.
func TestTranscripts(t *testing.T) {
	datadriven.RunTest(t, "testdata/story", func(t *testing.T, d *datadriven.TestData) string {
		opts := Options{Tries: 2}
		bug := ""
		for _, a := range d.CmdArgs {
			switch a.Key {
			case "bug":
				bug = a.Vals[0]
			case "checker":
				opts.Checker = a.Vals[0]
			case "without":
				opts.Without = a.Vals[0]
			case "moments":
				a.Scan(t, 0, &opts.Moments)
			}
		}
		opts.Set = plant(bug)
		r, err := Run(small(t), opts)
		if err != nil {
			return err.Error() + "\n"
		}
		return mask(r.Text())
	})
}

// TestTwice: the same run is told the same, in text and as a page, whoever runs it beside.
func TestTwice(t *testing.T) {
	tell := func(jobs int) (string, string) {
		r, err := Run(small(t), Options{Set: plant("deaf"), Moments: 3, Tries: 2, Jobs: jobs, Without: "partition#1"})
		if err != nil {
			t.Fatal(err)
		}
		page, err := r.Page("small@1")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"<svg", "host 3", "P(fail)", "var(--band)", "Without partition#1"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("the page does not show %q", want)
			}
		}
		if out := regexp.MustCompile(`(src|href)="[^#]|url\([^#]`).FindString(string(page)); out != "" {
			t.Errorf("the page loads something: %s", out)
		}
		return r.Text(), string(page)
	}
	text, page := tell(1)
	if text2, page2 := tell(2); text2 != text || page2 != page {
		t.Errorf("two tellings differ:\n%s\n%s", text, text2)
	}
}

// TestPick: of a share that was late, the request is told that says most: never durable, no fault near, the slowest, the first.
func TestPick(t *testing.T) {
	const s = time.Second
	cut := results.Fault{Begin: results.Seconds(20 * s), End: results.Seconds(30 * s), Args: []results.Setting{{Name: "hosts", Value: "2"}}}
	late := ask{host: 1, id: 2, accepted: 3 * s, durable: 9 * s}
	for _, c := range []struct {
		name, why string
		asks      []ask
		want      uint64
	}{
		{"in time or not accepted", "1 of 2 requests beside faults became durable within 2s, 50.00 %", []ask{{host: 1, id: 1, accepted: s, durable: 2 * s}, {host: 1, id: 7}}, 0},
		{"the slowest", "1 of 3 requests beside faults became durable within 2s, 33.33 %", []ask{{host: 1, id: 1, accepted: s, durable: 4 * s}, late}, 2},
		{"never before late", "1 of 3 requests beside faults became durable within 2s, 33.33 %", []ask{late, {host: 1, id: 3, accepted: 8 * s}, {host: 1, id: 4, accepted: 9 * s}}, 3},
		{"beside faults", "1 of 3 requests beside faults became durable within 2s, 33.33 %", []ask{{host: 1, id: 5, accepted: 19 * s}, late}, 2},
		{"untouched", "1 of 3 requests under a fault became durable within 2s, 33.33 %", []ask{{host: 2, id: 5, accepted: 21 * s}, {host: 1, id: 6, accepted: 22 * s}}, 6},
		{"due after the end", "1 of 3 requests under a fault became durable within 2s, 33.33 %", []ask{{host: 1, id: 5, accepted: 59 * s}}, 0},
		{"without a time", "0 of 2 requests became durable, 0.00 %", []ask{{host: 1, id: 5, accepted: 59 * s}}, 5},
	} {
		x := &explainer{rec: &results.Record{Faults: []results.Fault{cut}}, view: honest{}}
		u := &subject{checker: "durability", why: c.why, at: 60 * s}
		if u.pick(&trace{asks: c.asks}, x); u.request != c.want || (u.late != nil) != (c.want != 0) {
			t.Errorf("%s: request %d, want %d", c.name, u.request, c.want)
		}
	}
}

// honest is a world without hosts to look at.
type honest struct{ sim.View }

func (honest) Liar(sim.HostID) bool { return false }
func (honest) Hosts() int           { return 0 }

// TestBlame: the host is named that was furthest when time was up, and what it waited for longest; none that is excused.
func TestBlame(t *testing.T) {
	at := func(excuse string, ms ...time.Duration) (f wishFor) {
		f.excuse = excuse
		for i := range f.at {
			if f.at[i] = never; i < len(ms) {
				f.at[i] = ms[i] * time.Millisecond
			}
		}
		return f
	}
	for _, c := range []struct {
		name           string
		list           []wishFor
		culprit, stage int
	}{
		{"all came", []wishFor{at("", 1, 2, 3, 4, 5, 6)}, -1, 0},
		{"never given", []wishFor{at("", 1, 2, 3), at("", 1, 2, 3, 400), at("", 1, 2)}, 1, given},
		{"given late", []wishFor{at("", 1, 20, 30, 40, 5000, 5010)}, 0, given},
		{"a cause that was long on its way", []wishFor{at("", 1, 2, 950, 960, 1100, 1110)}, 0, taken},
		{"excused", []wishFor{at("is a liar", 1, 2, 3, 4), at("", 1, 2)}, 1, taken},
		{"asked too late", []wishFor{at("", 2000, 2010)}, -1, 0},
	} {
		if culprit, stage := blame(c.list, time.Second); culprit != c.culprit || culprit >= 0 && stage != c.stage {
			t.Errorf("%s: host %d, stage %d", c.name, culprit, stage)
		}
	}
}

func TestNothing(t *testing.T) {
	if _, err := Run(small(t), Options{}); !errors.Is(err, ErrNothing) {
		t.Errorf("a run that passes: %v", err)
	}
}

// TestRead: every form in which checkers speak is understood.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		why     string
		hosts   []sim.HostID
		ids     int
		request uint64
	}{
		{"operation 7a92b943fe9a (create_channel), authored at 50ms by host 9, never reached host 1; it was due by 1m1.24s", []sim.HostID{1, 9}, 1, 0},
		{"at the end host 5 lacks 3 of 92 operations of space 59fad8aea97e, first 7aa8e4b9ab2d (graph.edit, authored at 2.569s by host 7)", []sim.HostID{5, 7}, 2, 0},
		{"hosts 4 and 11 hold the same 7 operations of space 59fad8aea97e and show different state: 3 and 4 bytes", []sim.HostID{4, 11}, 1, 0},
		{"host 9 answered request 4294967298 (create_channel) after 648ms; its own disk and CPU explain 8ms", []sim.HostID{9}, 0, 1<<32 + 2},
		{"acceptance 107a0ae5bbdf by host 12: it rests on 1 results; task c1de30c0cd42 asks for 2", []sim.HostID{12}, 2, 0},
		{"0 of 91 requests became durable, 0.00 %; at least 100 % must", nil, 0, 0},
	} {
		s := read(&results.Verdict{Why: c.why})
		if !slices.Equal(s.hosts, c.hosts) || len(s.prefixes) != c.ids || s.request != c.request {
			t.Errorf("%s: hosts %v, ids %v, request %d", c.why, s.hosts, s.prefixes, s.request)
		}
	}
}

func TestSteepestRise(t *testing.T) {
	for _, c := range []struct {
		failed []int
		want   int
		says   string
	}{{[]int{0, 1, 4, 5}, 2, "rises most between 1.000000 s and 2.000000 s, from 20 % to 80 %"}, {[]int{5, 5, 5, 5}, 0, "whatever the luck"}, {[]int{2, 1, 1, 0}, 0, "never rises"}} {
		l := &Likelihood{At: []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}, Failed: c.failed, Tries: 5, Violated: 3 * time.Second}
		if l.Rise = steepest(c.failed); l.Rise != c.want || !strings.Contains(l.String(), c.says) {
			t.Errorf("%v: %d, %s", c.failed, l.Rise, l)
		}
	}
}
