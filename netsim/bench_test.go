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
	hosts := make([]HostID, 1<<12)
	x := uint64(1)
	for i := range hosts {
		x = x*6364136223846793005 + 1442695040888963407
		hosts[i] = HostID(x>>33)%HostID(c.Hosts) + 1
	}
	buf := make([]Arrival, 0, 4)
	b.ReportAllocs()
	b.ResetTimer()
	now := time.Duration(0)
	for i := range b.N {
		from, to := hosts[i&4095], hosts[i>>3&4095]
		buf = n.Depart(now, Packet{From: from, To: to, N: uint32(i), Size: 64}, buf[:0])
		for j := range buf {
			if buf[j].Lost == Kept {
				n.Arrive(buf[j].At, to, buf[j])
			}
		}
		now += 10
	}
}

// BenchmarkDepart is a packet through Depart and Arrive.
func BenchmarkDepart(b *testing.B) {
	for _, s := range []struct {
		name  string
		hosts int
	}{{"1k", 1000}, {"100k", 100_000}} {
		all := HostRange(1, HostID(s.hosts))
		half := Rule{From: HostRange(1, 500), To: HostRange(501, 1000), Both: true, Cut: true}
		plain := Config{Hosts: s.hosts, Sites: Fixed(50 * time.Millisecond), Loss: 0.01}
		jitter := plain
		jitter.Jitter = 0.2
		regions := jitter
		regions.Sites = Regions()
		queues := regions
		queues.SiteBandwidth, queues.Queue = true, 1<<20
		pairs := jitter
		pairs.Sites, pairs.Pairs = nil, PersonalDevices()
		b.Run("plain/"+s.name, func(b *testing.B) { benchNet(b, plain) })
		b.Run("jitter/"+s.name, func(b *testing.B) { benchNet(b, jitter) })
		b.Run("partition/"+s.name, func(b *testing.B) { benchNet(b, jitter, half) })
		b.Run("regions/"+s.name, func(b *testing.B) { benchNet(b, regions) })
		b.Run("queues/"+s.name, func(b *testing.B) { benchNet(b, queues) })
		b.Run("pairs/"+s.name, func(b *testing.B) { benchNet(b, pairs) })
		b.Run("lossy/"+s.name, func(b *testing.B) { benchNet(b, jitter, Rule{From: all, To: all, Loss: 0.1, Slow: 2}) })
	}
}
