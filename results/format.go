package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Figure writes a number as people read it: groups of three above 9,999, three significant digits below 1,000.
func Figure(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a >= 999.5:
		return group(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	case a != 0 && a < 0.001:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	decimals := 2 - int(math.Floor(math.Log10(a)))
	text := strconv.FormatFloat(v, 'f', max(decimals, 0), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Integer writes a whole number in groups of three.
func Integer[T int | int64 | uint64 | uint32](n T) string {
	return group(strconv.FormatInt(int64(n), 10))
}

func group(digits string) string {
	digits, negative := strings.CutPrefix(digits, "-")
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if negative {
		return "-" + b.String()
	}
	return b.String()
}

// Bytes writes an amount in decimal units.
func Bytes(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n), []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	for _, u := range units {
		v /= 1000
		if v < 999.5 || u == "EB" {
			return Figure(v) + " " + u
		}
	}
	return ""
}

// Span writes a time in the unit that fits it.
func Span(s Seconds) string {
	d := time.Duration(s)
	switch a := d.Abs(); {
	case d == 0:
		return "0 s"
	case a < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case a < time.Millisecond:
		return Figure(float64(d)/1e3) + " µs"
	case a < time.Second:
		return Figure(float64(d)/1e6) + " ms"
	case a < 10*time.Minute:
		return Figure(float64(d)/1e9) + " s"
	}
	return d.Round(time.Second).String()
}

// Amount writes a figure with its unit.
func Amount(v float64, unit string) string {
	switch unit {
	case "bytes", "B", "byte":
		if v >= 0 {
			return Bytes(uint64(v))
		}
	case "share":
		return Figure(100*v) + " %"
	case "ns":
		return Span(Seconds(v))
	case "s":
		return Span(Seconds(math.Round(v * 1e9)))
	case "ms":
		return Span(Seconds(math.Round(v * 1e6)))
	case "":
		return Figure(v)
	}
	return Figure(v) + " " + unit
}
