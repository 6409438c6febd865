package step

// Input is one of Boot, ConnUp, ConnDown, Packet, Drained, Timer, Request, Committed, Loaded and JobDone; always a pointer.
// A process may keep the byte slices that it finds inside, never the containers.
type Input interface{ input() }

// Boot is the first input of every life.
type Boot struct {
	Life    uint32   // 1 for the first boot of a host, counted up by one at every boot
	Entropy [32]byte // the only randomness a process ever gets
	Disk    []Record // what the disk holds, sorted by key
}

// ConnUp says that a connection is open. Dialed tells whether this end asked for it.
type ConnUp struct {
	Conn   Conn
	Peer   Addr
	Dialed bool
}

// DownReason says why a connection ended.
type DownReason uint8

const (
	Closed   DownReason = iota + 1 // the other end closed it
	Refused                        // the peer is down, or there is no such peer
	TimedOut                       // nothing came through for too long
	Reset                          // the other end crashed or rebooted
	Overflow                       // more than SendLimit bytes were waiting
)

func (r DownReason) String() string {
	return [...]string{"none", "closed", "refused", "timed out", "reset", "overflow"}[min(int(r), 5)]
}

// ConnDown is the last input about a connection; it also answers a Dial that failed.
type ConnDown struct {
	Conn   Conn
	Reason DownReason
}

// Packet is one message on a connection. Its bytes are immutable and may be shared with other hosts.
type Packet struct {
	Conn    Conn
	Channel Channel
	Bytes   []byte
}

// Drained says that another SendCredit bytes of the connection have left the host.
type Drained struct{ Conn Conn }

// Timer says that a timer set in this life is due.
type Timer struct{ ID TimerID }

// Request is what a person asks. Every Request deserves at least one Reply; a subscription is answered many times.
type Request struct {
	ID   uint64
	Body []byte
}

// CommitError says why a commit failed; zero is success.
type CommitError uint8

const (
	QuotaExceeded CommitError = iota + 1 // the store would outgrow its quota
	Aborted                              // a commit issued before this one failed
	DiskFailed                           // the store is unusable until the next boot
)

func (e CommitError) String() string {
	return [...]string{"none", "quota exceeded", "aborted", "disk failed"}[min(int(e), 3)]
}

// Committed answers a Commit. Commits complete in the order issued. With Strict the records survive power loss;
// without, they survive a crash of the tab.
type Committed struct {
	ID     uint64
	Strict bool
	Err    CommitError
}

// Loaded answers a Read with the records found, sorted by key.
type Loaded struct {
	ID      uint64
	Records []Record
}

// JobDone answers a Run. Work is the counted work that was done, in the kernel's own unit.
type JobDone struct {
	ID   uint64
	Out  []byte
	Work uint64
	Err  string // empty is success
}

func (*Boot) input()      {}
func (*ConnUp) input()    {}
func (*ConnDown) input()  {}
func (*Packet) input()    {}
func (*Drained) input()   {}
func (*Timer) input()     {}
func (*Request) input()   {}
func (*Committed) input() {}
func (*Loaded) input()    {}
func (*JobDone) input()   {}
