package compute

import (
	"errors"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/node/op"
)

// consentRequest and taskRequest are the bodies of what a person may ask.
type consentRequest struct {
	Do    string `cbor:"do"`
	Space []byte `cbor:"space"`
	On    *bool  `cbor:"on"`
	Max   uint64 `cbor:"max"`
}

type taskRequest struct {
	Do      string `cbor:"do"`
	Space   []byte `cbor:"space"`
	Kernel  string `cbor:"kernel"`
	Input   []byte `cbor:"input"`
	Quorum  uint64 `cbor:"quorum"`
	Workers uint64 `cbor:"workers"`
}

// Handles tells whether a request is for this layer.
func Handles(do string) bool { return do == "consent" || do == "submit_task" }

func decode(body []byte, into any) error {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode.Unmarshal(body, into)
}

func (r *taskRequest) task() (op.Task, error) {
	t := op.Task{Kernel: r.Kernel, Input: r.Input, Quorum: r.Quorum, Workers: r.Workers}
	switch {
	case t.Kernel == "" || len(t.Kernel) > MaxKernel:
		return t, errors.New("a task needs the name of a kernel")
	case len(t.Input) > MaxInput:
		return t, errors.New("the input is over 32 KiB")
	case t.Quorum < 1 || t.Workers < t.Quorum || t.Workers > MaxWorkers:
		return t, errors.New("a task needs at least one voice, and as many workers as voices")
	}
	return t, nil
}
