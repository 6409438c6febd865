package netsim

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// links gives, for each ordered pair of the first hosts, whether a packet got through and whose doing it was if not.
func links(n *Network, hosts HostID) map[[2]HostID]int32 {
	out := map[[2]HostID]int32{}
	for a := HostID(1); a <= hosts; a++ {
		for b := HostID(1); b <= hosts; b++ {
			if r := n.Depart(0, Packet{From: a, To: b}, nil)[0]; a != b && r.Lost != Kept {
				out[[2]HostID{a, b}] = r.Cause
			}
		}
	}
	return out
}

func TestPartitions(t *testing.T) {
	n := network(t, Config{Hosts: 5, Sites: Fixed(time.Millisecond)})
	for _, c := range []struct {
		name  string
		rules map[int]Rule
		want  map[[2]HostID]int32
	}{
		{"two-way", map[int]Rule{1: {From: Hosts(1, 2), To: Hosts(3), Both: true, Cut: true}}, map[[2]HostID]int32{{1, 3}: 1, {2, 3}: 1, {3, 1}: 1, {3, 2}: 1}},
		{"one-way", map[int]Rule{2: {From: Hosts(1, 2), To: Hosts(3), Cut: true}}, map[[2]HostID]int32{{1, 3}: 2, {2, 3}: 2}},
		{"overlapping", map[int]Rule{3: {From: Hosts(1, 2), To: Hosts(1, 2), Cut: true}}, map[[2]HostID]int32{{1, 2}: 3, {2, 1}: 3}},
		{"two at once", map[int]Rule{4: {From: Hosts(1), To: Hosts(2), Cut: true}, 5: {From: Hosts(2), To: Hosts(1), Cut: true}},
			map[[2]HostID]int32{{1, 2}: 4, {2, 1}: 5}},
		{"unknown hosts", map[int]Rule{6: {From: Hosts(1, 900), To: Hosts(2, 901), Cut: true}}, map[[2]HostID]int32{{1, 2}: 6}},
		{"nobody", map[int]Rule{7: {Cut: true}}, map[[2]HostID]int32{}},
	} {
		for cause, r := range c.rules {
			n.Add(cause, r)
		}
		if got := links(n, 5); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: cut are %v, want %v", c.name, got, c.want)
		}
		for cause := range c.rules {
			n.Remove(cause)
		}
		if got := links(n, 5); len(got) != 0 || n.rules != 0 {
			t.Errorf("%s: after it %v are cut, %d rules left", c.name, got, n.rules)
		}
	}
}

// TestRulesAreAList holds the masks to a plain list of rules.
func TestRulesAreAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hosts = 9
		n, err := New(Config{Hosts: hosts, Sites: Fixed(time.Millisecond)})
		if err != nil {
			t.Fatal(err)
		}
		list := map[int][]Rule{}
		some := rapid.Custom(func(t *rapid.T) HostSet {
			return Hosts(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) HostID { return HostID(rapid.Uint32Range(1, hosts).Draw(t, "host")) }), 0, 4).Draw(t, "hosts")...)
		})
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			cause := rapid.IntRange(1, 90).Draw(t, "cause")
			if rapid.IntRange(0, 4).Draw(t, "remove") == 0 {
				n.Remove(cause)
				delete(list, cause)
				continue
			}
			r := Rule{From: some.Draw(t, "from"), To: some.Draw(t, "to"), Both: rapid.Bool().Draw(t, "both"), Cut: true}
			n.Add(cause, r)
			list[cause] = append(list[cause], r)
		}
		got := links(n, hosts)
		for a := HostID(1); a <= hosts; a++ {
			for b := HostID(1); b <= hosts; b++ {
				causes := map[int32]bool{}
				for cause, rules := range list {
					for _, r := range rules {
						if r.From.Has(a) && r.To.Has(b) || r.Both && r.From.Has(b) && r.To.Has(a) {
							causes[int32(cause)] = true
						}
					}
				}
				cause, cut := got[[2]HostID{a, b}]
				if a != b && (cut != (len(causes) > 0) || cut && !causes[cause]) {
					t.Fatalf("%d>%d is cut by %d, of %v", a, b, cause, causes)
				}
			}
		}
	})
}

// TestRulesKeepTheirLuck: what a rule does to a packet depends on neither the rules beside it nor the packets before.
func TestRulesKeepTheirLuck(t *testing.T) {
	all := HostRange(1, 20)
	lossy := Rule{From: all, To: all, Key: 77, Loss: 0.2}
	run := func(setup func(n *Network)) []Arrival {
		n := network(t, Config{Seed: 4, Hosts: 20, Sites: Fixed(time.Millisecond), Loss: 0.01})
		setup(n)
		out, _ := send(n, 10_000, true)
		return out
	}
	alone := run(func(n *Network) { n.Add(9, lossy) })
	other := run(func(n *Network) {
		n.Add(1, Rule{From: all, To: all, Loss: 0.3, Reorder: 0.5})
		n.Add(2, lossy)
	})
	without := run(func(n *Network) {
		n.Add(1, lossy)
		n.Remove(1)
	})
	none := run(func(*Network) {})
	blamed, shared := 0, 0
	for i := range alone {
		if (alone[i].Lost != Kept) && other[i].Lost == Kept {
			t.Fatalf("packet %d was lost alone, and is not with another rule beside", i)
		}
		if alone[i].Cause == 9 && other[i].Lost != Kept {
			shared++
			if other[i].Cause == 1 {
				blamed++
			}
		}
		if none[i] != without[i] {
			t.Fatalf("packet %d: %+v with a rule gone, %+v without any", i, without[i], none[i])
		}
	}
	// of the packets that both rules would lose, each is blamed for half
	binomial(t, "blamed on the other", blamed, shared, 0.3*0.5)
}

func TestEffectsOfRules(t *testing.T) {
	n := network(t, Config{Hosts: 2, Sites: Fixed(10 * time.Millisecond)})
	one := func(r Rule) []Arrival {
		r.From, r.To = Hosts(1), Hosts(2)
		n.Add(3, r)
		defer n.Remove(3)
		return n.Depart(time.Second, Packet{From: 1, To: 2, Size: 10}, nil)
	}
	base := time.Second + 10*time.Millisecond
	if a := one(Rule{Slow: 2.5, Extra: time.Millisecond}); a[0] != (Arrival{At: base + 16*time.Millisecond, Cause: 3, Bit: -1, Size: 10, Bent: Delayed}) {
		t.Errorf("slow: %+v", a)
	}
	if a := one(Rule{Dup: 1}); len(a) != 2 || a[0] != (Arrival{At: base, Bit: -1, Size: 10}) || a[1].Bent != Doubled || a[1].Cause != 3 || a[1].Extra != 1 || a[1].At <= base {
		t.Errorf("dup: %+v", a)
	}
	if a := one(Rule{Corrupt: 1}); a[0].Bent != Altered || a[0].Cause != 3 || a[0].Bit < 0 || a[0].Bit >= 80 || a[0].At != base {
		t.Errorf("corrupt: %+v", a)
	}
	if a := one(Rule{Reorder: 1}); a[0].Bent != Reordered || a[0].Cause != 3 || a[0].At <= base || a[0].At > base+50*time.Millisecond {
		t.Errorf("reorder: %+v", a)
	}
	if a := one(Rule{Loss: 1}); a[0] != (Arrival{At: time.Second, Lost: Loss, Cause: 3, Bit: -1, Size: 10}) {
		t.Errorf("loss: %+v", a)
	}
	if a := one(Rule{}); a[0] != (Arrival{At: base, Bit: -1, Size: 10}) {
		t.Errorf("nothing: %+v", a)
	}
	for _, r := range []Rule{{Loss: 2}, {Slow: 0.5}, {Extra: -1}, {Hold: -1}, {Bandwidth: 1}} {
		if r.Check() == nil {
			t.Errorf("%+v is accepted", r)
		}
	}
}
