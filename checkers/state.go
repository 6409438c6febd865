package checkers

import (
	"bytes"
	"fmt"

	"github.com/lifegraph-os/lgos-sim/node/crdt/spec"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// state is what hosts that know one schema show of one set, given the operations that they say are void.
type state struct {
	schema uint8
	void   []byte
	want   []byte // by the specs; nil while not folded
	got    []byte // what the first host asked said
	teller sim.HostID

	scenery *scenery // for views; nil while nobody asked
}

// schemaOf is the schema that a kind belongs to; 0 for one that nobody knows.
func schemaOf(kind string) uint8 {
	switch kind {
	case "space.create", "rights.grant", "rights.revoke", "graph.edit", "text.edit", "create_channel", "create_thread",
		"send_message", "edit_message", "delete_message", "compute.offer", "compute.task", "compute.extend",
		"compute.result", "compute.accept":
		return 1
	case "add_reaction", "remove_reaction":
		return 2
	}
	return 0
}

// projects tells whether a kernel that knows schemas up to this one shows what an operation does. An operation whose
// header names another schema than that of its kind is nothing that anybody knows.
func projects(o *operation, schema uint8) bool {
	s := schemaOf(o.kind)
	return s != 0 && s <= schema && uint64(s) == o.head.Schema
}

// stateOf finds or makes the record of a schema and a void set.
func (k *set) stateOf(schema uint8, void []byte) *state {
	for _, s := range k.states {
		if s.schema == schema && bytes.Equal(s.void, void) {
			return s
		}
	}
	s := &state{schema: schema, void: bytes.Clone(void)}
	k.states = append(k.states, s)
	return s
}

// toSpec is an operation that has effect, as the specs take it.
func (o *operation) toSpec() spec.Op {
	if o.reading == nil {
		o.reading = spec.Read(o.id, o.rawBody)
	}
	return spec.Op{
		ID: o.id, Identity: o.author, Device: o.chain.device, Incarnation: o.chain.incarnation, Seq: o.head.Seq,
		Clock: o.head.Clock, Body: o.rawBody, Reading: o.reading,
	}
}

// fold computes the canonical state by the specs.
func (k *set) fold(s *state) error {
	void := map[key]bool{}
	for i := 0; i+32 <= len(s.void); i += 32 {
		void[key(s.void[i:])] = true
	}
	ops := make([]spec.Op, 0, len(k.ops))
	for _, o := range k.ops {
		if schemaOf(o.kind) == 0 || uint64(schemaOf(o.kind)) != o.head.Schema {
			continue
		}
		x := o.toSpec()
		x.Void = void[o.id]
		ops = append(ops, x)
	}
	want, err := spec.State(ops, func(kind string) bool { n := schemaOf(kind); return n != 0 && n <= s.schema })
	if err != nil {
		return fmt.Errorf("the specs cannot fold the set: %w", err)
	}
	s.want = want
	return nil
}
