package results

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"
)

// ReportName is what the report beside a record is called.
const ReportName = "report.html"

// Figures choose their distributions by a word in their names.
const (
	DeliveryWord = "of hosts" // time from saving an operation until a share of those interested has it
	DurableWord  = "durable"  // time from a request to its reply durable
)

//go:embed report.html
var reportHTML string

//go:embed report.css
var reportCSS string

// detailLimit is how many runs a report shows whole: a sweep's report lists all, and shows those that went wrong.
const detailLimit = 12

// WriteReport writes one self-contained page about one run or many: no script, no font, no picture from elsewhere.
func WriteReport(w io.Writer, records []*Record) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"integer": func(n any) string {
			switch n := n.(type) {
			case int:
				return Integer(n)
			case uint64:
				return Integer(n)
			}
			return fmt.Sprint(n)
		},
		"span": Span, "bytes": Bytes, "metric": func(m Metric) string { return Amount(m.Value, m.Unit) }, "figure": Figure,
		"count": func(c Count) string {
			if c.Unit == "" {
				return Integer(c.N)
			}
			return Amount(float64(c.N), c.Unit)
		},
		"mark": func(o Outcome) string {
			return map[Outcome]string{Pass: "✓", Fail: "✕", Vacuous: "○", Unknown: "?", Invalid: "!"}[o]
		},
		"percentile": func(d Distribution, q float64) string {
			if len(d.Values) == 0 {
				return "–"
			}
			return Amount(d.At(q), d.Unit)
		},
		"short": func(s string) string { return s[:min(len(s), 12)] },
		"css":   func() template.CSS { return template.CSS(reportCSS) },
		"inc":   func(i int) int { return i + 1 },
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPage(records)); err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}

// page is what the template sees.
type page struct {
	Title   string
	Grade   Outcome
	Tally   []tally // runs by outcome, as graded
	Runs    []*runView
	Shown   []*runView // in full
	Several bool
}

type tally struct {
	Outcome Outcome
	N       int
}

type runView struct {
	*Record
	ID      string
	Graded  Grade
	Rows    []verdictRow
	Figures []figure
	Sums    []FaultSum
	Facts   []fact
	Others  []Distribution // measured, and in no figure
}

type verdictRow struct {
	Verdict
	Grade    Grade
	Expected bool // it failed, as the scenario says it must
}

type fact struct{ Name, Value string }

type figure struct {
	ID, Title, Caption string
	SVG                template.HTML
	Legend             []legend
	Distributions      []Distribution
	Traffic            []Traffic
	Wide               bool
	Empty              string // why there is nothing to draw
}

type legend struct {
	Hue  int // 1 to 5; 0 is a band
	Dash string
	Name string
}

func newPage(records []*Record) *page {
	p := &page{Title: "lgos-sim", Grade: Pass, Several: len(records) != 1}
	for i, r := range records {
		v := &runView{Record: r, ID: fmt.Sprintf("run%d", i+1), Graded: r.Grade()}
		p.Grade = Worse(p.Grade, v.Graded.Outcome)
		p.Runs = append(p.Runs, v)
	}
	for _, o := range Outcomes() {
		n := 0
		for _, r := range p.Runs {
			if r.Graded.Outcome == o {
				n++
			}
		}
		if n > 0 {
			p.Tally = append(p.Tally, tally{o, n})
		}
	}
	for _, v := range p.Runs {
		if len(p.Shown) < detailLimit && (len(p.Runs) <= detailLimit || v.Graded.Outcome != Pass) {
			v.fill()
			p.Shown = append(p.Shown, v)
		}
	}
	if len(records) == 1 {
		p.Title = records[0].Name() + " · lgos-sim"
	}
	return p
}

// Full tells whether the page shows the run whole.
func (p *page) Full(v *runView) bool { return slices.Contains(p.Shown, v) }

func (v *runView) fill() {
	r := v.Record
	grades := r.Grades()
	for i, d := range r.Verdicts {
		d.Metrics = slices.DeleteFunc(slices.Clone(d.Metrics), func(m Metric) bool { return r.drawn(m.Name) })
		v.Rows = append(v.Rows, verdictRow{d, grades[i], d.Outcome != Pass && grades[i].Outcome == Pass && d.Waived == ""})
	}
	v.Sums = SumFaults(r.Faults, r.Virtual)
	v.Facts = facts(r)
	v.Figures = []figure{v.convergence(), v.spread("delivery", "How fast operations arrive", DeliveryWord),
		v.spread("durable", "How fast operations become durable", DurableWord), v.traffic()}
	for _, d := range r.Distributions {
		if d.Count > 0 && !slices.ContainsFunc(v.Figures, func(f figure) bool {
			return slices.ContainsFunc(f.Distributions, func(e Distribution) bool { return e.Name == d.Name })
		}) {
			v.Others = append(v.Others, d)
		}
	}
}

// percentile matches the metrics that repeat a distribution.
var percentile = regexp.MustCompile(`^(.*) (p[0-9.]+|count)$`)

// drawn tells whether a metric is one of a distribution that the record holds whole.
func (r *Record) drawn(metric string) bool {
	m := percentile.FindStringSubmatch(metric)
	if m == nil {
		return false
	}
	_, ok := r.Distribution(m[1])
	return ok
}

// convergence draws the first unit of the convergence checker's series.
func (v *runView) convergence() figure {
	f := figure{ID: v.ID + "-convergence", Title: "Convergence over time", Wide: true, Empty: "The convergence checker kept no figures over time."}
	d, _ := v.Verdict("convergence")
	var series []Series
	for _, s := range d.Series {
		if len(s.Y) > 0 && (len(series) == 0 || s.Unit == series[0].Unit) && len(series) < len(hues) {
			series = append(series, s)
		}
	}
	if len(series) == 0 {
		return f
	}
	f.SVG = overTime(f.ID, f.Title, series, v.Faults, v.Virtual)
	f.Caption = describeSeries(series)
	for i, s := range series {
		f.Legend = append(f.Legend, newLegend(i, strings.TrimSuffix(s.Name+", "+s.Unit, ", ")))
	}
	if len(v.Faults) > 0 {
		f.Legend = append(f.Legend, legend{Name: "a fault is on"})
	}
	return f
}

func (v *runView) spread(id, title, word string) figure {
	f := figure{ID: v.ID + "-" + id, Title: title, Empty: "Nothing was measured."}
	var ds []Distribution
	for _, d := range v.Record.Distributions {
		if strings.Contains(d.Name, word) && (len(ds) == 0 || d.Unit == ds[0].Unit) && len(ds) < len(hues) {
			ds = append(ds, d)
		}
	}
	if !slices.ContainsFunc(ds, func(d Distribution) bool { return len(d.Values) > 0 }) {
		return f
	}
	f.SVG = cumulative(f.ID, title, ds)
	f.Caption = "Read upwards: the share that had come by then. A curve that stops below 100 % tells of some that never came."
	f.Distributions = ds
	for i, d := range ds {
		f.Legend = append(f.Legend, newLegend(i, d.Name))
	}
	return f
}

// traffic shows the ten greatest kinds; the others are summed. What carries no bytes has its packets told below.
func (v *runView) traffic() figure {
	f := figure{ID: v.ID + "-traffic", Title: "Traffic by kind", Wide: true, Empty: "No traffic was counted."}
	rows := slices.Clone(v.Record.Traffic)
	slices.SortStableFunc(rows, func(a, b Traffic) int {
		if a.Bytes != b.Bytes {
			return int(min(max(int64(b.Bytes)-int64(a.Bytes), -1), 1))
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	var bare []string
	rows = slices.DeleteFunc(rows, func(r Traffic) bool {
		if r.Bytes > 0 {
			return false
		}
		bare = append(bare, fmt.Sprintf("%s, %s messages", r.Kind, Integer(r.Messages)))
		return true
	})
	if len(rows) == 0 {
		return f
	}
	if len(rows) > 10 {
		other := Traffic{Kind: fmt.Sprintf("%d others", len(rows)-9)}
		for _, r := range rows[9:] {
			other.Messages += r.Messages
			other.Bytes += r.Bytes
			other.Delivered += r.Delivered
			other.Lost += r.Lost
		}
		rows = append(rows[:9], other)
	}
	f.SVG = bars(f.ID, f.Title, rows)
	f.Caption = "Bytes sent over all links, by the kind of frame."
	if len(bare) > 0 {
		f.Caption += " Without a payload: " + strings.Join(bare, "; ") + "."
	}
	f.Traffic = rows
	f.Legend = []legend{newLegend(0, "delivered or in flight"), newLegend(1, "lost")}
	for i := range f.Legend {
		f.Legend[i].Dash = ""
	}
	return f
}

func newLegend(i int, name string) legend {
	var dash []string
	for _, d := range dashes[i%len(dashes)] {
		dash = append(dash, fmt.Sprint(float64(d)))
	}
	return legend{Hue: 1 + i%len(hues), Dash: strings.Join(dash, " "), Name: name}
}

// facts are what the run was and what it ran on.
func facts(r *Record) []fact {
	target := strings.TrimSpace(r.Build.Go + " " + r.Build.Target)
	if r.Build.Race {
		target += ", race detector"
	}
	if !r.Build.Cgo {
		target += ", without cgo (no WebGPU, no ONNX Runtime)"
	}
	commit := r.Build.Commit
	if r.Build.Dirty {
		commit += " with uncommitted changes"
	}
	device := r.Device.Name
	for _, s := range []string{r.Device.Adapter, r.Device.Driver, r.Device.Test, r.Device.Note} {
		if s != "" {
			device += " · " + s
		}
	}
	out := []fact{{"Digest", r.Digest}, {"Commit", commit}, {"Built by", target}, {"Device", device}, {"Plan", r.Plan.Name + " · " + r.Plan.SHA256}}
	for _, d := range r.Data {
		out = append(out, fact{"Data", d.Name + " · " + d.SHA256})
	}
	out = append(out, fact{"Started", r.Started})
	cost := fmt.Sprintf("%s of wall clock on %d cores", Span(r.Cost.Wall), r.Cost.Workers)
	if r.Cost.CPU > 0 {
		cost += fmt.Sprintf(", %s of CPU", Span(r.Cost.CPU))
	}
	if r.Cost.Peak > 0 {
		cost += fmt.Sprintf(", at most %s of memory", Bytes(r.Cost.Peak))
	}
	out = append(out, fact{"Cost", cost})
	return slices.DeleteFunc(out, func(f fact) bool { return strings.Trim(f.Value, " ·") == "" })
}

// Rate is virtual time per wall time, and events a second of it.
func (v *runView) Rate() string {
	wall := seconds(v.Cost.Wall)
	if wall <= 0 {
		return ""
	}
	return fmt.Sprintf("%s× real time, %s events/s", Figure(seconds(v.Virtual)/wall), Figure(float64(v.Events)/wall))
}
