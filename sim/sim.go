// Package sim is the world: a queue, clocks, hosts, disks, connections, persons, a plan, a trace and a ledger. It seats
// processes on hosts, carries out their effects over one virtual clock and network, and shows what happens to checkers.
// It knows no LGOS, owns no wall clock, and starts no goroutine.
package sim

import (
	"time"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
)

// HostID names a host; 0 is the world.
type HostID = netsim.HostID

// AddrOf and HostOf translate between hosts and the opaque addresses that processes see.
func AddrOf(h HostID) step.Addr { return step.Addr(h) }
func HostOf(a step.Addr) HostID { return HostID(a) }

// Process is whatever sits on a host: a node, an older kernel, a signaling service, a liar. It must be a pure state
// machine: no clock, no randomness but Boot.Entropy, no goroutine.
type Process interface {
	// Step handles one input. It may keep byte slices of in, never in itself.
	Step(now step.Now, in step.Input, out *step.Effects)
	// Inspect answers checkers and tools; it changes nothing.
	Inspect(query string) []byte
}

// Seat is what sits on one host. A crash needs a new process, so the world is handed a factory; an upgrade is another
// factory at the next boot.
type Seat struct {
	New    func(life uint32) Process
	Liar   string        // the name of its misbehaviour; empty for an honest host. Only a liar's NoteLie is honoured
	Device string        // the device profile that its jobs run on; empty has no runner
	Quota  int           // bytes of disk; 0 is no quota
	Skew   time.Duration // how far Wall is from the world's time at start
	Late   time.Duration // when the host first boots
}

// Key is the only order there is: time, sender, the sender's n-th. HostID 0 is the world and sorts first.
type Key struct {
	At  time.Duration
	Src HostID
	N   uint32
}

// Compare orders keys.
func (k Key) Compare(o Key) int {
	switch {
	case k.At != o.At:
		if k.At < o.At {
			return -1
		}
		return 1
	case k.Src != o.Src:
		if k.Src < o.Src {
			return -1
		}
		return 1
	case k.N < o.N:
		return -1
	case k.N > o.N:
		return 1
	}
	return 0
}

// Person is a user beside a host. She survives its crashes and sees only replies.
type Person interface {
	// Wake is called at every boot of the host and at the times that she asked for.
	Wake(now step.Now, h *Hands)
	// See shows a reply. A reply that the host gave before a crash is not shown after it.
	See(now step.Now, r *step.Reply, h *Hands)
}

// Runner carries out jobs. Work is counted in the kernel's own unit; exact tells that any device gives the same bytes.
type Runner interface {
	Do(job *step.Run) (out []byte, work uint64, exact bool, err error)
}

// Device turns work into virtual time.
type Device struct {
	Runner  Runner
	PerWork time.Duration // for a thousand units of work
	Start   time.Duration // for each job
}

// Plan is everything that will happen to the world, written down before the run. It is data only: kinds by name with
// arguments, which the Catalog turns into persons and faults.
type Plan struct {
	Scripts []Script
	Faults  []Window
	Samples []time.Duration // instants at which checkers may read state; ascending
	Calm    time.Duration   // from here on every fault has ended; persons ask nothing new
	End     time.Duration   // the liveness phase ends here
}

// Arg is one argument of a kind; names are unique within a list.
type Arg struct{ Name, Value string }

// Script seats a person beside a host.
type Script struct {
	Host HostID
	Kind string
	Args []Arg
}

// Window is one fault, from Begin to End. Begin == End is an event of one instant.
type Window struct {
	Kind       string
	Begin, End time.Duration
	Args       []Arg
}

// Catalog turns the plan's words into things. Both return an error that names the argument at fault.
type Catalog struct {
	Person func(s Script) (Person, error)
	Fault  func(w Window) (Fault, error)
}

// Fault does something to the world. Its effects are counted under the cause that World.Cause gives during Begin and End.
type Fault interface {
	Name() string
	Begin(*World)
	End(*World)
}

// Kinds is a set of the events that a checker wants to observe.
type Kinds uint64

const (
	OnBoot Kinds = 1 << iota
	OnConnUp
	OnConnDown
	OnPacket
	OnDrained
	OnTimer
	OnRequest
	OnCommitted
	OnLoaded
	OnJobDone
	OnDial
	OnClose
	OnSend
	OnSetTimer
	OnCommit
	OnRead
	OnRun
	OnReply
	OnNote
	OnCrash    // a host went down: Event.What says how
	OnUnissued // a person asked while her host was down; Event.Input is the Request
	OnPanic    // a process panicked: Event.What says what
	OnFault    // a window began or ended: Event.What says which
)

// Event is one thing that happened at one host: an input, one of its effects, or a deed of the world. It and what it
// points to are valid during Observe only. Its identity is (Key of the trigger, Index in its step).
type Event struct {
	Key    Key
	Index  int // -1 for the input, 0 and up for the effects, in order
	Kind   Kinds
	Host   HostID
	Life   uint32
	Now    step.Now
	Input  step.Input
	Effect step.Effect
	What   string
}

// View is what a checker may see at a sample.
type View interface {
	Hosts() int                            // hosts are 1..Hosts()
	Up(h HostID) bool                      // false while it is down
	Life(h HostID) uint32                  // how often it has booted
	Liar(h HostID) bool                    // by its seat
	Inspect(h HostID, query string) []byte // nil while it is down
	Disk(h HostID) []step.Record           // what its disk holds now, sorted by key
}

// Checker judges a run.
type Checker interface {
	Name() string
	Wants() Kinds
	Observe(e *Event)
	Sample(at time.Duration, v View)
	Verdict(end End) Verdict
}

// End is what checkers are told when the run is over.
type End struct {
	At     time.Duration
	View   View
	Ledger *Ledger
	Cut    string // why the run ended before its plan did; empty if it did not
}

// Outcome of a verdict or a run, best first.
type Outcome uint8

const (
	Pass    Outcome = iota
	Vacuous         // there was nothing to look at
	Unknown         // the run was cut short, or too large to judge
	Invalid         // of a run only: a fault kind had no effect, or the plan could not be carried out
	Fail
)

func (o Outcome) String() string {
	return [...]string{"pass", "vacuous", "unknown", "invalid", "fail"}[min(int(o), 4)]
}

// Metric is one figure of a verdict or of the ledger.
type Metric struct {
	Name  string
	Value float64
	Unit  string
}

// Verdict is what a checker says: the outcome, how much it looked at, and why.
type Verdict struct {
	Checker string
	Outcome Outcome
	Checked int
	Why     string
	At      time.Duration // of the first violation
	Event   string        // the identity of the first violation's event, where there is one
	Metrics []Metric
	Series  []Series
}

// Series is a figure over virtual time, for the report.
type Series struct {
	Name string
	Unit string
	At   []time.Duration
	Y    []float64
}
