package netsim

import "time"

// Sites is a latency model of places: regions with many hosts each, or measured machines with one host each.
type Sites struct {
	Names    []string
	Share    []float64         // of the hosts; nil seats host after host at sites in a drawn order, each once before any twice
	OneWay   [][]time.Duration // from row to column; the diagonal is between two hosts of one site
	Up, Down []float64         // bit/s, or nil
}

// Fixed is one latency between all hosts.
func Fixed(oneWay time.Duration) *Sites {
	return &Sites{Names: []string{"all"}, OneWay: [][]time.Duration{{oneWay}}}
}

// Regions is the matrix of six regions of SimBlock 2019 (RESEARCH §8), with its shares of hosts and bandwidths.
func Regions() *Sites {
	s := &Sites{
		Names: []string{"NA", "EU", "SA", "AP", "JP", "AU"},
		Share: []float64{0.3316, 0.4998, 0.0090, 0.1177, 0.0224, 0.0195},
		Down:  []float64{52e6, 40e6, 18e6, 22.8e6, 22.8e6, 29.9e6},
		Up:    []float64{19.2e6, 20.7e6, 5.8e6, 15.7e6, 10.2e6, 11.3e6},
	}
	for _, row := range [][]int{
		{32, 124, 184, 198, 151, 189},
		{124, 11, 227, 237, 252, 294},
		{184, 227, 88, 325, 301, 322},
		{198, 237, 325, 85, 58, 198},
		{151, 252, 301, 58, 12, 126},
		{189, 294, 322, 198, 126, 16},
	} {
		var out []time.Duration
		for _, ms := range row {
			out = append(out, time.Duration(ms)*time.Millisecond)
		}
		s.OneWay = append(s.OneWay, out)
	}
	return s
}

// maxLatency bounds what may be configured, so that no sum of latencies overflows.
const maxLatency = time.Hour

func (s *Sites) check() error {
	k := len(s.OneWay)
	if k == 0 || k > 1<<12 {
		return bad("Sites.OneWay has %d rows, not 1..%d", k, 1<<12)
	}
	if len(s.Names) != k {
		return bad("Sites.Names has %d entries for %d sites", len(s.Names), k)
	}
	if (s.Up == nil) != (s.Down == nil) || s.Up != nil && (len(s.Up) != k || len(s.Down) != k) {
		return bad("Sites.Up and Sites.Down need %d entries each, or none", k)
	}
	for i := range s.Up {
		if !(s.Up[i] >= minRate && s.Down[i] >= minRate) {
			return bad("Sites.Up[%d] or Sites.Down[%d] is under %v bit/s", i, i, minRate)
		}
	}
	for i, row := range s.OneWay {
		if len(row) != k {
			return bad("Sites.OneWay[%d] has %d columns for %d sites", i, len(row), k)
		}
		for j, d := range row {
			if d <= 0 || d > maxLatency {
				return bad("Sites.OneWay[%d][%d] = %v is not above 0 and up to %v", i, j, d, maxLatency)
			}
		}
	}
	if s.Share != nil {
		if len(s.Share) != k {
			return bad("Sites.Share has %d entries for %d sites", len(s.Share), k)
		}
		sum := 0.0
		for i, v := range s.Share {
			if !(v >= 0 && v <= 1) {
				return bad("Sites.Share[%d] = %v is not in 0..1", i, v)
			}
			sum += v
		}
		if sum < 0.99 || sum > 1.01 {
			return bad("Sites.Share adds up to %v, not 1", sum)
		}
	}
	return nil
}

// seat gives every host a site.
func (n *Network) seat(seed uint64, s *Sites) error {
	if err := s.check(); err != nil {
		return err
	}
	k := len(s.OneWay)
	n.names, n.sites, n.site = s.Names, k, make([]uint16, n.hosts+1)
	for _, row := range s.OneWay {
		for _, d := range row {
			n.base = append(n.base, int64(d))
		}
	}
	count := make([]int, k)
	if s.Share != nil {
		for h := 1; h <= n.hosts; h++ {
			n.site[h] = uint16(pick(s.Share, unit(keyed(seed, 1, uint64(h)))))
			count[n.site[h]]++
		}
	} else {
		order := make([]uint16, k)
		for i := range order {
			j := below(keyed(seed, 2, uint64(i)), int64(i)+1)
			order[i], order[j] = order[j], uint16(i)
		}
		for h := 1; h <= n.hosts; h++ {
			n.site[h] = order[(h-1)%k]
			count[n.site[h]]++
		}
	}
	if k == 1 {
		n.fixed = n.base[0]
	}
	n.minimum = int64(maxLatency)
	for i := range k {
		for j := range k {
			if count[i] > 0 && count[j] > 0 && (i != j || count[i] > 1 || n.hosts == 1) {
				n.minimum = min(n.minimum, n.base[i*k+j])
			}
		}
	}
	return nil
}

// pick is the entry that u falls into when the shares stand side by side.
func pick(shares []float64, u float64) int {
	sum := 0.0
	for _, v := range shares {
		sum += v
	}
	u = float64(u * sum)
	last := 0
	for i, v := range shares {
		if v == 0 {
			continue
		}
		last = i
		if u < v {
			return i
		}
		u -= v
	}
	return last
}

// Pairs draws from a lognormal the base latency of each pair of hosts, the same both ways.
type Pairs struct {
	Median time.Duration // one way
	Sigma  float64       // of the natural logarithm
	Floor  time.Duration // no pair is nearer; 0 is 1 ms
}

// PersonalDevices is the lognormal of round trips between personal devices (Seattle: RESEARCH §8, ln s: -1.607, 1.090),
// halved to one way.
func PersonalDevices() *Pairs {
	return &Pairs{Median: time.Duration(Exp(-1.607) / 2 * 1e9), Sigma: 1.090}
}

// PlanetLab is the lognormal of round trips between universities (RESEARCH §8, ln ms: 4.667, 0.960), halved to one way.
func PlanetLab() *Pairs {
	return &Pairs{Median: time.Duration(Exp(4.667) / 2 * 1e6), Sigma: 0.960}
}

// ceiling is the longest base latency that the lognormal gives.
const ceiling = time.Minute

func (n *Network) draw(l *Pairs) error {
	floor := l.Floor
	if floor == 0 {
		floor = time.Millisecond
	}
	switch {
	case floor < 0 || floor > ceiling:
		return bad("Pairs.Floor %v is not in 0..%v", l.Floor, ceiling)
	case l.Median <= 0 || l.Median > ceiling:
		return bad("Pairs.Median %v is not above 0 and up to %v", l.Median, ceiling)
	case !(l.Sigma >= 0 && l.Sigma <= 5):
		return bad("Pairs.Sigma %v is not in 0..5", l.Sigma)
	}
	median, sigma := float64(l.Median), l.Sigma
	n.minimum = int64(floor)
	n.spread = newQuantiles(func(p float64) int64 {
		d := float64(median * Exp(float64(sigma*NormalQuantile(p))))
		return int64(min(max(d, float64(floor)), float64(ceiling)))
	})
	return nil
}
