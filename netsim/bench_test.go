package netsim

import (
	"testing"
	"time"
)

func benchNet(b *testing.B, c Config, rules ...Rule) {
	n, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	for i, r := range rules {
		n.Add(i+1, r)
	}
	buf := make([]Arrival, 0, 4)
	b.ReportAllocs()
	b.ResetTimer()
	x := uint32(1)
	now := time.Duration(0)
	var sum time.Duration
	for i := 0; i < b.N; i++ {
		x = x*1664525 + 1013904223
		f := HostID(x>>8)%HostID(c.Hosts) + 1
		to := HostID(x>>4)%HostID(c.Hosts) + 1
		buf = n.Depart(now, Packet{From: f, To: to, N: uint32(i), Size: 64}, buf[:0])
		for _, a := range buf {
			if a.Lost == Kept {
				sum += n.Arrive(a.At, to, a)
			}
		}
		now += 10
	}
	_ = sum
}
func BenchmarkDepart(b *testing.B) {
	half := Rule{From: HostRange(1, 500), To: HostRange(501, 1000), Both: true, Cut: true}
	for _, h := range []int{1000, 100000} {
		j := Config{Hosts: h, Sites: Fixed(50 * time.Millisecond), Jitter: .2, Loss: .01}
		name := map[int]string{1000: "1k", 100000: "100k"}[h]
		b.Run("jitter/"+name, func(b *testing.B) { benchNet(b, j) })
		b.Run("partition/"+name, func(b *testing.B) { benchNet(b, j, half) })
		r := j
		r.Sites = Regions()
		b.Run("regions/"+name, func(b *testing.B) { benchNet(b, r) })
		r.SiteBandwidth = true
		r.Queue = 1 << 20
		b.Run("regionsbw/"+name, func(b *testing.B) { benchNet(b, r) })
		r = j
		r.Sites = nil
		r.Pairs = PersonalDevices()
		b.Run("lognormal/"+name, func(b *testing.B) { benchNet(b, r) })
		b.Run("lossrule/"+name, func(b *testing.B) {
			benchNet(b, j, Rule{From: HostRange(1, HostID(h)), To: HostRange(1, HostID(h)), Loss: .1, Slow: 2})
		})
	}
}
