package explain

import (
	"bytes"
	_ "embed"
	"html/template"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

//go:embed page.html
var page string

// Page is the report for a browser: one file that loads nothing.
func (r *Report) Page(run string) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{"clock": clock}).Parse(page)
	if err != nil {
		return nil, err
	}
	var plot template.HTML
	if r.Luck != nil {
		if plot, err = r.Luck.plot(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		*Report
		Run         string
		Lanes, Plot template.HTML
	}{r, run, template.HTML(r.Lanes()), plot})
	return b.Bytes(), err
}

// Colours that stand for a role until the page's own replace them, so that one drawing serves light and dark.
func role(n uint8) color.Color { return color.RGBA{n, 0, 0, 255} }

const inkRole, gridRole, wayRole, wrongRole = 1, 2, 3, 4

var (
	plotHead = regexp.MustCompile(`(?s)^.*?<svg [^>]*>`)
	plotFont = regexp.MustCompile(`font-family:[^;"]*;?(font-variant:[^;"]*;?)?(font-weight:[^;"]*;?)?(font-style:[^;"]*;?)?`)
)

// plot draws P(fail) over the moments, with the steepest rise marked.
func (l *Likelihood) plot() (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = "another luck from this virtual time on, s", "P(fail), %"
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Label.TextStyle.Color, a.Tick.Color, a.Tick.Label.Color = role(inkRole), role(inkRole), role(inkRole), role(inkRole)
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = 12, 12
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, max(l.Violated.Seconds(), 1e-3), 0, 100
	xy := make(plotter.XYs, len(l.At))
	for i := range l.At {
		xy[i].X, xy[i].Y = l.At[i].Seconds(), 100*l.Share(i)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color, grid.Horizontal.Width = 0, role(gridRole), 0.75
	line, points, err := plotter.NewLinePoints(xy)
	if err != nil {
		return "", err
	}
	line.Color, line.Width = role(wayRole), 1.8
	points.Color, points.Radius, points.Shape = role(wayRole), 3, draw.CircleGlyph{}
	p.Add(grid, line, points)
	if l.Rise > 0 {
		steep, err := plotter.NewLine(xy[l.Rise-1 : l.Rise+1])
		if err != nil {
			return "", err
		}
		steep.Color, steep.Width = role(wrongRole), 3
		p.Add(steep)
	}
	const width, height = 1120, 260
	canvas := vgsvg.New(vg.Length(width), vg.Length(height))
	p.Draw(draw.Crop(draw.New(canvas), 4, -20, 4, -8))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	head := `<svg viewBox="0 0 1120 260" role="img" xmlns="http://www.w3.org/2000/svg"><title>P(fail) over the moment of another luck</title><desc>` + template.HTMLEscapeString(l.String()) + `</desc>`
	out := plotFont.ReplaceAllString(plotHead.ReplaceAllString(b.String(), ""), "")
	return template.HTML(head + strings.NewReplacer("#010000", "var(--ink)", "#020000", "var(--grid)", "#030000", "var(--way)", "#040000", "var(--wrong)").Replace(out)), nil
}
