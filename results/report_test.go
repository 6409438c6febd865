package results

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected files anew")

func report(t *testing.T, records ...*Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteReport(&b, records); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s-%d.html", t.Name(), len(records))
	if dir := os.Getenv("LGOS_SIM_REPORTS"); dir != "" { // to look at them in a browser
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestReportOfOneRun(t *testing.T) {
	page := report(t, sample())
	for _, want := range []string{"partition-heal", "412,883", "61.2 MB", "1 of 2 windows did nothing", "931 of 1,000", "lgos-sim run partition-heal --seed 7 --nodes 1000 --set loss=0.01", "llvmpipe"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if n := strings.Count(page, `role="img"`); n != 4 {
		t.Errorf("%d figures, want 4", n)
	}
	if titles := strings.Count(page, "<desc id="); titles != 4 {
		t.Errorf("%d figures are described, want 4", titles)
	}
	if left := regexp.MustCompile(`#0[0-9A-F]0000`).FindString(page); left != "" {
		t.Errorf("the colour %s was not replaced by a role", left)
	}
}

func TestReportOfAFailure(t *testing.T) {
	page := report(t, failing())
	for _, want := range []string{"badge fail", "--until 36.000000000/17/4411:2", "no task was asked for"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}

// TestReportOfBareTraffic: what carries no bytes is no row of bytes, and its packets are told.
func TestReportOfBareTraffic(t *testing.T) {
	r := sample()
	r.Traffic = append(r.Traffic, Traffic{Kind: "connections", Messages: 16_228})
	page := report(t, r)
	if strings.Contains(page, "<td class=\"n\">0 B</td><td class=\"n\">0 B</td>") || strings.Contains(page, "connections: 0 B") {
		t.Error("the report has a row of 0 bytes")
	}
	if !strings.Contains(page, "Without a payload: connections, 16,228 messages.") {
		t.Error("the report does not say how many messages were of connections")
	}
	r.Traffic = r.Traffic[len(r.Traffic)-1:]
	if page := report(t, r); !strings.Contains(page, "No traffic was counted.") {
		t.Error("traffic without a byte is drawn")
	}
}

// TestReportOfACutRun: nothing is said against windows that had not begun.
func TestReportOfACutRun(t *testing.T) {
	r := sample()
	r.Virtual, r.Cut = s(11), "interrupted"
	for i := range r.Faults[1:] {
		r.Faults[1+i].Effects = nil
	}
	page := report(t, r)
	for want, there := range map[string]bool{"no effect": false, "did nothing": false, "2 of 2 windows had not begun": true} {
		if strings.Contains(page, want) != there {
			t.Errorf("that the report says %q is %t", want, !there)
		}
	}
}

func TestReportOfManyRuns(t *testing.T) {
	runs := []*Record{failing(), canary()}
	for i := range 40 {
		r := sample()
		r.Seed = uint64(100 + i)
		runs = append(runs, r)
	}
	page := report(t, runs...)
	if n := strings.Count(page, "<article"); n != 1 {
		t.Errorf("%d runs shown in full, want the failing one alone", n)
	}
	if !strings.Contains(page, "41 as expected, 1 fail") {
		t.Error("the tally is missing")
	}
	page = report(t, canary())
	if !strings.Contains(page, "as expected") || strings.Count(page, `class="empty"`) != 5 {
		t.Error("a run without figures or faults does not say so")
	}
}

// TestReportIsSelfContained: opening it asks nothing of a network, and text from a record cannot become markup.
func TestReportIsSelfContained(t *testing.T) {
	r := failing()
	r.Why, r.Verdicts[0].Series[0].Name = `<script>alert(1)</script>`, `</desc><script>alert(2)</script>`
	r.Verdicts[0].Series = r.Verdicts[0].Series[:1]
	page := report(t, r)
	if strings.Contains(page, "<script") {
		t.Error("markup from a record got through")
	}
	for _, u := range regexp.MustCompile(`(?i)(src|href)\s*=\s*"[^#"][^"]*"|url\(|@import|https?://[^" ]+`).FindAllString(page, -1) {
		if u != "http://www.w3.org/2000/svg" {
			t.Errorf("the page names %s", u)
		}
	}
}

func TestDescriptions(t *testing.T) {
	got := describeSeries([]Series{{Name: "states", At: []Seconds{0, s(1), s(2)}, Y: []float64{1, 40, 2}}, {Name: "none"}})
	want := "states: 1 at 0 s; least 1 at 0 s; greatest 40 at 1 s; 2 at the end. none: no points."
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Figure(0), "0"}, {Figure(12.3456), "12.3"}, {Figure(0.05), "0.05"}, {Figure(1234.6), "1,235"}, {Figure(-1234567), "-1,234,567"}, {Figure(0.00001), "1e-05"}, {Figure(999.6), "1,000"},
		{Integer(0), "0"}, {Integer(1000000), "1,000,000"},
		{Bytes(999), "999 B"}, {Bytes(1000), "1 kB"}, {Bytes(61_221_309), "61.2 MB"}, {Bytes(999_999), "1 MB"}, {Bytes(1 << 63), "9.22 EB"},
		{Span(s(1.5)), "1.5 s"}, {Span(s(0.0123)), "12.3 ms"}, {Span(1500), "1.5 µs"}, {Span(7), "7 ns"}, {Span(s(3661)), "1h1m1s"},
		{Amount(0.5, "share"), "50 %"}, {Amount(612, "ms"), "612 ms"}, {Amount(1212.25, "B"), "1.21 kB"}, {Amount(3, "votes"), "3 votes"},
		{fmt.Sprint(niceTop(0)), "1"}, {fmt.Sprint(niceTop(812)), "1000"}, {fmt.Sprint(niceTop(1.1)), "1.2"}, {fmt.Sprint(niceTop(100)), "100"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
