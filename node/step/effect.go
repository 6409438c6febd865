package step

import "time"

// Effect is one of Dial, Close, Send, SetTimer, Commit, Read, Run, Reply and Note; always a pointer into the pools of the
// Effects that made it, valid until the effects of its step are carried out.
type Effect interface{ effect() }

// Dial asks for a connection to a peer. ConnUp or ConnDown of Conn answers it.
type Dial struct {
	Conn Conn
	Peer Addr
}

// Close ends a connection. The other end sees ConnDown; this end sees nothing more of it.
type Close struct{ Conn Conn }

// Send hands bytes to a connection. They must never change afterwards. Bytes for a connection that is gone are dropped.
type Send struct {
	Conn    Conn
	Channel Channel
	Bytes   []byte
}

// SetTimer asks for a Timer input after the given time; a negative time cancels the timer.
type SetTimer struct {
	ID    TimerID
	After time.Duration
}

// Commit is one atomic transaction on the disk: deletions first, then records put.
type Commit struct {
	ID     uint64
	Strict bool
	Put    []Record
	Delete []string
}

// Read asks for all records whose key begins with Prefix.
type Read struct {
	ID     uint64
	Prefix string
}

// Run asks the host's runner for a job: a kernel by name and its input as the kernel defines it.
type Run struct {
	ID     uint64
	Kernel string
	Input  []byte
}

// Status is the first word of a reply.
type Status uint8

const (
	Accepted Status = iota + 1 // the operation is signed and committed strictly on this host
	Durable                    // the operation survives what its space is configured for
	Shown                      // the answer to a query, or the next state of a subscription
	Denied                     // the request was refused; Body says why
)

func (s Status) String() string {
	return [...]string{"none", "accepted", "durable", "shown", "denied"}[min(int(s), 4)]
}

// Reply answers a Request.
type Reply struct {
	Request uint64
	Status  Status
	Body    []byte
}

// Note is a structured event: what the process believes. Which fields a kind uses is said at its constant.
type Note struct {
	Kind NoteKind
	Peer Addr
	Op   [32]byte
	N    int64
	Text string
	Data []byte
}

func (*Dial) effect()     {}
func (*Close) effect()    {}
func (*Send) effect()     {}
func (*SetTimer) effect() {}
func (*Commit) effect()   {}
func (*Read) effect()     {}
func (*Run) effect()      {}
func (*Reply) effect()    {}
func (*Note) effect()     {}

// Effects collects what one step wants, in order; a crash keeps a prefix. Its methods take their containers from free
// lists, so that a step allocates nothing here.
type Effects struct {
	List     []Effect
	Cost     time.Duration // virtual CPU time of this step, added up by the process from a table of counted work
	NextConn Conn          // the number of the next connection; set by the world before each step

	dials   pool[Dial]
	closes  pool[Close]
	sends   pool[Send]
	timers  pool[SetTimer]
	commits pool[Commit]
	reads   pool[Read]
	runs    pool[Run]
	replies pool[Reply]
	notes   pool[Note]
}

// Dial asks for a connection and returns its number.
func (e *Effects) Dial(peer Addr) Conn {
	c := e.NextConn
	e.NextConn++
	d := e.dials.take()
	*d = Dial{c, peer}
	e.List = append(e.List, d)
	return c
}

// Close ends a connection.
func (e *Effects) Close(c Conn) {
	d := e.closes.take()
	*d = Close{c}
	e.List = append(e.List, d)
}

// Send hands bytes to a connection; they must not change afterwards. It returns the effect's place in List.
func (e *Effects) Send(c Conn, ch Channel, b []byte) int {
	s := e.sends.take()
	*s = Send{c, ch, b}
	e.List = append(e.List, s)
	return len(e.List) - 1
}

// SetTimer sets, moves or (with a negative time) cancels a timer.
func (e *Effects) SetTimer(id TimerID, after time.Duration) {
	t := e.timers.take()
	*t = SetTimer{id, after}
	e.List = append(e.List, t)
}

// Commit writes to the disk.
func (e *Effects) Commit(id uint64, strict bool, put []Record, del []string) {
	c := e.commits.take()
	*c = Commit{id, strict, put, del}
	e.List = append(e.List, c)
}

// Read loads records by prefix.
func (e *Effects) Read(id uint64, prefix string) {
	r := e.reads.take()
	*r = Read{id, prefix}
	e.List = append(e.List, r)
}

// Run asks for a job.
func (e *Effects) Run(id uint64, kernel string, input []byte) {
	r := e.runs.take()
	*r = Run{id, kernel, input}
	e.List = append(e.List, r)
}

// Reply answers a request.
func (e *Effects) Reply(request uint64, s Status, body []byte) {
	r := e.replies.take()
	*r = Reply{request, s, body}
	e.List = append(e.List, r)
}

// Note appends an empty note of a kind, for the caller to fill before its step returns.
func (e *Effects) Note(kind NoteKind) *Note {
	n := e.notes.take()
	*n = Note{Kind: kind}
	e.List = append(e.List, n)
	return n
}

// Reset empties the list and takes every container back.
func (e *Effects) Reset() {
	clear(e.List)
	e.List, e.Cost = e.List[:0], 0
	e.dials.reset()
	e.closes.reset()
	e.sends.reset()
	e.timers.reset()
	e.commits.reset()
	e.reads.reset()
	e.runs.reset()
	e.replies.reset()
	e.notes.reset()
}

// Poison overwrites every container that the last step used, so that a process which kept one is found out.
func (e *Effects) Poison() {
	e.dials.fill(Dial{Conn: ^Conn(0)})
	e.closes.fill(Close{Conn: ^Conn(0)})
	e.sends.fill(Send{Conn: ^Conn(0), Bytes: []byte("poisoned")})
	e.timers.fill(SetTimer{ID: ^TimerID(0), After: -1})
	e.commits.fill(Commit{ID: ^uint64(0)})
	e.reads.fill(Read{ID: ^uint64(0), Prefix: "poisoned"})
	e.runs.fill(Run{ID: ^uint64(0), Kernel: "poisoned"})
	e.replies.fill(Reply{Request: ^uint64(0)})
	e.notes.fill(Note{Kind: ^NoteKind(0), Text: "poisoned"})
}

// pool hands out the same containers again after every reset.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) take() *T {
	if p.used == len(p.all) {
		slab := make([]T, max(1, len(p.all)))
		for i := range slab {
			p.all = append(p.all, &slab[i])
		}
	}
	p.used++
	return p.all[p.used-1]
}

func (p *pool[T]) reset() { p.used = 0 }

func (p *pool[T]) fill(v T) {
	for _, c := range p.all[:p.used] {
		*c = v
	}
}
