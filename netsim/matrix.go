package netsim

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxMatrix    = 1 << 12 // rows
	leastLatency = time.Microsecond
)

// ReadMatrix reads measured round-trip times: a square of decimal numbers, rows by line, columns by tab (the files of
// NetLatency-Data), plain or gzipped. The unit is given, or 0 to judge by the median: from 10 up it is milliseconds, under
// it seconds. One way is half of a round trip.
//
// A 0 off the diagonal was not measured: it is filled with what was measured the other way, else with the median of all
// that was measured. The diagonal is not read: between two hosts of one site it is the least of the site's row.
// Errors name line and column, from 1.
func ReadMatrix(r io.Reader, unit time.Duration) (*Sites, error) {
	if unit < 0 {
		return nil, fmt.Errorf("matrix: the unit %v is negative", unit)
	}
	values, err := readSquare(r)
	if err != nil {
		return nil, fmt.Errorf("matrix: %w", err)
	}
	k := len(values)
	if k < 2 {
		return nil, errors.New("matrix: it has one row; at least two are needed")
	}
	var measured []float64
	for i, row := range values {
		for j, v := range row {
			if i != j && v > 0 {
				measured = append(measured, v)
			}
		}
	}
	if len(measured) == 0 {
		return nil, errors.New("matrix: nothing was measured")
	}
	slices.Sort(measured)
	median := measured[len(measured)/2]
	if unit == 0 {
		if unit = time.Second; median >= 10 {
			unit = time.Millisecond
		}
	}
	s := &Sites{OneWay: make([][]time.Duration, k)}
	for i, row := range values {
		s.Names = append(s.Names, "site"+strconv.Itoa(i+1))
		s.OneWay[i] = make([]time.Duration, k)
		least := maxLatency
		for j, v := range row {
			if i == j {
				continue
			}
			if v == 0 {
				v = values[j][i]
			}
			if v == 0 {
				v = median
			}
			oneWay := float64(v * float64(unit) / 2)
			if oneWay > float64(maxLatency) {
				return nil, fmt.Errorf("matrix: line %d, column %d: %v of %v is over %v one way", i+1, j+1, v, unit, maxLatency)
			}
			s.OneWay[i][j] = max(leastLatency, time.Duration(oneWay))
			least = min(least, s.OneWay[i][j])
		}
		s.OneWay[i][i] = least
	}
	return s, nil
}

func readSquare(r io.Reader) ([][]float64, error) {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 32*maxMatrix)
	var values [][]float64
	for lines.Scan() {
		line := len(values) + 1
		if line > 1 && line > len(values[0]) {
			return nil, fmt.Errorf("line %d: more lines than the %d columns of line 1", line, len(values[0]))
		}
		cells := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		if len(cells) > maxMatrix {
			return nil, fmt.Errorf("line %d: %d columns are more than %d", line, len(cells), maxMatrix)
		}
		if line > 1 && len(cells) != len(values[0]) {
			return nil, fmt.Errorf("line %d: %d columns, where line 1 has %d", line, len(cells), len(values[0]))
		}
		row := make([]float64, len(cells))
		for j, cell := range cells {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil || !(v >= 0 && v <= 1e9) {
				return nil, fmt.Errorf("line %d, column %d: %q is no time", line, j+1, clip(cell))
			}
			row[j] = v
		}
		values = append(values, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(values)+1, err)
	}
	if len(values) == 0 {
		return nil, errors.New("it is empty")
	}
	if len(values) != len(values[0]) {
		return nil, fmt.Errorf("line %d: it ends after %d lines, where line 1 has %d columns", len(values), len(values), len(values[0]))
	}
	return values, nil
}
