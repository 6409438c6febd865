package step

// NoteKind names a kind of Note. Nodes and checkers share these names and layouts, and nothing else.
type NoteKind uint16

const (
	// NoteAuthored: this node signed operation Op for a request. N: the request. Data: the operation's bytes.
	NoteAuthored NoteKind = iota + 1
	// NoteSaved: the own operation Op is strictly committed here, and may leave the host from now on.
	NoteSaved
	// NoteApplied: operation Op was admitted and applied here for the first time in this life.
	NoteApplied
	// NoteRefused: operation Op is not admitted. Text: a Refuse… reason. Peer: who brought it.
	NoteRefused
	// NoteDropped: bytes from Peer were dropped undecoded or unwanted. Text: the reason. N: how many bytes.
	NoteDropped
	// NoteBlamed: two operations with one chain and seq are known. Data: the device key, 32 bytes. Op: one of the two.
	NoteBlamed
	// NoteReceipt: this host holds operation Op strictly committed and told Peer so.
	NoteReceipt
	// NoteDurable: own operation Op has its receipts. Data: the receipters' addresses, 4 bytes each, big endian.
	NoteDurable
	// NoteBuffered: operation Op waits for a cause. N: how many wait now.
	NoteBuffered
	// NoteForgotten: a waiting operation Op was forgotten, the peer's share of the buffer being full. Peer: whose.
	NoteForgotten
	// NoteRecovered: the journal was read back from the disk at boot. N: operations; Text: what was damaged, or empty.
	NoteRecovered
	// NoteSynced: a catch-up with Peer brought N operations.
	NoteSynced
	// NoteTaken: this node runs the task Op, by lottery and with its user's consent.
	NoteTaken
	// NoteResult: this node signed a result for the task Op.
	NoteResult
	// NoteSettled: the requester accepted a result for the task Op. Data: the output.
	NoteSettled
	// NoteConsent: the user allows (N = 1) or forbids (N = 0) tasks of the network on this host.
	NoteConsent
	// NoteVersion: the connection to Peer speaks protocol version N.
	NoteVersion
	// NoteUnknown: operation Op is of a kind or schema that this kernel does not know: kept, forwarded, not projected. Text: the kind.
	NoteUnknown
	// NoteLie is honoured from a liar's seat only. Text: the kind of lie. N: the place in Effects.List of the Send that
	// carries it, or -1 where the lie is in no packet. The world counts it when that packet is delivered.
	NoteLie

	noteKinds
)

// NoteKinds is one more than the greatest kind.
const NoteKinds = int(noteKinds)

var noteNames = [...]string{"none", "authored", "saved", "applied", "refused", "dropped", "blamed", "receipt", "durable", "buffered",
	"forgotten", "recovered", "synced", "taken", "result", "settled", "consent", "version", "unknown", "lie"}

func (k NoteKind) String() string {
	if int(k) < len(noteNames) {
		return noteNames[k]
	}
	return "invalid"
}

// Reasons of NoteRefused.
const (
	RefuseMalformed = "malformed" // not canonical, a missing field, a body that does not match its hash, over a size limit
	RefuseSignature = "signature" // the signature or the identity's certificate does not verify
	RefuseChain     = "chain"     // seq, prev and the chain's first operation do not fit together
	RefuseClock     = "clock"     // clock is not 1 + max over the causes
	RefuseSpace     = "space"     // another space's operation, or a genesis that does not hash to the space
	RefuseRights    = "rights"    // the author had no right to it in the operation's causal past
	RefuseCause     = "cause"     // a cause of it was refused
	RefuseBody      = "body"      // the body breaks the rules of its kind
)
