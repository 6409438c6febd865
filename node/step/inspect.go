package step

// InspectLayout is the first byte of every answer of Process.Inspect: the version of its layout.
const InspectLayout = 1

// Queries of Process.Inspect. An answer begins with the byte InspectLayout, and is never altered. Integers are big endian. An unknown
// query, or a space that the node does not hold, is answered with nil. A query with an argument is the name, one space,
// and the argument in lower-case hexadecimal.
const (
	// InspectSpaces: the ids of the spaces held, 32 bytes each, ascending.
	InspectSpaces = "spaces"
	// InspectOps SPACE: the ids of the admitted operations, 32 bytes each, ascending.
	InspectOps = "ops"
	// InspectOp ID: the bytes of one admitted operation, after the version byte.
	InspectOp = "op"
	// InspectVoid SPACE: the ids of the admitted operations that take no effect (voided by rights or equivocation, by the
	// verdict over all that is admitted), 32 bytes each, ascending.
	InspectVoid = "void"
	// InspectState SPACE: the canonical state, core-deterministic CBOR: an array with one entry for each visible element,
	// ascending by element id: [id, type, from, to, deleted, props, meta], as node/graph and the specs define them.
	InspectState = "state"
	// InspectIndex SPACE: by what live elements are found, core-deterministic CBOR: [types, out, in]. types is
	// [[type, [element, …]], …] by type, out and in are [[element, type, [relation, …]], …] by element, then by type: the
	// relations that lead from it, or to it. Elements and relations of a list are in order of creation: (clock, id).
	InspectIndex = "index"
	// InspectRights SPACE: the roles by the effective operations, core-deterministic CBOR: a map from identity key
	// (32 bytes) to role (1 guest, 2 member, 3 admin, 4 owner).
	InspectRights = "rights"
	// InspectHeads SPACE: the ids of the admitted operations that no admitted one names as a cause, ascending.
	InspectHeads = "heads"
	// InspectQueues: text for people, one line a queue: name, length, bound.
	InspectQueues = "queues"
	// InspectVersion: the highest protocol version that this kernel speaks, one byte, then the highest schema version, one byte.
	InspectVersion = "version"
	// InspectBlamed: the device keys for which an equivocation proof is held, 32 bytes each, ascending.
	InspectBlamed = "blamed"
)
