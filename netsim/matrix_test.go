package netsim

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReadMatrix(t *testing.T) {
	ms := time.Millisecond
	// 1>3 was measured one way only, 2-3 not at all; the diagonal's 9 must not count.
	s, err := ReadMatrix(strings.NewReader("9\t20\t40\n30\t0\t0\n0\t0\t0\n"), ms)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]time.Duration{{10 * ms, 10 * ms, 20 * ms}, {15 * ms, 15 * ms, 15 * ms}, {20 * ms, 15 * ms, 15 * ms}}
	for i := range want {
		for j := range want {
			if s.OneWay[i][j] != want[i][j] {
				t.Errorf("%d>%d is %v, want %v", i+1, j+1, s.OneWay[i][j], want[i][j])
			}
		}
	}
	for text, unit := range map[string]time.Duration{"0\t10\n10\t0": time.Millisecond, "0\t9.9\n9.9\t0": time.Second} {
		a, err1 := ReadMatrix(strings.NewReader(text), 0)
		b, err2 := ReadMatrix(strings.NewReader(text), unit)
		if err1 != nil || err2 != nil || a.OneWay[0][1] != b.OneWay[0][1] {
			t.Errorf("%q is not judged to be in %v: %v %v", text, unit, err1, err2)
		}
	}
}

func TestReadMatrixRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "matrix: it is empty",
		"0":                    "matrix: it has one row; at least two are needed",
		"0\t0\n0\t0":           "matrix: nothing was measured",
		"0\t1\n1":              "matrix: line 2: 1 columns, where line 1 has 2",
		"0\t1\n1\tx":           `matrix: line 2, column 2: "x" is no time`,
		"0\t-1\n1\t0":          `matrix: line 1, column 2: "-1" is no time`,
		"0\tNaN\n1\t0":         `matrix: line 1, column 2: "NaN" is no time`,
		"0\t1e300\n1\t0":       `matrix: line 1, column 2: "1e300" is no time`,
		"0\t1\n1\t0\n0\t0":     "matrix: line 3: more lines than the 2 columns of line 1",
		"0\t1\t2\n1\t0\t2":     "matrix: line 2: it ends after 2 lines, where line 1 has 3 columns",
		"0\t1e6\n1\t0":         "matrix: line 1, column 2: 1e+06 of 1s is over 1h0m0s one way",
		"\x1f\x8bnot gzip":     "matrix: gzip: invalid header",
		"0" + "\t1\n1\t0" + "": "",
	} {
		_, err := ReadMatrix(strings.NewReader(text), time.Second)
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestReadMatrixFiles(t *testing.T) {
	files, drawn := dataFiles(t)
	for _, c := range []struct {
		file       string
		sites      int
		least, max time.Duration // of the median one way
		drawn      time.Duration // the same of its lognormal
	}{
		{"planetlab-01.txt.gz", 490, 60 * time.Millisecond, 75 * time.Millisecond, 53200 * time.Microsecond},
		{"seattle-001.txt.gz", 99, 95 * time.Millisecond, 125 * time.Millisecond, 100 * time.Millisecond},
	} {
		if drawn {
			c.least, c.max = c.drawn*9/10, c.drawn*11/10
		}
		b, ok := files[c.file]
		if !ok {
			t.Fatalf("%s is not among the data", c.file)
		}
		s, err := ReadMatrix(bytes.NewReader(b), 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.OneWay) != c.sites {
			t.Errorf("%s has %d sites", c.file, len(s.OneWay))
		}
		n, err := New(Config{Hosts: 2 * c.sites, Sites: s})
		if err != nil {
			t.Fatal(err)
		}
		var all []float64
		for a := HostID(1); int(a) <= c.sites; a++ {
			for b := a + 1; int(b) <= c.sites; b++ {
				all = append(all, float64(n.Latency(a, b)))
			}
		}
		if m := time.Duration(quantile(all, 0.5)); m < c.least || m > c.max {
			t.Errorf("%s: the median is %v one way", c.file, m)
		}
	}
}

// dataFiles gives the measured matrices where they are, else two that look like them, drawn here.
func dataFiles(t *testing.T) (files map[string][]byte, drawn bool) {
	dir, set := os.LookupEnv("LGOS_DATA")
	if !set {
		dir = "../../shared/data"
	}
	files = map[string][]byte{}
	if _, err := os.Stat(dir); err == nil || set {
		names, err := filepath.Glob(filepath.Join(dir, "latency", "*.gz"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no matrices in %s: %v", dir, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = b
		}
		return files, false
	}
	t.Log("no measured matrices here (LGOS_DATA): drawn ones are read instead")
	for name, p := range map[string]struct {
		sites int
		pairs *Pairs
		unit  time.Duration
	}{"planetlab-01.txt.gz": {490, PlanetLab(), time.Millisecond}, "seattle-001.txt.gz": {99, PersonalDevices(), time.Second}} {
		n, err := New(Config{Hosts: p.sites, Pairs: p.pairs})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		for i := range p.sites {
			for j := range p.sites {
				sep := "\t"
				if j == p.sites-1 {
					sep = "\n"
				}
				d := 2 * n.Latency(HostID(i+1), HostID(j+1))
				if i == j {
					d = 0
				}
				z.Write([]byte(formatFloat(float64(d)/float64(p.unit)) + sep))
			}
		}
		z.Close()
		files[name] = b.Bytes()
	}
	return files, true
}

func FuzzReadMatrix(f *testing.F) {
	f.Add([]byte("0\t1\n1\t0\n"))
	f.Add([]byte("0\t1\r\n\t0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadMatrix(bytes.NewReader(b), 0)
		if err != nil {
			return
		}
		if _, err := New(Config{Hosts: 3, Sites: s}); err != nil {
			t.Fatalf("a matrix was read that New refuses: %v", err)
		}
	})
}
