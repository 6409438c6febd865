package results

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Plots are drawn with one colour for each role, and then each colour is replaced by a CSS variable, so that one SVG
// serves light and dark. The values mean nothing beyond being distinct.
var (
	ink   = color.RGBA{1, 0, 0, 255}
	quiet = color.RGBA{2, 0, 0, 255}
	grid  = color.RGBA{3, 0, 0, 255}
	band  = color.RGBA{4, 0, 0, 255}
	mark  = color.RGBA{5, 0, 0, 255}
	hues  = []color.RGBA{{11, 0, 0, 255}, {12, 0, 0, 255}, {13, 0, 0, 255}, {14, 0, 0, 255}, {15, 0, 0, 255}}
)

var themed = strings.NewReplacer("#010000", "var(--ink)", "#020000", "var(--quiet)", "#030000", "var(--grid)", "#040000", "var(--band)",
	"#050000", "var(--mark)", "#0B0000", "var(--hue1)", "#0C0000", "var(--hue2)", "#0D0000", "var(--hue3)", "#0E0000", "var(--hue4)", "#0F0000", "var(--hue5)")

var dashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 2, 2, 2}, {4, 4}}

// Sizes are in the page's own pixels where a figure has its full width.
const (
	wideWidth, halfWidth = 1120, 540
	plotHeight           = 250
	textSize             = 11.5
)

// newPlot has a grid of horizontal lines and no frame: the data is what is seen. Units stand at the ticks, names in the
// page's legend.
func newPlot(xLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Padding = 0
		a.Tick.LineStyle.Width = 0
		a.Tick.Length = 6
		a.Tick.Label = textStyle(quiet, a.Tick.Label.XAlign, a.Tick.Label.YAlign)
		a.Label.TextStyle = textStyle(quiet, a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign)
		a.Label.Padding = 5
	}
	p.Y.Tick.Label.Rotation = 0
	p.X.LineStyle = draw.LineStyle{Color: quiet, Width: 0.75}
	p.X.Label.Text = xLabel
	return p
}

func textStyle(c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}, XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

var (
	svgHead  = regexp.MustCompile(`(?s)^.*?<svg [^>]*>`)
	fontRule = regexp.MustCompile(`font-family:[^;"]*;?(font-variant:[^;"]*;?)?(font-weight:[^;"]*;?)?(font-style:[^;"]*;?)?`)
)

// svg draws the plot to scale with its place, in the page's own font and colours, with a name and a description for those
// who cannot see it.
func svg(p *plot.Plot, id, title, description string, width, height float64) template.HTML {
	canvas := vgsvg.New(vg.Length(width), vg.Length(height))
	p.Draw(draw.Crop(draw.New(canvas), 2, -22, 2, -8))
	var b bytes.Buffer
	canvas.WriteTo(&b)
	head := fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-labelledby="%s-t %s-d" xmlns="http://www.w3.org/2000/svg"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		width, height, id, id, id, template.HTMLEscapeString(title), id, template.HTMLEscapeString(description))
	out := svgHead.ReplaceAllString(b.String(), "")
	out = themed.Replace(fontRule.ReplaceAllString(out, ""))
	return template.HTML(head + out)
}

// overTime plots series over virtual time, with the fault windows shaded behind them and a lane for each kind of fault
// below, on the same axis.
func overTime(id, title string, series []Series, faults []Fault, end Seconds) template.HTML {
	p := newPlot("virtual time, s")
	top := 0.0
	for _, s := range series {
		for _, y := range s.Y {
			top = max(top, y)
		}
	}
	top = niceTop(top)
	kinds := faultKinds(faults)
	const laneHeight, area = 18, plotHeight - 46
	lane := top * laneHeight / area
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, max(seconds(end), 1e-3), -lane*laneGap(kinds), top
	least := p.X.Max / 300 // an instant is still seen
	for _, u := range union(faults) {
		rectangle(p, band, u[0], max(u[1], u[0]+least), 0, top)
	}
	ticks := plainTicks(5).Ticks(0, top)
	for i, t := range ticks {
		rule(p, grid, p.X.Max, t.Value)
		ticks[i].Label = Amount(t.Value, series[0].Unit)
	}
	for i, kind := range kinds {
		middle := -lane * (float64(i) + 1.1)
		ticks = append(ticks, plot.Tick{Value: middle, Label: kind})
		for _, f := range faults {
			if f.Kind == kind {
				a, b := seconds(f.Begin), seconds(f.End)
				rectangle(p, mark, a, max(b, a+least), middle-0.32*lane, middle+0.32*lane)
			}
		}
	}
	for i, s := range series {
		xy := make(plotter.XYs, len(s.Y))
		for j := range s.Y {
			xy[j].X, xy[j].Y = seconds(s.At[j]), s.Y[j]
		}
		addLine(p, i, xy)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plainTicks(12), plot.ConstantTicks(ticks)
	return svg(p, id, title, describeSeries(series), wideWidth, plotHeight+laneHeight*laneGap(kinds))
}

// laneGap is how many lanes high the part below zero is: one for each kind, and some air.
func laneGap(kinds []string) float64 {
	if len(kinds) == 0 {
		return 0
	}
	return float64(len(kinds)) + 0.7
}

func rectangle(p *plot.Plot, c color.Color, x0, x1, y0, y1 float64) {
	r, err := plotter.NewPolygon(plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
	if err != nil {
		return // a corner that is no number
	}
	r.Color, r.LineStyle.Width = c, 0
	p.Add(r)
}

func rule(p *plot.Plot, c color.Color, width, y float64) {
	line, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: y}, {X: width, Y: y}})
	if err != nil {
		return
	}
	line.LineStyle = draw.LineStyle{Color: c, Width: 0.75}
	p.Add(line)
}

func addLine(p *plot.Plot, i int, xy plotter.XYs) {
	line, err := plotter.NewLine(xy)
	if err != nil {
		return // no points, or one that is no number
	}
	line.LineStyle = draw.LineStyle{Color: hues[i%len(hues)], Width: 1.8, Dashes: dashes[i%len(dashes)]}
	p.Add(line)
}

// faultKinds lists the kinds in order of their first window.
func faultKinds(faults []Fault) (kinds []string) {
	for _, f := range slices.SortedStableFunc(slices.Values(faults), func(a, b Fault) int { return cmp.Compare(a.Begin, b.Begin) }) {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	return kinds
}

// union merges the windows, so that those which overlap are not shaded twice.
func union(faults []Fault) (out [][2]float64) {
	for _, f := range slices.SortedStableFunc(slices.Values(faults), func(a, b Fault) int { return cmp.Compare(a.Begin, b.Begin) }) {
		a, b := seconds(f.Begin), seconds(f.End)
		if n := len(out); n > 0 && a <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], b)
		} else {
			out = append(out, [2]float64{a, b})
		}
	}
	return out
}

// cumulative plots distributions as the share that had come by a time, on a logarithmic axis: 50, 99 and 100 % are read
// off directly, and what never came is missing at the top.
func cumulative(id, title string, ds []Distribution) template.HTML {
	p := newPlot("")
	low, high := math.Inf(1), 0.0
	for _, d := range ds {
		for _, v := range d.Values {
			if v > 0 {
				low = min(low, v)
			}
			high = max(high, v)
		}
	}
	if high <= 0 {
		low, high = 1, 10
	}
	low, high = 1/niceTop(1/low), niceTop(high)
	if high < 4*low {
		low, high = low/2, high*2
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = low, high, 0, 100
	p.X.Scale = plot.LogScale{}
	shares := plot.ConstantTicks{}
	for _, share := range []float64{0, 25, 50, 75, 100} {
		shares = append(shares, plot.Tick{Value: share, Label: Figure(share) + " %"})
	}
	for _, t := range shares {
		rule(p, grid, high, t.Value)
	}
	for i, d := range ds {
		if len(d.Q) == 0 {
			continue
		}
		share := 100 * float64(d.Count) / float64(max(d.Total, 1))
		xy := plotter.XYs{{X: max(d.Values[0], low), Y: 0}}
		for j, q := range d.Q {
			xy = append(xy, plotter.XY{X: max(d.Values[j], low), Y: share * q})
		}
		addLine(p, i, xy)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = logTicks(ds[0].Unit), shares
	return svg(p, id, title, describeDistributions(ds), halfWidth, plotHeight)
}

// bars plots traffic by kind, the lost part apart, the greatest first.
func bars(id, title string, rows []Traffic) template.HTML {
	p := newPlot("")
	p.X.LineStyle.Width = 0
	top := 0.0
	kept, lost, names := make(plotter.Values, len(rows)), make(plotter.Values, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		at := len(rows) - 1 - i // the axis grows upwards
		kept[at], lost[at], names[at] = float64(r.Bytes-min(r.Lost, r.Bytes)), float64(min(r.Lost, r.Bytes)), r.Kind
		top = max(top, float64(r.Bytes))
	}
	first, err := plotter.NewBarChart(kept, 13)
	if err != nil {
		return ""
	}
	second, _ := plotter.NewBarChart(lost, 13)
	for _, b := range []*plotter.BarChart{first, second} {
		b.Horizontal, b.LineStyle.Width = true, 0
	}
	first.Color, second.Color = hues[0], hues[1]
	second.StackOn(first)
	var ends plotter.XYs
	var labels []string
	for i := range names {
		ends = append(ends, plotter.XY{X: kept[i] + lost[i], Y: float64(i)})
		labels = append(labels, Bytes(uint64(kept[i]+lost[i])))
	}
	note, err := plotter.NewLabels(plotter.XYLabels{XYs: ends, Labels: labels})
	if err != nil {
		return ""
	}
	for i := range note.TextStyle {
		note.TextStyle[i] = textStyle(quiet, text.XLeft, text.YCenter)
	}
	note.Offset = vg.Point{X: 5}
	p.Add(first, second, note)
	p.NominalY(names...)
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	p.Y.Tick.Label = textStyle(ink, text.XRight, text.YCenter)
	p.X.Min, p.X.Max = 0, max(top*1.2, 1)
	p.X.Tick.Marker = plot.ConstantTicks{}
	return svg(p, id, title, describeTraffic(rows), halfWidth, float64(20+27*len(rows)))
}

func seconds(s Seconds) float64 { return float64(s) / 1e9 }

func decade(v float64, round func(float64) float64) float64 {
	return math.Pow(10, round(math.Log10(v)))
}

// niceTop is the next of 1, 2, 2.5, 5 times a power of ten.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := decade(v, math.Floor)
	for _, m := range []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if v <= m*unit*(1+1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

// plainTicks labels about n round values, with figures in groups of three.
type plainTicks int

func (n plainTicks) Ticks(low, high float64) []plot.Tick {
	least := (high - low) / float64(n)
	step := decade(least, math.Floor)
	for _, m := range []float64{2, 5, 10} {
		if step < least {
			step = m * decade(least, math.Floor)
		}
	}
	var out []plot.Tick
	for i := math.Ceil(low / step); i*step <= high*(1+1e-9); i++ {
		out = append(out, plot.Tick{Value: i * step, Label: Figure(i * step)})
	}
	return out
}

// logTicks labels 1, 2 and 5 times the powers of ten, in the given unit; over more than three decades the powers alone.
type logTicks string

func (unit logTicks) Ticks(low, high float64) []plot.Tick {
	steps := []float64{1, 2, 5}
	if high > 1000*low {
		steps = steps[:1]
	}
	var out []plot.Tick
	for v := decade(low, math.Floor); v <= high*1.0001; v *= 10 {
		for _, m := range steps {
			if v*m >= low*0.9999 && v*m <= high*1.0001 {
				out = append(out, plot.Tick{Value: v * m, Label: Amount(v*m, string(unit))})
			}
		}
	}
	return out
}
