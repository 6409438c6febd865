package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
)

// Config is all that a run depends on.
type Config struct {
	Seed    Seed
	Seats   []Seat // the host of Seats[i] is i+1
	Net     *netsim.Network
	Plan    Plan
	Catalog Catalog

	Checkers []Checker
	Devices  map[string]Device // by the names that seats use
	Jobs     []JobResult       // inexact results of an earlier run: a job named here is not run again
	Disk     DiskProfile       // zero fields take the values of DefaultDisk
	Wall0    time.Duration     // what a right clock shows at virtual time 0

	// Classify gives the class of a payload, an index into Classes, for the ledger alone. Nil: one class.
	Classify func(b []byte) uint8
	Classes  []string

	Record     []HostID // hosts whose inputs are kept
	Tape       Tape     // told what all other hosts see; nil is none
	KeepEvents int      // how many hashes of single events are kept at most, to find the first difference
	Poison     bool     // overwrite every container after use, and check that sent bytes never change
	Until      *Key     // stop when all events up to this one have happened

	// Perturb, where its Luck is not 0, gives the run another luck from an instant on: what becomes of packets, and the
	// entropy of later boots. All that every host saw up to there stays the same, to the bit.
	Perturb Perturb

	Stop      func() string // polled every few thousand events: a non-empty reason ends the run, which is then unknown
	MaxEvents uint64        // 0 is no bound; with so many the run ends as unknown
	Progress  func(Progress)
}

// Perturb is another luck from an instant on.
type Perturb struct {
	Luck uint64
	From time.Duration
}

// DiskProfile says how long a disk takes.
type DiskProfile struct {
	Relaxed time.Duration // for a transaction that must survive a crash of the tab only
	Strict  time.Duration // for one that must survive power loss
	PerByte time.Duration
	Read    time.Duration
	Flush   time.Duration // after so long a relaxed transaction is safe from power loss too
}

// DefaultDisk is a browser's store on a solid-state disk.
func DefaultDisk() DiskProfile {
	return DiskProfile{Relaxed: time.Millisecond, Strict: 8 * time.Millisecond, PerByte: 10 * time.Nanosecond, Read: time.Millisecond, Flush: 5 * time.Second}
}

// Progress is how far a run is.
type Progress struct {
	At, End            time.Duration
	Events, Deliveries uint64
}

// JobResult is the result of a job whose bytes depend on the device, kept so that a replay can be fed with it.
type JobResult struct {
	Device, Kernel string
	Input          [16]byte // hash of the input
	Out            []byte
	Work           uint64
	Err            string
}

const maxHosts = 1 << 22

// check says what is wrong with a configuration and fills in the defaults.
func (c *Config) check() error {
	if len(c.Seats) == 0 || len(c.Seats) > maxHosts {
		return fmt.Errorf("sim: Seats: %d hosts are not in 1..%d", len(c.Seats), maxHosts)
	}
	for i, s := range c.Seats {
		if s.New == nil {
			return fmt.Errorf("sim: Seats[%d].New is missing", i)
		}
		if _, ok := c.Devices[s.Device]; s.Device != "" && !ok {
			return fmt.Errorf("sim: Seats[%d].Device: there is no device %q", i, s.Device)
		}
		if s.Late < 0 || s.Quota < 0 {
			return fmt.Errorf("sim: Seats[%d]: Late and Quota cannot be negative", i)
		}
	}
	if c.Net == nil {
		return fmt.Errorf("sim: Net is missing")
	}
	if c.Net.Hosts() < len(c.Seats) {
		return fmt.Errorf("sim: Net has %d hosts, Seats has %d", c.Net.Hosts(), len(c.Seats))
	}
	if len(c.Classes) > 250 {
		return fmt.Errorf("sim: Classes: %d are more than 250", len(c.Classes))
	}
	if len(c.Classes) == 0 {
		c.Classes = []string{"data"}
	}
	for _, h := range c.Record {
		if h == 0 || int(h) > len(c.Seats) {
			return fmt.Errorf("sim: Record: there is no host %d", h)
		}
	}
	if c.Perturb.From < 0 {
		return fmt.Errorf("sim: Perturb.From %v is negative", c.Perturb.From)
	}
	d := DefaultDisk()
	for _, f := range []struct {
		name string
		at   *time.Duration
		or   time.Duration
	}{{"Relaxed", &c.Disk.Relaxed, d.Relaxed}, {"Strict", &c.Disk.Strict, d.Strict}, {"PerByte", &c.Disk.PerByte, d.PerByte},
		{"Read", &c.Disk.Read, d.Read}, {"Flush", &c.Disk.Flush, d.Flush}} {
		if *f.at < 0 {
			return fmt.Errorf("sim: Disk.%s is negative", f.name)
		}
		if *f.at == 0 {
			*f.at = f.or
		}
	}
	return c.Plan.check(len(c.Seats))
}

func (p *Plan) check(hosts int) error {
	if p.Calm < 0 || p.Calm > p.End {
		return fmt.Errorf("sim: Plan.Calm %v is not in 0..%v", p.Calm, p.End)
	}
	if !slices.IsSorted(p.Samples) || len(p.Samples) > 0 && (p.Samples[0] < 0 || p.Samples[len(p.Samples)-1] > p.End) {
		return fmt.Errorf("sim: Plan.Samples must ascend within 0..%v", p.End)
	}
	for i, s := range p.Scripts {
		if s.Host == 0 || int(s.Host) > hosts {
			return fmt.Errorf("sim: Plan.Scripts[%d]: there is no host %d", i, s.Host)
		}
	}
	for i, f := range p.Faults {
		if f.Begin < 0 || f.End < f.Begin || f.Begin >= p.Calm {
			return fmt.Errorf("sim: Plan.Faults[%d]: %s from %v to %v does not lie before the calm at %v", i, f.Kind, f.Begin, f.End, p.Calm)
		}
	}
	return nil
}
