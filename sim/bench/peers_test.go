package bench

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/marcopolo/simnet"
	"github.com/pion/logging"
	"github.com/pion/transport/v3/vnet"
)

var (
	out   = flag.String("rows", "", "write the rows as JSON to this file")
	hosts = flag.String("hosts", "1000", "how many hosts the peers' rows have, comma separated")
)

// TestPeers makes a row a tool and number of hosts.
func TestPeers(t *testing.T) {
	var rows []Row
	add := func(r Row) {
		rows = append(rows, r)
		t.Logf("%-16s %7d hosts: %9.0f deliveries a CPU-second, %6.2f allocations each, %5d MB, %.4f reached", r.Tool, r.Hosts,
			float64(r.Deliveries)/r.CPUSeconds, r.Allocs, r.PeakBytes>>20, r.Reached)
		if r.Reached < 0.999 {
			t.Errorf("%s reached %v of the hosts", r.Tool, r.Reached)
		}
	}
	for _, text := range strings.Split(*hosts, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < Degree {
			t.Fatalf("-hosts %q: %v", *hosts, err)
		}
		add(Naive(n))
		if n <= 10_000 {
			add(flood(t, "pion vnet", "ties", n, vnetConns))
		}
		if n <= 1000 { // 2 GB at 10,000
			add(flood(t, "simnet", "jitter", n, simnetConns))
		}
	}
	if *out != "" {
		if err := Write(*out, rows); err != nil {
			t.Fatal(err)
		}
	}
}

// flood runs the workload over packet connections in a bubble of synctest.
func flood(t *testing.T, tool, workload string, hosts int, open func(t *testing.T, hosts int) (conns []net.PacketConn, addrs []net.Addr, end func())) Row {
	row := Row{Tool: tool, Workload: workload, Hosts: hosts}
	begun := time.Now()
	synctest.Test(t, func(t *testing.T) {
		peers := Peers(hosts)
		conns, addrs, end := open(t, hosts)
		var deliveries, first atomic.Int64
		var done sync.WaitGroup
		r := rand.New(rand.NewPCG(2, 2))
		for h := range conns {
			done.Go(func() {
				luck := rand.New(rand.NewPCG(3, uint64(h)))
				seen := map[uint64]bool{}
				buf := make([]byte, 2*Size)
				for {
					n, from, err := conns[h].ReadFrom(buf)
					if err != nil {
						return
					}
					deliveries.Add(1)
					id := binary.BigEndian.Uint64(buf)
					if seen[id] {
						continue
					}
					seen[id] = true
					if binary.BigEndian.Uint64(buf[8:]) != uint64(h) { // the origin has its own broadcast come back
						first.Add(1)
					}
					for _, p := range peers[h] {
						if udp := addrs[p].(*net.UDPAddr); !udp.IP.Equal(from.(*net.UDPAddr).IP) && luck.Float64() >= Loss {
							if _, err := conns[h].WriteTo(buf[:n], addrs[p]); err != nil {
								t.Error(err)
								return
							}
						}
					}
				}
			})
		}
		synctest.Wait()
		m := startMeter()
		for !m.spent() {
			msg := make([]byte, Size)
			origin := r.IntN(hosts)
			binary.BigEndian.PutUint64(msg, uint64(row.Broadcasts))
			binary.BigEndian.PutUint64(msg[8:], uint64(origin))
			row.Broadcasts++
			for _, p := range peers[origin] {
				if r.Float64() >= Loss {
					if _, err := conns[origin].WriteTo(msg, addrs[p]); err != nil {
						t.Fatal(err)
					}
				}
			}
			time.Sleep(Pause) // of the bubble's clock: until the flood is over
			m.sample()
		}
		row.Deliveries, row.Reached = deliveries.Load(), float64(first.Load())
		m.fill(&row, 0)
		end()
		for _, c := range conns {
			c.Close()
		}
		done.Wait()
	})
	row.Wall = time.Since(begun).Seconds()
	return row
}

func ip(h int) net.IP { return net.IPv4(10, byte(h>>16), byte(h>>8), byte(h)) }

// vnetConns is one router of pion's virtual network with all hosts on it. It has no jitter: vnet sleeps for it under a lock,
// which stops the clock of a synctest bubble for ever.
func vnetConns(t *testing.T, hosts int) (conns []net.PacketConn, addrs []net.Addr, end func()) {
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/8", MinDelay: Latency, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	for h := range hosts {
		n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip(h + 256).String()}})
		if err != nil {
			t.Fatal(err)
		}
		if err := router.AddNet(n); err != nil {
			t.Fatal(err)
		}
		addr := &net.UDPAddr{IP: ip(h + 256).To4(), Port: 4000}
		c, err := n.ListenUDP("udp4", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns, addrs = append(conns, c), append(addrs, addr)
	}
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	return conns, addrs, func() {
		if err := router.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// simnetConns has bandwidth enough not to matter.
func simnetConns(t *testing.T, hosts int) (conns []net.PacketConn, addrs []net.Addr, end func()) {
	luck, lock := rand.New(rand.NewPCG(4, 4)), sync.Mutex{}
	n := &simnet.Simnet{LatencyFunc: func(*simnet.Packet) time.Duration {
		lock.Lock()
		defer lock.Unlock()
		return Latency + time.Duration(luck.Int64N(int64(Jitter)))
	}}
	link := simnet.LinkSettings{BitsPerSecond: 1000 * simnet.Mibps}
	for h := range hosts {
		addr := &net.UDPAddr{IP: ip(h + 256).To4(), Port: 4000}
		conns = append(conns, n.NewEndpoint(addr, simnet.NodeBiDiLinkSettings{Downlink: link, Uplink: link}))
		addrs = append(addrs, addr)
	}
	n.Start()
	return conns, addrs, n.Close
}

// TestPeersGraph: every host has Degree links, both ways.
func TestPeersGraph(t *testing.T) {
	count := map[string]int{}
	for a, list := range Peers(100) {
		if len(list) != Degree {
			t.Errorf("host %d has %d links", a, len(list))
		}
		for _, b := range list {
			count[fmt.Sprint(min(a, int(b)), "-", max(a, int(b)))]++
		}
	}
	for pair, n := range count {
		if n%2 != 0 {
			t.Errorf("the link %s has %d ends", pair, n)
		}
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
